package promptcache_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

const tick = 10 * time.Second

// saving sets Snapshot, with a file in a directory of its own, and returns its
// path.
func saving(t *testing.T, snapshot promptcache.SnapshotConfig) (path string, change func(cfg *promptcache.Config)) {
	t.Helper()
	snapshot.Path = filepath.Join(t.TempDir(), "prompts.json")
	return snapshot.Path, func(cfg *promptcache.Config) { cfg.Snapshot = snapshot }
}

func TestSnapshotConfigProblems(t *testing.T) {
	for want, snapshot := range map[string]promptcache.SnapshotConfig{
		"Snapshot.Every is -1s; want":                        {Path: "x", Every: -time.Second},
		"Snapshot.Every is 1s without a Snapshot.Path; want": {Every: time.Second},
		"Snapshot.OnShutdown is set without a Snapshot.Path": {OnShutdown: true},
		"Snapshot.MaxBytes is -1; want 0 (256 MiB) or more":  {MaxBytes: -1},
	} {
		proves(t, "NB-38 "+want, func(t *testing.T) {
			cfg := exactly(func(cfg *promptcache.Config) { cfg.Snapshot = snapshot })
			_, err := promptcache.New(docs().Fetch, cfg)
			require.ErrorContains(t, err, "promptcache: config: "+want)
			require.Len(t, lines(err), 1)
			c := newCache(t, docs().Fetch, exactly())
			require.Error(t, c.Configure(cfg))
		})
	}
	proves(t, "NB-38 all problems in one error", func(t *testing.T) {
		_, err := promptcache.New(docs().Fetch, exactly(func(cfg *promptcache.Config) {
			cfg.MaxSize = -1
			cfg.Snapshot = promptcache.SnapshotConfig{Every: 1, OnShutdown: true, MaxBytes: -1}
		}))
		require.Len(t, lines(err), 4)
	})
	proves(t, "Configure does not change Codec and Snapshot", func(t *testing.T) {
		path, change := saving(t, promptcache.SnapshotConfig{OnShutdown: true})
		c := newCache(t, docs("a").Fetch, exactly(change))
		loadedWith(t, c, "a")
		require.Equal(t, "json", c.Config().Codec.Format())
		require.NoError(t, c.Configure(exactly(func(cfg *promptcache.Config) { cfg.Codec = unnamed{} })))
		require.Equal(t, path, c.Config().Snapshot.Path)
		require.Equal(t, path, c.Status().Snapshot.Path)
		require.Equal(t, "json", c.Config().Codec.Format())
		require.NoError(t, c.Shutdown(t.Context()))
		require.Contains(t, textIn(t, path), "a v1")
	})
}

