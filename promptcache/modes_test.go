package promptcache_test

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func offline(cfg *promptcache.Config)  { cfg.TTL = nil }
func disabled(cfg *promptcache.Config) { cfg.MaxSize = 0 }

func TestConstruction(t *testing.T) {
	proves(t, "LS-26 there is no goroutine at construction", func(t *testing.T) {
		before := goroutines()
		c := newCache(t, docs("a").Fetch, exactly())
		c.Set("b", &doc{"b"})
		pass(time.Hour)
		require.Equal(t, before, goroutines())
		loadedWith(t, c, "a")
		loadedWith(t, c, "b")
		pass(0)
		require.Equal(t, before, goroutines(), "nor after the fetches that were asked for")
	})
}

func TestOffline(t *testing.T) {
	proves(t, "LS-20 with a nil TTL there is no goroutine and no fetch", func(t *testing.T) {
		before := goroutines()
		src := docs("a", "b")
		c := newCache(t, src.Fetch, exactly(offline))
		require.Equal(t, before, goroutines())
		require.NoError(t, c.Start(t.Context()))
		require.ErrorIs(t, c.Start(t.Context()), promptcache.ErrRunning)
		c.Set("a", &doc{"set"})
		for range 60 {
			pass(time.Minute)
			require.Equal(t, before, goroutines())
			v, err := c.GetOrFetch(t.Context(), "a")
			require.NoError(t, err)
			require.Equal(t, "set", v.Text)
			_, err = c.GetOrFetch(t.Context(), "b")
			require.ErrorIs(t, err, promptcache.ErrOffline)
		}
		require.Equal(t, 1, c.MarkStale(func(string) bool { return true }))
		e, _ := c.Lookup("a")
		require.False(t, e.Stale)
		pass(time.Hour)
		require.Zero(t, src.Total())
		c.Stop()
	})

	proves(t, "offline a miss and Refresh are ErrOffline at once", func(t *testing.T) {
		c := newCache[*doc](t, nil, exactly(offline))
		c.Set("a", &doc{"set"})
		for _, read := range []func(context.Context, string) (*doc, error){c.GetOrFetch, c.GetFresh, c.Refresh} {
			v, err := read(t.Context(), "missing")
			require.ErrorIs(t, err, promptcache.ErrOffline)
			require.ErrorContains(t, err, `"missing"`)
			require.Nil(t, v)
		}
		v, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrOffline)
		require.ErrorIs(t, err, promptcache.ErrStale)
		require.Equal(t, "set", v.Text)
		fallback := &doc{"fallback"}
		require.Same(t, fallback, c.GetOr(t.Context(), "missing", fallback))
	})

	proves(t, "a mark made offline counts once there is a TTL", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(offline))
		c.Set("a", &doc{"set"})
		c.MarkStale(func(string) bool { return true })
		require.NoError(t, c.Configure(exactly()))
		e, _ := c.Lookup("a")
		require.True(t, e.Stale)
		pass(0)
		require.Equal(t, "a v1", loadedWith(t, c, "a").Text)
	})
}

func TestDisabled(t *testing.T) {
	proves(t, "LS-27 with MaxSize 0 nothing is stored, counted or started", func(t *testing.T) {
		before := goroutines()
		src := docs("a")
		c := started(t, src.Fetch, exactly(disabled))
		require.Equal(t, before, goroutines())
		c.Set("a", &doc{"set"})
		_, ok := c.Get("a")
		require.False(t, ok)
		_, ok = c.Lookup("a")
		require.False(t, ok)
		for range 3 {
			require.Equal(t, "a v1", loadedWith(t, c, "a").Text)
		}
		_, err := c.GetFresh(t.Context(), "a")
		require.NoError(t, err)
		_, err = c.Refresh(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, 5, src.Total(), "each passes through")
		for range 2 {
			_, err = c.GetOrFetch(t.Context(), "missing")
			require.ErrorIs(t, err, promptcache.ErrNotFound)
			c.GetOr(t.Context(), "missing", nil)
		}
		require.Equal(t, 4, src.Calls("missing"), "failures are not remembered either")
		require.Zero(t, c.Invalidate("a"))
		require.Zero(t, c.Len())
		require.Equal(t, promptcache.Metrics{}, c.Metrics())
		pass(0)
		require.Equal(t, before, goroutines())
	})

	proves(t, "LS-27 concurrent read-throughs pass through as one", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, slow(src.Fetch, time.Second), exactly(disabled))
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { _, _ = c.GetOrFetch(t.Context(), "a") })
		}
		wg.Wait()
		require.Equal(t, 1, src.Total())
	})

	proves(t, "LS-28 Configure to 0 makes every key absent and ignores sets", func(t *testing.T) {
		c := started(t, docs().Fetch, exactly())
		for i := range 10 {
			c.Set(strconv.Itoa(i), &doc{})
		}
		require.NoError(t, c.Configure(exactly(disabled)))
		require.Zero(t, c.Len())
		require.Empty(t, c.Keys())
		c.Set("0", &doc{})
		for i := range 10 {
			_, ok := c.Get(strconv.Itoa(i))
			require.False(t, ok)
		}
		require.NoError(t, c.Configure(exactly()))
		require.Zero(t, c.Len(), "nothing comes back")
		c.Set("0", &doc{})
		require.Equal(t, 1, c.Len(), "but it works again")
	})

	proves(t, "LS-28 and the entries are freed", func(t *testing.T) {
		c := started(t, docs().Fetch, exactly())
		held := weakly(c, 10)
		pass(interval)
		runtime.GC()
		for _, p := range held {
			require.NotNil(t, p.Value())
		}
		require.NoError(t, c.Configure(exactly(disabled)))
		runtime.GC()
		for i, p := range held {
			require.Nil(t, p.Value(), "%d is still referred to", i)
		}
		runtime.KeepAlive(c)
	})
}

