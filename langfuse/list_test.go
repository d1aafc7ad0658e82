package langfuse_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/promptcache"
)

// listed returns the names of a list, and the error at its end.
func listed(t *testing.T, src *langfuse.Source, opts langfuse.ListOptions) (names []string, failed error) {
	t.Helper()
	for info, err := range src.ListPrompts(t.Context(), opts) {
		require.NoError(t, failed, "an error is the end")
		if failed = err; err != nil {
			require.Zero(t, info)
			continue
		}
		names = append(names, info.Name)
	}
	return names, failed
}

// page is an answer of the list endpoint with prompts of these names.
func page(number, pages int, names ...string) string {
	prompts := make([]string, len(names))
	for i, name := range names {
		prompts[i] = fmt.Sprintf(`{"name":%q,"type":"text","versions":[1],"labels":[],"tags":[]}`, name)
	}
	return fmt.Sprintf(`{"data":[%s],"meta":{"page":%d,"limit":100,"totalItems":%d,"totalPages":%d}}`,
		strings.Join(prompts, ","), number, len(names)*pages, pages)
}

func TestListPrompts(t *testing.T) {
	var asked, users []string
	src := newSource(t, langfuse.Config{Endpoint: "https://h.example.com/lf", HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI())
		user, _, _ := r.BasicAuth()
		users = append(users, user)
		if r.URL.Query().Get("page") == "2" {
			sourcetest.Reply(w, http.StatusOK, page(2, 2, "b", "c"))
			return
		}
		sourcetest.Reply(w, http.StatusOK, `{"data":[{"name":"mails/a","type":"chat","versions":[1,2],"labels":["production","latest"],
			"tags":["x"],"lastUpdatedAt":"2026-05-01T12:30:00.250Z","lastConfig":{"t":1.50}}],"meta":{"page":1,"limit":100,"totalItems":3,"totalPages":2}}`)
	})})
	var all []langfuse.PromptInfo
	for info, err := range src.ListPrompts(t.Context(), langfuse.ListOptions{}) {
		require.NoError(t, err)
		all = append(all, info)
	}
	require.Len(t, all, 3)
	require.Equal(t, langfuse.PromptInfo{
		Name: "mails/a", Type: langfuse.Chat, Versions: []int{1, 2}, Labels: []string{"production", "latest"}, Tags: []string{"x"},
		UpdatedAt: time.Date(2026, 5, 1, 12, 30, 0, 250e6, time.UTC), Config: []byte(`{"t":1.50}`),
	}, all[0])
	require.Equal(t, "c", all[2].Name)
	require.Equal(t, []string{"/lf/api/public/v2/prompts?limit=100&page=1", "/lf/api/public/v2/prompts?limit=100&page=2"}, asked)
	require.Equal(t, []string{publicKey, publicKey}, users)

	asked = nil
	for _, err := range src.ListPrompts(t.Context(), langfuse.ListOptions{Name: "a&b", Label: "staging", Tag: "x y"}) {
		require.NoError(t, err)
		break
	}
	require.Equal(t, []string{"/lf/api/public/v2/prompts?label=staging&limit=100&name=a%26b&tag=x+y&page=1"}, asked)
}

func TestListsThatFail(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		kind   promptcache.ErrorKind
		want   string
	}{
		{"401", 401, `{"message":"no","error":"UnauthorizedError"}`, promptcache.KindUnauthorized, "the keys were not accepted"},
		{"a proxy's 404", 404, "<html>", promptcache.KindUnavailable, "this 404 is not the registry's own"},
		{"not JSON", 200, "{", promptcache.KindInvalid, "the answer is not a list of prompts: "},
		{"no data", 200, `{"meta":{"page":1}}`, promptcache.KindInvalid, "its data or meta is missing"},
		{"no meta", 200, `{"data":[]}`, promptcache.KindInvalid, "its data or meta is missing"},
		{"another page", 200, page(7, 9, "a"), promptcache.KindInvalid, "the answer is another page of the list, 7"},
		{"a prompt without a name", 200, page(1, 1, "a", ""), promptcache.KindInvalid, "element 2 of the list has no name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			names, err := listed(t, answering(t, tt.status, tt.body), langfuse.ListOptions{})
			require.Empty(t, names)
			require.ErrorContains(t, sourcetest.FetchError(t, err, "page 1 of the prompts", tt.kind), tt.want)
		})
	}
}

func TestListsOfServersThatLie(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(n int) string
		asked  int
		want   string
	}{
		"pages that repeat":      {func(n int) string { return page(n, 1_000_000, "a", "b") }, 2, "page 2 of the list repeats"},
		"pages without end":      {func(n int) string { return page(n, n+1, fmt.Sprint("p", n)) }, 1000, "the list does not end within 1000 pages"},
		"more pages than it has": {func(n int) string { return page(n, 50, []string{"a"}[:max(0, 2-n)]...) }, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			src := newSource(t, langfuse.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				sourcetest.Reply(w, http.StatusOK, tt.answer(asked))
			})})
			_, err := listed(t, src, langfuse.ListOptions{})
			require.Equal(t, tt.asked, asked)
			if tt.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "langfuse: ")
				require.ErrorContains(t, err, tt.want)
			}
		})
	}
}
