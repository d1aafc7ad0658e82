package promptcache_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// sized sets MaxSize.
func sized(n int) func(cfg *promptcache.Config) {
	return func(cfg *promptcache.Config) { cfg.MaxSize = n }
}

func TestWritesDuringFetches(t *testing.T) {
	type cache = *promptcache.PromptCache[*doc]
	removals := map[string]func(t *testing.T, c cache){
		"Invalidate": func(_ *testing.T, c cache) { c.Invalidate("a") },
		"Clear":      func(_ *testing.T, c cache) { c.Clear() },
		"eviction": func(_ *testing.T, c cache) {
			c.Set("b", &doc{"set"})
			c.Set("c", &doc{"set"})
		},
		"shrinking": func(t *testing.T, c cache) {
			t.Helper()
			c.Set("b", &doc{"set"})
			require.NoError(t, c.Configure(exactly(sized(1))))
		},
		"MaxSize 0 and back": func(t *testing.T, c cache) {
			t.Helper()
			require.NoError(t, c.Configure(exactly(disabled)))
			require.NoError(t, c.Configure(exactly(sized(2))))
		},
	}
	for name, remove := range removals {
		// A fetch that heeds its context, and one that does not and succeeds.
		for heeds, step := range map[string]func(until chan struct{}) source.Step[*doc]{
			"canceled": func(until chan struct{}) source.Step[*doc] {
				return func(ctx context.Context, _ string) (*doc, error) {
					select {
					case <-until:
						return &doc{"from before"}, nil
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				}
			},
			"succeeding": func(until chan struct{}) source.Step[*doc] {
				return source.Stuck(until, source.Value(&doc{"from before"}))
			},
		} {
			proves(t, fmt.Sprintf("NB-11 a background refresh in flight (%s) does not undo %s", heeds, name), func(t *testing.T) {
				src := docs("a")
				c := started(t, src.Fetch, exactly(sized(2)))
				loadedWith(t, c, "a")
				until := make(chan struct{})
				src.Script(step(until))
				c.MarkStale(every)
				pass(0)
				require.Equal(t, 1, src.InFlight())
				remove(t, c)
				close(until)
				pass(0)
				require.Zero(t, src.InFlight())
				require.NotContains(t, c.Keys(), "a")
				_, ok := c.Get("a")
				require.False(t, ok)
				m := c.Metrics()
				require.Zero(t, m.Refreshes)
				require.EqualValues(t, 1, m.Dropped+m.FetchesCanceled)
				pass(time.Hour)
				require.NotContains(t, c.Keys(), "a")
			})
		}
		if name == "eviction" || name == "shrinking" {
			continue // of what is not there yet
		}
		proves(t, "NB-11 nor does a read-through that began before; its waiters get what it brings, later readers do not: "+name, func(t *testing.T) {
			src := docs("a")
			c := started(t, src.Fetch, exactly(sized(2)))
			until := make(chan struct{})
			src.Script(source.Stuck(until, source.Value(&doc{"from before"})))
			before := async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "a") })
			pass(0)
			remove(t, c)
			after := loadedWith(t, c, "a") // does not wait for the other
			require.Equal(t, "a v1", after.Text)
			close(until)
			got := <-before
			require.NoError(t, got.err)
			require.Equal(t, "from before", got.value.Text)
			pass(0)
			require.Same(t, after, loadedWith(t, c, "a"))
			require.EqualValues(t, 1, c.Metrics().Dropped)
		})
	}

	proves(t, "NB-11 Refresh in flight does not undo Invalidate", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		release := src.Hold()
		got := async(func() (*doc, error) { return c.Refresh(t.Context(), "a") })
		pass(0)
		require.Equal(t, 1, c.Invalidate("a"))
		release()
		require.NoError(t, (<-got).err)
		require.Zero(t, c.Len())
	})

	proves(t, "NB-11 a failure from before is not held against the key", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		until := make(chan struct{})
		src.Script(source.Stuck(until, source.Fail[*doc](promptcache.ErrNotFound)))
		got := async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "a") })
		pass(0)
		c.Invalidate("a")
		close(until)
		require.ErrorIs(t, (<-got).err, promptcache.ErrNotFound)
		require.Equal(t, "a v1", loadedWith(t, c, "a").Text)
	})

	proves(t, "NB-12 a background refresh in flight does not overwrite a newer Set", func(t *testing.T) {
		for _, heedless := range []bool{false, true} {
			src := docs("a")
			c := started(t, src.Fetch, exactly())
			loadedWith(t, c, "a")
			until := make(chan struct{})
			if heedless {
				src.Script(source.Stuck(until, source.Value(&doc{"from before"})))
			} else {
				src.Script(source.Hang[*doc]())
			}
			c.MarkStale(every)
			pass(0)
			set := &doc{"set"}
			c.Set("a", set)
			close(until)
			pass(time.Second)
			e, ok := c.Lookup("a")
			require.True(t, ok)
			require.Same(t, set, e.Value)
			require.Equal(t, time.Second, e.Age, "it counts from the Set")
			require.False(t, e.Stale)
			require.EqualValues(t, 1, c.Metrics().FetchesCanceled)
			pass(ttl + interval)
			v, _ := c.Get("a")
			require.Equal(t, "a v1", v.Text, "it is refreshed in its own time")
			c.Stop()
		}
	})

	proves(t, "NB-12 nor does a read-through, whose waiters get the value set at once", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		until := make(chan struct{})
		src.Script(source.Stuck(until, source.Value(&doc{"from before"})))
		waiting := make([]<-chan answer[*doc], 3)
		for i := range waiting {
			waiting[i] = async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "a") })
		}
		pass(0)
		set := &doc{"set"}
		c.Set("a", set)
		for _, w := range waiting {
			got := <-w
			require.NoError(t, got.err)
			require.Same(t, set, got.value)
		}
		close(until)
		pass(0)
		require.Same(t, set, loadedWith(t, c, "a"))
	})

	proves(t, "NB-12 nor what fails", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.NotFound = promptcache.RemoveAtOnce }))
		loadedWith(t, c, "a")
		until := make(chan struct{})
		src.Script(source.Stuck(until, source.Fail[*doc](promptcache.ErrNotFound)))
		c.MarkStale(every)
		pass(0)
		c.Set("a", &doc{"set"})
		close(until)
		pass(0)
		e, ok := c.Lookup("a")
		require.True(t, ok)
		require.NoError(t, e.LastError)
		require.Equal(t, "set", e.Value.Text)
	})
}

