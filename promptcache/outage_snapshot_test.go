package promptcache_test

import (
	"bytes"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestStartInAnOutageWithASnapshot(t *testing.T) {
	proves(t, "NB-20 LS-13 it is down and serves, ready, and comes back with the registry", func(t *testing.T) {
		const n = 50
		keys := numbered(n)
		path, change := saving(t, promptcache.SnapshotConfig{})
		src := docs(keys...)
		require.NoError(t, os.WriteFile(path, snapshotOf(t, keys...), 0o600))
		pass(ttl + interval)
		src.Always(broken[*doc](promptcache.KindUnavailable))
		log := &logbook{}
		cfg := logging(log, change, requiring("p0", "p1"), func(cfg *promptcache.Config) { cfg.MaxSize = n })
		c := newCache(t, src.Fetch, cfg)
		require.NoError(t, c.Ready(), "from a snapshot is good enough")
		require.NoError(t, c.Start(t.Context()))
		const lasts = time.Hour
		pass(lasts)
		s := c.Status()
		require.Equal(t, promptcache.StateDown, s.State)
		require.Equal(t, promptcache.Prompts{
			Entries: n, Stale: n, ServingStale: n, Failing: s.Failing, Oldest: ttl + interval + lasts,
		}, s.Prompts)
		require.LessOrEqual(t, s.Failing, mostProbes(cfg, lasts))
		require.True(t, s.LastSuccess.IsZero(), "a load is none")
		require.LessOrEqual(t, src.Total(), mostProbes(cfg, lasts))
		require.NoError(t, c.Ready())
		require.Len(t, log.warnings(), 1)
		for _, key := range keys {
			e, ok := c.Lookup(key)
			require.True(t, ok)
			require.True(t, e.FromSnapshot)
		}

		src.Always(nil)
		pass(cfg.BackoffMax + 2*interval)
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
		for _, key := range keys {
			e, _ := c.Lookup(key)
			require.False(t, e.FromSnapshot)
		}
		require.Contains(t, log.at(slog.LevelInfo), "no longer serving stale prompts")
	})

	proves(t, "what is required and too old is not ready", func(t *testing.T) {
		snapshot := snapshotOf(t, "a")
		pass(ttl)
		c := newCache(t, docs().Fetch, exactly(requiring("a"), func(cfg *promptcache.Config) { cfg.MaxStale = interval }))
		require.Error(t, c.Ready())
		require.Equal(t, 1, load(t, c, snapshot))
		require.NoError(t, c.Ready())
		pass(2 * interval)
		require.ErrorContains(t, c.Ready(), `"a" is too old`)
	})
}

func TestLoadIsNoAnswer(t *testing.T) {
	const begin, end = "serving stale prompt", "no longer serving stale prompts"
	// failing is a cache whose one prompt is stale and cannot be had, and a
	// snapshot with a newer one.
	failing := func(t *testing.T, changes ...func(cfg *promptcache.Config)) (c docCache, src *source.Source[*doc], log *logbook, events *eventlog, newer []byte) {
		t.Helper()
		log = &logbook{}
		src = docs("a")
		c = started(t, src.Fetch, logging(log, changes...))
		loadedWith(t, c, "a")
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + 10*interval)
		require.Equal(t, []string{begin}, log.warnings())
		return c, src, log, follow(t, c), snapshotOf(t, "a")
	}
	for name, change := range map[string]func(cfg *promptcache.Config){
		"down":     func(*promptcache.Config) {},
		"not down": func(cfg *promptcache.Config) { cfg.DownAfter = 0 },
	} {
		proves(t, "it ends no outage of a registry that is "+name, func(t *testing.T) {
			c, src, log, events, newer := failing(t, change)
			before, before2 := domainOf(t, c, ""), c.Status()
			e, _ := c.Lookup("a")
			require.Equal(t, 1, load(t, c, newer))
			after, _ := c.Lookup("a")
			require.True(t, after.FromSnapshot)
			require.False(t, after.Stale, "it is fresh")
			require.Equal(t, e.LastError, after.LastError)
			require.Equal(t, e.LastAttempt, after.LastAttempt)
			d := domainOf(t, c, "")
			require.Equal(t, before.State, d.State)
			require.Equal(t, before.LastSuccess, d.LastSuccess)
			require.Equal(t, before.NextAttempt, d.NextAttempt)
			require.Equal(t, 1, d.Failing)
			require.Zero(t, d.ServingStale)
			require.Equal(t, before2.LastSuccess, c.Status().LastSuccess)
			pass(ttl + 5*interval)
			require.Equal(t, 1, c.Status().ServingStale, "stale again")
			_, _ = c.Refresh(t.Context(), "a")
			require.Empty(t, log.at(slog.LevelInfo))
			require.Equal(t, []string{begin}, log.warnings(), "it is still the same outage")
			require.NotContains(t, events.kinds("a"), promptcache.EventRecovered)

			src.Always(nil)
			_, err := c.Refresh(t.Context(), "a")
			require.NoError(t, err)
			pass(0)
			require.Equal(t, []string{end}, log.at(slog.LevelInfo))
			require.Contains(t, events.kinds("a"), promptcache.EventRecovered)
		})
	}

	proves(t, "a failure while what was loaded is fresh ends none either", func(t *testing.T) {
		c, _, log, _, newer := failing(t, func(cfg *promptcache.Config) { cfg.DownAfter = 0 })
		load(t, c, newer)
		_, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrStale)
		require.Empty(t, log.at(slog.LevelInfo))
	})

	proves(t, "a prompt that waits for its registry goes on waiting", func(t *testing.T) {
		src := docs("a", "b", "c", "d")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 }))
		require.NoError(t, c.Prefetch(t.Context(), "a", "b", "c", "d"))
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + 2*interval)
		require.Equal(t, 4, c.Status().ServingStale)
		asked := src.Total()
		require.Equal(t, 4, load(t, c, snapshotOf(t, "a", "b", "c", "d")))
		pass(interval)
		require.LessOrEqual(t, src.Total()-asked, 2, "probes")
		src.Always(source.Value(&doc{"back"}))
		pass(ttl + 10*interval)
		for _, key := range []string{"a", "b", "c", "d"} {
			v, _ := c.Get(key)
			require.Equal(t, "back", v.Text)
		}
	})

	proves(t, "a prompt that is loaded while it waits for a slot is refreshed in its time", func(t *testing.T) {
		src := docs("a", "b", "c")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency, cfg.FetchTimeout = 1, time.Hour }))
		require.NoError(t, c.Prefetch(t.Context(), "a", "b", "c"))
		release := src.Hold()
		pass(ttl + interval)
		require.Equal(t, 2, c.Status().Queued)
		newer := snapshotOf(t, "a", "b", "c")
		n, err := c.Load(bytes.NewReader(newer))
		require.NoError(t, err)
		require.Equal(t, 2, n, "one is being refetched")
		require.Zero(t, c.Status().Queued)
		release()
		pass(interval)
		require.Equal(t, 4, src.Total())
		pass(ttl + interval)
		for _, key := range []string{"a", "b", "c"} {
			e, _ := c.Lookup(key)
			require.False(t, e.FromSnapshot, key)
		}
	})

	proves(t, "what replaces a fallback keeps why there was one", func(t *testing.T) {
		b := newBundled(t, true)
		loadedWith(t, b.PromptCache, "a")
		cause := b.is(t, "bundled", true).LastError
		require.Equal(t, 1, load(t, b.PromptCache, snapshotOf(t, "a")))
		require.Equal(t, cause, b.is(t, "a v1", false).LastError)
		pass(0)
		require.NotContains(t, b.events.kinds("a"), promptcache.EventRecovered)
		b.up("registry's")
		pass(2 * ttl)
		require.NoError(t, b.is(t, "registry's", false).LastError)
	})

	proves(t, "LF-11 a denial stands, and needs another to be one", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		pass(interval)
		newer := snapshotOf(t, "a")
		src.Delete("a")
		_, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		require.Equal(t, 1, load(t, c, newer))
		require.Equal(t, 1, domainOf(t, c, "").NotFound)
		pass(interval)
		require.Equal(t, []string{"a"}, c.Keys())
		pass(2 * ttl)
		require.Empty(t, c.Keys())
		require.Zero(t, domainOf(t, c, "").NotFound)
	})
}

