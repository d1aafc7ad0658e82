package promptcache_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

type metrics = promptcache.Metrics

func TestMetrics(t *testing.T) {
	proves(t, "LS-22 a new cache has all counters 0 and hit rate 0", func(t *testing.T) {
		m := newCache(t, docs().Fetch, exactly()).Metrics()
		require.Equal(t, metrics{}, m)
		require.Zero(t, m.TotalRequests())
		require.Zero(t, m.HitRate())
	})

	proves(t, "LS-23 two hits and two misses are four requests and a rate of one half", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		c.Set("a", &doc{})
		c.Get("a")
		c.Lookup("a")
		c.Get("b")
		c.Lookup("b")
		m := c.Metrics()
		require.Equal(t, metrics{Hits: 2, Misses: 2}, m)
		require.EqualValues(t, 4, m.TotalRequests())
		require.InDelta(t, 0.5, m.HitRate(), 1e-9)
	})

	proves(t, "LS-24 a refresh counts as refresh, a failed one as error only", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		c.ResetMetrics()
		src.Put("a", &doc{"a v2"})
		pass(ttl + interval)
		require.Equal(t, metrics{Fetches: 1, Refreshes: 1}, c.Metrics())
		src.Script(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + interval)
		require.Equal(t, metrics{Fetches: 2, Refreshes: 1, FetchErrors: 1, RefreshErrors: 1}, c.Metrics())
	})

	proves(t, "LS-25 Reset zeroes all, and a snapshot taken before keeps its numbers", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxSize = 1 }))
		loadedWith(t, c, "a")
		loadedWith(t, c, "a")
		_, _ = c.GetOrFetch(t.Context(), "missing")
		c.GetOr(t.Context(), "missing", nil)
		c.Set("b", &doc{})
		c.Clear()
		before := c.Metrics()
		want := metrics{Hits: 1, Misses: 3, Fetches: 2, FetchErrors: 1, NotFound: 1, Fallbacks: 1, Evictions: 1, Invalidations: 1}
		require.Equal(t, want, before)
		c.ResetMetrics()
		require.Equal(t, metrics{}, c.Metrics())
		require.Equal(t, want, before)
		c.Get("x")
		require.Equal(t, metrics{Misses: 1}, c.Metrics())
	})
}