func TestOpen(t *testing.T) {
	proves(t, "a restart during an outage serves at once", func(t *testing.T) {
		src := docs("a")
		path, change := saving(t, promptcache.SnapshotConfig{OnShutdown: true})
		c := started(t, src.Fetch, exactly(change))
		loadedWith(t, c, "a")
		require.NoError(t, c.Shutdown(t.Context()))
		src.Always(source.Fail[*doc](promptcache.ErrUnavailable))
		pass(time.Hour)

		log := &logbook{}
		c = newCache(t, src.Fetch, logging(log, change))
		v, ok := c.Get("a")
		require.True(t, ok)
		require.Equal(t, "a v1", v.Text)
		require.Equal(t, map[string]any{"path": path, "prompts": int64(1)}, log.attrs(t, "snapshot loaded"))
		require.Equal(t, 1, c.Status().Snapshot.Loaded)
		require.NoError(t, c.Start(t.Context()))
		pass(interval)
		e, _ := c.Lookup("a")
		require.ErrorIs(t, e.LastError, promptcache.ErrUnavailable)
		require.True(t, e.FromSnapshot)
	})

	proves(t, "a missing file is no error", func(t *testing.T) {
		log := &logbook{}
		path, change := saving(t, promptcache.SnapshotConfig{})
		c := newCache(t, docs().Fetch, logging(log, change))
		require.Equal(t, promptcache.SnapshotStatus{Path: path}, c.Status().Snapshot)
		require.Zero(t, c.Metrics())
		require.Equal(t, []string{"no snapshot yet"}, log.at(slog.LevelDebug))
		require.Empty(t, log.warnings())
	})

	proves(t, "an unusable file fails nothing, is said, and is set aside once, not lost", func(t *testing.T) {
		log := &logbook{}
		path, change := saving(t, promptcache.SnapshotConfig{Every: tick})
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
		c := started(t, docs("a", "b").Fetch, logging(log, change))
		require.Equal(t, []string{"snapshot not loaded"}, log.warnings())
		require.ErrorIs(t, c.Status().Snapshot.LoadError, promptcache.ErrSnapshot)
		require.Equal(t, metrics{SnapshotErrors: 1}, c.Metrics())
		pass(tick)
		require.Equal(t, []string{"prompts.json"}, namesIn(t, filepath.Dir(path)), "there is nothing to write yet")

		loadedWith(t, c, "a")
		pass(tick)
		require.Contains(t, textIn(t, path), "a v1")
		rejected, err := os.ReadFile(path + ".rejected")
		require.NoError(t, err)
		require.Equal(t, "mine", string(rejected))

		loadedWith(t, c, "b")
		pass(tick)
		rejected, err = os.ReadFile(path + ".rejected")
		require.NoError(t, err)
		require.Equal(t, "mine", string(rejected), "the good file is not set aside")
		require.Equal(t, []string{"prompts.json", "prompts.json.rejected"}, namesIn(t, filepath.Dir(path)))
	})

	proves(t, "NB-32 another source's file is not lost either", func(t *testing.T) {
		log := &logbook{}
		path, change := saving(t, promptcache.SnapshotConfig{OnShutdown: true})
		here := func(name string) func(cfg *promptcache.Config) {
			return func(cfg *promptcache.Config) { cfg.Domain = func(string) string { return name } }
		}
		theirs := newCache(t, docs("a").Fetch, exactly(here("theirs")))
		loadedWith(t, theirs, "a")
		require.NoError(t, theirs.DumpFile(path))
		c := newCache(t, docs("b").Fetch, logging(log, change, here("ours")))
		require.Equal(t, []string{"snapshot loaded in part"}, log.warnings())
		loadedWith(t, c, "b")
		require.NoError(t, c.Shutdown(t.Context()))
		require.Contains(t, textIn(t, path), "b v1")
		require.Contains(t, textIn(t, path+".rejected"), "a v1")
	})

	proves(t, "with MaxSize 0 no file is read or written", func(t *testing.T) {
		path, change := saving(t, promptcache.SnapshotConfig{Every: tick, OnShutdown: true})
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
		c := started(t, docs().Fetch, exactly(change, disabled))
		require.Equal(t, promptcache.SnapshotStatus{Path: path}, c.Status().Snapshot)
		pass(tick)
		require.NoError(t, c.Shutdown(t.Context()))
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "mine", string(content))
	})
}

