package promptcache_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

type docCache = *promptcache.PromptCache[*doc]

// dumpOf returns a snapshot of c.
func dumpOf[V any](t *testing.T, c *promptcache.PromptCache[V]) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, c.Dump(&b))
	return b.Bytes()
}

// snapshotOf returns a snapshot of what keys are in docs.
func snapshotOf(t *testing.T, keys ...string) []byte {
	t.Helper()
	c := newCache(t, docs(keys...).Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxSize = max(1, len(keys)) }))
	require.NoError(t, c.Prefetch(t.Context(), keys...))
	for _, key := range keys { // Prefetch is concurrent; reads order them
		c.Get(key)
	}
	return dumpOf(t, c)
}

// load loads a snapshot, all of which must be usable.
func load[V any](t *testing.T, c *promptcache.PromptCache[V], snapshot []byte) int {
	t.Helper()
	n, err := c.Load(bytes.NewReader(snapshot))
	require.NoError(t, err)
	return n
}

// reasons returns why the latest load left entries out, by key.
func reasons[V any](c *promptcache.PromptCache[V]) map[string]error {
	out := make(map[string]error)
	for _, s := range c.Status().Snapshot.Skipped {
		out[s.Key] = s.Reason
	}
	return out
}

func TestDumpAndLoad(t *testing.T) {
	proves(t, "LS-13 dump two entries, load into a new cache: two, fields equal", func(t *testing.T) {
		src := source.New[*revised]()
		src.Put("a", &revised{"r1", "Hi <b> & \u2028 \x00 \"ü\""})
		src.Put("b", &revised{"r2", "b"})
		c := newCache(t, src.Fetch, exactly())
		a, b := loadedWith(t, c, "a"), loadedWith(t, c, "b")
		fetchedAt := time.Now()
		pass(time.Minute)

		fresh := newCache(t, src.Fetch, exactly())
		require.Equal(t, 2, load(t, fresh, dumpOf(t, c)))
		require.Equal(t, []string{"b", "a"}, fresh.Keys(), "most recently used first, as they were")
		for key, want := range map[string]*revised{"a": a, "b": b} {
			e, ok := fresh.Lookup(key)
			require.True(t, ok)
			require.Equal(t, want, e.Value)
			require.Equal(t, key, e.Key)
			require.Equal(t, want.Rev, e.Revision)
			require.True(t, fetchedAt.Equal(e.FetchedAt))
			require.Equal(t, time.Minute, e.Age)
			require.True(t, e.FromSnapshot)
			require.False(t, e.Stale)
			require.NoError(t, e.LastError)
		}
		require.Equal(t, 2, src.Total())
		require.Equal(t, metrics{SnapshotLoaded: 2, Hits: 2}, fresh.Metrics())
	})

	proves(t, "LS-13 through files", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "prompts.json")
		c := newCache(t, docs("a", "b").Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context(), "a", "b"))
		require.NoError(t, c.DumpFile(path))
		saved := time.Now()
		require.Equal(t, uint64(1), c.Metrics().SnapshotWrites)
		require.True(t, saved.Equal(c.Status().Snapshot.LastSaved))
		pass(time.Second)

		fresh := newCache(t, docs().Fetch, exactly())
		n, err := fresh.LoadFile(path)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.ElementsMatch(t, []string{"a", "b"}, fresh.Keys())
		status := fresh.Status().Snapshot
		require.Equal(t, 2, status.Loaded)
		require.NoError(t, status.LoadError)
		require.True(t, saved.Add(time.Second).Equal(status.LastLoaded))
	})

	proves(t, "LS-14 loading a missing file is an error and loads nothing", func(t *testing.T) {
		c := newCache(t, docs("a").Fetch, exactly())
		loadedWith(t, c, "a")
		path := filepath.Join(t.TempDir(), "missing.json")
		n, err := c.LoadFile(path)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorIs(t, err, promptcache.ErrSnapshot)
		require.ErrorContains(t, err, fmt.Sprintf("promptcache: load snapshot %q: ", path))
		require.Zero(t, n)
		require.Equal(t, []string{"a"}, c.Keys())
		require.Equal(t, err, c.Status().Snapshot.LoadError)
		require.Equal(t, uint64(1), c.Metrics().SnapshotErrors)

		_, err = promptcache.ReadSnapshotFile(path)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, fmt.Sprintf("promptcache: read snapshot %q: ", path))
	})

	proves(t, "LS-16 loading more than fits keeps the most recently used", func(t *testing.T) {
		snapshot := snapshotOf(t, "a", "b", "c", "d")
		c := newCache(t, docs().Fetch, exactly(sized(3)))
		require.Equal(t, 3, load(t, c, snapshot))
		require.Equal(t, []string{"d", "c", "b"}, c.Keys())
		require.Zero(t, c.Metrics().Evictions)
		require.Len(t, reasons(c), 1)
		require.ErrorIs(t, reasons(c)["a"], promptcache.ErrNoRoom)
		require.Equal(t, 1, c.Status().Snapshot.SkippedCount)
	})

	proves(t, "LS-18 a loaded entry keeps the age it had, and is served unless too old", func(t *testing.T) {
		snapshot := snapshotOf(t, "a")
		for _, tt := range []struct {
			age    time.Duration
			stale  bool
			served bool
		}{
			{0, false, true},
			{ttl, false, true},
			{ttl + 1, true, true},
			{ttl + time.Hour, true, true},
			{ttl + time.Hour + 1, true, false},
		} {
			fetched := time.Now()
			snapshot = snapshotOf(t, "a")
			pass(tt.age)
			c := newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxStale = time.Hour }))
			n := load(t, c, snapshot)
			e, ok := c.Lookup("a")
			require.Equal(t, tt.served, ok, tt.age)
			require.Equal(t, tt.served, n == 1)
			if !ok {
				require.ErrorIs(t, reasons(c)["a"], promptcache.ErrTooOld)
				continue
			}
			require.Equal(t, tt.age, e.Age)
			require.Equal(t, tt.stale, e.Stale)
			require.True(t, fetched.Equal(e.FetchedAt))
		}
		c := newCache(t, docs().Fetch, exactly())
		pass(10 * 365 * 24 * time.Hour)
		require.Equal(t, 1, load(t, c, snapshot))
		_, ok := c.Get("a")
		require.True(t, ok, "without MaxStale nothing is too old")
	})

	proves(t, "LS-21 dump online, load offline: all readable, no fetch, no goroutine", func(t *testing.T) {
		snapshot := snapshotOf(t, "a", "b", "c")
		before := goroutines()
		c, err := promptcache.New[*doc](nil, exactly(offline))
		require.NoError(t, err)
		require.Equal(t, 3, load(t, c, snapshot))
		require.NoError(t, c.Start(t.Context()))
		require.Equal(t, before, goroutines())
		pass(time.Hour)
		for _, key := range []string{"a", "b", "c"} {
			require.Equal(t, key+" v1", loadedWith(t, c, key).Text)
			e, _ := c.Lookup(key)
			require.False(t, e.Stale)
			require.True(t, e.FromSnapshot)
		}
		require.Zero(t, c.Metrics().Fetches)
		_, err = c.GetOrFetch(t.Context(), "d")
		require.ErrorIs(t, err, promptcache.ErrOffline)
	})

	proves(t, "with MaxSize 0 nothing is loaded or counted", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly(disabled))
		require.Zero(t, load(t, c, snapshotOf(t, "a")))
		_, err := c.Load(strings.NewReader("[]"))
		require.ErrorIs(t, err, promptcache.ErrSnapshot)
		require.Zero(t, c.Metrics())
		require.Zero(t, c.Len())
	})

	proves(t, "Dump and Load work after Shutdown", func(t *testing.T) {
		c := newCache(t, docs("a").Fetch, exactly())
		loadedWith(t, c, "a")
		require.NoError(t, c.Shutdown(t.Context()))
		snapshot := dumpOf(t, c)
		c.Clear()
		require.Equal(t, 1, load(t, c, snapshot))
		_, ok := c.Get("a")
		require.True(t, ok)
	})
}

