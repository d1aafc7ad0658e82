package promptcache_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestOfflineCallsNobody(t *testing.T) {
	calls := map[string]func(t *testing.T, c *promptcache.PromptCache[*doc]) error{
		"GetOrFetch": func(t *testing.T, c *promptcache.PromptCache[*doc]) error {
			_, err := c.GetOrFetch(t.Context(), "missing")
			return err
		},
		"GetFresh": func(t *testing.T, c *promptcache.PromptCache[*doc]) error {
			_, err := c.GetFresh(t.Context(), "missing")
			return err
		},
		"Refresh": func(t *testing.T, c *promptcache.PromptCache[*doc]) error {
			_, err := c.Refresh(t.Context(), "missing")
			return err
		},
		"Prefetch": func(t *testing.T, c *promptcache.PromptCache[*doc]) error {
			return c.Prefetch(t.Context(), "missing")
		},
	}
	for name, call := range calls {
		proves(t, "NB-01 with a nil TTL nothing calls out: "+name, func(t *testing.T) {
			src := docs("a", "missing")
			c := started(t, src.Fetch, exactly(offline))
			c.Set("a", &doc{"set"})
			c.MarkStale(every)
			began := time.Now()
			require.ErrorIs(t, call(t, c), promptcache.ErrOffline)
			require.Zero(t, time.Since(began))
			for range 60 { // five hours, were the TTL the default
				pass(5 * time.Minute)
				v, err := c.GetOrFetch(t.Context(), "a")
				require.NoError(t, err)
				require.Equal(t, "set", v.Text)
				e, ok := c.Lookup("a")
				require.True(t, ok)
				require.False(t, e.Stale)
				require.Zero(t, e.NextAttempt)
			}
			require.Zero(t, src.Total())
			goesDownTo(t, 0)
		})
	}

	proves(t, "NB-01 Configure to a nil TTL ends all calls", func(t *testing.T) {
		src := docs("a", "b")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		c.MarkStale(every)
		pass(0)
		require.Equal(t, 2, src.Total())
		require.NoError(t, c.Configure(exactly(offline)))
		pass(time.Hour)
		c.Get("a")
		c.MarkStale(every)
		_, err := c.GetOrFetch(t.Context(), "b")
		require.ErrorIs(t, err, promptcache.ErrOffline)
		pass(time.Hour)
		require.Equal(t, 2, src.Total())
		goesDownTo(t, 0)
	})
}

