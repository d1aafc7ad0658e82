package promptcache_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func TestStaleness(t *testing.T) {
	proves(t, "LS-01 an entry is stale strictly after its TTL", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		e, ok := c.Lookup("a")
		require.True(t, ok)
		require.False(t, e.Stale)
		require.Zero(t, e.Age)

		pass(ttl)
		e, _ = c.Lookup("a")
		require.Equal(t, ttl, e.Age)
		require.False(t, e.Stale, "age = TTL is fresh")
		_, err := c.GetFresh(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, 1, src.Total())

		pass(1)
		e, _ = c.Lookup("a")
		require.True(t, e.Stale)
		_, err = c.GetFresh(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, 2, src.Total())
	})

	proves(t, "LS-01 with a refresher, too: Lookup asks the clock, Get the last scan", func(t *testing.T) {
		c := started(t, docs("a").Fetch, exactly())
		loadedWith(t, c, "a")
		pass(ttl + 1)
		c.Get("a")
		require.Zero(t, c.Metrics().StaleHits, "the scan at TTL found it fresh")
		e, _ := c.Lookup("a")
		require.True(t, e.Stale)
		require.EqualValues(t, 1, c.Metrics().StaleHits)
	})

	proves(t, "LS-19 with a nil TTL nothing is ever stale", func(t *testing.T) {
		for _, maxStale := range []time.Duration{0, time.Second} {
			c := started[*doc](t, nil, exactly(func(cfg *promptcache.Config) {
				cfg.TTL, cfg.MaxStale = nil, maxStale
			}))
			c.Set("a", &doc{"a"})
			pass(10 * 365 * 24 * time.Hour)
			e, ok := c.Lookup("a")
			require.True(t, ok)
			require.False(t, e.Stale)
			_, err := c.GetFresh(t.Context(), "a")
			require.NoError(t, err)
			require.Zero(t, c.Metrics().StaleHits)
		}
	})

	proves(t, "LS-19 nor with Forever, but what is missing is fetched", func(t *testing.T) {
		src := docs("a", "b")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) {
			cfg.TTL, cfg.RefreshInterval = new(promptcache.Forever), 24*time.Hour
		}))
		loadedWith(t, c, "a")
		pass(10 * 365 * 24 * time.Hour)
		e, ok := c.Lookup("a")
		require.True(t, ok)
		require.False(t, e.Stale)
		loadedWith(t, c, "b")
		require.Equal(t, map[string]int{"a": 1, "b": 1}, src.AllCalls())
	})

	proves(t, "the age counts from the moment the fetch began", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, slow(src.Fetch, 3*time.Second), exactly())
		began := time.Now()
		loadedWith(t, c, "a")
		e, _ := c.Lookup("a")
		require.Equal(t, 3*time.Second, e.Age)
		require.True(t, began.Equal(e.FetchedAt))
		pass(ttl - 3*time.Second + 1)
		e, _ = c.Lookup("a")
		require.True(t, e.Stale)
	})
}

func TestMaxStale(t *testing.T) {
	const bound = 2 * time.Minute
	bounded := func(cfg *promptcache.Config) { cfg.MaxStale = bound }

	proves(t, "NB-26 MaxStale bounds what is served", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly(bounded))
		first := loadedWith(t, c, "a")
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + bound)
		v, ok := c.Get("a")
		require.True(t, ok, "age = TTL + MaxStale is served")
		require.Same(t, first, v)
		v, err := c.GetFresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrStale)
		require.Same(t, first, v)

		pass(1)
		_, ok = c.Get("a")
		require.False(t, ok)
		_, ok = c.Lookup("a")
		require.False(t, ok)
		for _, read := range []func(context.Context, string) (*doc, error){c.GetOrFetch, c.GetFresh, c.Refresh} {
			v, err = read(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrUnavailable)
			require.NotErrorIs(t, err, promptcache.ErrStale)
			require.Nil(t, v)
		}
		fallback := &doc{"fallback"}
		require.Same(t, fallback, c.GetOr(t.Context(), "a", fallback))

		src.Always(nil)
		pass(time.Hour)
		require.Equal(t, "a v1", loadedWith(t, c, "a").Text, "and it comes back with the registry")
		_, ok = c.Get("a")
		require.True(t, ok)
	})

	proves(t, "NB-26 with a refresher Get stops serving at the scan after", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(bounded))
		loadedWith(t, c, "a")
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + bound)
		_, ok := c.Get("a")
		require.True(t, ok)
		pass(1)
		_, ok = c.Lookup("a")
		require.False(t, ok, "Lookup goes by the clock")
		pass(interval)
		_, ok = c.Get("a")
		require.False(t, ok)
		require.Equal(t, 1, c.Len(), "it is held, for the registry may say that it is unchanged")
	})

	proves(t, "NB-26 without MaxStale there is no bound", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		src.Always(broken[*doc](promptcache.KindUnavailable))
		for range 48 {
			pass(time.Hour)
			_, ok := c.Get("a")
			require.True(t, ok)
		}
	})

	proves(t, "NB-38 Forever and MaxStale do not overflow", func(t *testing.T) {
		for _, age := range []time.Duration{promptcache.Forever, promptcache.Forever - 1} {
			c := started(t, docs("a").Fetch, exactly(func(cfg *promptcache.Config) {
				cfg.TTL, cfg.MaxStale, cfg.IdleAfter = new(age), math.MaxInt64, math.MaxInt64
			}))
			loadedWith(t, c, "a")
			pass(50 * time.Hour)
			e, ok := c.Lookup("a")
			require.True(t, ok)
			require.False(t, e.Stale)
		}
	})
}

// slow is fetch after a delay, or the end of its context.
func slow[V any](fetch promptcache.FetchFunc[V], delay time.Duration) promptcache.FetchFunc[V] {
	return func(ctx context.Context, key string) (V, error) {
		select {
		case <-time.After(delay):
			return fetch(ctx, key)
		case <-ctx.Done():
			var zero V
			return zero, context.Cause(ctx)
		}
	}
}