func TestAutosave(t *testing.T) {
	proves(t, "changes are written together, once per Every at most, and nothing when there are none", func(t *testing.T) {
		path, change := saving(t, promptcache.SnapshotConfig{Every: tick})
		c := started(t, docs("a", "b").Fetch, exactly(change))
		writes := func() uint64 { return c.Metrics().SnapshotWrites }
		pass(3 * tick)
		require.Zero(t, writes(), "nothing has changed")
		for range 100 {
			c.Set("a", &doc{"set"})
		}
		pass(tick - 1)
		require.Zero(t, writes())
		pass(1)
		require.Equal(t, uint64(1), writes())
		require.Contains(t, textIn(t, path), "set")
		require.True(t, time.Now().Equal(c.Status().Snapshot.LastSaved))
		pass(10 * tick)
		require.Equal(t, uint64(1), writes())

		for _, act := range []func(){
			func() { loadedWith(t, c, "b") },
			func() { c.MarkStale(func(key string) bool { return key == "b" }) },
			func() { c.Invalidate("b") },
			func() { load(t, c, snapshotOf(t, "z")) },
		} {
			before := writes()
			act()
			pass(tick)
			require.Equal(t, before+1, writes())
			for range 100 {
				c.Get("a")
			}
			pass(2 * tick)
			require.Equal(t, before+1, writes(), "reads change nothing")
		}
	})

	proves(t, "what was loaded from Path is not written back", func(t *testing.T) {
		path, change := saving(t, promptcache.SnapshotConfig{Every: tick, OnShutdown: true})
		require.NoError(t, holdingDoc(t, "one").DumpFile(path))
		c := started(t, docs().Fetch, exactly(change))
		require.Equal(t, 1, c.Len())
		pass(tick)
		require.NoError(t, c.Shutdown(t.Context()))
		require.Zero(t, c.Metrics().SnapshotWrites)
	})

	proves(t, "a younger age alone waits for Shutdown", func(t *testing.T) {
		path, change := saving(t, promptcache.SnapshotConfig{Every: tick, OnShutdown: true})
		c := started(t, docs("a").Fetch, exactly(change))
		loadedWith(t, c, "a")
		pass(ttl + 2*interval)
		require.Equal(t, uint64(1), c.Metrics().Unchanged)
		require.Equal(t, uint64(1), c.Metrics().SnapshotWrites)
		require.NoError(t, c.Shutdown(t.Context()))
		require.Equal(t, uint64(2), c.Metrics().SnapshotWrites)
		s, err := promptcache.ReadSnapshotFile(path)
		require.NoError(t, err)
		require.Less(t, time.Since(s.Entries[0].FetchedAt), ttl)
		require.NoError(t, c.Shutdown(t.Context()), "again")
		require.Equal(t, uint64(2), c.Metrics().SnapshotWrites)
	})

	proves(t, "or for half of MaxStale, so that a restart after a crash has something to serve", func(t *testing.T) {
		path, change := saving(t, promptcache.SnapshotConfig{Every: tick})
		const maxStale = 30 * time.Minute
		c := started(t, docs("a").Fetch, exactly(change, func(cfg *promptcache.Config) { cfg.MaxStale = maxStale }))
		loadedWith(t, c, "a")
		for range 100 {
			pass(interval)
			s, err := promptcache.ReadSnapshotFile(path)
			require.NoError(t, err)
			require.LessOrEqual(t, time.Since(s.Entries[0].FetchedAt), ttl+maxStale)
		}
		require.LessOrEqual(t, c.Metrics().SnapshotWrites, uint64(8), "100 minutes")
		require.GreaterOrEqual(t, c.Metrics().SnapshotWrites, uint64(5))
	})

	proves(t, "NB-37 never an empty cache over a good file", func(t *testing.T) {
		path, change := saving(t, promptcache.SnapshotConfig{Every: tick, OnShutdown: true})
		c := started(t, docs("a").Fetch, exactly(change))
		loadedWith(t, c, "a")
		pass(tick)
		c.Clear()
		pass(2 * tick)
		require.Contains(t, textIn(t, path), "a v1")
		require.NoError(t, c.Status().Snapshot.SaveError)
		c.Set("a", &doc{"back"})
		pass(tick)
		require.Contains(t, textIn(t, path), "back")
		c.Clear()
		require.NoError(t, c.Shutdown(t.Context()), "and that is no error")
		require.Contains(t, textIn(t, path), "back")

		path, change = saving(t, promptcache.SnapshotConfig{Every: tick, AllowEmpty: true})
		c = started(t, docs("a").Fetch, exactly(change))
		loadedWith(t, c, "a")
		pass(tick)
		c.Clear()
		pass(tick)
		s, err := promptcache.ReadSnapshotFile(path)
		require.NoError(t, err)
		require.Empty(t, s.Entries)
	})

	proves(t, "Shutdown writes though its context has ended", func(t *testing.T) {
		path, change := saving(t, promptcache.SnapshotConfig{OnShutdown: true})
		c := newCache(t, docs("a").Fetch, exactly(change))
		loadedWith(t, c, "a")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, c.Shutdown(ctx))
		require.Contains(t, textIn(t, path), "a v1")
	})

	proves(t, "without OnShutdown it does not", func(t *testing.T) {
		path, change := saving(t, promptcache.SnapshotConfig{Every: tick})
		c := started(t, docs("a").Fetch, exactly(change))
		loadedWith(t, c, "a")
		require.NoError(t, c.Shutdown(t.Context()))
		require.Empty(t, namesIn(t, filepath.Dir(path)))
	})

	proves(t, "what cannot be written is said once, and once that it can be again", func(t *testing.T) {
		log := &logbook{}
		path, change := saving(t, promptcache.SnapshotConfig{Every: tick, OnShutdown: true})
		dir := filepath.Dir(path)
		c := started(t, docs("a").Fetch, logging(log, change))
		require.NoError(t, os.RemoveAll(dir))
		require.NoError(t, os.WriteFile(dir, []byte("in the way"), 0o600))
		loadedWith(t, c, "a")
		pass(3 * tick)
		require.Equal(t, []string{"snapshot not written"}, log.warnings())
		require.Equal(t, path, log.attrs(t, "snapshot not written")["path"])
		require.ErrorIs(t, c.Status().Snapshot.SaveError, promptcache.ErrSnapshot)
		require.Equal(t, uint64(3), c.Metrics().SnapshotErrors, "it is tried again")
		require.Equal(t, promptcache.StateHealthy, c.Status().State)

		require.NoError(t, os.Remove(dir))
		pass(tick)
		require.Contains(t, textIn(t, path), "a v1")
		require.NoError(t, c.Status().Snapshot.SaveError)
		require.Equal(t, []string{"snapshot written again"}, log.at(slog.LevelInfo))
		pass(3 * tick)
		require.Len(t, log.warnings(), 1)

		require.NoError(t, os.RemoveAll(dir))
		require.NoError(t, os.WriteFile(dir, []byte("in the way"), 0o600))
		c.Set("a", &doc{"set"})
		require.ErrorIs(t, c.Shutdown(t.Context()), promptcache.ErrSnapshot)
		require.Len(t, log.warnings(), 2)
	})

	proves(t, "what is written in part is said, too", func(t *testing.T) {
		log := &logbook{}
		boom := errors.New("boom")
		path, change := saving(t, promptcache.SnapshotConfig{Every: tick})
		c := started(t, docs("a", "b").Fetch, logging(log, change, func(cfg *promptcache.Config) {
			cfg.Codec = codecFunc(func(key string, _ any) ([]byte, error) {
				if key == "b" {
					return nil, boom
				}
				return []byte(`"x"`), nil
			})
		}))
		loadedWith(t, c, "a")
		loadedWith(t, c, "b")
		pass(3 * tick)
		require.Equal(t, []string{"snapshot written in part"}, log.warnings())
		require.ErrorIs(t, c.Status().Snapshot.SaveError, boom)
		require.Equal(t, metrics{Misses: 2, Fetches: 2, SnapshotWrites: 1}, c.Metrics())
		s, err := promptcache.ReadSnapshotFile(path)
		require.NoError(t, err)
		require.Len(t, s.Entries, 1)
	})
}