func TestLoadedAreRefreshed(t *testing.T) {
	proves(t, "NB-07 loaded entries are refreshed, and the very value stays if it is unchanged", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		load(t, c, snapshotOf(t, "a"))
		before, _ := c.Get("a")
		pass(ttl)
		e, _ := c.Lookup("a")
		require.True(t, e.FromSnapshot)
		require.Zero(t, src.Total())
		pass(interval)
		e, ok := c.Lookup("a")
		require.True(t, ok)
		require.Same(t, before, e.Value)
		require.False(t, e.FromSnapshot)
		require.Zero(t, e.Age)
		require.Equal(t, 1, src.Total())
		require.Equal(t, uint64(1), c.Metrics().Unchanged)

		src.Put("a", &doc{"a v2"})
		pass(ttl + interval)
		require.Equal(t, "a v2", loadedWith(t, c, "a").Text)
	})

	proves(t, "NB-07 a stale one at the first scan", func(t *testing.T) {
		snapshot := snapshotOf(t, "a")
		pass(ttl + 1)
		src := source.New[*doc]()
		src.Put("a", &doc{"a v2"})
		c := newCache(t, src.Fetch, exactly())
		events := follow(t, c)
		load(t, c, snapshot)
		pass(0)
		require.Equal(t, []promptcache.EventKind{promptcache.EventAdded, promptcache.EventStale}, events.kinds("a"))
		require.NoError(t, c.Start(t.Context()))
		pass(interval - 1)
		require.Zero(t, src.Total())
		pass(1)
		require.Equal(t, 1, src.Total())
		require.Equal(t, "a v2", loadedWith(t, c, "a").Text)
	})

	proves(t, "NB-07 one loaded into a running cache that is stale is refetched when it is read", func(t *testing.T) {
		snapshot := snapshotOf(t, "a")
		pass(ttl + 1)
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		pass(1)
		load(t, c, snapshot)
		v, ok := c.Get("a")
		require.True(t, ok)
		require.Equal(t, "a v1", v.Text)
		require.Equal(t, uint64(1), c.Metrics().StaleHits)
		pass(0)
		require.Equal(t, 1, src.Total())
	})

	proves(t, "what MarkStale named is still marked when it is loaded", func(t *testing.T) {
		first := newCache(t, docs("a", "b").Fetch, exactly())
		require.NoError(t, first.Prefetch(t.Context(), "a", "b"))
		first.MarkStale(func(key string) bool { return key == "a" })
		src := docs("a", "b")
		c := started(t, src.Fetch, exactly())
		load(t, c, dumpOf(t, first))
		pass(0)
		require.Equal(t, map[string]int{"a": 1}, src.AllCalls())
	})

	proves(t, "an immutable one never", func(t *testing.T) {
		src := source.New[*frozen]()
		src.Put("a", &frozen{"x"})
		first := newCache(t, src.Fetch, exactly())
		loadedWith(t, first, "a")
		snapshot := dumpOf(t, first)
		pass(100 * ttl)
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxStale = time.Second }))
		require.Equal(t, 1, load(t, c, snapshot))
		pass(100 * ttl)
		loadedWith(t, c, "a")
		require.Equal(t, 1, src.Total())
	})

	proves(t, "a fleet that loads one snapshot spreads its refreshes over what is left of the TTL", func(t *testing.T) {
		const n = 200
		keys := make([]string, n)
		for i := range keys {
			keys[i] = strconv.Itoa(i)
		}
		for _, age := range []time.Duration{0, ttl / 4, ttl * 3 / 4} {
			snapshot := snapshotOf(t, keys...)
			pass(age)
			c := started(t, docs(keys...).Fetch, exactly(sized(n), func(cfg *promptcache.Config) { cfg.RefreshJitter = 0.1 }))
			load(t, c, snapshot)
			least, most := promptcache.Forever, time.Duration(0)
			for _, key := range keys {
				e, _ := c.Lookup(key)
				after := e.NextAttempt.Sub(e.FetchedAt)
				least, most = min(least, after), max(most, after)
			}
			from := max(age, ttl/2)
			require.GreaterOrEqual(t, least, from-ttl/65535, age) // what is drawn is kept to that
			require.LessOrEqual(t, most, ttl, age)
			require.Greater(t, most-least, (ttl-from)/2, age)
			c.Stop()
		}
	})
}

