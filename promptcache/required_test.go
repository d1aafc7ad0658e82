package promptcache_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// ringing is a clock that counts the calls of AfterFunc's functions.
type ringing struct {
	clock.Clock
	rung atomic.Int64
}

func (r *ringing) AfterFunc(d time.Duration, f func()) *clock.Timer {
	return r.Clock.AfterFunc(d, func() { r.rung.Add(1); f() })
}

// requiring is a change of a Config.
func requiring(keys ...string) func(cfg *promptcache.Config) {
	return func(cfg *promptcache.Config) { cfg.Required = keys }
}

func TestReady(t *testing.T) {
	proves(t, "without Required a cache is ready", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		require.NoError(t, c.Ready())
	})

	proves(t, "the refresher fetches what is required, and Ready says what is missing and why", func(t *testing.T) {
		src := docs("a", "b")
		src.Always(broken[*doc](promptcache.KindUnavailable))
		c := newCache(t, src.Fetch, exactly(requiring("a", "b")))
		err := c.Ready()
		require.EqualError(t, err, "promptcache: not ready: 2 of 2 required prompts cannot be served:\n\"a\" is not cached\n\"b\" is not cached")
		require.NoError(t, c.Start(t.Context()))
		pass(0)
		require.Equal(t, 2, src.Total())
		err = c.Ready()
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.EqualError(t, err, "promptcache: not ready: 2 of 2 required prompts cannot be served:\n"+
			"promptcache: fetch \"a\": unavailable\npromptcache: fetch \"b\": unavailable")
		c.Set("a", &doc{"set"})
		require.EqualError(t, c.Ready(), "promptcache: not ready: 1 of 2 required prompts cannot be served:\npromptcache: fetch \"b\": unavailable")
		src.Always(nil)
		pass(time.Second)
		require.NoError(t, c.Ready(), "it is not left to the next scan")
		require.Equal(t, map[string]int{"a": 1, "b": 2}, src.AllCalls())
		require.Zero(t, c.Metrics().TotalRequests())
	})

	proves(t, "it is retried after each backoff, and as the probe of a registry that is down", func(t *testing.T) {
		src := docs("a", "b", "c", "d")
		src.Always(broken[*doc](promptcache.KindUnavailable))
		c := started(t, src.Fetch, exactly(requiring("a", "b", "c", "d")))
		pass(0)
		require.Equal(t, 4, src.Total())
		require.Equal(t, promptcache.StateDown, c.Status().State)
		for i, wait := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
			pass(time.Duration(wait)*time.Second - 1)
			require.Equal(t, 4+i, src.Total())
			pass(1)
			require.Equal(t, 4+i+1, src.Total(), "after %d s", wait)
		}
		src.Always(nil)
		pass(5 * time.Minute)
		require.NoError(t, c.Ready(), "with the first all come")
	})

	proves(t, "a required prompt that was not asked for yet is the probe when one is due", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly(requiring("a")))
		takenDown(t, c, src)
		src.Always(nil)
		require.NoError(t, c.Start(t.Context()))
		pass(time.Second - 1)
		require.Zero(t, src.Calls("a"))
		pass(1)
		require.NoError(t, c.Ready())
	})

	proves(t, "Stop leaves no timer behind", func(t *testing.T) {
		rings := &ringing{Clock: clock.New()}
		src := docs()
		src.Always(broken[*doc](promptcache.KindUnavailable))
		c := started(t, src.Fetch, exactly(requiring("a"), func(cfg *promptcache.Config) { cfg.Clock = rings }))
		pass(time.Second)
		require.EqualValues(t, 1, rings.rung.Load(), "the retry")
		c.Stop()
		pass(time.Hour)
		require.EqualValues(t, 1, rings.rung.Load())
	})

	for name, change := range map[string]func(cfg *promptcache.Config){
		"BackoffMin 0":  func(cfg *promptcache.Config) { cfg.BackoffMin, cfg.DownAfter = 0, 0 },
		"it is down":    func(cfg *promptcache.Config) { cfg.BackoffMin, cfg.BackoffMax = 0, 0 },
		"NegativeTTL 0": func(cfg *promptcache.Config) { cfg.NegativeTTL = 0 },
	} {
		proves(t, "where nothing backs off it is fetched once a scan: "+name, func(t *testing.T) {
			src := docs()
			if name != "NegativeTTL 0" {
				src.Always(broken[*doc](promptcache.KindUnavailable))
			}
			started(t, src.Fetch, exactly(requiring("a"), change))
			pass(10 * interval)
			require.Equal(t, 11, src.Total())
		})
	}

	proves(t, "at most RefreshConcurrency at a time", func(t *testing.T) {
		keys := numbered(10)
		src := docs(keys...)
		c := started(t, slow(src.Fetch, time.Second), exactly(requiring(keys...), func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 3 }))
		pass(0)
		require.Equal(t, 3, c.Status().InFlight)
		pass(4 * time.Second)
		require.NoError(t, c.Ready())
		most, _ := src.MaxInFlight()
		require.LessOrEqual(t, most, 3)
	})

	proves(t, "one that waits for the slot of a fetch that hangs gets it when that is abandoned", func(t *testing.T) {
		stuck := make(chan struct{})
		defer close(stuck)
		src := docs("a", "b")
		src.Script(source.Stuck(stuck, source.Value(&doc{})))
		c := started(t, src.Fetch, exactly(requiring("a", "b"), func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 }))
		pass(c.Config().FetchTimeout + time.Second - 1)
		require.Zero(t, src.Calls("b"))
		pass(1)
		require.Equal(t, 1, src.Calls("b"))
	})

	proves(t, "an outage makes no serving cache unready; too old is not serving", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(requiring("a"), func(cfg *promptcache.Config) { cfg.MaxStale = time.Hour }))
		pass(0)
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + time.Hour)
		require.NoError(t, c.Ready())
		require.Equal(t, promptcache.StateDown, c.Status().State)
		pass(1)
		err := c.Ready()
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.ErrorContains(t, err, `"a" is too old: promptcache: fetch "a"`)
		require.Equal(t, 1, c.Status().TooOld)
		require.Zero(t, c.Status().ServingStale)
		c.Stop()
		require.Error(t, c.Ready())
	})

	proves(t, "too old without a failure", func(t *testing.T) {
		c := newCache(t, docs("a").Fetch, exactly(requiring("a"), func(cfg *promptcache.Config) { cfg.MaxStale = 1 }))
		loadedWith(t, c, "a")
		pass(ttl + 2)
		require.ErrorContains(t, c.Ready(), "served:\n\"a\" is too old")
	})

	proves(t, "spellings are made canonical, and each prompt is named once", func(t *testing.T) {
		src := docs("a")
		cfg := exactly(requiring("A", "a"), func(cfg *promptcache.Config) {
			cfg.MaxSize = 1
			cfg.Canonical = func(key string) (string, error) { return strings.ToLower(key), nil }
		})
		c := newCache(t, src.Fetch, cfg)
		require.ErrorContains(t, c.Ready(), `1 of 1 required prompts`)
		cfg.Required[0] = "changed"
		require.Equal(t, []string{"A", "a"}, c.Config().Required, "it is copied")
		c.Config().Required[0] = "changed"
		require.Equal(t, []string{"A", "a"}, c.Config().Required)
		loadedWith(t, c, "a")
		require.NoError(t, c.Ready())
	})

	proves(t, "NB-38 more than MaxSize is an error, with the others", func(t *testing.T) {
		_, err := promptcache.New(docs().Fetch, exactly(requiring("a", "b"), func(cfg *promptcache.Config) { cfg.MaxSize, cfg.DownAfter = 1, -1 }))
		require.ErrorContains(t, err, "Required names 2 prompts; want MaxSize (1) or fewer")
		require.ErrorContains(t, err, "DownAfter is -1; want 0 (never) or more")
		c := newCache(t, docs().Fetch, exactly(requiring("a", "b")))
		cfg := c.Config()
		cfg.MaxSize = 1
		require.ErrorContains(t, c.Configure(cfg), "Required names 2")
		require.Equal(t, 100, c.Config().MaxSize)
	})

	proves(t, "Configure adds to what is required at once", func(t *testing.T) {
		src := docs("a", "b")
		c := started(t, src.Fetch, exactly())
		pass(0)
		require.NoError(t, c.Configure(exactly(requiring("b"))))
		pass(0)
		require.Equal(t, map[string]int{"b": 1}, src.AllCalls())
		require.NoError(t, c.Ready())
	})

	proves(t, "what is required is the last to be evicted", func(t *testing.T) {
		src := docs("a", "b", "c", "d", "e")
		c := newCache(t, src.Fetch, exactly(requiring("a", "b"), func(cfg *promptcache.Config) { cfg.MaxSize = 3 }))
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			loadedWith(t, c, key)
		}
		require.ElementsMatch(t, []string{"a", "b", "e"}, c.Keys())
		require.EqualValues(t, 2, c.Metrics().Evictions)
		cfg := c.Config()
		cfg.MaxSize = 2
		require.NoError(t, c.Configure(cfg))
		require.ElementsMatch(t, []string{"a", "b"}, c.Keys())
		require.Equal(t, map[string]int{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}, src.AllCalls())
	})

	proves(t, "a cache that is full of what is required keeps nothing else", func(t *testing.T) {
		src := docs("a", "b")
		c := newCache(t, src.Fetch, exactly(requiring("a"), func(cfg *promptcache.Config) { cfg.MaxSize = 1 }))
		loadedWith(t, c, "a")
		require.Equal(t, "b v1", loadedWith(t, c, "b").Text)
		c.Set("b", &doc{"set"})
		require.Equal(t, []string{"a"}, c.Keys())
		_, ok := c.Get("b")
		require.False(t, ok)
		require.EqualValues(t, 2, c.Metrics().Evictions)
		require.Equal(t, 1, c.Status().Entries)
		release := src.Hold()
		waiting := async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "b") })
		pass(0)
		c.MarkStale(every)
		release()
		require.NoError(t, (<-waiting).err)
		require.Equal(t, 1, c.Len())
	})

	proves(t, "what is not kept is not found by its other spelling either", func(t *testing.T) {
		c := newCache(t, docs("a").Fetch, exactly(requiring("a"), func(cfg *promptcache.Config) {
			cfg.MaxSize = 1
			cfg.Canonical = func(key string) (string, error) { return strings.ToLower(key), nil }
		}))
		loadedWith(t, c, "a")
		c.Set("B", &doc{"set"})
		_, ok := c.Get("B")
		require.False(t, ok)
	})

	proves(t, "what is not kept is no witness that prompts were deleted one by one", func(t *testing.T) {
		src := docs("a", "b", "c", "x")
		keys := []string{"a", "b", "c"}
		c := newCache(t, src.Fetch, exactly(requiring(keys...), func(cfg *promptcache.Config) { cfg.MaxSize = 3 }))
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		pass(time.Second)
		deny := func() {
			for _, key := range keys {
				src.Delete(key)
				_, err := c.Refresh(t.Context(), key)
				require.ErrorIs(t, err, promptcache.ErrNotFound)
			}
		}
		deny()
		for range 10 {
			loadedWith(t, c, "x")
		}
		pass(interval)
		deny()
		require.Equal(t, 3, c.Len())
	})

	proves(t, "one that is removed is fetched again at the next scan", func(t *testing.T) {
		src := docs("a")
		src.Script(broken[*doc](promptcache.KindUnavailable))
		c := started(t, src.Fetch, exactly(requiring("a")))
		pass(time.Second)
		require.NoError(t, c.Ready())
		c.Invalidate("a")
		require.ErrorContains(t, c.Ready(), `"a" is not cached`, "its failure is an old story")
		pass(interval)
		require.NoError(t, c.Ready())
	})

	proves(t, "offline nothing is fetched, and Ready tells", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(requiring("a"), offline))
		pass(time.Hour)
		require.Zero(t, src.Total())
		require.Error(t, c.Ready())
		c.Set("a", &doc{})
		require.NoError(t, c.Ready())
	})
}
