package promptcache_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestStarting(t *testing.T) {
	t.Run("NB-05 concurrent Start starts one refresher", func(t *testing.T) {
		for range 100 {
			c := newCache(t, docs().Fetch, exactly())
			var running, errs atomic.Int64
			var wg sync.WaitGroup
			for range 16 {
				wg.Go(func() {
					switch err := c.Start(context.Background()); {
					case err == nil:
						running.Add(1)
					case errors.Is(err, promptcache.ErrRunning):
						errs.Add(1)
					}
				})
			}
			wg.Wait()
			require.EqualValues(t, 1, running.Load())
			require.EqualValues(t, 15, errs.Load())
			goesDownTo(t, 1)
			c.Stop()
			goesDownTo(t, 0)
		}
	})

	proves(t, "NB-05 and one refresh a scan", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() { _ = c.Start(t.Context()) })
		}
		wg.Wait()
		pass(2 * (ttl + interval))
		require.Equal(t, 3, src.Calls("a"))
	})

	proves(t, "NB-08 after Stop and Start refreshing works again, 1,000 times", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.TTL, cfg.IdleAfter = new(interval/2), 0 }))
		loadedWith(t, c, "a")
		for i := range 1000 {
			require.NoError(t, c.Start(t.Context()))
			pass(2 * interval)
			require.Equal(t, 1+2*(i+1), src.Calls("a"), "two scans")
			c.Stop()
			if i%50 == 0 {
				goesDownTo(t, 0)
			}
		}
		pass(time.Hour)
		require.Equal(t, 2001, src.Calls("a"))
		goesDownTo(t, 0)
	})

	t.Run("NB-08 1,000 times in real time with refreshes under way, no leak", func(t *testing.T) {
		src := docs("a", "b", "c")
		c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) {
			cfg.TTL = new(time.Nanosecond)
			cfg.RefreshInterval = 20 * time.Microsecond
		}))
		require.NoError(t, c.Prefetch(t.Context(), "a"))
		returns(t, func() {
			for range 1000 {
				_ = c.Start(context.Background())
				c.MarkStale(every)
				c.Get("a")
				runtime.Gosched()
				c.Stop()
			}
		})
		goesDownTo(t, 0)
		require.Zero(t, c.Status().InFlight)
		_, ofAKey := src.MaxInFlight()
		require.Equal(t, 1, ofAKey)
	})
}

func TestConfigureRestarts(t *testing.T) {
	// refreshes reports whether the key that is cached is refetched in time.
	refreshes := func(src *source.Source[*doc]) bool {
		before := src.Calls("a")
		pass(ttl + interval)
		return src.Calls("a") > before
	}
	proves(t, "NB-06 a TTL again restarts the refresher", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		for range 3 {
			require.NoError(t, c.Configure(exactly(offline)))
			require.False(t, refreshes(src))
			goesDownTo(t, 0)
			require.NoError(t, c.Configure(exactly()))
			require.True(t, refreshes(src))
			goesDownTo(t, 1)
		}
		require.ErrorIs(t, c.Start(t.Context()), promptcache.ErrRunning)
	})
	proves(t, "NB-06 a size again restarts the refresher", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		require.NoError(t, c.Configure(exactly(disabled)))
		goesDownTo(t, 0)
		require.NoError(t, c.Configure(exactly()))
		loadedWith(t, c, "a")
		require.True(t, refreshes(src))
	})
	for name, change := range map[string]func(cfg *promptcache.Config){"offline": offline, "disabled": disabled} {
		proves(t, "NB-06 a cache started "+name+" refreshes once it can", func(t *testing.T) {
			src := docs("a")
			c := started(t, src.Fetch, exactly(change))
			require.ErrorIs(t, c.Start(t.Context()), promptcache.ErrRunning)
			goesDownTo(t, 0)
			require.NoError(t, c.Configure(exactly()))
			loadedWith(t, c, "a")
			require.True(t, refreshes(src))
		})
		proves(t, "NB-06 but not once it was stopped: "+name, func(t *testing.T) {
			src := docs("a")
			c := started(t, src.Fetch, exactly(change))
			c.Stop()
			require.NoError(t, c.Configure(exactly()))
			loadedWith(t, c, "a")
			require.False(t, refreshes(src))
			goesDownTo(t, 0)
			require.NoError(t, c.Start(t.Context()))
			require.True(t, refreshes(src))
		})
	}
	proves(t, "NB-06 nor when Start's ctx has ended meanwhile", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		require.NoError(t, c.Start(ctx))
		require.NoError(t, c.Configure(exactly(offline)))
		cancel()
		require.NoError(t, c.Configure(exactly()))
		loadedWith(t, c, "a")
		require.False(t, refreshes(src))
		goesDownTo(t, 0)
		require.NoError(t, c.Start(t.Context()), "and it may be started")
		require.True(t, refreshes(src))
	})
	proves(t, "NB-06 Configure during Stop does not undo it", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		stuck := make(chan struct{})
		src.Script(source.Stuck(stuck, source.Value(&doc{"too late"})))
		c.MarkStale(every)
		pass(0)
		go c.Stop() // takes a second
		pass(time.Second / 2)
		require.NoError(t, c.Configure(exactly(offline)))
		require.NoError(t, c.Configure(exactly()))
		pass(time.Second)
		close(stuck)
		require.False(t, refreshes(src))
		goesDownTo(t, 0)
	})
}