// frozen is a value that cannot change.
type frozen struct{ Text string }

func (*frozen) Immutable() bool { return true }

func TestLoadMerges(t *testing.T) {
	proves(t, "NB-15 load never replaces a live newer entry, at full size either", func(t *testing.T) {
		snapshot := snapshotOf(t, "a", "b", "x", "y")
		pass(1)
		src := source.New[*doc]()
		src.Put("a", &doc{"a v2"})
		c := newCache(t, src.Fetch, exactly(sized(2)))
		a := loadedWith(t, c, "a")
		set := &doc{"b set"}
		c.Set("b", set)
		require.Zero(t, load(t, c, snapshot))
		require.Equal(t, []string{"b", "a"}, c.Keys())
		for key, want := range map[string]*doc{"a": a, "b": set} {
			e, _ := c.Lookup(key)
			require.Same(t, want, e.Value)
			require.False(t, e.FromSnapshot)
			require.ErrorIs(t, reasons(c)[key], promptcache.ErrNewerCached)
		}
		require.ErrorIs(t, reasons(c)["x"], promptcache.ErrNoRoom)
		require.ErrorIs(t, reasons(c)["y"], promptcache.ErrNoRoom)
		require.Zero(t, c.Metrics().Evictions)
	})

	proves(t, "NB-15 its own dump changes nothing", func(t *testing.T) {
		c := newCache(t, docs("a").Fetch, exactly())
		loadedWith(t, c, "a")
		require.Zero(t, load(t, c, dumpOf(t, c)))
		e, _ := c.Lookup("a")
		require.False(t, e.FromSnapshot)
	})

	proves(t, "an older live one is replaced, and one of the same revision keeps its value", func(t *testing.T) {
		src := source.New[*revised]()
		for _, key := range []string{"a", "b"} {
			src.Put(key, &revised{key + "1", "old"})
		}
		c := newCache(t, src.Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context(), "a", "b"))
		b, _ := c.Get("b")
		pass(1)
		src.Put("a", &revised{"a2", "new"})
		newer := newCache(t, src.Fetch, exactly())
		require.NoError(t, newer.Prefetch(t.Context(), "a", "b"))
		events := follow(t, c)
		order := c.Keys()
		require.Equal(t, 2, load(t, c, dumpOf(t, newer)))
		pass(0)
		require.Equal(t, order, c.Keys(), "a load is no read")
		a, _ := c.Lookup("a")
		require.Equal(t, "new", a.Value.Text)
		require.True(t, a.FromSnapshot)
		e, _ := c.Lookup("b")
		require.Same(t, b, e.Value)
		require.Zero(t, e.Age)
		require.Equal(t, []promptcache.EventKind{promptcache.EventChanged}, events.kinds("a"))
		require.Empty(t, events.kinds("b"))
	})

	proves(t, "what is loaded goes before what was read, and what was read stays", func(t *testing.T) {
		c := newCache(t, docs("a", "b").Fetch, exactly(sized(5)))
		require.NoError(t, c.Prefetch(t.Context(), "a"))
		load(t, c, snapshotOf(t, "x", "y", "z"))
		require.Equal(t, []string{"a", "z", "y", "x"}, c.Keys())
		load(t, c, snapshotOf(t, "u", "v", "w"))
		require.Equal(t, []string{"a", "w", "z", "y", "x"}, c.Keys(), "there is room for one")
		c.Get("x")
		require.Equal(t, []string{"x", "a", "w", "z", "y"}, c.Keys())
		c.Set("n", &doc{})
		require.Equal(t, []string{"n", "x", "a", "w", "z"}, c.Keys())
		require.Equal(t, 1, c.Invalidate("w"))
		require.Equal(t, []string{"n", "x", "a", "z"}, c.Keys())
		c.Clear()
		require.Zero(t, c.Len())
	})

	proves(t, "a fetch of an absent prompt goes on and wins", func(t *testing.T) {
		src := source.New[*doc]()
		src.Put("a", &doc{"a v2"})
		c := newCache(t, src.Fetch, exactly())
		release := src.Hold()
		got := make(chan *doc)
		go func() {
			v, _ := c.GetOrFetch(t.Context(), "a")
			got <- v
		}()
		pass(1)
		require.Equal(t, 1, load(t, c, snapshotOf(t, "a")))
		v, ok := c.Get("a")
		require.True(t, ok)
		require.Equal(t, "a v1", v.Text)
		release()
		require.Equal(t, "a v2", (<-got).Text)
		e, _ := c.Lookup("a")
		require.Equal(t, "a v2", e.Value.Text)
		require.False(t, e.FromSnapshot)
		require.Equal(t, 1, c.Len())
		require.Equal(t, uint64(1), c.Metrics().Refreshes)
	})

	proves(t, "and if it fails, what was loaded stays, and backs off", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		src.Always(broken[*doc](promptcache.KindUnavailable))
		release := src.Hold()
		failed := make(chan error)
		go func() {
			_, err := c.GetOrFetch(t.Context(), "a")
			failed <- err
		}()
		pass(1)
		load(t, c, snapshotOf(t, "a"))
		release()
		require.ErrorIs(t, <-failed, promptcache.ErrUnavailable)
		e, ok := c.Lookup("a")
		require.True(t, ok)
		require.True(t, e.FromSnapshot)
		require.ErrorIs(t, e.LastError, promptcache.ErrUnavailable)
		require.Equal(t, 1, c.Status().Failing)
	})

	proves(t, "one that is being refetched is left alone", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		pass(1)
		snapshot := snapshotOf(t, "a")
		release := src.Hold()
		done := make(chan error)
		go func() {
			_, err := c.Refresh(t.Context(), "a")
			done <- err
		}()
		pass(1)
		require.Zero(t, load(t, c, snapshot))
		require.ErrorIs(t, reasons(c)["a"], promptcache.ErrNewerCached)
		release()
		require.NoError(t, <-done)
	})

	proves(t, "a remembered failure of an absent prompt is forgotten when it is loaded", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly())
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		load(t, c, snapshotOf(t, "a"))
		require.Equal(t, "a v1", loadedWith(t, c, "a").Text)
	})

	proves(t, "NB-30 the spellings of a prompt are one entry; a later one of the file wins", func(t *testing.T) {
		first := newCache(t, docs("a", "A", "b").Fetch, exactly())
		for _, key := range []string{"a", "A", "b"} {
			loadedWith(t, first, key)
		}
		lower := func(key string) (string, error) { return strings.ToLower(key), nil }
		c := newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) { cfg.Canonical = lower }))
		require.Equal(t, 2, load(t, c, dumpOf(t, first)))
		require.Equal(t, []string{"b", "a"}, c.Keys())
		require.Equal(t, "A v1", loadedWith(t, c, "a").Text)
		skipped := c.Status().Snapshot.Skipped
		require.Len(t, skipped, 1)
		require.ErrorIs(t, skipped[0].Reason, promptcache.ErrOtherSpelling)
	})

	proves(t, "a load after which nobody reads refreshes for IdleAfter", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.IdleAfter = 3 * ttl }))
		pass(time.Hour)
		load(t, c, snapshotOf(t, "a"))
		pass(2 * ttl)
		require.Equal(t, 1, src.Total())
		pass(10 * ttl)
		require.Equal(t, 2, src.Total())
	})
}

