package fakelangsmith_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestAdminPrompts(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{Admin: true})
	first := c.Admin(200, "POST", "prompts/-/p/commits", `{"template":"Hello {name}","tags":["production"]}`)["commit_hash"]
	require.Equal(t, first, c.pull(t, "/commits/-/p/production").Hash)
	require.JSONEq(t, string(fakelangsmith.Text("Hello {name}")), string(c.pull(t, pPath).Manifest))
	second := c.Admin(200, "POST", "prompts/acme/p/commits",
		`{"manifest":{"a":1},"examples":[1],"description":"d","draft":false}`)["commit_hash"]
	pulled := c.pull(t, pPath)
	require.Equal(t, second, pulled.Hash)
	require.JSONEq(t, `{"a":1}`, string(pulled.Manifest))
	require.JSONEq(t, `[1]`, string(pulled.Examples))
	require.Equal(t, "d", *pulled.Description)

	c.Admin(200, "PUT", "prompts/-/p/tags/production", `{"commit":"latest"}`)
	require.Equal(t, second, c.pull(t, "/commits/-/p/production").Hash)
	c.Admin(200, "DELETE", "prompts/-/p/tags/production", "")
	c.Get(404, "/commits/-/p/production")

	c.Admin(200, "POST", "prompts/other/p/commits", `{"template":"x"}`)
	c.Get(404, "/commits/other/p/latest")
	c.Admin(200, "PUT", "prompts/other/p/public", `{"public":true}`)
	c.pull(t, "/commits/other/p/latest")
	c.Admin(200, "DELETE", "prompts/other/p", "")
	c.Get(404, "/commits/other/p/latest")
	require.Equal(t, 5, fake.CountFor("p"), "admin requests are not counted")
}

func TestAdminFaults(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{Admin: true})
	push(t, fake, "p", "x")
	id := c.Admin(200, "POST", "faults", `{"kind":"status","status":503,"prompt":"p","retry_after":"7","delay":"1ms"}`)["id"]
	require.Equal(t, "7", c.Get(503, pPath).Header.Get("Retry-After"))
	c.Admin(200, "DELETE", fmt.Sprintf("faults/%v", id), "")
	c.pull(t, pPath)
	c.Admin(404, "DELETE", fmt.Sprintf("faults/%v", id), "")
	c.Admin(404, "DELETE", "faults/x", "")

	c.Admin(200, "POST", "faults", `{"kind":"html","status":404}`)
	c.Admin(200, "POST", "faults", `{"kind":"status","status":500}`)
	c.Get(404, pPath)
	c.Admin(200, "GET", "requests", "") // no fault of its own
	c.Admin(200, "DELETE", "faults", "")
	c.pull(t, pPath)
}

func TestAdminRequests(t *testing.T) {
	_, c := start(t, fakelangsmith.Config{Admin: true})
	c.Get(200, "/repos?limit=1")
	seen := c.Admin(200, "GET", "requests", "")
	require.EqualValues(t, 1, seen["count"])
	require.EqualValues(t, 0, seen["in_flight"])
	require.EqualValues(t, 1, seen["max_in_flight"])
	request := seen["requests"].([]any)[0].(map[string]any)
	require.Equal(t, "/repos", request["path"])
	require.Equal(t, "limit=1", request["query"])
	c.Admin(200, "DELETE", "requests", "")
	seen = c.Admin(200, "GET", "requests", "")
	require.EqualValues(t, 0, seen["count"])
	require.Equal(t, []any{}, seen["requests"])
}

func TestAdminRefuses(t *testing.T) {
	_, c := start(t, fakelangsmith.Config{Admin: true})
	for _, bad := range []struct {
		status             int
		method, path, body string
	}{
		{400, "POST", "prompts/-/p/commits", `{"template":3}`},
		{400, "POST", "prompts/-/p/commits", `{"manifest":[]}`},
		{400, "POST", "prompts/-/p/commits", `{"tmplate":"x"}`},
		{400, "POST", "prompts/-/p:q/commits", `{"template":"x"}`},
		{404, "PUT", "prompts/-/p/tags/t", `{"commit":"latest"}`},
		{400, "PUT", "prompts/-/p/tags/t", ``},
		{404, "DELETE", "prompts/-/p/tags/t", ``},
		{400, "PUT", "prompts/-/p/public", `{}`},
		{400, "PUT", "prompts/-/p/public", `x`},
		{404, "DELETE", "prompts/-/p", ``},
		{400, "POST", "faults", `{"kind":"status"}`},
		{400, "POST", "faults", `{"kind":"slow","delay":"soon"}`},
		{404, "GET", "", ``},
		{404, "POST", "requests", ``},
	} {
		require.NotEmpty(t, c.Admin(bad.status, bad.method, bad.path, bad.body)["detail"], bad)
	}
}

func TestAdminIsOffUnlessAskedFor(t *testing.T) {
	_, c := start(t, fakelangsmith.Config{})
	c.Get(http.StatusNotFound, "/_fake/requests")
}
