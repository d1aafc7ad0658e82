package promptcache_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestState(t *testing.T) {
	for state, name := range map[promptcache.State]string{
		promptcache.StateStopped: "stopped", promptcache.StateStarting: "starting", promptcache.StateHealthy: "healthy",
		promptcache.StateDegraded: "degraded", promptcache.StateDown: "down", promptcache.StateOffline: "offline", promptcache.StateDisabled: "disabled",
		promptcache.StateShutdown: "shutdown", 99: "State(99)",
	} {
		require.Equal(t, name, state.String())
	}

	proves(t, "a cache goes through its states, each with its time", func(t *testing.T) {
		src := docs("a", "b")
		c := newCache(t, src.Fetch, exactly())
		state := func(want promptcache.State) {
			t.Helper()
			changed := time.Now()
			s := c.Status()
			require.Equal(t, want.String(), s.State.String())
			require.True(t, changed.Equal(s.Since), "since %v, not %v", s.Since, changed)
			pass(time.Second)
			s = c.Status()
			require.Equal(t, want.String(), s.State.String())
			require.True(t, changed.Equal(s.Since), "%v: it stays what it was", want)
		}
		state(promptcache.StateStopped)
		require.NoError(t, c.Start(t.Context()))
		state(promptcache.StateStarting)
		src.Script(broken[*doc](promptcache.KindUnavailable))
		_, err := c.GetOrFetch(t.Context(), "a")
		require.Error(t, err)
		state(promptcache.StateDegraded) // nothing could be fetched yet
		loadedWith(t, c, "b")
		state(promptcache.StateHealthy)
		src.Script(broken[*doc](promptcache.KindUnavailable))
		_, err = c.Refresh(t.Context(), "b")
		require.Error(t, err)
		state(promptcache.StateDegraded)
		_, err = c.Refresh(t.Context(), "b")
		require.NoError(t, err)
		state(promptcache.StateHealthy)
		require.NoError(t, c.Configure(exactly(offline)))
		state(promptcache.StateOffline)
		require.NoError(t, c.Configure(exactly(disabled)))
		state(promptcache.StateDisabled)
		require.NoError(t, c.Configure(exactly()))
		state(promptcache.StateHealthy)
		c.Stop()
		state(promptcache.StateStopped)
		require.NoError(t, c.Shutdown(t.Context()))
		state(promptcache.StateShutdown)
	})

	proves(t, "a failing prompt that is removed degrades nothing any more", func(t *testing.T) {
		for name, remove := range map[string]func(c *promptcache.PromptCache[*doc]){
			"Invalidate": func(c *promptcache.PromptCache[*doc]) { c.Invalidate("a") },
			"Clear":      func(c *promptcache.PromptCache[*doc]) { c.Clear() },
			"Set":        func(c *promptcache.PromptCache[*doc]) { c.Set("a", &doc{}) },
			"eviction":   func(c *promptcache.PromptCache[*doc]) { c.Set("b", &doc{}) },
		} {
			src := docs("a")
			c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxSize = 1 }))
			loadedWith(t, c, "a")
			src.Always(broken[*doc](promptcache.KindUnavailable))
			pass(ttl + interval)
			require.Equal(t, promptcache.StateDegraded, c.Status().State, name)
			require.Equal(t, 1, c.Status().Failing, name)
			require.Equal(t, 1, c.Status().ServingStale, name)
			remove(c)
			require.Equal(t, promptcache.StateHealthy, c.Status().State, name)
			require.Zero(t, c.Status().Failing, name)
			require.Zero(t, c.Status().ServingStale, name)
		}
	})
}

func TestStatus(t *testing.T) {
	proves(t, "Status counts what is held, failing, stale, under way and waiting", func(t *testing.T) {
		src := docs("a", "b", "c", "d")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 }))
		require.Equal(t, promptcache.StateStarting, c.Status().State)
		require.True(t, c.Status().LastSuccess.IsZero())
		require.True(t, c.Status().LastError.Time.IsZero())

		loaded := time.Now()
		require.NoError(t, c.Prefetch(t.Context(), "a", "b", "c", "d"))
		require.Equal(t, 4, c.Status().Entries)
		require.True(t, loaded.Equal(c.Status().LastSuccess))

		src.Script(func(_ context.Context, key string) (*doc, error) {
			return nil, &promptcache.FetchError{Key: key, Kind: promptcache.KindForbidden, StatusCode: 403, RetryAfter: time.Hour}
		})
		pass(time.Second)
		_, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrStale)
		s := c.Status()
		require.Equal(t, 1, s.Failing)
		require.Zero(t, s.ServingStale, "it is fresh")
		last := s.LastError
		require.True(t, loaded.Add(time.Second).Equal(last.Time))
		last.Time = time.Time{}
		require.Equal(t, promptcache.ErrorInfo{
			Key: "a", Kind: promptcache.KindForbidden, StatusCode: 403, Message: `promptcache: fetch "a": forbidden (HTTP 403)`,
		}, last)

		release := src.Hold()
		pass(ttl + interval)
		s = c.Status()
		require.Equal(t, 1, s.ServingStale)
		require.Equal(t, 1, s.InFlight)
		require.Equal(t, 2, s.Queued)
		require.Zero(t, s.Abandoned)
		release()
		pass(0)
		s = c.Status()
		require.Zero(t, s.InFlight)
		require.Zero(t, s.Queued)
		require.Equal(t, 1, s.Failing)
		require.Equal(t, "a", s.LastError.Key, "the last error stays after a success")
	})

	proves(t, "what leaves the queue early does not wait any more", func(t *testing.T) {
		src := docs("a", "b", "c", "d")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 }))
		require.NoError(t, c.Prefetch(t.Context(), "a", "b", "c", "d"))
		src.Hold()
		c.MarkStale(func(string) bool { return true })
		pass(0)
		require.Equal(t, 3, c.Status().Queued)
		c.Clear()
		require.Zero(t, c.Status().Queued)
	})

	proves(t, "a fetch that ignores its context is abandoned after a second, and says so until it returns", func(t *testing.T) {
		log := &logbook{}
		until := make(chan struct{})
		src := docs("a")
		c := newCache(t, src.Fetch, logging(log))
		src.Script(source.Stuck(until, source.Value(&doc{"late"})))
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		pass(time.Second - 1)
		require.Zero(t, c.Status().Abandoned)
		pass(1)
		require.Equal(t, 1, c.Status().Abandoned)
		require.Equal(t, 1, c.Status().InFlight)
		require.Equal(t, []string{"fetch abandoned: it goes on although its context has ended"}, log.warnings())
		close(until)
		pass(0)
		require.Zero(t, c.Status().Abandoned)
		require.Zero(t, c.Status().InFlight)
		_, ok := c.Get("a")
		require.False(t, ok, "what it brings is dropped")
	})
}
