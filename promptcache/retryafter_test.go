package promptcache_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// limitedTo answers with a 429 that asks for a pause.
func limitedTo[V any](pause time.Duration) source.Step[V] {
	return func(_ context.Context, key string) (V, error) {
		var zero V
		return zero, &promptcache.FetchError{Key: key, Kind: promptcache.KindRateLimited, StatusCode: 429, RetryAfter: pause}
	}
}

func TestRetryAfter(t *testing.T) {
	proves(t, "NB-23 Retry-After is capped, and holds no caller", func(t *testing.T) {
		src := docs("a", "b")
		c := started(t, src.Fetch, exactly())
		old := loadedWith(t, c, "a")
		pass(ttl + 1)
		src.Always(limitedTo[*doc](time.Hour))
		began := time.Now()
		v, err := c.GetFresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrRateLimited)
		require.ErrorIs(t, err, promptcache.ErrStale)
		require.Same(t, old, v)
		_, err = c.GetOrFetch(t.Context(), "b")
		require.ErrorIs(t, err, promptcache.ErrRateLimited)
		for range 100 {
			require.Same(t, old, loadedWith(t, c, "a"))
			_, err = c.GetOrFetch(t.Context(), "b")
			require.ErrorIs(t, err, promptcache.ErrRateLimited)
		}
		require.Zero(t, time.Since(began))
		require.Equal(t, map[string]int{"a": 2, "b": 1}, src.AllCalls())

		e, _ := c.Lookup("a")
		require.Equal(t, 10*time.Minute, time.Until(e.NextAttempt), "MaxRetryAfter")
		var fe *promptcache.FetchError
		require.ErrorAs(t, e.LastError, &fe)
		require.Equal(t, time.Hour, fe.RetryAfter, "the error says what was asked for")

		src.Always(nil)
		pass(10*time.Minute - 1)
		require.Equal(t, map[string]int{"a": 2, "b": 1}, src.AllCalls())
		pass(1)
		require.Equal(t, "b v1", loadedWith(t, c, "b").Text)
		pass(interval)
		require.Equal(t, 3, src.Calls("a"))
		e, _ = c.Lookup("a")
		require.False(t, e.Stale)
	})

	proves(t, "NB-23 a shorter one is obeyed, and the longer of it and the backoff counts", func(t *testing.T) {
		for pause, want := range map[time.Duration]time.Duration{
			0: time.Second, 500 * time.Millisecond: time.Second, 90 * time.Second: 90 * time.Second, -time.Hour: time.Second,
		} {
			src := docs("a")
			c := started(t, src.Fetch, exactly())
			loadedWith(t, c, "a")
			pass(ttl + 1)
			src.Always(limitedTo[*doc](pause))
			_, err := c.Refresh(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrRateLimited)
			e, _ := c.Lookup("a")
			require.Equal(t, want, time.Until(e.NextAttempt), pause)
		}
	})

	proves(t, "NB-23 MaxRetryAfter 0 ignores it", func(t *testing.T) {
		src := docs("a")
		src.Script(limitedTo[*doc](time.Hour))
		c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxRetryAfter = 0 }))
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrRateLimited)
		pass(time.Second)
		loadedWith(t, c, "a")
	})

	proves(t, "NB-23 a missing prompt's, too", func(t *testing.T) {
		src := docs("a")
		src.Script(func(_ context.Context, key string) (*doc, error) {
			return nil, &promptcache.FetchError{Key: key, Kind: promptcache.KindNotFound, RetryAfter: time.Hour}
		})
		c := newCache(t, src.Fetch, exactly())
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		pass(10*time.Minute - 1)
		_, err = c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		pass(1)
		loadedWith(t, c, "a")
	})
}