func TestSources(t *testing.T) {
	of := func(domain string, changes ...func(cfg *promptcache.Config)) promptcache.Config {
		return exactly(append(changes, func(cfg *promptcache.Config) { cfg.Domain = func(string) string { return domain } })...)
	}
	dump := func(t *testing.T, cfg promptcache.Config) []byte {
		t.Helper()
		c := newCache(t, docs("a", "b").Fetch, cfg)
		require.NoError(t, c.Prefetch(t.Context(), "a", "b"))
		return dumpOf(t, c)
	}
	proves(t, "NB-32 two registries or workspaces never share an entry through a snapshot", func(t *testing.T) {
		c := newCache(t, docs().Fetch, of("two"))
		n, err := c.Load(bytes.NewReader(dump(t, of("one"))))
		require.Zero(t, n)
		require.Zero(t, c.Len())
		require.ErrorIs(t, err, promptcache.ErrOtherSource)
		var skipped *promptcache.SkippedError
		require.ErrorAs(t, err, &skipped)
		require.Len(t, skipped.Skipped, 2)
		require.Zero(t, skipped.Done)
		require.ErrorContains(t, err, `2 of 2 entries were left out`)
		require.ErrorContains(t, err, `"one", not "two"`)
	})
	proves(t, "NB-32 its own, and the same registry's", func(t *testing.T) {
		c := newCache(t, docs().Fetch, of("one"))
		require.Equal(t, 2, load(t, c, dump(t, of("one"))))
	})
	proves(t, "NB-32 one entry's source is not another's", func(t *testing.T) {
		byKey := exactly(func(cfg *promptcache.Config) { cfg.Domain = func(key string) string { return key } })
		c := newCache(t, docs().Fetch, of("a"))
		n, err := c.Load(bytes.NewReader(dump(t, byKey)))
		require.Equal(t, 1, n)
		require.Equal(t, []string{"a"}, c.Keys())
		require.ErrorContains(t, err, `1 of 2 entries were left out; the first is "b"`)
	})
	proves(t, "another's if it is told to, and one without a source always", func(t *testing.T) {
		all := newCache(t, docs().Fetch, of("two", func(cfg *promptcache.Config) { cfg.Snapshot.AnySource = true }))
		require.Equal(t, 2, load(t, all, dump(t, of("one"))))
		none := newCache(t, docs().Fetch, exactly())
		require.Equal(t, 2, load(t, none, dump(t, of("one"))))
		unsaid := newCache(t, docs().Fetch, of("two"))
		require.Equal(t, 2, load(t, unsaid, dump(t, exactly())))
	})
}

