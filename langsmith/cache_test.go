package langsmith_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestNewCache(t *testing.T) {
	sourcetest.RunCache(t, sourcetest.CacheSubject[*langsmith.PromptCommit]{
		Spellings: []string{"al", "al:latest", "-/al", "al:", "-/al:latest"}, Good: answer, Bad: "a/b/c",
		New: func(client *http.Client, cfg promptcache.Config) (*promptcache.PromptCache[*langsmith.PromptCommit], error) {
			if client == nil {
				return langsmith.NewCache(nil, cfg)
			}
			return langsmith.NewCache(newSource(t, langsmith.Config{HTTPClient: client}), cfg)
		},
	})
}

func TestModelAndTag(t *testing.T) {
	t.Run("NB-31 m with model and tag m:with_model are two", func(t *testing.T) {
		requests := map[string]int{}
		src := newSource(t, langsmith.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
			requests[r.URL.RequestURI()]++
			sourcetest.Reply(w, http.StatusOK, strings.Replace(answer, `"lc":1`, `"uri":"`+r.URL.RequestURI()+`"`, 1))
		})})
		cache, err := langsmith.NewCache(src, promptcache.DefaultConfig())
		require.NoError(t, err)
		model, err := cache.GetOrFetch(t.Context(), "m?model")
		require.NoError(t, err)
		tag, err := cache.GetOrFetch(t.Context(), "m:with_model")
		require.NoError(t, err)
		require.NotEqual(t, string(model.Manifest()), string(tag.Manifest()))
		require.ElementsMatch(t, []string{"m?model", "m:with_model"}, cache.Keys())
		require.Equal(t, map[string]int{
			"/api/v1/commits/-/m/latest?include_model=true": 1,
			"/api/v1/commits/-/m/with_model":                1,
		}, requests)
	})
}

func TestCachedCommitByHashIsNeverRefetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := map[string]int{}
		src := newSource(t, langsmith.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
			requests[r.URL.Path]++
			sourcetest.Reply(w, http.StatusOK, answer)
		})})
		cache, err := langsmith.NewCache(src, promptcache.DefaultConfig())
		require.NoError(t, err)
		for range 2 {
			for _, key := range []string{"al", "al:" + fullHash} {
				_, err := cache.GetFresh(t.Context(), key)
				require.NoError(t, err)
			}
			time.Sleep(time.Hour) // the bubble's
		}
		require.Equal(t, map[string]int{
			"/api/v1/commits/-/al/latest":      2,
			"/api/v1/commits/-/al/" + fullHash: 1,
		}, requests)
	})
}

func TestOutageBehindACache(t *testing.T) {
	for name, failure := range map[string]struct {
		status int
		body   string
	}{
		"NB-25 a proxy's HTML 404 evicts nothing": {http.StatusNotFound, "<html>"},
		"NB-25 a 401 evicts nothing":              {http.StatusUnauthorized, `{"detail":"x"}`},
		"NB-25 a 403 evicts nothing":              {http.StatusForbidden, `{"detail":"x"}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var broken atomic.Bool
				src := newSource(t, langsmith.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
					if broken.Load() {
						sourcetest.Reply(w, failure.status, failure.body)
						return
					}
					sourcetest.Reply(w, http.StatusOK, answer)
				})})
				cache, err := langsmith.NewCache(src, promptcache.DefaultConfig())
				require.NoError(t, err)
				before, err := cache.GetOrFetch(t.Context(), "al")
				require.NoError(t, err)
				broken.Store(true)
				for range 10 {
					time.Sleep(time.Hour) // the bubble's
					got, err := cache.GetFresh(t.Context(), "al")
					require.ErrorIs(t, err, promptcache.ErrStale)
					require.Same(t, before, got)
				}
			})
		})
	}
}