func TestRequiredAndSnapshots(t *testing.T) {
	proves(t, "what is required is loaded first where not all fits", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly(sized(2), requiring("a")))
		require.Equal(t, 2, load(t, c, snapshotOf(t, "a", "b", "c", "d")))
		require.Equal(t, []string{"d", "a"}, c.Keys())
		require.NoError(t, c.Ready())
		require.ErrorIs(t, reasons(c)["c"], promptcache.ErrNoRoom)
	})

	proves(t, "what is required and was not read since it was loaded stays, too", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly(sized(3), requiring("x")))
		require.Equal(t, 3, load(t, c, snapshotOf(t, "x", "y", "z")))
		c.Set("n", &doc{})
		require.Equal(t, []string{"x", "n", "z"}, c.Keys())
		c.Set("m", &doc{})
		require.Equal(t, []string{"m", "x", "n"}, c.Keys())
		require.EqualValues(t, 2, c.Metrics().Evictions)
		require.NoError(t, c.Configure(exactly(sized(1), requiring("x"))))
		require.Equal(t, []string{"x"}, c.Keys())
	})

	proves(t, "where required prompts leave no room a fallback is passed through, and nothing fails", func(t *testing.T) {
		b := newBundled(t, false, sized(1), requiring("r"))
		b.Set("r", &doc{"required"})
		b.files.Put("b", &doc{"bundled"})
		for range 2 {
			require.Equal(t, "bundled", loadedWith(t, b.PromptCache, "a").Text)
			require.Equal(t, "bundled", loadedWith(t, b.PromptCache, "b").Text)
		}
		require.Equal(t, []string{"r"}, b.Keys())
		require.Equal(t, 3, b.registry.Total(), "it is down")
		s := b.Status()
		require.Zero(t, s.Failing)
		require.Zero(t, s.ServingStale)
		require.Zero(t, b.Metrics().StoredFallbacks)
	})

	proves(t, "NB-38 Configure checks Required anew and changes neither Codec nor Snapshot", func(t *testing.T) {
		path, change := saving(t, promptcache.SnapshotConfig{OnShutdown: true})
		src := docs("a", "b")
		c := started(t, src.Fetch, exactly(change, requiring("a")))
		pass(0)
		require.NoError(t, c.Ready())
		cfg := exactly(requiring("a", "b"), sized(1), func(cfg *promptcache.Config) { cfg.Codec = unnamed{} })
		require.ErrorContains(t, c.Configure(cfg), "Required names 2 prompts")
		require.Equal(t, []string{"a"}, c.Config().Required)
		cfg.MaxSize = 2
		require.NoError(t, c.Configure(cfg))
		pass(0)
		require.NoError(t, c.Ready())
		require.Equal(t, 1, src.Calls("b"))
		require.Equal(t, path, c.Config().Snapshot.Path)
		require.Equal(t, "json", c.Config().Codec.Format())
		require.NoError(t, c.Shutdown(t.Context()))
		s, err := promptcache.ReadSnapshotFile(path)
		require.NoError(t, err)
		require.Len(t, s.Entries, 2)
	})
}

