package langsmith_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

// greeting is a manifest that can be compiled.
const greeting = `{"lc":1,"type":"constructor","id":["langchain_core","prompts","prompt","PromptTemplate"],
	"kwargs":{"template":"Hello {name}","template_format":"f-string"}}`

// answering returns a Source whose registry answers everything with the manifest.
func answering(t *testing.T, manifest string, cfg langsmith.Config) *langsmith.Source {
	t.Helper()
	cfg.HTTPClient = sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
		sourcetest.Reply(w, http.StatusOK, strings.Replace(answer, `{"lc":1,"n":9007199254740993}`, manifest, 1))
	})
	return newSource(t, cfg)
}

func TestFetchPrompt(t *testing.T) {
	t.Run("what Prompt makes of it", func(t *testing.T) {
		src := answering(t, greeting, langsmith.Config{})
		p, err := src.FetchPrompt(t.Context(), "al:"+fullHash)
		require.NoError(t, err)
		require.Equal(t, "al", p.Name())
		require.Equal(t, "Hello {name}", p.Text())
		require.Equal(t, fullHash, p.Revision())
		require.True(t, p.Immutable())
		moving, err := src.FetchPrompt(t.Context(), "al:prod")
		require.NoError(t, err)
		require.False(t, moving.Immutable())
	})
	t.Run("errors are those of Fetch", func(t *testing.T) {
		_, err := answering(t, greeting, langsmith.Config{}).FetchPrompt(t.Context(), "owner/al")
		require.ErrorIs(t, sourcetest.FetchError(t, err, "owner/al", promptcache.KindForbidden), langsmith.ErrPublicPrompt)
	})
	t.Run("what cannot be read is invalid", func(t *testing.T) {
		p, err := answering(t, strings.Replace(greeting, "f-string", "jinja2", 1), langsmith.Config{}).FetchPrompt(t.Context(), "al")
		require.Nil(t, p)
		fe := sourcetest.FetchError(t, err, "al", promptcache.KindInvalid)
		require.ErrorIs(t, fe, prompt.ErrUnsupported)
		require.ErrorContains(t, fe, "it cannot be compiled: langsmith: ")
	})
}

func TestBackend(t *testing.T) {
	workspace := func(id string) promptcache.Backend[*prompt.Prompt] {
		return answering(t, greeting, langsmith.Config{WorkspaceID: id}).Backend()
	}
	routed := func(t *testing.T, backends map[string]promptcache.Backend[*prompt.Prompt]) *promptcache.PromptCache[*prompt.Prompt] {
		t.Helper()
		router, err := promptcache.Route(promptcache.Routes[*prompt.Prompt]{Backends: backends, Default: "langsmith"})
		require.NoError(t, err)
		cache, err := router.NewCache(promptcache.DefaultConfig())
		require.NoError(t, err)
		return cache
	}
	t.Run("NB-30 spellings are one entry under their scheme", func(t *testing.T) {
		cache := routed(t, map[string]promptcache.Backend[*prompt.Prompt]{"langsmith": workspace("w1")})
		first, err := cache.GetOrFetch(t.Context(), "al")
		require.NoError(t, err)
		for _, key := range []string{"al:latest", "-/al", "langsmith:al", "langsmith:-/al:latest"} {
			got, ok := cache.Get(key)
			require.True(t, ok, key)
			require.Same(t, first, got)
		}
		_, err = cache.GetOrFetch(t.Context(), "al:prod")
		require.NoError(t, err)
		require.Equal(t, []string{"langsmith:al:prod", "langsmith:al"}, cache.Keys())
	})
	t.Run("NB-32 two workspaces never share an entry or a Domain", func(t *testing.T) {
		cache := routed(t, map[string]promptcache.Backend[*prompt.Prompt]{"langsmith": workspace("w1"), "other": workspace("w2")})
		for _, key := range []string{"langsmith:al", "other:al"} {
			_, err := cache.GetOrFetch(t.Context(), key)
			require.NoError(t, err)
		}
		require.Equal(t, 2, cache.Len())
		domain := cache.Config().Domain
		require.Equal(t, "langsmith=langsmith:https://api.smith.langchain.com#w1", domain("langsmith:al"))
		require.Equal(t, "other=langsmith:https://api.smith.langchain.com#w2", domain("other:al"))
	})
	t.Run("it checks keys", func(t *testing.T) {
		check := answering(t, greeting, langsmith.Config{}).Backend().Check
		require.NoError(t, check("al"))
		require.ErrorIs(t, check("owner/al"), langsmith.ErrPublicPrompt)
	})
}
