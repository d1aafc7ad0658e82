package langsmith_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

// repos is an answer of the list endpoint with prompts of these names.
func repos(total int, names ...string) string {
	elements := make([]string, len(names))
	for i, name := range names {
		elements[i] = fmt.Sprintf(`{"repo_handle":%q,"owner":null,"full_name":"-/%s"}`, name, name)
	}
	return fmt.Sprintf(`{"repos":[%s],"total":%d}`, strings.Join(elements, ","), total)
}

func TestListPrompts(t *testing.T) {
	var asked, keys []string
	src := newSource(t, langsmith.Config{Endpoint: "https://h.example.com/ls", HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI())
		keys = append(keys, r.Header.Get("X-Api-Key"))
		switch r.URL.Query().Get("offset") {
		case "0":
			sourcetest.Reply(w, http.StatusOK, `{"repos":[{"repo_handle":"al","owner":"acme","full_name":"acme/al","description":"d","tags":["x"],
				"is_public":true,"is_archived":false,"last_commit_hash":"abc","tenant_id":"ws","created_at":"2026-05-01T12:00:00","updated_at":"2026-05-02T12:00:00Z"},
				{"repo_handle":"own","owner":"acme","is_public":false}],"total":3}`)
		default: // fewer than a page: the server has a limit of its own
			sourcetest.Reply(w, http.StatusOK, repos(3, "last"))
		}
	})})
	var all []langsmith.PromptInfo
	for info, err := range src.ListPrompts(t.Context(), langsmith.ListOptions{}) {
		require.NoError(t, err)
		all = append(all, info)
	}
	require.Len(t, all, 3)
	require.Equal(t, langsmith.PromptInfo{
		Owner: "acme", Name: "al", Description: "d", Tags: []string{"x"}, Public: true, LastCommitHash: "abc", WorkspaceID: "ws",
		CreatedAt: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), UpdatedAt: time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC),
	}, all[0])
	require.Equal(t, "acme/al", all[0].Ref().String())
	require.Equal(t, "own", all[1].Ref().String())
	require.Equal(t, "last", all[2].Ref().String())
	const first = "/ls/api/v1/repos?is_archived=false&limit=100&sort_direction=desc&sort_field=updated_at&offset="
	require.Equal(t, []string{first + "0", first + "2"}, asked)
	require.Equal(t, []string{testKey, testKey}, keys)

	asked = nil
	for _, err := range src.ListPrompts(t.Context(), langsmith.ListOptions{Query: "a&b", Public: new(true), Archived: true}) {
		require.NoError(t, err)
		break
	}
	require.Equal(t, []string{"/ls/api/v1/repos?is_archived=true&is_public=true&limit=100&query=a%26b&sort_direction=desc&sort_field=updated_at&offset=0"}, asked)
}

func TestListsThatFail(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		kind   promptcache.ErrorKind
		want   string
	}{
		"403":                       {403, `{"detail":"no"}`, promptcache.KindForbidden, "the credentials do not reach this prompt"},
		"not JSON":                  {200, "{", promptcache.KindInvalid, "the answer is not a list of prompts: "},
		"no repos":                  {200, `{"total":1}`, promptcache.KindInvalid, "its repos or total are missing"},
		"no total":                  {200, `{"repos":[]}`, promptcache.KindInvalid, "its repos or total are missing"},
		"a prompt without a handle": {200, repos(2, "a", ""), promptcache.KindInvalid, "element 2 of the list has no repo_handle"},
	} {
		t.Run(name, func(t *testing.T) {
			src := newSource(t, langsmith.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
				sourcetest.Reply(w, tt.status, tt.body)
			})})
			for info, err := range src.ListPrompts(t.Context(), langsmith.ListOptions{}) {
				require.Zero(t, info)
				require.ErrorContains(t, sourcetest.FetchError(t, err, "prompts from number 1", tt.kind), tt.want)
			}
		})
	}
	t.Run("a total without end", func(t *testing.T) {
		asked := 0
		src := newSource(t, langsmith.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			sourcetest.Reply(w, http.StatusOK, repos(1<<30, "a"))
		})})
		var failed error
		for _, err := range src.ListPrompts(t.Context(), langsmith.ListOptions{}) {
			failed = err
		}
		require.ErrorContains(t, failed, "langsmith: page 2 of the list repeats")
		require.Equal(t, 2, asked)
	})
}
