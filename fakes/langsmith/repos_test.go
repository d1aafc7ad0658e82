package fakelangsmith_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func (c client) names(t *testing.T, query string) (names []string, total int) {
	t.Helper()
	var body struct {
		Repos []struct {
			FullName string `json:"full_name"`
		} `json:"repos"`
		Total int `json:"total"`
	}
	require.NoError(t, json.Unmarshal(c.Get(http.StatusOK, "/api/v1/repos"+query).Body, &body))
	names = make([]string, 0, len(body.Repos))
	for _, repo := range body.Repos {
		names = append(names, repo.FullName)
	}
	return names, body.Total
}

func TestListPrompts(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	for _, prompt := range []string{"one", "two", "Three", "other/shown", "other/hidden"} {
		push(t, fake, prompt, "x")
	}
	_, err := fake.Push("two", fakelangsmith.Commit{Manifest: fakelangsmith.Text("y"), Description: "Says Hello"})
	require.NoError(t, err)
	require.NoError(t, fake.SetPublic("one", true))
	require.NoError(t, fake.SetPublic("other/shown", true))
	for query, want := range map[string][]string{
		"":                     {"acme/two", "acme/Three", "acme/one"}, // the last changed first
		"?sort_direction=asc":  {"acme/one", "acme/Three", "acme/two"},
		"?is_public=true":      {"other/shown", "acme/one"},
		"?is_public=false":     {"acme/two", "acme/Three"},
		"?is_archived=true":    {},
		"?is_archived=false":   {"acme/two", "acme/Three", "acme/one"},
		"?query=three":         {"acme/Three"},
		"?query=says+hello":    {"acme/two"},
		"?query=nothing":       {},
		"?sort_field=num_like": {"acme/two", "acme/Three", "acme/one"},
	} {
		names, total := c.names(t, query)
		require.Equal(t, want, names, query)
		require.Equal(t, len(want), total, query)
	}
	for query, want := range map[string][]string{
		"?limit=2":          {"acme/two", "acme/Three"},
		"?limit=2&offset=2": {"acme/one"},
		"?offset=3":         {},
	} {
		names, total := c.names(t, query)
		require.Equal(t, want, names, query)
		require.Equal(t, 3, total, "the total is of the whole list")
	}
	for _, query := range []string{"?limit=0", "?limit=101", "?limit=x", "?offset=-1", "?offset=x"} {
		c.Get(http.StatusUnprocessableEntity, "/repos"+query)
	}
}

func TestListIsPaged(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	for i := range 25 {
		push(t, fake, string(rune('a'+i)), "x")
	}
	names, total := c.names(t, "")
	require.Len(t, names, 20, "the default page")
	require.Equal(t, 25, total)
}

func TestGetPrompt(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	push(t, fake, "p", "x")
	hash := push(t, fake, "p", "y")
	repo := c.Get(http.StatusOK, "/repos/-/p").Object(t)["repo"].(map[string]any)
	for field, want := range map[string]any{
		"repo_handle": "p", "owner": "acme", "full_name": "acme/p", "tenant_id": fakelangsmith.TenantID("acme"),
		"is_public": false, "is_archived": false, "num_commits": 2.0, "last_commit_hash": hash, "description": nil, "tags": []any{},
	} {
		require.Equal(t, want, repo[field], field)
	}
	require.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, repo["id"])
	for _, field := range []string{"created_at", "updated_at"} {
		_, err := time.Parse(time.RFC3339, repo[field].(string))
		require.NoError(t, err)
	}
	require.Equal(t, "Prompt acme/absent not found", c.Get(http.StatusNotFound, "/repos/-/absent").Object(t)["detail"])
}
