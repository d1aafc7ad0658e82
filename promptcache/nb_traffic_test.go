package promptcache_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestCoalescing(t *testing.T) {
	reads := map[string]func(ctx context.Context, c *promptcache.PromptCache[*doc]) (*doc, error){
		"GetOrFetch": func(ctx context.Context, c *promptcache.PromptCache[*doc]) (*doc, error) {
			return c.GetOrFetch(ctx, "a")
		},
		"GetFresh": func(ctx context.Context, c *promptcache.PromptCache[*doc]) (*doc, error) {
			return c.GetFresh(ctx, "a")
		},
		"GetOr": func(ctx context.Context, c *promptcache.PromptCache[*doc]) (*doc, error) {
			return c.GetOr(ctx, "a", nil), nil
		},
		"Prefetch": func(ctx context.Context, c *promptcache.PromptCache[*doc]) (*doc, error) {
			err := c.Prefetch(ctx, "a")
			v, _ := c.Get("a")
			return v, err
		},
	}
	for name, read := range reads {
		proves(t, "NB-16 100 concurrent misses are one fetch: "+name, func(t *testing.T) {
			src := docs("a")
			c := newCache(t, slow(src.Fetch, time.Second), exactly())
			got := make([]*doc, 100)
			var wg sync.WaitGroup
			for i := range got {
				wg.Go(func() { got[i], _ = read(t.Context(), c) })
			}
			wg.Wait()
			require.Equal(t, 1, src.Total())
			for _, v := range got {
				require.NotNil(t, v)
				require.Same(t, got[0], v)
			}
		})
	}
	proves(t, "NB-16 a failing one, too", func(t *testing.T) {
		src := docs()
		c := newCache(t, slow(src.Fetch, time.Second), exactly())
		waiting := make([]<-chan answer[*doc], 100)
		for i := range waiting {
			waiting[i] = async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "a") })
		}
		for _, w := range waiting {
			require.ErrorIs(t, (<-w).err, promptcache.ErrNotFound)
		}
		require.Equal(t, 1, src.Total())
	})
	t.Run("NB-16 on real goroutines, where some come while it returns", func(t *testing.T) {
		for range 50 {
			src := docs("a")
			c := newCache(t, src.Fetch, exactly())
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					if _, err := c.GetOrFetch(context.Background(), "a"); err != nil {
						t.Error(err)
					}
				})
			}
			returns(t, wg.Wait)
			require.Equal(t, 1, src.Total())
			m := c.Metrics()
			require.EqualValues(t, 100, m.TotalRequests())
			require.EqualValues(t, 1, m.Fetches)
		}
	})
}

func TestCancellation(t *testing.T) {
	for first, name := range []string{"the first caller's", "another caller's"} {
		proves(t, "NB-17 "+name+" cancellation fails nobody else", func(t *testing.T) {
			src := docs("a")
			c := newCache(t, slow(src.Fetch, time.Second), exactly())
			waiting := make([]<-chan answer[*doc], 5)
			cancels := make([]context.CancelFunc, 5)
			for i := range waiting {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				waiting[i], cancels[i] = async(func() (*doc, error) { return c.GetOrFetch(ctx, "a") }), cancel
				pass(0) // one after the other
			}
			began := time.Now()
			cancels[first]()
			require.ErrorIs(t, (<-waiting[first]).err, context.Canceled)
			require.Zero(t, time.Since(began), "it does not wait")
			for i, w := range waiting {
				if i != first {
					got := <-w
					require.NoError(t, got.err)
					require.Equal(t, "a v1", got.value.Text)
				}
			}
			require.Equal(t, 1, src.Total())
		})
	}

	impatient := func(t *testing.T, c *promptcache.PromptCache[*doc]) error {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := c.GetOrFetch(ctx, "a")
		return err
	}
	proves(t, "NB-17 handlers with deadlines shorter than the registry's latency still fill a running cache", func(t *testing.T) {
		src := docs("a")
		c := started(t, slow(src.Fetch, 950*time.Millisecond), exactly())
		failed := 0
		for range 20 {
			if err := impatient(t, c); err != nil {
				require.ErrorIs(t, err, context.DeadlineExceeded)
				failed++
			}
		}
		require.Equal(t, 9, failed, "the tenth waits long enough")
		require.Equal(t, 1, src.Total())
		require.EqualValues(t, 1, c.Metrics().Fetches)
	})
	proves(t, "NB-17 without a refresher a fetch that everybody left is canceled", func(t *testing.T) {
		src := docs("a")
		release := src.Hold()
		defer release()
		c := newCache(t, src.Fetch, exactly())
		require.ErrorIs(t, impatient(t, c), context.DeadlineExceeded)
		pass(0)
		require.Zero(t, src.InFlight())
		goesDownTo(t, 0)
		require.EqualValues(t, 1, c.Metrics().FetchesCanceled)
		require.ErrorIs(t, impatient(t, c), context.DeadlineExceeded, "no backoff: the registry did not fail")
		require.Equal(t, 2, src.Total())
	})
	proves(t, "NB-17 what everybody left is given up at FetchTimeout, too", func(t *testing.T) {
		src := docs("a")
		release := src.Hold()
		defer release()
		c := started(t, src.Fetch, exactly())
		require.ErrorIs(t, impatient(t, c), context.DeadlineExceeded)
		pass(0)
		require.Equal(t, 1, src.InFlight())
		pass(c.Config().FetchTimeout)
		require.Zero(t, src.InFlight())
		require.Zero(t, c.Status().InFlight)
	})
}

