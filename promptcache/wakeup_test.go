package promptcache_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestWakeup(t *testing.T) {
	proves(t, "NB-21 a key read while it backs off wakes when it is read after having slept", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.IdleAfter = interval }))
		loadedWith(t, c, "a")
		src.Script(limitedTo[*doc](10 * time.Minute))
		for src.Calls("a") < 2 { // read until it is stale and the refetch has failed
			pass(interval)
			c.Get("a")
			pass(0)
		}
		c.Get("a") // stale, and backing off for 10 minutes: nothing to be done
		pass(20 * interval)
		require.Equal(t, 2, src.Calls("a"), "nobody reads it: it sleeps")

		c.Get("a") // now it is wanted again
		pass(3 * interval)
		require.Equal(t, 3, src.Calls("a"), "a stale entry that is read is refetched")
	})

	proves(t, "a stale entry that is read is refetched as soon as its backoff is over, though it was read before", func(t *testing.T) {
		for _, readBefore := range []bool{false, true} {
			src := docs("a")
			c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshInterval = 10 * time.Minute }))
			loadedWith(t, c, "a")
			pass(ttl + 1)
			src.Script(broken[*doc](promptcache.KindUnavailable))
			c.Lookup("a") // refetched at once, which fails: 1 s of backoff
			pass(0)
			require.Equal(t, 2, src.Calls("a"))
			if readBefore {
				c.Lookup("a")
			}
			pass(time.Second)
			c.Lookup("a")
			pass(0)
			require.Equal(t, 3, src.Calls("a"), "read during the backoff: %v", readBefore)
			c.Stop()
		}
	})
}

func TestWakeupForProbes(t *testing.T) {
	proves(t, "a parked prompt that is read sends each probe that is due, whichever prompts were asked for before", func(t *testing.T) {
		src := docs("read", "b", "c")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshInterval = 10 * time.Minute }))
		require.NoError(t, c.Prefetch(t.Context(), "c", "b", "read"))
		pass(ttl + 1)
		src.Always(source.Fail[*doc](&promptcache.FetchError{Kind: promptcache.KindUnavailable, RetryAfter: 20 * time.Second}))
		c.Lookup("read")
		for probes := range 5 { // of b and c first, which have not failed
			pass(0)
			require.Equal(t, 3+1+probes, src.Total())
			pass(20*time.Second - 1)
			c.Lookup("read")
			pass(0)
			require.Equal(t, 3+1+probes, src.Total(), "it is not time")
			pass(1)
			c.Lookup("read")
		}
	})
}
