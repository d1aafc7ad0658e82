package promptcache_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestRefresh(t *testing.T) {
	unavailable := broken[*doc](promptcache.KindUnavailable)

	proves(t, "LS-07 a stale entry is refetched in the background", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		events := follow(t, c)
		_, err := c.GetOrFetch(t.Context(), "a")
		require.NoError(t, err)
		src.Put("a", &doc{"a v2"})
		pass(ttl + interval)
		v, ok := c.Get("a")
		require.True(t, ok)
		require.Equal(t, "a v2", v.Text)
		require.Equal(t, 2, src.Calls("a"))
		require.Equal(t, []promptcache.EventKind{promptcache.EventAdded, promptcache.EventStale, promptcache.EventChanged}, events.kinds("a"))
	})

	proves(t, "LS-07 and at once when it is read", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		src.Put("a", &doc{"a v2"})
		pass(ttl + interval/2)
		require.Equal(t, 1, src.Total(), "no scan has seen it yet")
		e, ok := c.Lookup("a")
		require.True(t, ok)
		require.Equal(t, "a v1", e.Value.Text)
		pass(0)
		v, _ := c.Get("a")
		require.Equal(t, "a v2", v.Text)
		require.Equal(t, 2, src.Total())
	})

	proves(t, "LS-08 a failed refresh leaves the old value served", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		old := loadedWith(t, c, "a")
		src.Always(unavailable)
		pass(ttl + interval)
		require.Equal(t, 2, src.Calls("a"))
		v, ok := c.Get("a")
		require.True(t, ok)
		require.Same(t, old, v)
		require.Same(t, old, loadedWith(t, c, "a"))
	})

	proves(t, "LS-09 while every refresh fails errors grow, hits count and the value stays", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		old := loadedWith(t, c, "a")
		src.Always(unavailable)
		c.ResetMetrics()
		pass(ttl)
		failed := uint64(0)
		for n := range uint64(12) {
			pass(10 * time.Minute)
			v, ok := c.Get("a")
			require.True(t, ok)
			require.Same(t, old, v)
			m := c.Metrics()
			require.Equal(t, n+1, m.Hits)
			require.Equal(t, n+1, m.StaleHits)
			require.Greater(t, m.RefreshErrors, failed)
			require.Zero(t, m.Refreshes)
			failed = m.RefreshErrors
		}
		require.Less(t, failed, uint64(60), "the waits grow to BackoffMax")
	})

	proves(t, "LS-10 fail once, then succeed", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		src.Put("a", &doc{"a v2"})
		src.Script(unavailable)
		c.ResetMetrics()

		pass(ttl + interval)
		m := c.Metrics()
		require.EqualValues(t, 1, m.RefreshErrors)
		require.Zero(t, m.Refreshes)
		v, _ := c.Get("a")
		require.Equal(t, "a v1", v.Text)

		pass(interval)
		m = c.Metrics()
		require.EqualValues(t, 1, m.RefreshErrors)
		require.EqualValues(t, 1, m.Refreshes)
		v, _ = c.Get("a")
		require.Equal(t, "a v2", v.Text)
	})

	proves(t, "LS-10 the retry waits for its backoff", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.BackoffMin = 90 * time.Second }))
		loadedWith(t, c, "a")
		src.Script(unavailable)
		pass(ttl + interval)
		require.Equal(t, 2, src.Total())
		pass(interval)
		require.Equal(t, 2, src.Total(), "after one minute of ninety seconds")
		pass(interval)
		require.Equal(t, 3, src.Total())
	})

	proves(t, "LS-11 on an empty cache the refresher is idle and stops cleanly", func(t *testing.T) {
		before := goroutines()
		src := source.New[*doc]()
		c := started(t, src.Fetch, exactly())
		require.Equal(t, before+1, goroutines())
		pass(24 * time.Hour)
		require.Zero(t, src.Total())
		require.Equal(t, promptcache.Metrics{}, c.Metrics())
		c.Stop()
		require.Equal(t, before, goroutines())
		pass(time.Hour)
		require.Zero(t, src.Total())
	})
}
