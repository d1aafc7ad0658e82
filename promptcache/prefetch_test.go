package promptcache_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func TestPrefetch(t *testing.T) {
	names := func(n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprint("p", i)
		}
		return out
	}

	proves(t, "it fetches what is missing, a bounded number at a time, and counts no read", func(t *testing.T) {
		keys := names(20)
		src := docs(keys...)
		c := newCache(t, slow(src.Fetch, time.Second), exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 3 }))
		began := time.Now()
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		require.Equal(t, 7*time.Second, time.Since(began), "20 keys, 3 at a time, 1 second each")
		require.Equal(t, 20, c.Len())
		require.Zero(t, c.Metrics().TotalRequests())
		require.EqualValues(t, 20, c.Metrics().Fetches)
	})

	proves(t, "it refetches what is stale and leaves alone what is fresh", func(t *testing.T) {
		src := docs("fresh", "stale", "marked", "missing")
		c := newCache(t, src.Fetch, exactly())
		loadedWith(t, c, "stale")
		pass(ttl + 1)
		loadedWith(t, c, "fresh")
		loadedWith(t, c, "marked")
		c.MarkStale(func(key string) bool { return key == "marked" })
		require.NoError(t, c.Prefetch(t.Context(), "fresh", "stale", "marked", "missing", "missing"))
		require.Equal(t, map[string]int{"fresh": 1, "stale": 2, "marked": 2, "missing": 1}, src.AllCalls())
		require.Equal(t, []string{"missing", "marked", "fresh", "stale"}, c.Keys(), "and touches nothing")
	})

	proves(t, "errors are joined, one for each prompt that is not there or stale", func(t *testing.T) {
		src := docs("good", "stale")
		c := newCache(t, src.Fetch, exactly())
		loadedWith(t, c, "stale")
		pass(ttl + 1)
		src.Delete("stale")
		err := c.Prefetch(t.Context(), "good", "gone 1", "stale", "gone 2")
		require.Len(t, lines(err), 3)
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		require.ErrorIs(t, err, promptcache.ErrStale)
		for _, key := range []string{`"gone 1"`, `"gone 2"`, `"stale"`} {
			require.ErrorContains(t, err, key)
		}
		var fe *promptcache.FetchError
		require.ErrorAs(t, err, &fe)
		require.Equal(t, 2, c.Len())
		total := src.Total()
		require.Len(t, lines(c.Prefetch(t.Context(), "good", "gone 1", "stale")), 2)
		require.Equal(t, total, src.Total(), "what backs off is not asked again")
	})

	proves(t, "more keys than fit are an error, and nothing is fetched", func(t *testing.T) {
		keys := names(4)
		src := docs(keys...)
		c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxSize = 3 }))
		require.ErrorContains(t, c.Prefetch(t.Context(), keys...), "4 prompts do not fit into a cache of MaxSize 3")
		require.Zero(t, src.Total())
		require.NoError(t, c.Prefetch(t.Context(), "p0", "p1", "p2", "p1", "p0"), "three of them are distinct")
		require.Equal(t, 3, src.Total())
	})

	proves(t, "it joins fetches that are under way", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, slow(src.Fetch, time.Second), exactly())
		go func() { _, _ = c.GetOrFetch(t.Context(), "a") }()
		pass(time.Second / 2)
		require.NoError(t, c.Prefetch(t.Context(), "a"))
		require.Equal(t, 1, src.Total())
	})

	proves(t, "offline only what is missing is an error", func(t *testing.T) {
		c := newCache[*doc](t, nil, exactly(offline))
		c.Set("a", &doc{})
		require.NoError(t, c.Prefetch(t.Context(), "a"))
		err := c.Prefetch(t.Context(), "a", "b", "c")
		require.ErrorIs(t, err, promptcache.ErrOffline)
		require.Len(t, lines(err), 2)
	})

	proves(t, "disabled, and without keys, it does nothing", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly(disabled))
		require.NoError(t, c.Prefetch(t.Context(), "a"))
		require.Zero(t, src.Total())
		c = newCache(t, src.Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context()))
	})

	proves(t, "after Shutdown it is an error", func(t *testing.T) {
		c := newCache(t, docs("a").Fetch, exactly())
		require.NoError(t, c.Shutdown(t.Context()))
		require.ErrorIs(t, c.Prefetch(t.Context(), "a"), promptcache.ErrShutdown)
	})
}
