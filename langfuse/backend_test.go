package langfuse_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

// routedCache returns a cache over the project as one of several registries.
func (p *project) routedCache(t *testing.T) *promptcache.PromptCache[*prompt.Prompt] {
	t.Helper()
	src := newSource(t, langfuse.Config{Retries: new(0), HTTPClient: sourcetest.InMemory(p.ServeHTTP)})
	router, err := promptcache.Route(promptcache.Routes[*prompt.Prompt]{
		Backends: map[string]promptcache.Backend[*prompt.Prompt]{"langfuse": src.Backend()},
	})
	require.NoError(t, err)
	cache, err := router.NewCache(promptcache.DefaultConfig())
	require.NoError(t, err)
	return cache
}

func TestFetchPrompt(t *testing.T) {
	t.Run("what Prompt makes of it", func(t *testing.T) {
		src := answering(t, http.StatusOK, text)
		p, err := src.FetchPrompt(t.Context(), "greeting#3")
		require.NoError(t, err)
		want, err := fetched(t, "greeting#3", text).Prompt()
		require.NoError(t, err)
		require.Equal(t, want.Spec(), p.Spec())
		require.True(t, p.Immutable())
		require.Empty(t, p.Validator(), "there was no ETag")
	})
	t.Run("errors are those of Fetch", func(t *testing.T) {
		_, err := answering(t, http.StatusNotFound, missing).FetchPrompt(t.Context(), "greeting")
		require.ErrorIs(t, sourcetest.FetchError(t, err, "greeting", promptcache.KindNotFound), promptcache.ErrNotFound)
		_, err = answering(t, http.StatusOK, text).FetchPrompt(t.Context(), "a//b")
		require.ErrorIs(t, sourcetest.FetchError(t, err, "a//b", promptcache.KindInvalid), langfuse.ErrInvalidRef)
	})
	t.Run("what cannot be compiled is invalid", func(t *testing.T) {
		p, err := answering(t, http.StatusOK, with(chat, `[{"id": 9007199254740993}]`, `{}`)).FetchPrompt(t.Context(), "greeting")
		require.Nil(t, p)
		fe := sourcetest.FetchError(t, err, "greeting", promptcache.KindInvalid)
		require.ErrorIs(t, fe, prompt.ErrInvalid)
		require.ErrorContains(t, fe, "it cannot be compiled: langfuse: ")
	})
}

func TestBackend(t *testing.T) {
	t.Run("LF-06 NB-30 spellings are one entry under their scheme", func(t *testing.T) {
		cache := (&project{answer: text}).routedCache(t)
		first, err := cache.GetOrFetch(t.Context(), "langfuse:greeting@production")
		require.NoError(t, err)
		again, ok := cache.Get("langfuse:greeting")
		require.True(t, ok)
		require.Same(t, first, again)
		require.Equal(t, []string{"langfuse:greeting"}, cache.Keys())
		require.Equal(t, "langfuse=langfuse:https://cloud.langfuse.com#"+publicKey, cache.Config().Domain("langfuse:greeting"))
	})
	t.Run("it checks keys", func(t *testing.T) {
		check := answering(t, http.StatusOK, text).Backend().Check
		require.NoError(t, check("greeting@staging"))
		require.ErrorIs(t, check("a//b"), promptcache.ErrInvalid)
	})
	t.Run("NB-33 a pinned version is never refetched", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			registry := &project{answer: text}
			cache := registry.routedCache(t)
			for range 2 {
				_, err := cache.GetFresh(t.Context(), "langfuse:greeting#3")
				require.NoError(t, err)
				time.Sleep(time.Hour) // the bubble's
			}
			require.Len(t, registry.requests(), 1)
		})
	})
}

func TestConditionalRequestsOfPrompts(t *testing.T) {
	condition := func(registry *project) string {
		requests := registry.requests()
		return requests[len(requests)-1].Header.Get("If-None-Match")
	}
	const key = "langfuse:greeting"
	t.Run("the ETag is part of the prompt", func(t *testing.T) {
		registry := &project{answer: text}
		cache := registry.routedCache(t)
		first, err := cache.GetOrFetch(t.Context(), key)
		require.NoError(t, err)
		require.Empty(t, condition(registry))
		again, err := cache.Refresh(t.Context(), key)
		require.NoError(t, err)
		require.Same(t, first, again)
		tag := condition(registry)
		require.NotEmpty(t, tag)
		require.Equal(t, tag+" greeting", first.Validator())
		require.EqualValues(t, 1, cache.Metrics().Unchanged)

		registry.set(0, with(text, "Hello", "Good morning,"))
		changed, err := cache.Refresh(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, "Good morning, {{name}}", changed.Text())
		_, err = cache.Refresh(t.Context(), key)
		require.NoError(t, err)
		require.NotEqual(t, tag, condition(registry))
		require.Equal(t, condition(registry)+" greeting", changed.Validator())
	})
	t.Run("and of its JSON, so a snapshot has it", func(t *testing.T) {
		registry := &project{answer: text}
		cache := registry.routedCache(t)
		first, err := cache.GetOrFetch(t.Context(), key)
		require.NoError(t, err)
		stored, err := json.Marshal(first)
		require.NoError(t, err)
		var loaded prompt.Prompt
		require.NoError(t, json.Unmarshal(stored, &loaded))
		cache.Set(key, &loaded)
		same, err := cache.Refresh(t.Context(), key)
		require.NoError(t, err)
		require.Same(t, &loaded, same)
		require.NotEmpty(t, condition(registry))
	})
	t.Run("it is sent for the key that it came for, and nothing else", func(t *testing.T) {
		for name, validator := range map[string]string{
			"another label's": `W/"1" greeting@latest`, "another prompt's": `W/"1" say greeting`, "another source's": "greeting",
			"none": "", "a bare tag": `W/"1"`, "no tag": "1 greeting", "of a tag and a name": `W/"1" "2" greeting`,
		} {
			registry := &project{answer: text}
			cache := registry.routedCache(t)
			p, err := prompt.New(prompt.Spec{Name: "greeting", Validator: validator})
			require.NoError(t, err)
			cache.Set(key, p)
			_, err = cache.Refresh(t.Context(), key)
			require.NoError(t, err)
			require.Empty(t, condition(registry), name)
		}
	})
}