// gate is a codec that waits to be let through.
type gate struct {
	codecFunc
	entered chan struct{}
	open    chan struct{}
}

func (g *gate) Encode(key string, _ any) (string, []byte, error) {
	g.entered <- struct{}{}
	<-g.open
	return key, []byte(`"x"`), nil
}

func TestAutosaveGoroutine(t *testing.T) {
	gated := func(t *testing.T) (*gate, string, docCache) {
		t.Helper()
		g := &gate{entered: make(chan struct{}, 100), open: make(chan struct{})}
		path, change := saving(t, promptcache.SnapshotConfig{Every: tick, OnShutdown: true})
		c := started(t, docs("a").Fetch, exactly(change, func(cfg *promptcache.Config) { cfg.Codec = g }))
		loadedWith(t, c, "a")
		pass(tick)
		<-g.entered
		return g, path, c
	}

	proves(t, "there is one while the refresher runs, and none otherwise", func(t *testing.T) {
		_, change := saving(t, promptcache.SnapshotConfig{Every: tick})
		before := goroutines()
		more := func(n int) {
			t.Helper()
			pass(0) // one that has said that it is done may still be there
			require.Equal(t, before+n, goroutines())
		}
		c := newCache(t, docs("a").Fetch, exactly(change))
		more(0)
		for range 3 {
			require.NoError(t, c.Start(t.Context()))
			more(2)
			require.NoError(t, c.Configure(exactly(offline)))
			more(0)
			require.NoError(t, c.Configure(exactly()))
			more(2)
			c.Stop()
			more(0)
		}
		loadedWith(t, c, "a")
		pass(3 * tick)
		require.Zero(t, c.Metrics().SnapshotWrites)
	})

	proves(t, "Stop waits for a write", func(t *testing.T) {
		g, path, c := gated(t)
		stopped := make(chan struct{})
		go func() { c.Stop(); close(stopped) }()
		pass(time.Second / 2)
		select {
		case <-stopped:
			require.Fail(t, "Stop did not wait")
		default:
		}
		close(g.open)
		<-stopped
		require.Contains(t, textIn(t, path), "x")
	})

	proves(t, "but no longer than a second; readers do not wait at all, and no two write at once", func(t *testing.T) {
		g, path, c := gated(t)
		began := time.Now()
		_, ok := c.Get("a")
		require.True(t, ok)
		c.Set("a", &doc{})
		require.Zero(t, time.Since(began))
		c.Stop()
		require.Equal(t, time.Second, time.Since(began))

		require.NoError(t, c.Start(t.Context()))
		c.Set("a", &doc{"newer"})
		pass(2 * tick)
		require.Empty(t, g.entered, "the next tick that finds nobody writing")
		close(g.open)
		pass(tick)
		require.Len(t, g.entered, 1)
		require.Contains(t, textIn(t, path), "x")
		require.NoError(t, c.Shutdown(t.Context()))
	})

	proves(t, "Shutdown waits for a write until its context ends, and a second", func(t *testing.T) {
		g, _, c := gated(t)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		err := c.Shutdown(ctx)
		require.ErrorContains(t, err, "the snapshot is still being written")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 6*time.Second, time.Since(began))
		close(g.open)
		pass(0)
	})

	proves(t, "and within that second takes what has been written", func(t *testing.T) {
		g, path, c := gated(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		done := make(chan error)
		go func() { done <- c.Shutdown(ctx) }()
		pass(time.Second + 1)
		close(g.open)
		require.NoError(t, <-done)
		require.Contains(t, textIn(t, path), "x")
	})

	proves(t, "a codec that ends its goroutine does not keep Shutdown", func(t *testing.T) {
		_, change := saving(t, promptcache.SnapshotConfig{OnShutdown: true})
		c := newCache(t, docs("a").Fetch, exactly(change, func(cfg *promptcache.Config) {
			cfg.Codec = codecFunc(func(string, any) ([]byte, error) { runtime.Goexit(); return nil, nil })
		}))
		loadedWith(t, c, "a")
		require.ErrorContains(t, c.Shutdown(t.Context()), "ended its goroutine")
	})
}