func TestRecency(t *testing.T) {
	type cache = *promptcache.PromptCache[*doc]
	refreshes := map[string]func(t *testing.T, c cache){
		"background refresh": func(_ *testing.T, c cache) {
			c.MarkStale(only("cold"))
			pass(0)
		},
		"a scan": func(_ *testing.T, _ cache) { pass(ttl + interval) },
		"Refresh": func(t *testing.T, c cache) {
			t.Helper()
			_, err := c.Refresh(t.Context(), "cold")
			require.NoError(t, err)
		},
		"Prefetch": func(t *testing.T, c cache) {
			t.Helper()
			c.Stop()
			c.MarkStale(only("cold"))
			require.NoError(t, c.Prefetch(t.Context(), "cold"))
		},
	}
	for name, refresh := range refreshes {
		proves(t, "NB-13 a refresh does not change recency: "+name, func(t *testing.T) {
			src := docs("cold", "hot", "new")
			c := started(t, src.Fetch, exactly(sized(2)))
			loadedWith(t, c, "hot")
			loadedWith(t, c, "cold")
			c.Get("hot")
			require.Equal(t, []string{"hot", "cold"}, c.Keys())
			src.Put("cold", &doc{"cold v2"})
			refresh(t, c)
			require.Equal(t, []string{"hot", "cold"}, c.Keys())
			require.GreaterOrEqual(t, src.Calls("cold"), 2, "it was refreshed")
			loadedWith(t, c, "new")
			require.Equal(t, []string{"new", "hot"}, c.Keys(), "the cold one goes, the hot one stays")
		})
	}
}

