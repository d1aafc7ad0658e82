package promptcache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func TestWaitFor(t *testing.T) {
	wait := func(ctx context.Context, c *promptcache.PromptCache[*doc], s promptcache.State) <-chan answer[struct{}] {
		return async(func() (struct{}, error) { return struct{}{}, c.WaitFor(ctx, s) })
	}

	proves(t, "it returns at once if the cache is in the state", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		require.NoError(t, c.WaitFor(t.Context(), promptcache.StateStopped))
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, c.WaitFor(ended, promptcache.StateStopped))
	})

	proves(t, "it returns when the state comes, each at its moment", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		began := time.Now()
		reached := make(map[promptcache.State]time.Duration)
		waiting := make(map[promptcache.State]<-chan answer[struct{}])
		states := []promptcache.State{
			promptcache.StateStarting, promptcache.StateHealthy, promptcache.StateDegraded, promptcache.StateDown, promptcache.StateOffline, promptcache.StateShutdown,
		}
		for _, s := range states {
			waiting[s] = async(func() (struct{}, error) {
				err := c.WaitFor(t.Context(), s)
				return struct{}{}, errors.Join(err, context.Cause(t.Context()))
			})
		}
		step := func(s promptcache.State, act func()) {
			pass(time.Second)
			act()
			pass(0)
			select {
			case got := <-waiting[s]:
				require.NoError(t, got.err)
				reached[s] = time.Since(began)
			default:
				require.Fail(t, "not reached", s)
			}
		}
		step(promptcache.StateStarting, func() { require.NoError(t, c.Start(t.Context())) })
		step(promptcache.StateHealthy, func() { loadedWith(t, c, "a") })
		src.Always(broken[*doc](promptcache.KindUnavailable))
		step(promptcache.StateDegraded, func() { _, _ = c.Refresh(t.Context(), "a") })
		step(promptcache.StateDown, func() { _, _ = c.Refresh(t.Context(), "a"); _, _ = c.Refresh(t.Context(), "a") })
		step(promptcache.StateOffline, func() { require.NoError(t, c.Configure(exactly(offline))) })
		step(promptcache.StateShutdown, func() { require.NoError(t, c.Shutdown(t.Context())) })
		for i, s := range states {
			require.Equal(t, time.Duration(i+1)*time.Second, reached[s], s)
		}
	})

	proves(t, "a state that is left at once was reached all the same", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		got := wait(t.Context(), c, promptcache.StateDegraded)
		pass(0)
		src.Script(broken[*doc](promptcache.KindUnavailable))
		_, err := c.GetOrFetch(t.Context(), "b")
		require.Error(t, err)
		loadedWith(t, c, "a")
		require.NoError(t, (<-got).err)
	})

	proves(t, "a prompt that is removed, and nothing else, can bring the state", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		src.Always(broken[*doc](promptcache.KindUnavailable))
		_, _ = c.Refresh(t.Context(), "a")
		got := wait(t.Context(), c, promptcache.StateHealthy)
		pass(0)
		c.Invalidate("a")
		require.NoError(t, (<-got).err)
	})

	proves(t, "its context ends it, with the cause, and leaves nothing behind", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBored)
		defer cancel()
		err := c.WaitFor(ctx, promptcache.StateHealthy)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errBored)
		require.ErrorContains(t, err, `waiting for the state "healthy"`)
		goesDownTo(t, 0)
	})

	proves(t, "Shutdown ends it when the state cannot come any more", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		got := wait(t.Context(), c, promptcache.StateHealthy)
		pass(0)
		require.NoError(t, c.Shutdown(t.Context()))
		require.ErrorIs(t, (<-got).err, promptcache.ErrShutdown)
		require.ErrorIs(t, c.WaitFor(t.Context(), promptcache.StateHealthy), promptcache.ErrShutdown)
		require.NoError(t, c.WaitFor(t.Context(), promptcache.StateShutdown))
	})
}

var errBored = errors.New("bored")

func TestDomainStatus(t *testing.T) {
	proves(t, "Status tells each Domain's state, since when, last success and error, and counts its prompts", func(t *testing.T) {
		src := docs("eu/a", "eu/b", "us/a")
		c := started(t, src.Fetch, exactly(byPrefix, func(cfg *promptcache.Config) { cfg.MaxStale = time.Hour }))
		require.Empty(t, c.Status().Domains)
		began := time.Now()
		require.NoError(t, c.Prefetch(t.Context(), "eu/a", "eu/b", "us/a"))
		pass(time.Second)
		s := c.Status()
		require.Len(t, s.Domains, 2)
		require.Equal(t, "eu", s.Domains[0].Domain)
		require.Equal(t, promptcache.StateHealthy, s.Domains[0].State)
		require.True(t, began.Equal(s.Domains[0].Since))
		require.True(t, began.Equal(s.Domains[0].LastSuccess))
		require.True(t, s.Domains[0].LastError.Time.IsZero())
		require.Equal(t, promptcache.Prompts{Entries: 2, Oldest: time.Second}, s.Domains[0].Prompts)
		require.Equal(t, promptcache.Prompts{Entries: 3, Oldest: time.Second}, s.Prompts)

		src.Script(func(_ context.Context, key string) (*doc, error) {
			return nil, &promptcache.FetchError{Key: key, Kind: promptcache.KindForbidden, StatusCode: 403}
		})
		_, err := c.Refresh(t.Context(), "eu/b")
		require.Error(t, err)
		failed := time.Now()
		pass(time.Second)
		d := domainOf(t, c, "eu")
		require.Equal(t, promptcache.StateDegraded, d.State)
		require.True(t, failed.Equal(d.Since))
		require.Equal(t, "eu/b", d.LastError.Key)
		require.Equal(t, 403, d.LastError.StatusCode)
		require.Equal(t, promptcache.KindForbidden, d.LastError.Kind)
		require.True(t, failed.Equal(d.LastError.Time))
		require.Equal(t, 1, d.Failing)
		require.Equal(t, promptcache.StateHealthy, domainOf(t, c, "us").State)
		require.Equal(t, promptcache.StateDegraded, c.Status().State)

		_, err = c.Refresh(t.Context(), "eu/b")
		require.NoError(t, err)
		d = domainOf(t, c, "eu")
		require.Equal(t, promptcache.StateHealthy, d.State)
		require.Equal(t, "eu/b", d.LastError.Key, "it survives recovery")

		c.Stop()
		pass(ttl)
		d = domainOf(t, c, "eu")
		require.Equal(t, promptcache.Prompts{Entries: 2, Stale: 1, Oldest: ttl + 2*time.Second}, d.Prompts)
		pass(time.Hour - time.Second)
		require.Equal(t, promptcache.Prompts{Entries: 3, Stale: 3, TooOld: 2, Oldest: time.Hour + ttl - time.Second}, c.Status().Prompts)
	})

	proves(t, "the first of several Domains that are held back decides the next attempt", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly(byPrefix))
		for i, wait := range []time.Duration{5 * time.Minute, time.Minute, 2 * time.Minute} {
			src.Script(limitedTo[*doc](wait))
			_, err := c.GetOrFetch(t.Context(), string(rune('a'+i))+"/x")
			require.Error(t, err)
		}
		require.Equal(t, time.Minute, time.Until(c.Status().NextAttempt))
	})
}
