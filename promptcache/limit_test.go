package promptcache_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// TestLimit is about a registry that limits requests: it answers 429 with
// Retry-After, which says that it is up and when to ask again.
func TestLimit(t *testing.T) {
	// ask makes c ask whenever it may, and counts the requests of lasts.
	ask := func(t *testing.T, c *promptcache.PromptCache[*doc], src *source.Source[*doc], lasts time.Duration) int {
		t.Helper()
		before := src.Total()
		for range lasts / time.Second {
			pass(time.Second)
			_, _ = c.GetOrFetch(t.Context(), "absent")
		}
		return src.Total() - before
	}

	proves(t, "NB-20 what limits requests is up: its word ends an outage", func(t *testing.T) {
		src := docs("a", "b")
		c := started(t, src.Fetch, exactly())
		events := follow(t, c)
		takenDown(t, c, src)
		ask(t, c, src, 10*time.Minute)
		require.Equal(t, promptcache.StateDown, c.Status().State)
		src.Always(limitedTo[*doc](time.Minute))
		_, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrRateLimited)
		pass(0)
		s := c.Status()
		require.Equal(t, promptcache.StateDegraded, s.State)
		require.Equal(t, promptcache.StateDegraded, domainOf(t, c, "").State)
		require.Equal(t, time.Minute, time.Until(s.NextAttempt), "the minute, not the rest of the backoff")
		require.Equal(t, []promptcache.EventKind{promptcache.EventDown, promptcache.EventUp}, events.kinds(""))
		_, err = c.GetOrFetch(t.Context(), "b")
		require.ErrorIs(t, err, promptcache.ErrRateLimited, "the registry's last word")
		src.Always(nil)
		require.Equal(t, 0, ask(t, c, src, 59*time.Second))
		pass(time.Second)
		require.Equal(t, "a v1", loadedWith(t, c, "a").Text, "the failures of the outage hold it back no longer")
		require.Equal(t, "b v1", loadedWith(t, c, "b").Text)
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
	})

	proves(t, "NB-23 however often it refuses, one probe goes each time its Retry-After is over", func(t *testing.T) {
		for name, keys := range map[string][]string{"nothing cached": nil, "one prompt": {"a"}, "many prompts": numbered(30)} {
			src := docs(keys...)
			c := started(t, src.Fetch, exactly())
			require.NoError(t, c.Prefetch(t.Context(), keys...))
			pass(ttl + 1)
			src.Always(limitedTo[*doc](20 * time.Second))
			_, err := c.Refresh(t.Context(), "another")
			require.ErrorIs(t, err, promptcache.ErrRateLimited)
			before := src.Total()
			for range 1200 {
				pass(time.Second)
				for _, key := range keys {
					loadedWith(t, c, key)
				}
				_, err := c.GetOrFetch(t.Context(), "absent")
				require.ErrorIs(t, err, promptcache.ErrRateLimited)
				require.Equal(t, promptcache.StateDegraded, c.Status().State, "never down")
			}
			require.InDelta(t, 60, src.Total()-before, 1, name)
			c.Stop()
		}
	})

	proves(t, "NB-20 when it serves again all comes back little by little", func(t *testing.T) {
		const n = 1200
		keys := numbered(n)
		src := docs(keys...)
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxSize = n }))
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + 20*time.Minute)
		require.Equal(t, promptcache.StateDown, c.Status().State)
		src.Always(limitedTo[*doc](time.Minute))
		for range 360 { // until the next probe
			if pass(time.Second); c.Status().State != promptcache.StateDown {
				break
			}
		}
		require.Equal(t, promptcache.StateDegraded, c.Status().State)
		src.Always(nil)
		before := src.Total()
		pass(time.Minute - 1)
		require.Equal(t, before, src.Total())
		most := 0
		for range 650 {
			asked := src.Total()
			pass(100 * time.Millisecond)
			for _, key := range keys[:100] {
				loadedWith(t, c, key)
			}
			most = max(most, src.Total()-asked)
		}
		require.LessOrEqual(t, most, n/600+1, "as many each 100 ms as it takes to be through in one interval")
		require.Equal(t, n, src.Total()-before)
		require.Zero(t, c.Status().Stale)
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
	})

	proves(t, "it refuses what comes back, which waits for its word, not for a backoff", func(t *testing.T) {
		const n, perMinute = 12, 4
		keys := numbered(n)
		src := docs(keys...)
		var mu sync.Mutex
		var minute time.Time
		served := 0
		limited := false
		c := started(t, func(ctx context.Context, key string) (*doc, error) {
			mu.Lock()
			defer mu.Unlock()
			if now := time.Now().Truncate(time.Minute); now != minute {
				minute, served = now, 0
			}
			if served++; limited && served > perMinute {
				return limitedTo[*doc](time.Until(minute.Add(time.Minute)))(ctx, key)
			}
			return src.Fetch(ctx, key)
		}, exactly())
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + 30*time.Minute)
		require.Equal(t, promptcache.StateDown, c.Status().State)
		mu.Lock()
		limited = true
		mu.Unlock()
		src.Always(nil)
		for range (n/perMinute + 5) * 60 { // 5 minutes until the first probe, at worst
			pass(time.Second)
			for _, key := range keys {
				loadedWith(t, c, key)
			}
			if c.Status().Stale == 0 {
				break
			}
		}
		require.Zero(t, c.Status().Stale, "each prompt had its share")
	})

	proves(t, "its word ends a run of failures", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly())
		bad, limited := broken[*doc](promptcache.KindUnavailable), limitedTo[*doc](time.Second)
		src.Script(bad, bad, limited, bad, bad, limited, bad, bad)
		for i := range 8 {
			_, err := c.Refresh(t.Context(), strconv.Itoa(i))
			require.Error(t, err)
			require.NotEqual(t, promptcache.StateDown, domainOf(t, c, "").State)
		}
		src.Script(bad)
		_, err := c.Refresh(t.Context(), "8")
		require.Error(t, err)
		require.Equal(t, promptcache.StateDown, domainOf(t, c, "").State)
	})

	proves(t, "a prompt's own backoff starts anew after it", func(t *testing.T) {
		const s = time.Second
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		pass(ttl + 1)
		bad := broken[*doc](promptcache.KindUnavailable)
		src.Script(bad, bad, bad, bad, bad, limitedTo[*doc](s), limitedTo[*doc](s), bad)
		for i, want := range []time.Duration{1 * s, 2 * s, 4 * s, 8 * s, 16 * s, 1 * s, 1 * s, 2 * s} {
			_, err := c.Refresh(t.Context(), "a")
			require.Error(t, err)
			e, _ := c.Lookup("a")
			require.Equal(t, want, time.Until(e.NextAttempt), "failure %d", i)
		}
	})

	proves(t, "without a Retry-After, or if that is ignored, it is a failure like others", func(t *testing.T) {
		for name, change := range map[string]func(cfg *promptcache.Config){
			"ignored": func(cfg *promptcache.Config) { cfg.MaxRetryAfter = 0 },
			"none":    func(*promptcache.Config) {},
		} {
			pause := map[string]time.Duration{"ignored": time.Minute, "none": 0}[name]
			src := docs()
			c := newCache(t, src.Fetch, exactly(change))
			src.Always(limitedTo[*doc](pause))
			for i := range 3 {
				_, err := c.GetOrFetch(t.Context(), strconv.Itoa(i))
				require.ErrorIs(t, err, promptcache.ErrRateLimited)
			}
			require.Equal(t, promptcache.StateDown, domainOf(t, c, "").State, name)
		}
	})

	proves(t, "NB-29 an outage that ends in a limit is one line at its start and one at its end", func(t *testing.T) {
		log := &logbook{}
		src := docs("a", "b")
		c := started(t, src.Fetch, logging(log))
		require.NoError(t, c.Prefetch(t.Context(), "a", "b"))
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + 10*time.Minute)
		require.Equal(t, promptcache.StateDown, c.Status().State)
		src.Always(limitedTo[*doc](time.Minute))
		pass(20 * time.Minute)
		require.Equal(t, promptcache.StateDegraded, c.Status().State)
		require.Len(t, log.warnings(), 1)
		require.Empty(t, log.at(slog.LevelInfo), "prompts are stale still")
		src.Always(nil)
		pass(5 * time.Minute)
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
		require.Len(t, log.warnings(), 1)
		require.Equal(t, []string{"no longer serving stale prompts"}, log.at(slog.LevelInfo))
		errors := fmt.Sprint(log.attrs(t, "no longer serving stale prompts")["errors"])
		require.Contains(t, errors, "rate limited")
		require.Contains(t, errors, "unavailable")
	})

	proves(t, "NB-29 an outage in which nothing turned stale is over at its word", func(t *testing.T) {
		log := &logbook{}
		src := docs()
		c := started(t, src.Fetch, logging(log))
		takenDown(t, c, src)
		src.Always(limitedTo[*doc](time.Minute))
		_, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrRateLimited)
		pass(0)
		require.Equal(t, []string{"registry up"}, log.at(slog.LevelInfo))
	})

	proves(t, "NB-24 a fleet that is told one moment does not come at that moment, and never later than it may be made to wait", func(t *testing.T) {
		waits := make(map[time.Duration]bool)
		for range 50 {
			src := docs()
			src.Always(limitedTo[*doc](time.Minute))
			c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshJitter, cfg.MaxRetryAfter = 0.5, 80*time.Second }))
			_, err := c.GetOrFetch(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrRateLimited)
			wait := time.Until(domainOf(t, c, "").NextAttempt)
			require.GreaterOrEqual(t, wait, time.Minute)
			require.LessOrEqual(t, wait, 80*time.Second)
			waits[wait] = true
		}
		require.Greater(t, len(waits), 20)
	})
}
