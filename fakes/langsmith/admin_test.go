package fakelangsmith_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func (c *client) admin(status int, method, path, body string) map[string]any {
	c.t.Helper()
	a, err := c.as().try(c.t.Context(), method, path, strings.NewReader(body))
	require.NoError(c.t, err)
	require.Equal(c.t, status, a.status, "%s %s: %s", method, path, a.body)
	return a.object(c.t)
}

func TestAdminPrompts(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{Admin: true})
	first := c.admin(200, "POST", "/_fake/prompts/-/p/commits", `{"template":"Hello {name}","tags":["production"]}`)["commit_hash"]
	require.Equal(t, first, c.pull("/commits/-/p/production").Hash)
	require.JSONEq(t, string(fakelangsmith.Text("Hello {name}")), string(c.pull(pPath).Manifest))
	second := c.admin(200, "POST", "/_fake/prompts/acme/p/commits",
		`{"manifest":{"a":1},"examples":[1],"description":"d","draft":false}`)["commit_hash"]
	pulled := c.pull(pPath)
	require.Equal(t, second, pulled.Hash)
	require.JSONEq(t, `{"a":1}`, string(pulled.Manifest))
	require.JSONEq(t, `[1]`, string(pulled.Examples))
	require.Equal(t, "d", *pulled.Description)

	c.admin(200, "PUT", "/_fake/prompts/-/p/tags/production", `{"commit":"latest"}`)
	require.Equal(t, second, c.pull("/commits/-/p/production").Hash)
	c.admin(200, "DELETE", "/_fake/prompts/-/p/tags/production", "")
	c.get(404, "/commits/-/p/production")

	c.admin(200, "POST", "/_fake/prompts/other/p/commits", `{"template":"x"}`)
	c.get(404, "/commits/other/p/latest")
	c.admin(200, "PUT", "/_fake/prompts/other/p/public", `{"public":true}`)
	c.pull("/commits/other/p/latest")
	c.admin(200, "DELETE", "/_fake/prompts/other/p", "")
	c.get(404, "/commits/other/p/latest")
	require.Equal(t, 5, fake.CountFor("p"), "admin requests are not counted")
}

func TestAdminFaults(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{Admin: true})
	push(t, fake, "p", "x")
	id := c.admin(200, "POST", "/_fake/faults", `{"kind":"status","status":503,"prompt":"p","retry_after":"7","delay":"1ms"}`)["id"]
	require.Equal(t, "7", c.get(503, pPath).header.Get("Retry-After"))
	c.admin(200, "DELETE", fmt.Sprintf("/_fake/faults/%v", id), "")
	c.pull(pPath)
	c.admin(404, "DELETE", fmt.Sprintf("/_fake/faults/%v", id), "")
	c.admin(404, "DELETE", "/_fake/faults/x", "")

	c.admin(200, "POST", "/_fake/faults", `{"kind":"html","status":404}`)
	c.admin(200, "POST", "/_fake/faults", `{"kind":"status","status":500}`)
	c.get(404, pPath)
	c.admin(200, "GET", "/_fake/requests", "") // no fault of its own
	c.admin(200, "DELETE", "/_fake/faults", "")
	c.pull(pPath)
}

func TestAdminRequests(t *testing.T) {
	_, c := start(t, fakelangsmith.Config{Admin: true})
	c.get(200, "/repos?limit=1")
	seen := c.admin(200, "GET", "/_fake/requests", "")
	require.EqualValues(t, 1, seen["count"])
	require.EqualValues(t, 0, seen["in_flight"])
	require.EqualValues(t, 1, seen["max_in_flight"])
	request := seen["requests"].([]any)[0].(map[string]any)
	require.Equal(t, "/repos", request["path"])
	require.Equal(t, "limit=1", request["query"])
	c.admin(200, "DELETE", "/_fake/requests", "")
	seen = c.admin(200, "GET", "/_fake/requests", "")
	require.EqualValues(t, 0, seen["count"])
	require.Equal(t, []any{}, seen["requests"])
}

func TestAdminRefuses(t *testing.T) {
	_, c := start(t, fakelangsmith.Config{Admin: true})
	for _, bad := range []struct {
		status             int
		method, path, body string
	}{
		{400, "POST", "/_fake/prompts/-/p/commits", `{"template":3}`},
		{400, "POST", "/_fake/prompts/-/p/commits", `{"manifest":[]}`},
		{400, "POST", "/_fake/prompts/-/p/commits", `{"tmplate":"x"}`},
		{400, "POST", "/_fake/prompts/-/p:q/commits", `{"template":"x"}`},
		{404, "PUT", "/_fake/prompts/-/p/tags/t", `{"commit":"latest"}`},
		{400, "PUT", "/_fake/prompts/-/p/tags/t", ``},
		{404, "DELETE", "/_fake/prompts/-/p/tags/t", ``},
		{400, "PUT", "/_fake/prompts/-/p/public", `{}`},
		{400, "PUT", "/_fake/prompts/-/p/public", `x`},
		{404, "DELETE", "/_fake/prompts/-/p", ``},
		{400, "POST", "/_fake/faults", `{"kind":"status"}`},
		{400, "POST", "/_fake/faults", `{"kind":"slow","delay":"soon"}`},
		{404, "GET", "/_fake/", ``},
		{404, "POST", "/_fake/requests", ``},
	} {
		require.NotEmpty(t, c.admin(bad.status, bad.method, bad.path, bad.body)["detail"], bad)
	}
}

func TestAdminIsOffUnlessAskedFor(t *testing.T) {
	_, c := start(t, fakelangsmith.Config{})
	c.get(http.StatusNotFound, "/_fake/requests")
}
