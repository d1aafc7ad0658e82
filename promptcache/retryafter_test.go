package promptcache_test

import (
	"context"
	"strconv"
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
		require.Equal(t, map[string]int{"a": 2}, src.AllCalls(), "b is not asked for either")

		e, _ := c.Lookup("a")
		require.Equal(t, 10*time.Minute, time.Until(e.NextAttempt), "MaxRetryAfter")
		var fe *promptcache.FetchError
		require.ErrorAs(t, e.LastError, &fe)
		require.Equal(t, time.Hour, fe.RetryAfter, "the error says what was asked for")

		src.Always(nil)
		pass(10*time.Minute - 1)
		require.Equal(t, map[string]int{"a": 2}, src.AllCalls())
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

func TestPause(t *testing.T) {
	for name, answer := range map[string]promptcache.FetchError{
		"rate limited": {Kind: promptcache.KindRateLimited, StatusCode: 429},
		"unavailable":  {Kind: promptcache.KindUnavailable, StatusCode: 503},
	} {
		proves(t, "NB-23 Retry-After stops all traffic of the Domain: "+name, func(t *testing.T) {
			keys := numbered(20)
			src := docs(keys...)
			c := started(t, src.Fetch, exactly())
			require.NoError(t, c.Prefetch(t.Context(), keys...))
			answer.RetryAfter = 2 * time.Minute
			src.Script(source.Fail[*doc](&answer))
			pass(4*time.Minute + 30*time.Second)
			_, err := c.GetOrFetch(t.Context(), "absent")
			require.ErrorIs(t, err, &answer)
			require.Equal(t, 21, src.Total())
			require.Equal(t, promptcache.StateDegraded, c.Status().State, "a pause is no outage")
			require.Equal(t, 2*time.Minute, time.Until(c.Status().NextAttempt))
			for range 119 {
				pass(time.Second)
				loadedWith(t, c, keys[3])
				_, err = c.GetOrFetch(t.Context(), "another")
				var down *promptcache.DownError
				require.ErrorAs(t, err, &down)
			}
			require.Equal(t, 21, src.Total())
			require.Equal(t, 20, c.Status().ServingStale)
			_, err = c.Refresh(t.Context(), keys[0])
			require.NoError(t, err, "but Refresh asks")
			require.Equal(t, 22, src.Total())
			pass(time.Second)
			require.Less(t, src.Total(), 22+11, "and its answer lets the others come back, one by one")
			pass(time.Second)
			require.Equal(t, 22+19, src.Total())
			require.Equal(t, promptcache.StateHealthy, c.Status().State)
		})
	}

	proves(t, "NB-23 it is capped, and after it one probe goes before the others", func(t *testing.T) {
		src := docs("a", "b", "c")
		c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxRetryAfter = 10 * time.Second }))
		src.Always(limitedTo[*doc](time.Hour))
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrRateLimited)
		for want := range 3 {
			pass(10*time.Second - 1)
			_, _ = c.GetOrFetch(t.Context(), "b")
			require.Equal(t, 1+want, src.Total())
			pass(1)
			_, _ = c.GetOrFetch(t.Context(), "b")
			_, _ = c.GetOrFetch(t.Context(), "c")
			require.Equal(t, 2+want, src.Total())
		}
	})

	proves(t, "NB-23 what a later failure asks for counts, if it is longer", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly())
		src.Script(limitedTo[*doc](time.Minute), limitedTo[*doc](time.Second), limitedTo[*doc](2*time.Minute))
		for i, want := range []time.Duration{time.Minute, time.Minute, 2 * time.Minute} {
			_, err := c.Refresh(t.Context(), strconv.Itoa(i))
			require.ErrorIs(t, err, promptcache.ErrRateLimited)
			require.Equal(t, want, time.Until(c.Status().NextAttempt))
		}
	})

	proves(t, "NB-23 a missing prompt's is its own", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		src.Script(source.Fail[*doc](&promptcache.FetchError{Kind: promptcache.KindNotFound, RetryAfter: time.Hour}))
		_, err := c.GetOrFetch(t.Context(), "absent")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		loadedWith(t, c, "a")
	})
}
