package promptcache_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func TestJitter(t *testing.T) {
	const n = 200
	jittered := func(j float64) promptcache.Config {
		return exactly(func(cfg *promptcache.Config) { cfg.RefreshJitter, cfg.MaxSize = j, n })
	}
	keys := make([]string, n)
	for i := range keys {
		keys[i] = strconv.Itoa(i)
	}
	// due returns when each key is due, counted from its fetch, and how wide that is spread.
	due := func(t *testing.T, c *promptcache.PromptCache[*doc]) (least, most time.Duration) {
		t.Helper()
		least = promptcache.Forever
		for _, key := range keys {
			e, ok := c.Lookup(key)
			require.True(t, ok)
			after := e.NextAttempt.Sub(e.FetchedAt)
			least, most = min(least, after), max(most, after)
		}
		return least, most
	}

	proves(t, "after a miss a prompt is due in the second half of its TTL, after a refresh in the last RefreshJitter of it", func(t *testing.T) {
		for _, j := range []float64{0.1, 0.3, 1} {
			c := started(t, docs(keys...).Fetch, jittered(j))
			require.NoError(t, c.Prefetch(t.Context(), keys...))
			least, most := due(t, c)
			require.GreaterOrEqual(t, least, ttl/2)
			require.LessOrEqual(t, most, ttl)
			require.Greater(t, most-least, ttl/4, "they are spread")

			for _, key := range keys {
				_, err := c.Refresh(t.Context(), key)
				require.NoError(t, err)
			}
			least, most = due(t, c)
			require.GreaterOrEqual(t, least, ttl-time.Duration(j*float64(ttl))-1)
			require.LessOrEqual(t, most, ttl)
			require.Greater(t, most-least, time.Duration(j*float64(ttl))/2)
			c.Stop()
		}
	})

	proves(t, "with scans well within the jitter readers do not meet a stale prompt", func(t *testing.T) {
		src := docs(keys...)
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) {
			cfg.RefreshJitter, cfg.MaxSize, cfg.RefreshInterval = 0.1, n, ttl/20
		}))
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		for range 200 {
			pass(ttl / 10)
			for _, key := range keys {
				e, _ := c.Lookup(key)
				require.False(t, e.Stale)
			}
		}
		require.Zero(t, c.Metrics().StaleHits)
		require.Less(t, src.Total(), n*30, "20 TTLs: they are not refetched much oftener than needed")
	})

	proves(t, "the first scan comes at a random moment of the first interval, the others one interval apart", func(t *testing.T) {
		src := docs("a")
		began := make(map[time.Duration]bool)
		for range 50 {
			c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshJitter = 0.1 }))
			loadedWith(t, c, "a")
			pass(ttl + 1)
			require.NoError(t, c.Start(t.Context()))
			start := time.Now()
			total := src.Total()
			require.NoError(t, src.AwaitTotal(t.Context(), total+1))
			phase := time.Since(start)
			require.Positive(t, phase)
			require.LessOrEqual(t, phase, interval)
			began[phase] = true

			c.MarkStale(func(string) bool { return true })
			pass(0)
			src.Script(broken[*doc](promptcache.KindUnavailable))
			_, err := c.Refresh(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrStale)
			total = src.Total()
			pass(ttl)
			require.Equal(t, total+1, src.Total())
			e, _ := c.Lookup("a")
			require.Zero(t, (e.FetchedAt.Sub(start)-phase)%interval, "scans are one interval apart")
			c.Stop()
		}
		require.Greater(t, len(began), 25)
	})

	proves(t, "without jitter all is exact", func(t *testing.T) {
		src := docs(keys...)
		c := started(t, src.Fetch, jittered(0))
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		least, most := due(t, c)
		require.Equal(t, ttl+1, least)
		require.Equal(t, ttl+1, most)
		pass(ttl + interval - 1)
		require.Equal(t, n, src.Total())
		pass(1)
		require.Equal(t, 2*n, src.Total())
	})

	proves(t, "Forever is never due", func(t *testing.T) {
		c := started(t, docs("a").Fetch, exactly(func(cfg *promptcache.Config) {
			cfg.TTL, cfg.RefreshJitter = new(promptcache.Forever), 0.1
		}))
		loadedWith(t, c, "a")
		e, _ := c.Lookup("a")
		require.True(t, e.NextAttempt.IsZero())
	})
}
