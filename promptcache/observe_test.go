package promptcache_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// seen is a fetch as a hook saw it.
type seen struct {
	promptcache.FetchInfo
	promptcache.FetchResult
	ended bool
}

// witness is a FetchHook that keeps what it sees, by the order of the beginnings.
type witness struct {
	mu   sync.Mutex
	seen []seen
}

func (w *witness) hook(ctx context.Context, f promptcache.FetchInfo) (context.Context, func(promptcache.FetchResult)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := len(w.seen)
	w.seen = append(w.seen, seen{FetchInfo: f})
	return ctx, func(r promptcache.FetchResult) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen[i].FetchResult, w.seen[i].ended = r, true
	}
}

func (w *witness) all() []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]seen(nil), w.seen...)
}

func (w *witness) last(t *testing.T) seen {
	t.Helper()
	all := w.all()
	require.NotEmpty(t, all)
	return all[len(all)-1]
}

func watchedBy(w *witness) promptcache.Config {
	return exactly(func(cfg *promptcache.Config) {
		cfg.OnFetch = []promptcache.FetchHook{w.hook}
		cfg.Domain = func(string) string { return "registry" }
	})
}

// after answers with what step does, after d of the bubble's time, whatever its
// context says.
func after[V any](d time.Duration, step source.Step[V]) source.Step[V] {
	return func(ctx context.Context, key string) (V, error) {
		time.Sleep(d)
		return step(ctx, key)
	}
}