func TestStopping(t *testing.T) {
	// stop is what ends refreshing.
	stops := map[string]func(c *promptcache.PromptCache[*doc], cancel context.CancelFunc){
		"Stop":                   func(c *promptcache.PromptCache[*doc], _ context.CancelFunc) { c.Stop() },
		"the end of Start's ctx": func(_ *promptcache.PromptCache[*doc], cancel context.CancelFunc) { cancel(); pass(0) },
	}
	for name, stop := range stops {
		proves(t, "NB-02 a refresh in flight cannot undo it: "+name, func(t *testing.T) {
			src := docs("a", "b", "c", "d")
			c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 2 }))
			ctx, cancel := context.WithCancel(t.Context())
			require.NoError(t, c.Start(ctx))
			for _, key := range []string{"a", "b", "c", "d"} {
				loadedWith(t, c, key)
			}
			stuck := make(chan struct{})
			src.Script(source.Stuck(stuck, source.Value(&doc{"too late"})), source.Hang[*doc]())
			c.MarkStale(every)
			pass(0) // two in flight, one of which does not let go, and two in the queue
			require.Equal(t, 6, src.Total())
			stop(c, cancel)
			close(stuck)
			for range 60 {
				pass(interval)
				for _, key := range []string{"a", "b", "c", "d"} {
					v, ok := c.Get(key)
					require.True(t, ok)
					require.Equal(t, key+" v1", v.Text)
				}
			}
			require.Equal(t, 6, src.Total(), "not one more call")
			goesDownTo(t, 0)
			require.Equal(t, promptcache.StateStopped, c.Status().State)
			require.Zero(t, c.Status().Queued)
		})
	}

	for name, end := range map[string]func(c *promptcache.PromptCache[*doc]) error{
		"Stop":     func(c *promptcache.PromptCache[*doc]) error { c.Stop(); return nil },
		"Shutdown": func(c *promptcache.PromptCache[*doc]) error { return c.Shutdown(context.Background()) },
	} {
		proves(t, "NB-03 a set after it starts nothing: "+name, func(t *testing.T) {
			src := docs("a", "b")
			c := started(t, src.Fetch, exactly())
			loadedWith(t, c, "a")
			require.NoError(t, end(c))
			c.Set("a", &doc{"set"})
			c.Set("b", &doc{"set"})
			c.MarkStale(every)
			pass(time.Hour)
			c.Set("b", &doc{"set again"})
			c.Get("a")
			pass(time.Hour)
			require.Equal(t, 1, src.Total())
			goesDownTo(t, 0)
			v, ok := c.Get("b")
			require.True(t, ok, "it is stored all the same")
			require.Equal(t, "set again", v.Text)
		})
	}

	proves(t, "NB-04 Stop cancels fetches in flight and returns at once", func(t *testing.T) {
		src := docs("a", "b")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		loadedWith(t, c, "b")
		var causes sync.Map
		src.Always(func(ctx context.Context, key string) (*doc, error) {
			<-ctx.Done()
			causes.Store(key, context.Cause(ctx))
			return nil, ctx.Err()
		})
		c.MarkStale(every)
		pass(0)
		require.Equal(t, 2, src.InFlight())
		began := time.Now()
		c.Stop()
		require.Zero(t, time.Since(began))
		require.Zero(t, src.InFlight(), "they have returned")
		goesDownTo(t, 0)
		for _, key := range []string{"a", "b"} {
			cause, ok := causes.Load(key)
			require.True(t, ok)
			require.ErrorContains(t, cause.(error), "stopped")
			e, ok := c.Lookup(key)
			require.True(t, ok)
			require.NoError(t, e.LastError, "to be stopped is no failure of the registry")
		}
		m := c.Metrics()
		require.EqualValues(t, 2, m.FetchesCanceled)
		require.Zero(t, m.FetchErrors)
	})

	proves(t, "NB-04 a fetch that ignores its context holds Stop for a second, and its result is dropped", func(t *testing.T) {
		src := docs("a", "b", "c")
		c := started(t, src.Fetch, exactly())
		for _, key := range []string{"a", "b", "c"} {
			loadedWith(t, c, key)
		}
		stuck := make(chan struct{})
		src.Always(source.Stuck(stuck, source.Value(&doc{"too late"})))
		c.MarkStale(every)
		pass(0)
		began := time.Now()
		c.Stop()
		require.Equal(t, time.Second, time.Since(began), "one for all of them")
		require.Equal(t, 3, c.Status().Abandoned)
		require.Equal(t, 3, c.Status().InFlight)
		c.Stop()
		require.Equal(t, time.Second, time.Since(began), "and no second time")
		close(stuck)
		pass(0)
		require.Zero(t, c.Status().Abandoned)
		require.Zero(t, c.Status().InFlight)
		for _, key := range []string{"a", "b", "c"} {
			v, _ := c.Get(key)
			require.Equal(t, key+" v1", v.Text)
		}
		require.Zero(t, c.Metrics().Refreshes)
	})

	proves(t, "NB-04 Stop leaves a fetch to the readers that wait for it", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		release := src.Hold()
		got := async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "a") })
		pass(0)
		began := time.Now()
		c.Stop()
		require.Zero(t, time.Since(began))
		release()
		a := <-got
		require.NoError(t, a.err)
		require.Equal(t, "a v1", a.value.Text)
		require.Equal(t, 1, c.Len())
	})

	// A fetch that takes a while to notice that its context has ended.
	for name, cut := range map[string]func(t *testing.T, c *promptcache.PromptCache[*doc]){
		"superseded by a Set": func(_ *testing.T, c *promptcache.PromptCache[*doc]) { c.Set("a", &doc{"set"}) },
		"timed out": func(t *testing.T, c *promptcache.PromptCache[*doc]) {
			t.Helper()
			pass(c.Config().FetchTimeout)
		},
	} {
		proves(t, "NB-04 when Stop returns no fetch that nobody waits for is under way: "+name, func(t *testing.T) {
			src := docs("a")
			c := started(t, src.Fetch, exactly())
			src.Script(func(ctx context.Context, _ string) (*doc, error) {
				<-ctx.Done()
				time.Sleep(time.Second / 2)
				return nil, ctx.Err()
			})
			got := async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "a") })
			pass(0)
			cut(t, c)
			<-got // the reader has what it gets
			began := time.Now()
			c.Stop()
			require.Zero(t, c.Status().InFlight-c.Status().Abandoned)
			goesDownTo(t, 0)
			require.Equal(t, time.Second/2, time.Since(began))
		})
	}

	proves(t, "NB-04 a fetch is abandoned a second after its context has ended, whatever ended it", func(t *testing.T) {
		src := docs("a", "b")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 }))
		loadedWith(t, c, "a")
		loadedWith(t, c, "b")
		stuck := make(chan struct{})
		defer close(stuck)
		src.Script(source.Stuck(stuck, source.Value(&doc{"too late"})))
		c.MarkStale(only("a"))
		pass(0)
		c.MarkStale(only("b")) // waits for the slot
		c.Invalidate("a")      // the fetch's context ends
		pass(time.Second)
		require.Equal(t, 1, c.Status().Abandoned)
		require.Equal(t, 2, src.Calls("b"), "its slot is free")
	})

	proves(t, "LF-16 Stop ends cleanly with 8 slow refreshes in flight", func(t *testing.T) {
		keys := strings.Fields("a b c d e f g h")
		src := docs(keys...)
		c := started(t, src.Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		release := src.Hold()
		defer release()
		c.MarkStale(every)
		pass(time.Second)
		require.Equal(t, 8, src.InFlight())
		began := time.Now()
		c.Stop()
		require.Zero(t, time.Since(began))
		require.Zero(t, src.InFlight())
		goesDownTo(t, 0)
		require.Equal(t, 16, src.Total())
		for _, key := range keys {
			v, ok := c.Get(key)
			require.True(t, ok)
			require.Equal(t, key+" v1", v.Text)
		}
	})
}
