package promptcache_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestContexts(t *testing.T) {
	proves(t, "LF-12 FetchTimeout ends the fetch's context and the wait", func(t *testing.T) {
		var cause error
		c := newCache(t, func(ctx context.Context, _ string) (*doc, error) {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return nil, ctx.Err()
		}, exactly(func(cfg *promptcache.Config) { cfg.FetchTimeout = 3 * time.Second }))
		began := time.Now()
		_, err := c.GetOrFetch(t.Context(), "a")
		require.Equal(t, 3*time.Second, time.Since(began))
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "3s")
		synctest.Wait()
		require.ErrorIs(t, cause, context.DeadlineExceeded)
	})

	proves(t, "LF-12 each attempt has its own", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, slow(src.Fetch, 4*time.Second), exactly(func(cfg *promptcache.Config) { cfg.FetchTimeout = 5 * time.Second }))
		pass(time.Hour)
		loadedWith(t, c, "a")
		_, err := c.Refresh(t.Context(), "a")
		require.NoError(t, err)
	})

	why := errors.New("the request was dropped")
	for name, read := range map[string]func(c *promptcache.PromptCache[*doc], ctx context.Context) error{
		"GetOrFetch": func(c *promptcache.PromptCache[*doc], ctx context.Context) error {
			_, err := c.GetOrFetch(ctx, "a")
			return err
		},
		"GetFresh": func(c *promptcache.PromptCache[*doc], ctx context.Context) error {
			_, err := c.GetFresh(ctx, "a")
			return err
		},
		"Refresh": func(c *promptcache.PromptCache[*doc], ctx context.Context) error {
			_, err := c.Refresh(ctx, "a")
			return err
		},
		"Prefetch": func(c *promptcache.PromptCache[*doc], ctx context.Context) error {
			return c.Prefetch(ctx, "a", "b")
		},
	} {
		proves(t, "LF-12 a caller's context ends its wait at once: "+name, func(t *testing.T) {
			src := docs("a", "b")
			c := newCache(t, src.Fetch, exactly())
			src.Hold()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			err := read(c, ctx)
			require.Equal(t, time.Second, time.Since(began))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, `"a"`)

			canceled, cancelCause := context.WithCancelCause(t.Context())
			cancelCause(why)
			total := src.Total()
			err = read(c, canceled)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, why)
			require.Equal(t, total, src.Total(), "nothing is fetched for a caller that has gone")
		})
	}

	proves(t, "LF-12 what is cached is served to a caller whose context has ended", func(t *testing.T) {
		c := newCache(t, docs("a").Fetch, exactly())
		old := loadedWith(t, c, "a")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		v, err := c.GetOrFetch(ctx, "a")
		require.NoError(t, err)
		require.Same(t, old, v)
		pass(ttl + 1)
		v, err = c.GetOrFetch(ctx, "a")
		require.NoError(t, err)
		require.Same(t, old, v)
		v, err = c.GetFresh(ctx, "a")
		require.ErrorIs(t, err, promptcache.ErrStale)
		require.ErrorIs(t, err, context.Canceled)
		require.Same(t, old, v)
	})

	proves(t, "a fetch has the first caller's values and no caller's deadline", func(t *testing.T) {
		type tenant struct{}
		seen := make(chan context.Context, 1)
		src := source.New[*doc]()
		src.Put("a", &doc{"a v1"})
		c := newCache(t, func(ctx context.Context, key string) (*doc, error) {
			seen <- ctx
			return src.Fetch(ctx, key)
		}, exactly())
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), tenant{}, "acme"), time.Minute)
		defer cancel()
		_, err := c.GetOrFetch(ctx, "a")
		require.NoError(t, err)
		got := <-seen
		require.Equal(t, "acme", got.Value(tenant{}))
		_, limited := got.Deadline()
		require.False(t, limited)
	})
}