func TestAges(t *testing.T) {
	at := func(when time.Time) (promptcache.Config, *clock.Mock) {
		mock := clock.NewMock()
		mock.Set(when)
		return exactly(func(cfg *promptcache.Config) { cfg.Clock = mock }), mock
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)
	dumpAt := func(t *testing.T, when time.Time) []byte {
		t.Helper()
		cfg, _ := at(when)
		c := newCache(t, docs("a").Fetch, cfg)
		loadedWith(t, c, "a")
		return dumpOf(t, c)
	}

	t.Run("NB-39 a snapshot from the future is clamped", func(t *testing.T) {
		cfg, mock := at(now)
		c := newCache(t, docs().Fetch, cfg)
		require.Equal(t, 1, load(t, c, dumpAt(t, now.Add(24*time.Hour))))
		e, _ := c.Lookup("a")
		require.Zero(t, e.Age)
		require.True(t, now.Equal(e.FetchedAt))
		mock.Add(ttl + 1)
		e, _ = c.Lookup("a")
		require.True(t, e.Stale, "it does not stay fresh until its future has come")
	})
	t.Run("NB-39 nor does one replace what is live", func(t *testing.T) {
		cfg, mock := at(now)
		c := newCache(t, docs().Fetch, cfg)
		live := &doc{"live"}
		c.Set("a", live)
		mock.Add(1)
		require.Zero(t, load(t, c, dumpAt(t, now.Add(24*time.Hour))))
		v, _ := c.Get("a")
		require.Same(t, live, v)
	})
	t.Run("NB-39 whose wall clock was set back stays, too", func(t *testing.T) {
		// Fetched at 12:00; then the clock is set back by an hour, and at 11:30 a
		// snapshot of 11:15, by another machine's clock, is loaded.
		mock := clock.NewMock()
		mock.Set(now)
		wall := &jumpy{Clock: mock}
		c := newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) { cfg.Clock = wall }))
		live := &doc{"live"}
		c.Set("a", live)
		wall.offset.Store(int64(-time.Hour))
		mock.Add(30 * time.Minute)
		require.Zero(t, load(t, c, dumpAt(t, now.Add(-45*time.Minute))))
		v, _ := c.Get("a")
		require.Same(t, live, v)
	})
	t.Run("an entry as old as time itself does not overflow", func(t *testing.T) {
		cfg, mock := at(now)
		c := newCache(t, docs().Fetch, cfg)
		load(t, c, dumpAt(t, time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC)))
		for range 3 {
			e, ok := c.Lookup("a")
			require.True(t, ok)
			require.True(t, e.Stale)
			mock.Add(1000 * 24 * time.Hour)
		}
	})

	bare := []byte(`{"entries":{"a":{"Text":"bare"}}}`)
	t.Run("LS-18 a bare file's entries are as old as the file, or unknown and so the present", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "sdk.json")
		require.NoError(t, os.WriteFile(path, bare, 0o600))
		require.NoError(t, os.Chtimes(path, now, now.Add(-time.Minute)))
		cfg, _ := at(now)
		c := newCache(t, docs().Fetch, cfg)
		n, err := c.LoadFile(path)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		e, _ := c.Lookup("a")
		require.Equal(t, "bare", e.Value.Text)
		require.Equal(t, time.Minute, e.Age)
		require.True(t, e.FromSnapshot)

		c = newCache(t, docs().Fetch, cfg)
		require.Equal(t, 1, load(t, c, bare))
		e, _ = c.Lookup("a")
		require.Zero(t, e.Age)
	})
	t.Run("NB-15 what has no age replaces nothing", func(t *testing.T) {
		cfg, mock := at(now)
		c := newCache(t, docs().Fetch, cfg)
		c.Set("a", &doc{"live"})
		mock.Add(time.Hour)
		require.Zero(t, load(t, c, bare))
		v, _ := c.Get("a")
		require.Equal(t, "live", v.Text)
	})
}