func TestStopEndsAlarmAndAutosave(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, c docCache){
		"Stop":      func(_ *testing.T, c docCache) { c.Stop() },
		"Shutdown":  func(t *testing.T, c docCache) { t.Helper(); require.NoError(t, c.Shutdown(t.Context())) },
		"Configure": func(t *testing.T, c docCache) { t.Helper(); require.NoError(t, c.Configure(exactly(offline))) },
	} {
		proves(t, name, func(t *testing.T) {
			before := goroutines()
			rings := &ringing{Clock: clock.New()}
			path, change := saving(t, promptcache.SnapshotConfig{Every: tick, OnShutdown: true})
			src := docs("b")
			c := started(t, src.Fetch, exactly(change, requiring("a"), func(cfg *promptcache.Config) { cfg.Clock = rings }))
			loadedWith(t, c, "b")
			src.Always(broken[*doc](promptcache.KindUnavailable))
			pass(tick)
			require.NotEmpty(t, textIn(t, path))
			end(t, c)
			pass(0)
			require.Equal(t, before, goroutines())
			rung, writes, asked := rings.rung.Load(), c.Metrics().SnapshotWrites, src.Total()
			pass(time.Hour)
			require.Equal(t, rung, rings.rung.Load(), "no timer")
			require.Equal(t, writes, c.Metrics().SnapshotWrites)
			require.Equal(t, asked, src.Total())
		})
	}
}
