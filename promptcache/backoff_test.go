package promptcache_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func TestMissing(t *testing.T) {
	proves(t, "NB-22 a missing prompt costs one request per NegativeTTL", func(t *testing.T) {
		src := docs()
		c := started(t, src.Fetch, exactly())
		for range 10 * 30 {
			_, err := c.GetOrFetch(t.Context(), "missing")
			require.ErrorIs(t, err, promptcache.ErrNotFound)
			_, err = c.GetFresh(t.Context(), "missing")
			require.ErrorIs(t, err, promptcache.ErrNotFound)
			require.ErrorIs(t, c.Prefetch(t.Context(), "missing"), promptcache.ErrNotFound)
			pass(time.Second)
		}
		require.Equal(t, 10, src.Total(), "300 seconds, NegativeTTL 30 seconds")
		require.Zero(t, c.Len())
		require.Empty(t, c.Keys())
	})

	proves(t, "NB-22 a flood of missing names grows nothing", func(t *testing.T) {
		const size, flood = 10, 10_000
		src := docs("good")
		c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxSize = size }))
		loadedWith(t, c, "good")
		ask := func(i int) {
			_, err := c.GetOrFetch(t.Context(), strconv.Itoa(i))
			require.ErrorIs(t, err, promptcache.ErrNotFound)
		}
		for i := range flood {
			ask(i)
		}
		require.Equal(t, flood+1, src.Total())
		require.Equal(t, []string{"good"}, c.Keys(), "they do not displace what is cached")
		for i := flood - size; i < flood; i++ {
			ask(i)
		}
		require.Equal(t, flood+1, src.Total(), "as many as the cache holds are remembered")
		ask(flood - size - 1)
		require.Equal(t, flood+2, src.Total(), "and no more")
	})

	forget := map[string]func(c *promptcache.PromptCache[*doc]){
		"Invalidate": func(c *promptcache.PromptCache[*doc]) { c.Invalidate("a") },
		"Clear":      func(c *promptcache.PromptCache[*doc]) { c.Clear() },
		"MarkStale":  func(c *promptcache.PromptCache[*doc]) { c.MarkStale(func(key string) bool { return key == "a" }) },
		"Set":        func(c *promptcache.PromptCache[*doc]) { c.Set("a", &doc{"a v1"}) },
		"Refresh":    func(c *promptcache.PromptCache[*doc]) { _, _ = c.Refresh(context.Background(), "a") },
		"NegativeTTL 0": func(c *promptcache.PromptCache[*doc]) {
			_ = c.Configure(exactly(func(cfg *promptcache.Config) { cfg.NegativeTTL = 0 }))
		},
	}
	for name, act := range forget {
		proves(t, "NB-22 what is remembered is forgotten on "+name, func(t *testing.T) {
			src := docs()
			c := newCache(t, src.Fetch, exactly())
			_, err := c.GetOrFetch(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrNotFound)
			src.Put("a", &doc{"a v1"})
			_, err = c.GetOrFetch(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrNotFound)
			act(c)
			require.Equal(t, "a v1", loadedWith(t, c, "a").Text)
		})
	}

	proves(t, "NB-22 MarkStale forgets no other failure", func(t *testing.T) {
		src := docs("a")
		src.Script(broken[*doc](promptcache.KindUnavailable))
		c := newCache(t, src.Fetch, exactly())
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		c.MarkStale(func(string) bool { return true })
		_, err = c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.Equal(t, 1, src.Total())
		c.Invalidate("a")
		loadedWith(t, c, "a")
	})

	proves(t, "with NegativeTTL 0 every read of a missing prompt asks", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.NegativeTTL = 0 }))
		for range 5 {
			_, err := c.GetOrFetch(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrNotFound)
		}
		require.Equal(t, 5, src.Total())
	})

	proves(t, "a smaller cache remembers fewer failures", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly())
		ask := func(key string) {
			_, err := c.GetOrFetch(t.Context(), key)
			require.ErrorIs(t, err, promptcache.ErrNotFound)
		}
		ask("a")
		ask("b")
		require.NoError(t, c.Configure(exactly(func(cfg *promptcache.Config) { cfg.MaxSize = 1 })))
		ask("b")
		require.Equal(t, 2, src.Total())
		ask("a")
		require.Equal(t, 3, src.Total())
		require.NoError(t, c.Configure(exactly(disabled)))
		require.NoError(t, c.Configure(exactly()))
		ask("a")
		require.Equal(t, 4, src.Total())
	})
}

