package promptcache_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestFailure(t *testing.T) {
	proves(t, "LF-09 a refresh based on an older entry is dropped when a newer one is there", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		release := src.Hold()
		pass(ttl + interval)
		require.Equal(t, 1, src.InFlight())
		newer := &doc{"newer"}
		c.Set("a", newer)
		release()
		pass(0)
		v, _ := c.Get("a")
		require.Same(t, newer, v)
		require.Zero(t, c.Metrics().Refreshes)
	})

	proves(t, "LF-10 a failed refresh still serves the stale prompt, logged once", func(t *testing.T) {
		log := &logbook{}
		src := docs("a")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.Logger = slog.New(log) }))
		old := loadedWith(t, c, "a")
		src.Always(broken[*doc](promptcache.KindUnavailable))
		for range 60 {
			pass(interval)
			require.Same(t, old, loadedWith(t, c, "a"))
		}
		require.Greater(t, src.Total(), 5)
		require.Equal(t, []string{"serving stale prompt"}, log.at(slog.LevelWarn))
		require.Empty(t, log.at(slog.LevelInfo))
		require.Empty(t, log.at(slog.LevelError))
		src.Always(nil)
		pass(2 * ttl)
		require.Equal(t, []string{"no longer serving stale prompts"}, log.at(slog.LevelInfo))
		require.Len(t, log.at(slog.LevelWarn), 1)
	})
}

func TestNotFound(t *testing.T) {
	policy := func(p promptcache.NotFoundPolicy) promptcache.Config {
		return exactly(func(cfg *promptcache.Config) { cfg.NotFound = p })
	}

	proves(t, "LF-11 a deleted prompt is served until the next attempt confirms it", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, policy(promptcache.RemoveConfirmed))
		events := follow(t, c)
		old := loadedWith(t, c, "a")
		src.Delete("a")
		pass(ttl + interval)
		require.Equal(t, 2, src.Calls("a"))
		require.Same(t, old, loadedWith(t, c, "a"), "after the first denial")

		pass(interval)
		require.Equal(t, 3, src.Calls("a"))
		_, ok := c.Get("a")
		require.False(t, ok, "after the second")
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		fallback := &doc{"fallback"}
		require.Same(t, fallback, c.GetOr(t.Context(), "a", fallback))
		require.Equal(t, 3, src.Calls("a"), "it is remembered for NegativeTTL")
		require.EqualValues(t, 1, c.Metrics().Removals)
		require.Equal(t, []promptcache.EventKind{
			promptcache.EventAdded, promptcache.EventStale, promptcache.EventRefreshFailed, promptcache.EventRemoved,
		}, events.kinds("a"))
	})

	proves(t, "LF-11 two denials in quick succession confirm nothing", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, policy(promptcache.RemoveConfirmed))
		old := loadedWith(t, c, "a")
		src.Delete("a")
		for range 10 {
			v, err := c.Refresh(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrNotFound)
			require.ErrorIs(t, err, promptcache.ErrStale)
			require.Same(t, old, v)
		}
		pass(interval - 1)
		_, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrStale)
		pass(1)
		v, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		require.NotErrorIs(t, err, promptcache.ErrStale)
		require.Nil(t, v)
		require.Zero(t, c.Len())
	})

	proves(t, "LF-11 the read-through that meets the confirmation gets no stale value", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, policy(promptcache.RemoveConfirmed))
		loadedWith(t, c, "a")
		src.Delete("a")
		pass(ttl + 1)
		loadedWith(t, c, "a")
		pass(interval)
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
	})

	proves(t, "LF-11 a success in between clears the charge", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, policy(promptcache.RemoveConfirmed))
		loadedWith(t, c, "a")
		denied := broken[*doc](promptcache.KindNotFound)
		src.Script(denied, source.Value(&doc{"a v1"}), denied)
		for i, want := range []error{promptcache.ErrStale, nil, promptcache.ErrStale} {
			_, err := c.Refresh(t.Context(), "a")
			require.ErrorIs(t, err, want, i)
			pass(interval)
		}
		require.Equal(t, 1, c.Len())
	})

	proves(t, "LF-11 another failure in between does not", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, policy(promptcache.RemoveConfirmed))
		loadedWith(t, c, "a")
		denied := broken[*doc](promptcache.KindNotFound)
		src.Script(denied, broken[*doc](promptcache.KindUnavailable), denied)
		for range 3 {
			_, err := c.Refresh(t.Context(), "a")
			require.Error(t, err)
			pass(interval)
		}
		require.Zero(t, c.Len())
	})

	proves(t, "LF-11 RemoveAtOnce", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, policy(promptcache.RemoveAtOnce))
		loadedWith(t, c, "a")
		src.Delete("a")
		pass(ttl + interval)
		require.Equal(t, 2, src.Calls("a"))
		require.Zero(t, c.Len())
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
	})

	proves(t, "LF-11 KeepServing", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, policy(promptcache.KeepServing))
		old := loadedWith(t, c, "a")
		src.Delete("a")
		pass(10 * time.Hour)
		require.Same(t, old, loadedWith(t, c, "a"))
		require.Greater(t, src.Total(), 10)
		e, _ := c.Lookup("a")
		require.ErrorIs(t, e.LastError, promptcache.ErrNotFound)
		require.True(t, e.Stale)
	})

	proves(t, "LF-11 a prompt that comes back is fetched after NegativeTTL", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, policy(promptcache.RemoveAtOnce))
		loadedWith(t, c, "a")
		src.Delete("a")
		pass(ttl + interval)
		src.Put("a", &doc{"a v2"})
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		pass(30 * time.Second)
		require.Equal(t, "a v2", loadedWith(t, c, "a").Text)
	})
}

func TestEvictingNothing(t *testing.T) {
	for name, answer := range map[string]*promptcache.FetchError{
		"a proxy's HTML 404": {Kind: promptcache.KindUnavailable, StatusCode: 404},
		"a 401":              {Kind: promptcache.KindUnauthorized, StatusCode: 401},
		"a 403":              {Kind: promptcache.KindForbidden, StatusCode: 403},
		"a 409":              {Kind: promptcache.KindConflict, StatusCode: 409},
		"a 429":              {Kind: promptcache.KindRateLimited, StatusCode: 429},
		"a bare 404":         {StatusCode: 404},
	} {
		for _, policy := range []promptcache.NotFoundPolicy{promptcache.RemoveConfirmed, promptcache.RemoveAtOnce} {
			proves(t, fmt.Sprintf("NB-25 %s evicts nothing, policy %d", name, policy), func(t *testing.T) {
				src := docs("a")
				c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.NotFound = policy }))
				old := loadedWith(t, c, "a")
				src.Always(func(_ context.Context, key string) (*doc, error) {
					return nil, &promptcache.FetchError{Key: key, Kind: answer.Kind, StatusCode: answer.StatusCode}
				})
				for range 24 {
					pass(time.Hour)
					require.Same(t, old, loadedWith(t, c, "a"))
					v, err := c.Refresh(t.Context(), "a")
					require.ErrorIs(t, err, promptcache.ErrStale)
					require.Same(t, old, v)
				}
				m := c.Metrics()
				require.Zero(t, m.Removals)
				require.Zero(t, m.NotFound)
				require.Equal(t, 1, c.Len())
				var fe *promptcache.FetchError
				e, _ := c.Lookup("a")
				require.ErrorAs(t, e.LastError, &fe)
				require.Equal(t, answer.StatusCode, fe.StatusCode)
			})
		}
	}
}
