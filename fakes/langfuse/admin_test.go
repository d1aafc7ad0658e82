package fakelangfuse_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

func (c *client) admin(status int, method, path, body string) map[string]any {
	c.t.Helper()
	var object map[string]any
	require.NoError(c.t, json.Unmarshal(c.as().do(status, method, "/_fake/"+path, body).body, &object))
	return object
}

func TestAdminPrompts(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{Admin: true})
	require.EqualValues(t, 1, c.admin(200, "POST", "prompts/-/a%2Fp/versions", `{"text":"one","labels":["production"]}`)["version"])
	require.EqualValues(t, 2, c.admin(200, "POST", "prompts/acme/a%2Fp/versions",
		`{"prompt":"two","config":[1],"tags":["t"],"commitMessage":"why","labels":["staging"]}`)["version"])
	p := c.fetch("a%2Fp?label=staging")
	require.JSONEq(t, `[1]`, string(p.Config))
	require.Equal(t, "why", *p.CommitMessage)
	require.Equal(t, []string{"t"}, p.Tags)

	c.admin(200, "PUT", "prompts/-/a%2Fp/labels/production", `{"version":2}`)
	require.Equal(t, 2, c.fetch("a%2Fp").Version)
	c.admin(200, "PUT", "prompts/-/a%2Fp/versions/1/labels", `{"labels":["production","x"]}`)
	require.Equal(t, []string{"production", "x"}, c.fetch("a%2Fp").Labels)
	c.admin(200, "DELETE", "prompts/-/a%2Fp/versions/1", "")
	c.get(404, prompts+"/a%2Fp")
	c.admin(200, "DELETE", "prompts/-/a%2Fp", "")
	c.get(404, prompts+"/a%2Fp?label=latest")
	require.Equal(t, 5, fake.Count(), "admin requests are not counted")
}

func TestAdminOfTheServer(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{Admin: true})
	hook := newReceiver(t)
	c.admin(200, "PUT", "webhook", `{"url":"`+hook.URL+`","secret":"s"}`)
	push(t, fake, "p", "x", "production")
	require.NoError(t, fake.WaitWebhooks(t.Context()))
	seen := c.admin(200, "GET", "webhook", "")
	require.Equal(t, false, seen["disabled"])
	require.Equal(t, "acme|p", seen["deliveries"].([]any)[0].(map[string]any)["prompt"])

	c.admin(200, "PUT", "limit", `{"requests":1,"window":"1h"}`)
	c.get(200, prompts+"/p")
	require.Equal(t, "3600", c.get(429, prompts+"/p").header.Get("Retry-After"))
	c.admin(200, "PUT", "limit", `{}`)
	c.get(200, prompts+"/p")

	id := c.admin(200, "POST", "faults", `{"kind":"status","status":503,"prompt":"p"}`)["id"]
	c.get(503, prompts+"/p")
	c.admin(200, "DELETE", fmt.Sprintf("faults/%v", id), "")
	require.EqualValues(t, 4, c.admin(200, "GET", "requests", "")["count"])
}

func TestAdminRefuses(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{Admin: true})
	push(t, fake, "p", "x")
	for _, bad := range []struct {
		status             int
		method, path, body string
	}{
		{400, "POST", "prompts/-/p/versions", `{}`},
		{400, "POST", "prompts/-/p/versions", `{"texd":"x"}`},
		{400, "POST", "prompts/-/a%7Cb/versions", `{"text":"x"}`},
		{404, "PUT", "prompts/-/p/labels/a", `{"version":7}`},
		{400, "PUT", "prompts/-/p/labels/A", `{"version":1}`},
		{400, "PUT", "prompts/-/p/labels/a", ``},
		{404, "PUT", "prompts/-/p/versions/x/labels", `{"labels":[]}`},
		{400, "PUT", "prompts/-/p/versions/1/labels", `{"labels":["latest"]}`},
		{400, "PUT", "prompts/-/p/versions/1/labels", ``},
		{404, "DELETE", "prompts/-/p/versions/2", ``},
		{404, "DELETE", "prompts/-/p/versions/x", ``},
		{404, "DELETE", "prompts/other/p", ``},
		{400, "PUT", "limit", `{"requests":-1}`},
		{400, "PUT", "limit", `x`},
		{400, "PUT", "webhook", `{"url":"x"}`},
		{400, "PUT", "webhook", `x`},
		{404, "GET", "nothing", ``},
	} {
		require.NotEmpty(t, c.admin(bad.status, bad.method, bad.path, bad.body)["detail"], bad)
	}
	_, c = start(t, fakelangfuse.Config{})
	c.do(404, http.MethodGet, "/_fake/requests", "")
}