// weakly sets n values, some of them more than once and one marked, and returns
// weak pointers to them.
func weakly(c *promptcache.PromptCache[*doc], n int) []weak.Pointer[doc] {
	out := make([]weak.Pointer[doc], 0, n)
	for i := range n {
		for range 2 {
			c.Set(strconv.Itoa(i), &doc{"replaced"})
		}
		v := &doc{strconv.Itoa(i)}
		c.Set(v.Text, v)
		out = append(out, weak.Make(v))
	}
	return out
}

func TestConfigureRunning(t *testing.T) {
	proves(t, "LS-29 Configure applies while running, and refreshing goes on", func(t *testing.T) {
		src := docs("a", "b", "c")
		c := started(t, src.Fetch, exactly())
		for _, key := range []string{"a", "b", "c"} {
			loadedWith(t, c, key)
		}
		require.NoError(t, c.Configure(exactly(func(cfg *promptcache.Config) {
			cfg.TTL, cfg.RefreshInterval, cfg.MaxSize = new(10*time.Second), 2*time.Second, 2
		})))
		require.Equal(t, []string{"c", "b"}, c.Keys(), "the least recently used one is gone at once")
		src.Put("c", &doc{"c v2"})
		pass(12 * time.Second)
		v, _ := c.Get("c")
		require.Equal(t, "c v2", v.Text, "without any set or read")
		require.Equal(t, map[string]int{"a": 1, "b": 2, "c": 2}, src.AllCalls())
		pass(12 * time.Second)
		require.Equal(t, map[string]int{"a": 1, "b": 3, "c": 3}, src.AllCalls())
	})

	proves(t, "LS-29 a new interval counts from now", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshInterval = time.Hour }))
		loadedWith(t, c, "a")
		pass(10 * time.Minute)
		require.NoError(t, c.Configure(exactly()))
		pass(interval - 1)
		require.Equal(t, 1, src.Total())
		pass(1)
		require.Equal(t, 2, src.Total())
	})

	proves(t, "LS-29 a shorter and a longer TTL apply to what is there", func(t *testing.T) {
		c := newCache(t, docs("a").Fetch, exactly())
		loadedWith(t, c, "a")
		pass(2 * time.Minute)
		for _, change := range []struct {
			ttl   time.Duration
			stale bool
		}{{time.Minute, true}, {ttl, false}, {2 * time.Minute, false}, {2*time.Minute - 1, true}} {
			require.NoError(t, c.Configure(exactly(func(cfg *promptcache.Config) { cfg.TTL = new(change.ttl) })))
			e, _ := c.Lookup("a")
			require.Equal(t, change.stale, e.Stale, change.ttl)
		}
	})

	proves(t, "LS-29 more concurrency serves those that wait", func(t *testing.T) {
		src := docs("a", "b", "c")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 }))
		require.NoError(t, c.Prefetch(t.Context(), "a", "b", "c"))
		release := src.Hold()
		c.MarkStale(func(string) bool { return true })
		pass(0)
		require.Equal(t, 1, src.InFlight())
		require.Equal(t, 2, c.Status().Queued)
		require.NoError(t, c.Configure(exactly()))
		pass(0)
		require.Equal(t, 3, src.InFlight())
		release()
	})
}
