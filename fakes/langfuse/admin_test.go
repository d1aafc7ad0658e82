package fakelangfuse_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

func TestAdminPrompts(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{Admin: true})
	require.EqualValues(t, 1, c.Admin(200, "POST", "prompts/-/a%2Fp/versions", `{"text":"one","labels":["production"]}`)["version"])
	require.EqualValues(t, 2, c.Admin(200, "POST", "prompts/acme/a%2Fp/versions",
		`{"prompt":"two","config":[1],"tags":["t"],"commitMessage":"why","labels":["staging"]}`)["version"])
	p := c.fetch(t, "a%2Fp?label=staging")
	require.JSONEq(t, `[1]`, string(p.Config))
	require.Equal(t, "why", *p.CommitMessage)
	require.Equal(t, []string{"t"}, p.Tags)

	c.Admin(200, "PUT", "prompts/-/a%2Fp/labels/production", `{"version":2}`)
	require.Equal(t, 2, c.fetch(t, "a%2Fp").Version)
	c.Admin(200, "PUT", "prompts/-/a%2Fp/versions/1/labels", `{"labels":["production","x"]}`)
	require.Equal(t, []string{"production", "x"}, c.fetch(t, "a%2Fp").Labels)
	c.Admin(200, "DELETE", "prompts/-/a%2Fp/versions/1", "")
	c.Get(404, prompts+"/a%2Fp")
	c.Admin(200, "DELETE", "prompts/-/a%2Fp", "")
	c.Get(404, prompts+"/a%2Fp?label=latest")
	require.Equal(t, 5, fake.Count(), "admin requests are not counted")
}

func TestAdminOfTheServer(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{Admin: true})
	hook := newReceiver(t)
	c.Admin(200, "PUT", "webhook", `{"url":"`+hook.URL+`","secret":"s"}`)
	push(t, fake, "p", "x", "production")
	require.NoError(t, fake.WaitWebhooks(t.Context()))
	seen := c.Admin(200, "GET", "webhook", "")
	require.Equal(t, false, seen["disabled"])
	require.Equal(t, "acme|p", seen["deliveries"].([]any)[0].(map[string]any)["prompt"])

	c.Admin(200, "PUT", "limit", `{"requests":1,"window":"1h"}`)
	c.Get(200, prompts+"/p")
	require.Equal(t, "3600", c.Get(429, prompts+"/p").Header.Get("Retry-After"))
	c.Admin(200, "PUT", "limit", `{}`)
	c.Get(200, prompts+"/p")

	id := c.Admin(200, "POST", "faults", `{"kind":"status","status":503,"prompt":"p"}`)["id"]
	c.Get(503, prompts+"/p")
	c.Admin(200, "DELETE", fmt.Sprintf("faults/%v", id), "")
	require.EqualValues(t, 4, c.Admin(200, "GET", "requests", "")["count"])
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
		require.NotEmpty(t, c.Admin(bad.status, bad.method, bad.path, bad.body)["detail"], bad)
	}
	_, c = start(t, fakelangfuse.Config{})
	c.Do(404, http.MethodGet, "/_fake/requests", "")
}
