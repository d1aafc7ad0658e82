package langsmith_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestNewCache(t *testing.T) {
	requests := map[string]int{}
	src := newSource(t, langsmith.Config{HTTPClient: inMemory(func(w http.ResponseWriter, r *http.Request) {
		requests[r.URL.RequestURI()]++
		reply(w, http.StatusOK, strings.Replace(answer, `"lc":1`, `"uri":"`+r.URL.RequestURI()+`"`, 1))
	})})
	newCache := func() *promptcache.PromptCache[*langsmith.PromptCommit] {
		clear(requests)
		cache, err := langsmith.NewCache(src, promptcache.DefaultConfig())
		require.NoError(t, err)
		return cache
	}

	t.Run("NB-30 spellings of one prompt are one entry, invalidated together", func(t *testing.T) {
		cache := newCache()
		spellings := []string{"-/al:latest", "al", "al:latest", "-/al", "al:"}
		first, err := cache.GetOrFetch(t.Context(), spellings[0])
		require.NoError(t, err)
		for _, key := range spellings {
			got, err := cache.GetOrFetch(t.Context(), key)
			require.NoError(t, err)
			require.Same(t, first, got)
		}
		require.Equal(t, []string{"al"}, cache.Keys())
		require.Equal(t, map[string]int{"/api/v1/commits/-/al/latest": 1}, requests)
		require.Equal(t, 1, cache.Invalidate("-/al"))
		for _, key := range spellings {
			_, ok := cache.Get(key)
			require.False(t, ok, key)
		}
	})
	t.Run("NB-31 m with model and tag m:with_model are two", func(t *testing.T) {
		cache := newCache()
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
	t.Run("a key that names no prompt is refused by the fetch", func(t *testing.T) {
		cache := newCache()
		_, err := cache.GetOrFetch(t.Context(), "a/b/c")
		require.ErrorIs(t, err, langsmith.ErrInvalidRef)
		require.ErrorIs(t, err, promptcache.ErrInvalid)
		require.Empty(t, requests)
	})
	t.Run("the caller's Canonical and Domain stay", func(t *testing.T) {
		cfg := promptcache.DefaultConfig()
		cfg.Canonical = func(string) (string, error) { return "mine", nil }
		var asked atomic.Bool
		cfg.Domain = func(string) string { asked.Store(true); return "mine" }
		cache, err := langsmith.NewCache(src, cfg)
		require.NoError(t, err)
		c, err := cache.GetOrFetch(t.Context(), "al")
		require.NoError(t, err)
		require.Equal(t, "mine", c.Repo())
		require.True(t, asked.Load())
	})
	t.Run("without a source it is offline", func(t *testing.T) {
		cfg := promptcache.DefaultConfig()
		_, err := langsmith.NewCache(nil, cfg)
		require.ErrorContains(t, err, "there is a TTL but no fetch")
		cfg.TTL = nil
		cache, err := langsmith.NewCache(nil, cfg)
		require.NoError(t, err)
		_, err = cache.GetOrFetch(t.Context(), "al")
		require.ErrorIs(t, err, promptcache.ErrOffline)
		cache.Set("-/al:latest", fetched(t, "al", answer))
		require.Equal(t, []string{"al"}, cache.Keys())
	})
}

func TestCachedCommitByHashIsNeverRefetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := map[string]int{}
		src := newSource(t, langsmith.Config{HTTPClient: inMemory(func(w http.ResponseWriter, r *http.Request) {
			requests[r.URL.Path]++
			reply(w, http.StatusOK, answer)
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
				src := newSource(t, langsmith.Config{HTTPClient: inMemory(func(w http.ResponseWriter, _ *http.Request) {
					if broken.Load() {
						reply(w, failure.status, failure.body)
						return
					}
					reply(w, http.StatusOK, answer)
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