func TestSlowKey(t *testing.T) {
	hanging := func(fetch promptcache.FetchFunc[*doc]) promptcache.FetchFunc[*doc] {
		return func(ctx context.Context, key string) (*doc, error) {
			if key != "slow" {
				return fetch(ctx, key)
			}
			v, err := fetch(ctx, key)
			if _, again := promptcache.Previous[*doc](ctx); again {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return v, err
		}
	}
	proves(t, "NB-18 a slow key delays no other's refresh", func(t *testing.T) {
		src := docs("slow")
		for i := range 20 {
			src.Put(strconv.Itoa(i), &doc{strconv.Itoa(i)})
		}
		c := started(t, hanging(src.Fetch), exactly(func(cfg *promptcache.Config) {
			cfg.RefreshConcurrency = 2
			cfg.FetchTimeout = time.Hour
		}))
		loadedWith(t, c, "slow")
		for i := range 20 {
			loadedWith(t, c, strconv.Itoa(i))
		}
		for round := range 3 {
			pass(ttl + interval)
			for i := range 20 {
				require.Equal(t, round+2, src.Calls(strconv.Itoa(i)))
			}
			require.Equal(t, 2, src.Calls("slow"), "it still hangs")
		}
	})
	proves(t, "NB-18 nor a read-through, whatever the refresher does", func(t *testing.T) {
		src := docs("slow", "a", "b")
		c := started(t, hanging(src.Fetch), exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 }))
		loadedWith(t, c, "slow")
		loadedWith(t, c, "a")
		c.MarkStale(only("slow"))
		pass(0)
		began := time.Now()
		loadedWith(t, c, "b")
		c.MarkStale(only("a"))
		_, err := c.GetFresh(t.Context(), "a")
		require.NoError(t, err)
		require.NoError(t, c.Prefetch(t.Context(), "a", "b"))
		require.Zero(t, time.Since(began))
	})
	proves(t, "NB-18 a key that hangs for good takes up its slot until FetchTimeout and a second at most", func(t *testing.T) {
		src := docs("a", "b")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 }))
		loadedWith(t, c, "a")
		loadedWith(t, c, "b")
		stuck := make(chan struct{})
		defer close(stuck)
		src.Script(source.Stuck(stuck, source.Value(&doc{})))
		c.MarkStale(only("a"))
		pass(0)
		c.MarkStale(only("b"))
		pass(c.Config().FetchTimeout + time.Second - 1)
		require.Equal(t, 1, src.Calls("b"))
		pass(1)
		require.Equal(t, 2, src.Calls("b"))
	})
}

func TestOneAtATime(t *testing.T) {
	proves(t, "NB-19 one key is never refetched twice at a time", func(t *testing.T) {
		src := docs()
		src.Always(lagging("a v1", 90*time.Second))
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) {
			cfg.TTL = new(time.Second)
			cfg.RefreshInterval = time.Second
			cfg.FetchTimeout = time.Hour
		}))
		loadedWith(t, c, "a")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { _, _ = c.Refresh(t.Context(), "a") })
			wg.Go(func() { _, _ = c.GetFresh(t.Context(), "a") })
			wg.Go(func() { _ = c.Prefetch(t.Context(), "a") })
		}
		for range 600 { // scans, reads and marks all the time
			pass(time.Second)
			c.Get("a")
			c.Lookup("a")
			_, err := c.GetOrFetch(t.Context(), "a")
			require.NoError(t, err)
			c.MarkStale(every)
			require.LessOrEqual(t, src.InFlight(), 1)
		}
		wg.Wait()
		_, ofAKey := src.MaxInFlight()
		require.Equal(t, 1, ofAKey)
		require.Greater(t, src.Total(), 5, "it was refetched")
	})
	proves(t, "NB-19 Refresh waits for the fetch that is under way and makes one of its own, shared", func(t *testing.T) {
		src := docs()
		src.Always(lagging("a v1", time.Second))
		c := newCache(t, src.Fetch, exactly())
		first := async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "a") })
		pass(0)
		src.Always(lagging("a v2", time.Second))
		waiting := make([]<-chan answer[*doc], 10)
		for i := range waiting {
			waiting[i] = async(func() (*doc, error) { return c.Refresh(t.Context(), "a") })
		}
		require.Equal(t, "a v2", (<-waiting[0]).value.Text)
		require.Equal(t, "a v1", (<-first).value.Text)
		for _, w := range waiting[1:] {
			require.NoError(t, (<-w).err)
		}
		require.Equal(t, 2, src.Total())
		_, ofAKey := src.MaxInFlight()
		require.Equal(t, 1, ofAKey)
	})
}

// lagging is an answer that takes its time.
func lagging(text string, delay time.Duration) source.Step[*doc] {
	return func(ctx context.Context, key string) (*doc, error) {
		return slow(promptcache.FetchFunc[*doc](source.Value(&doc{text})), delay)(ctx, key)
	}
}