func TestEndings(t *testing.T) {
	ended := func() context.Context {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return ctx
	}
	type cache = *promptcache.PromptCache[*doc]
	acts := []struct {
		name string
		do   func(c cache)
	}{
		{"start", func(c cache) { _ = c.Start(context.Background()) }},
		{"stop", func(c cache) { c.Stop() }},
		{"shutdown", func(c cache) { _ = c.Shutdown(ended()) }},
	}
	proves(t, "NB-09 Start, Stop and Shutdown in any order", func(t *testing.T) {
		const steps = 4
		for n := range 3 * 3 * 3 * 3 {
			src := docs("a")
			c := newCache(t, src.Fetch, exactly())
			loadedWith(t, c, "a")
			release := src.Hold() // what is in flight must be cancelled
			order := make([]string, 0, steps)
			down := false
			for range steps {
				act := acts[n%3]
				n /= 3
				order = append(order, act.name)
				act.do(c)
				running := act.name == "start" && !down
				down = down || act.name == "shutdown"
				c.MarkStale(every)
				pass(0)
				if running {
					require.Equal(t, 1, src.InFlight(), "%s: a refresh", order)
				} else {
					goesDownTo(t, 0, "%s", order)
				}
				_, ok := c.Get("a")
				require.True(t, ok, "%s: served", order)
			}
			if down {
				require.ErrorIs(t, c.Start(context.Background()), promptcache.ErrShutdown)
				require.ErrorIs(t, c.Configure(exactly()), promptcache.ErrShutdown)
				_, err := c.GetOrFetch(context.Background(), "b")
				require.ErrorIs(t, err, promptcache.ErrShutdown)
				require.ErrorIs(t, c.Prefetch(context.Background(), "b"), promptcache.ErrShutdown)
			}
			_ = c.Shutdown(ended())
			goesDownTo(t, 0)
			release()
		}
	})

	t.Run("NB-09 from several goroutines", func(t *testing.T) {
		for round := range 100 {
			src := docs("a")
			c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) {
				cfg.TTL, cfg.RefreshInterval = new(time.Nanosecond), 50*time.Microsecond
			}))
			loadedWith(t, c, "a")
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					for j := range 10 {
						if act := acts[(round+i*(j+1))%3]; act.name != "shutdown" || j == 9 {
							act.do(c)
						}
						c.Get("a")
					}
				})
			}
			returns(t, wg.Wait, "round %d", round)
			returns(t, func() { _ = c.Shutdown(context.Background()) }, "round %d", round)
			goesDownTo(t, 0)
			require.ErrorIs(t, c.Start(context.Background()), promptcache.ErrShutdown)
		}
	})
}