func TestBackoff(t *testing.T) {
	waits := func(t *testing.T, c *promptcache.PromptCache[*doc], n int) []time.Duration {
		t.Helper()
		out := make([]time.Duration, 0, n)
		for range n {
			_, err := c.Refresh(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrStale)
			e, _ := c.Lookup("a")
			out = append(out, time.Until(e.NextAttempt))
		}
		return out
	}
	failing := func(t *testing.T, changes ...func(cfg *promptcache.Config)) *promptcache.PromptCache[*doc] {
		t.Helper()
		src := docs("a")
		c := started(t, src.Fetch, exactly(changes...))
		loadedWith(t, c, "a")
		pass(ttl + 1)
		src.Always(broken[*doc](promptcache.KindUnavailable))
		return c
	}
	bounds := func(least, most time.Duration) func(cfg *promptcache.Config) {
		return func(cfg *promptcache.Config) { cfg.BackoffMin, cfg.BackoffMax = least, most }
	}
	const s = time.Second

	proves(t, "the waits double up to BackoffMax", func(t *testing.T) {
		require.Equal(t, []time.Duration{1 * s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 64 * s, 128 * s, 256 * s, 300 * s, 300 * s}, waits(t, failing(t), 11))
		require.Equal(t, []time.Duration{3 * s, 4 * s, 4 * s}, waits(t, failing(t, bounds(3*s, 4*s)), 3))
		require.Equal(t, []time.Duration{7 * s, 7 * s}, waits(t, failing(t, bounds(7*s, 7*s)), 2))
		const huge = promptcache.Forever
		c := failing(t, bounds(huge/2+1, huge))
		for range 3 {
			_, err := c.Refresh(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrStale)
			_, err = c.GetFresh(t.Context(), "a")
			require.ErrorContains(t, err, "not asking again for ", "no wait overflows")
		}
	})

	proves(t, "with jitter they are shortened by up to half", func(t *testing.T) {
		seen := make(map[time.Duration]bool)
		src := docs("a")
		c := started(t, src.Fetch, exactly(bounds(10*s, 10*s), func(cfg *promptcache.Config) { cfg.RefreshJitter, cfg.DownAfter = 0.1, 0 }))
		loadedWith(t, c, "a")
		src.Always(broken[*doc](promptcache.KindUnavailable))
		c.MarkStale(func(string) bool { return true })
		pass(0)
		for _, wait := range waits(t, c, 50) {
			require.GreaterOrEqual(t, wait, 5*s)
			require.LessOrEqual(t, wait, 10*s)
			seen[wait] = true
		}
		require.Greater(t, len(seen), 10)
	})

	proves(t, "a success ends it", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		src.Script(broken[*doc](promptcache.KindUnavailable), broken[*doc](promptcache.KindUnavailable))
		for range 3 {
			_, _ = c.Refresh(t.Context(), "a")
		}
		src.Always(broken[*doc](promptcache.KindUnavailable))
		require.Equal(t, []time.Duration{ttl + 1}, waits(t, c, 1), "a fresh one is due when it is stale")
		pass(ttl + 1)
		require.Equal(t, []time.Duration{2 * s}, waits(t, c, 1), "the second failure in a row")
	})

	proves(t, "with BackoffMin 0 every read asks again", func(t *testing.T) {
		src := docs()
		src.Always(broken[*doc](promptcache.KindUnavailable))
		c := newCache(t, src.Fetch, exactly(bounds(0, 0)))
		for range 5 {
			_, err := c.GetOrFetch(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrUnavailable)
		}
		require.Equal(t, 5, src.Total())
	})

	proves(t, "a key that is not cached backs off, too, and Refresh asks anyway", func(t *testing.T) {
		src := docs()
		src.Always(broken[*doc](promptcache.KindUnavailable))
		c := newCache(t, src.Fetch, exactly())
		for range 5 {
			_, err := c.GetOrFetch(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrUnavailable)
		}
		require.Equal(t, 1, src.Total())
		_, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.Equal(t, 2, src.Total())
		pass(2*s - 1)
		_, err = c.GetOrFetch(t.Context(), "a")
		require.ErrorContains(t, err, "after 2 failed attempts")
		require.Equal(t, 2, src.Total())
		pass(1)
		_, _ = c.GetOrFetch(t.Context(), "a")
		require.Equal(t, 3, src.Total())
	})
}