func TestSkippedAreLogged(t *testing.T) {
	proves(t, "what was left out is at Debug, one line each, and the first hundred in Status", func(t *testing.T) {
		log := &logbook{}
		keys := make([]string, 150)
		for i := range keys {
			keys[i] = strconv.Itoa(i)
		}
		c := newCache(t, docs().Fetch, logging(log, sized(10)))
		require.Equal(t, 10, load(t, c, snapshotOf(t, keys...)))
		require.Len(t, log.at(slog.LevelDebug), 140)
		require.Equal(t, map[string]any{"key": "0", "reason": promptcache.ErrNoRoom}, log.attrs(t, "snapshot entry not loaded"))
		status := c.Status().Snapshot
		require.Equal(t, 140, status.SkippedCount)
		require.Len(t, status.Skipped, 100)
		status.Skipped[0].Key = "changed"
		require.Equal(t, "0", c.Status().Snapshot.Skipped[0].Key, "it is a copy")
	})
}

// watched is a codec that looks whether the cache is locked.
type watched struct {
	promptcache.Codec
	p *probe
}

func (w watched) Format() string { w.p.look(); return "watched" }

func (w watched) Bare() bool { w.p.look(); return true }

func (w watched) Encode(key string, _ any) (string, []byte, error) {
	w.p.look()
	return key, []byte(`1`), nil
}