func TestOnFetch(t *testing.T) {
	info := promptcache.FetchInfo{Key: "a", Domain: "registry"}

	proves(t, "tells a read's fetch from the refresher's, what changed from what did not, and how long it took", func(t *testing.T) {
		w, src := &witness{}, docs("a")
		src.Always(after(2*time.Second, source.Value(&doc{"one"})))
		c := started(t, src.Fetch, watchedBy(w))
		loadedWith(t, c, "a")
		require.Equal(t, seen{info, promptcache.FetchResult{Duration: 2 * time.Second}, true}, w.last(t))

		pass(ttl + interval)
		refresh := promptcache.FetchInfo{Key: "a", Domain: "registry", Cached: true, Background: true}
		require.Equal(t, seen{refresh, promptcache.FetchResult{Duration: 2 * time.Second, Unchanged: true}, true}, w.last(t))

		src.Always(nil)
		pass(ttl + interval)
		require.Equal(t, seen{refresh, promptcache.FetchResult{}, true}, w.last(t))
		require.Len(t, w.all(), 3)

		_, err := c.Refresh(t.Context(), "a")
		require.NoError(t, err)
		require.True(t, w.last(t).Cached)
		require.False(t, w.last(t).Background, "it is a caller's")
	})

	proves(t, "tells failures by kind, panics and exits among them", func(t *testing.T) {
		for want, step := range map[promptcache.ErrorKind]source.Step[*doc]{
			promptcache.KindForbidden: broken[*doc](promptcache.KindForbidden),
			promptcache.KindInvalid:   source.Value[*doc](nil),
			promptcache.KindPanicked:  func(context.Context, string) (*doc, error) { panic("fetch") },
		} {
			w, src := &witness{}, docs()
			src.Always(step)
			_, err := newCache(t, src.Fetch, watchedBy(w)).GetOrFetch(t.Context(), "a")
			require.Error(t, err)
			var fe *promptcache.FetchError
			require.ErrorAs(t, w.last(t).Err, &fe)
			require.Equal(t, want, fe.Kind)
			require.Equal(t, "a", fe.Key)
		}
		w := &witness{}
		c := newCache(t, func(context.Context, string) (*doc, error) { runtime.Goexit(); return nil, nil }, watchedBy(w))
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrPanicked)
		require.ErrorIs(t, w.last(t).Err, promptcache.ErrPanicked)
	})

	proves(t, "tells a fallback by its cause", func(t *testing.T) {
		w, registry, files := &witness{}, docs(), docs("a")
		registry.Always(broken[*doc](promptcache.KindUnavailable))
		c := newCache(t, promptcache.Fallback(registry.Fetch, files.Fetch), watchedBy(w))
		loadedWith(t, c, "a")
		got := w.last(t)
		require.True(t, got.Fallback)
		require.ErrorIs(t, got.Err, promptcache.ErrUnavailable)
		require.False(t, got.Cached)
	})

	proves(t, "tells a timeout from what is not wanted, when the fetch returns", func(t *testing.T) {
		w, src := &witness{}, docs()
		src.Always(after(15*time.Second, source.Value(&doc{"late"})))
		c := newCache(t, src.Fetch, watchedBy(w))
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.False(t, w.last(t).ended)
		pass(5 * time.Second)
		require.Equal(t, 15*time.Second, w.last(t).Duration)
		require.Equal(t, err, w.last(t).Err, "what the readers got")
		require.False(t, w.last(t).Canceled)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.GetOrFetch(ctx, "b")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		pass(time.Minute)
		require.Equal(t, promptcache.FetchResult{Duration: 15 * time.Second, Canceled: true}, w.last(t).FetchResult)
		require.EqualValues(t, 1, c.Metrics().FetchesCanceled)
		require.EqualValues(t, 1, c.Metrics().FetchErrors)
	})

	proves(t, "the end of a hook's own context is not the cache's timeout", func(t *testing.T) {
		w, src := &witness{}, docs()
		src.Hold()
		cfg := watchedBy(w)
		cfg.OnFetch = append(cfg.OnFetch, func(ctx context.Context, _ promptcache.FetchInfo) (context.Context, func(promptcache.FetchResult)) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			return ctx, func(promptcache.FetchResult) { cancel() }
		})
		late := func(ctx context.Context, key string) (*doc, error) {
			defer time.Sleep(2 * time.Second)
			return src.Fetch(ctx, key)
		}
		c := newCache(t, late, cfg)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := c.GetOrFetch(ctx, "a")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		pass(time.Minute)
		require.Equal(t, promptcache.FetchResult{Duration: 3 * time.Second, Canceled: true}, w.last(t).FetchResult)
	})

	proves(t, "hooks nest, and the fetch has their context", func(t *testing.T) {
		type outer struct{}
		type inner struct{}
		var order []string
		hook := func(name string, key any) promptcache.FetchHook {
			return func(ctx context.Context, _ promptcache.FetchInfo) (context.Context, func(promptcache.FetchResult)) {
				order = append(order, name+" begins")
				return context.WithValue(ctx, key, true), func(promptcache.FetchResult) { order = append(order, name+" ends") }
			}
		}
		silent := func(ctx context.Context, _ promptcache.FetchInfo) (context.Context, func(promptcache.FetchResult)) {
			return ctx, nil
		}
		hooks := []promptcache.FetchHook{hook("outer", outer{}), silent, hook("inner", inner{})}
		c := newCache(t, func(ctx context.Context, _ string) (*doc, error) {
			if ctx.Value(outer{}) == nil || ctx.Value(inner{}) == nil {
				return nil, errors.New("not their context")
			}
			order = append(order, "fetch")
			return &doc{}, nil
		}, exactly(func(cfg *promptcache.Config) { cfg.OnFetch = hooks }))
		hooks[0] = nil // the cache has its own list
		cfg := c.Config()
		cfg.OnFetch = nil
		require.NoError(t, c.Configure(cfg))
		require.Len(t, c.Config().OnFetch, 3)
		loadedWith(t, c, "a")
		require.Equal(t, []string{"outer begins", "inner begins", "fetch", "inner ends", "outer ends"}, order)
	})

	proves(t, "a hook that panics is a failed fetch, at its begin and at its end", func(t *testing.T) {
		for _, hook := range []promptcache.FetchHook{
			func(context.Context, promptcache.FetchInfo) (context.Context, func(promptcache.FetchResult)) {
				panic("begin")
			},
			func(ctx context.Context, _ promptcache.FetchInfo) (context.Context, func(promptcache.FetchResult)) {
				return ctx, func(promptcache.FetchResult) { panic("end") }
			},
		} {
			c := newCache(t, docs("a").Fetch, exactly(func(cfg *promptcache.Config) { cfg.OnFetch = []promptcache.FetchHook{hook} }))
			_, err := c.GetOrFetch(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrPanicked)
			require.Zero(t, c.Len())
			require.Zero(t, c.Status().InFlight)
		}
	})

	proves(t, "a nil function is an error", func(t *testing.T) {
		_, err := promptcache.New(docs("a").Fetch, exactly(func(cfg *promptcache.Config) { cfg.OnFetch = make([]promptcache.FetchHook, 1) }))
		require.EqualError(t, err, "promptcache: config: OnFetch has a nil function")
	})

	proves(t, "hooks run without a lock", func(t *testing.T) {
		p := &probe{}
		c := newCache(t, docs("a").Fetch, exactly(func(cfg *promptcache.Config) {
			cfg.OnFetch = []promptcache.FetchHook{func(ctx context.Context, _ promptcache.FetchInfo) (context.Context, func(promptcache.FetchResult)) {
				p.look()
				return ctx, func(promptcache.FetchResult) { p.look() }
			}}
		}))
		p.c = c
		loadedWith(t, c, "a")
		require.EqualValues(t, 2, p.ran.Load())
		require.Zero(t, p.locked.Load())
	})
}
