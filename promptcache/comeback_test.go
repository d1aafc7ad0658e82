package promptcache_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestComeback(t *testing.T) {
	// recovered lets n stale prompts live through an outage of an hour and
	// returns the moment it ends, and the log of fetches from then on.
	type fetched struct {
		key string
		at  time.Duration
	}
	recovered := func(t *testing.T, n int, changes ...func(cfg *promptcache.Config)) (c *promptcache.PromptCache[*doc], log func() []fetched) {
		t.Helper()
		keys := numbered(n)
		src := docs(keys...)
		var mu sync.Mutex
		var fetches []fetched
		var back time.Time
		c = started(t, func(ctx context.Context, key string) (*doc, error) {
			mu.Lock()
			if !back.IsZero() {
				fetches = append(fetches, fetched{key, time.Since(back)})
			}
			mu.Unlock()
			return src.Fetch(ctx, key)
		}, exactly(append(changes, func(cfg *promptcache.Config) { cfg.MaxSize, cfg.BackoffMax = n+1, 10*time.Second })...))
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		for _, key := range keys { // the last one is the most recently used
			c.Get(key)
		}
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(time.Hour + interval/2)
		require.Equal(t, promptcache.StateDown, c.Status().State)
		require.Equal(t, n, c.Status().ServingStale)
		src.Always(nil)
		pass(interval/2 - 1)
		mu.Lock()
		back = time.Now().Add(1) // the next scan
		mu.Unlock()
		return c, func() []fetched {
			mu.Lock()
			defer mu.Unlock()
			return append([]fetched{}, fetches...)
		}
	}

	proves(t, "NB-20 what failed comes back spread over one RefreshInterval, in order of last use", func(t *testing.T) {
		const n = 6000
		c, log := recovered(t, n)
		pass(1)
		require.Len(t, log(), 1, "the probe")
		require.Equal(t, promptcache.StateDegraded, c.Status().State)
		pass(interval + 100*time.Millisecond)
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
		require.Zero(t, c.Status().Stale)
		all := log()
		require.Len(t, all, n, "each once")
		perTick := make(map[time.Duration]int)
		for i, f := range all {
			perTick[f.at]++
			if i > 11 { // those of one tick begin in any order
				before, _ := strconv.Atoi(all[i-11].key[1:])
				key, _ := strconv.Atoi(f.key[1:])
				require.Less(t, key, before+11)
			}
		}
		most := 0
		for _, count := range perTick {
			most = max(most, count)
		}
		require.LessOrEqual(t, most, 10, "6,000 in 600 ticks")
	})

	proves(t, "a few come back at ten a second", func(t *testing.T) {
		c, log := recovered(t, 5)
		pass(1)
		pass(399 * time.Millisecond)
		require.Len(t, log(), 1+3)
		pass(time.Millisecond)
		require.Len(t, log(), 5)
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
	})

	proves(t, "those that are read meanwhile are first, and no read starts a burst", func(t *testing.T) {
		c, log := recovered(t, 50)
		pass(1)
		for range 3 {
			for _, key := range []string{"p7", "p3"} {
				loadedWith(t, c, key)
			}
		}
		for _, key := range numbered(7) {
			loadedWith(t, c, key)
		}
		pass(0)
		require.Len(t, log(), 1, "they wait for their turn")
		pass(400 * time.Millisecond)
		back := log()[1:]
		require.Len(t, back, 4)
		for i, key := range []string{"p7", "p3", "p0", "p1"} {
			require.Equal(t, key, back[i].key)
		}
		_, err := c.GetFresh(t.Context(), "p20")
		require.NoError(t, err, "a reader that wants to wait need not wait for that")
	})

	proves(t, "at most RefreshConcurrency are under way", func(t *testing.T) {
		c, log := recovered(t, 50, func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 2 })
		pass(1)
		require.Len(t, log(), 1)
		pass(time.Minute)
		require.Len(t, log(), 50)
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
	})

	proves(t, "a second outage interrupts it, and the next recovery completes it", func(t *testing.T) {
		keys := numbered(30)
		src := docs(keys...)
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.BackoffMax = 10 * time.Second }))
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + 5*interval)
		src.Always(nil)
		pass(interval + 10*time.Second)
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + 5*interval)
		require.Equal(t, promptcache.StateDown, c.Status().State)
		src.Script(source.Value(&doc{"back"}))
		pass(interval)
		require.Equal(t, promptcache.StateDown, c.Status().State, "three of those that came back failed")
		before := src.Total()
		pass(10 * time.Second)
		require.LessOrEqual(t, src.Total()-before, 1)
		src.Always(nil)
		pass(2 * interval)
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
		require.Zero(t, c.Status().Stale)
	})

	proves(t, "Stop ends it, and nothing is forgotten by Start", func(t *testing.T) {
		c, log := recovered(t, 50)
		pass(1)
		pass(time.Second)
		require.Len(t, log(), 11)
		c.Stop()
		pass(time.Hour)
		require.Len(t, log(), 11)
		require.NoError(t, c.Start(t.Context()))
		pass(interval)
		require.Len(t, log(), 61, "the 39 that were not back, and the others, an hour later")
		require.Zero(t, c.Status().Stale)
	})

	proves(t, "prompts that are set, invalidated or marked meanwhile do not confuse it", func(t *testing.T) {
		c, log := recovered(t, 20)
		pass(1)
		c.Set("p0", &doc{"set"})
		c.Invalidate("p1", "p2")
		c.MarkStale(only("p3"))
		require.NoError(t, c.Configure(exactly(func(cfg *promptcache.Config) { cfg.MaxSize = 10 })))
		pass(2 * time.Second)
		require.LessOrEqual(t, len(log()), 12)
		require.Zero(t, c.Status().Stale)
		require.Equal(t, 10, c.Len())
		v, _ := c.Get("p0")
		require.Equal(t, "set", v.Text)
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
	})

	proves(t, "missing prompts that failed are asked for again at once", func(t *testing.T) {
		src := docs("a", "absent 0")
		c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.BackoffMin = time.Minute }))
		takenDown(t, c, src)
		src.Always(nil)
		_, err := c.Refresh(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, "absent 0 v1", loadedWith(t, c, "absent 0").Text)
		_, err = c.GetOrFetch(t.Context(), "absent 1")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
	})
}