func (w watched) Decode(name string, _ []byte) (string, any, error) {
	w.p.look()
	return name, &doc{}, nil
}

func TestSnapshotUserCodeRunsUnlocked(t *testing.T) {
	for name, act := range map[string]func(c docCache, path string){
		"Dump and Load": func(c docCache, _ string) {
			var b bytes.Buffer
			require.NoError(t, c.Dump(&b))
			c.Clear()
			load(t, c, b.Bytes())
		},
		"a bare file": func(c docCache, _ string) { load(t, c, []byte(`{"entries":{"z":1}}`)) },
		"files": func(c docCache, path string) {
			require.NoError(t, c.DumpFile(path))
			_, err := c.LoadFile(path)
			require.NoError(t, err)
		},
		"Shutdown": func(c docCache, _ string) { require.NoError(t, c.Shutdown(t.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			p := &probe{}
			path, change := saving(t, promptcache.SnapshotConfig{OnShutdown: true})
			c := newCache(t, docs().Fetch, exactly(change, func(cfg *promptcache.Config) {
				cfg.Codec = watched{p: p}
				cfg.Canonical = func(key string) (string, error) { p.look(); return key, nil }
				cfg.Domain = func(string) string { p.look(); return "x" }
			}))
			c.Set("a", &doc{})
			p.c = c
			act(c, path)
			require.Positive(t, p.ran.Load())
			require.Zero(t, p.locked.Load(), "of %d calls", p.ran.Load())
		})
	}
}