func TestShrinking(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, c *promptcache.PromptCache[*doc]){
		"stopped": func(*testing.T, *promptcache.PromptCache[*doc]) {},
		"running": func(t *testing.T, c *promptcache.PromptCache[*doc]) {
			t.Helper()
			require.NoError(t, c.Start(t.Context()))
			pass(0)
		},
	} {
		proves(t, "NB-14 shrinking evicts at once, the least recently used: "+name, func(t *testing.T) {
			src := docs()
			c := newCache(t, src.Fetch, exactly(sized(5)))
			prepare(t, c)
			events := follow(t, c)
			for _, key := range []string{"1", "2", "3", "4", "5"} {
				c.Set(key, &doc{key})
			}
			c.Get("1")
			require.NoError(t, c.Configure(exactly(sized(2))))
			require.Equal(t, []string{"1", "5"}, c.Keys())
			require.Equal(t, 2, c.Len())
			require.EqualValues(t, 3, c.Metrics().Evictions)
			for _, key := range []string{"2", "3", "4"} {
				_, ok := c.Get(key)
				require.False(t, ok)
				pass(0)
				require.Equal(t, []promptcache.EventKind{promptcache.EventAdded, promptcache.EventEvicted}, events.kinds(key))
			}
			c.Set("6", &doc{"6"})
			require.Equal(t, []string{"6", "1"}, c.Keys())
			require.NoError(t, c.Configure(exactly(sized(3))))
			c.Set("7", &doc{"7"})
			require.Equal(t, []string{"7", "6", "1"}, c.Keys(), "and growing makes room")
		})
	}
}

func TestMarkDuringFetch(t *testing.T) {
	// publish is what a webhook does.
	publish := func(src *source.Source[*doc], c *promptcache.PromptCache[*doc]) {
		src.Put("a", &doc{"a v2"})
		c.MarkStale(only("a"))
	}
	proves(t, "NB-41 MarkStale during a background refresh is not lost", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		release := src.Hold()
		c.MarkStale(every)
		pass(0)
		publish(src, c) // the fetch in flight answers with what was there when it began
		release()
		pass(0)
		require.Equal(t, 3, src.Calls("a"))
		e, _ := c.Lookup("a")
		require.Equal(t, "a v2", e.Value.Text)
		require.False(t, e.Stale)
		pass(interval)
		require.Equal(t, 3, src.Calls("a"), "once more, and that was all")
	})
	proves(t, "NB-41 nor during a first fetch", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		release := src.Hold()
		got := async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "a") })
		pass(0)
		require.Zero(t, c.MarkStale(only("b")))
		publish(src, c)
		release()
		require.Equal(t, "a v1", (<-got).value.Text)
		pass(0)
		require.Equal(t, "a v2", loadedWith(t, c, "a").Text)
		require.Equal(t, 2, src.Calls("a"))
	})
	proves(t, "NB-41 nor without a refresher", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		release := src.Hold()
		got := async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "a") })
		pass(0)
		publish(src, c)
		release()
		<-got
		e, ok := c.Lookup("a")
		require.True(t, ok)
		require.True(t, e.Stale)
		require.Equal(t, "a v2", loadedWith(t, c, "a").Text)
		require.Equal(t, 2, src.Calls("a"))
	})
	proves(t, "NB-41 GetFresh does not take a marked value for a fresh one", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		release := src.Hold()
		got := async(func() (*doc, error) { return c.GetFresh(t.Context(), "a") })
		pass(0)
		publish(src, c)
		release()
		require.Equal(t, "a v2", (<-got).value.Text)
	})
	proves(t, "NB-41 nor when what is in flight fails", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		src.Script(broken[*doc](promptcache.KindUnavailable))
		release := src.Hold()
		c.MarkStale(every)
		pass(0)
		publish(src, c)
		release()
		pass(interval)
		require.Equal(t, "a v2", loadedWith(t, c, "a").Text)
	})
	proves(t, "NB-41 a not-found that was asked for before MarkStale is not remembered after it", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly())
		release := src.Hold()
		got := async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "a") })
		pass(0)
		publish(src, c) // the prompt is there now
		release()
		require.ErrorIs(t, (<-got).err, promptcache.ErrNotFound)
		require.Equal(t, "a v2", loadedWith(t, c, "a").Text)
	})
}
