package sourcetest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// RunRegistry proves what a cache promises over real HTTP, of a source against
// its registry's fake. registry makes a new fake, which ends with the test; a
// prompt's key is its name; fallback is a value that the registry does not have.
func RunRegistry[V Value](t *testing.T, registry func(*testing.T) Registry[V], fallback V) {
	stage := func(t *testing.T) *Stage[V] {
		t.Helper()
		return NewStage(t, registry(t))
	}
	runReads(t, stage, fallback)
	runRefresh(t, stage)
	runFailures(t, stage)
	t.Run("LF-13 status 500 with 3 retries is 4 requests, a 404 is 1", func(t *testing.T) {
		s := NewStageWith(t, registry(t), 3)
		remove := s.Fail("status", http.StatusInternalServerError, "")
		_, err := s.Cache.GetOrFetch(t.Context(), "greeting")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.Equal(t, 4, s.Count())
		remove()
		_, err = s.Cache.GetOrFetch(t.Context(), "absent")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		require.Equal(t, 5, s.Count())
	})
	t.Run("LF-13 a network error is retried", func(t *testing.T) {
		s := NewStageWith(t, registry(t), 1)
		s.Fail("reset", 0, "")
		_, err := s.Cache.GetOrFetch(t.Context(), "greeting")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.GreaterOrEqual(t, s.Count(), 2)
	})
}

func runReads[V Value](t *testing.T, stage func(*testing.T) *Stage[V], fallback V) {
	t.Run("LF-01 the first read-through fetches exactly once", func(t *testing.T) {
		s := stage(t)
		s.MustPush("greeting", "Hello")
		s.ReadHas("greeting", "Hello")
		require.Equal(t, 1, s.Count())
	})

	t.Run("LF-02 an empty name fails before any request", func(t *testing.T) {
		s := stage(t)
		_, err := s.Cache.GetOrFetch(t.Context(), "")
		require.ErrorIs(t, err, promptcache.ErrInvalid)
		require.Zero(t, s.Count())
	})

	t.Run("LF-03 a failing first fetch returns its error, or the fallback, which is not stored", func(t *testing.T) {
		s := stage(t)
		_, err := s.Cache.GetOrFetch(t.Context(), "greeting")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		require.Equal(t, fallback, s.Cache.GetOr(t.Context(), "greeting", fallback))
		require.Zero(t, s.Cache.Len())
	})

	t.Run("LF-04 the registry's prompt wins over the fallback", func(t *testing.T) {
		s := stage(t)
		s.MustPush("greeting", "Hello")
		require.NotEqual(t, fallback, s.Cache.GetOr(t.Context(), "greeting", fallback))
		s.ReadHas("greeting", "Hello")
	})

	t.Run("LF-05 within the TTL there is no second request", func(t *testing.T) {
		s := stage(t)
		s.MustPush("greeting", "Hello")
		first := s.Read("greeting")
		s.MustPush("greeting", "Good day")
		s.Pass(TTL)
		require.Equal(t, first, s.Read("greeting"))
		require.Equal(t, 1, s.Count())
	})

	t.Run("LF-12 a caller's context ends its wait at once", func(t *testing.T) {
		s := stage(t)
		release := s.Fail("hang", 0, "")
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := s.Cache.GetOrFetch(ctx, "greeting")
			ended <- err
		}()
		s.Arrived(1)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})

	t.Run("LF-15 invalidating foo leaves foobar", func(t *testing.T) {
		s := stage(t)
		for _, name := range []string{"foo", "foobar"} {
			s.MustPush(name, name)
			s.Read(name)
		}
		require.Equal(t, 1, s.Cache.Invalidate("foo"))
		require.Equal(t, []string{"foobar"}, s.Cache.Keys())
	})
}

func runRefresh[V Value](t *testing.T, stage func(*testing.T) *Stage[V]) {
	t.Run("LF-08 once stale the old value comes at once, five readers cause one refetch, then comes the new value", func(t *testing.T) {
		s := stage(t)
		s.MustPush("greeting", "Hello")
		s.Start()
		first := s.Read("greeting")
		s.MustPush("greeting", "Good day")
		release := s.Fail("hang", 0, "")

		s.Pass(TTL + Interval)
		s.Arrived(2)
		var readers sync.WaitGroup
		for range 5 {
			readers.Go(func() {
				p, ok := s.Cache.Get("greeting")
				if !ok || p != first {
					t.Errorf("got %v, %v during the refetch", p, ok)
				}
			})
		}
		readers.Wait()
		require.Equal(t, first, s.Read("greeting"))
		release()
		e := s.Await(promptcache.EventChanged)
		require.Equal(t, first.Revision(), e.OldRevision)
		second := s.ReadHas("greeting", "Good day")
		require.Equal(t, second.Revision(), e.NewRevision)
		require.Equal(t, 2, s.Count())
	})

	t.Run("LF-09 a refresh that began before a newer value was set is dropped", func(t *testing.T) {
		s := stage(t)
		s.MustPush("greeting", "Hello")
		s.Read("greeting")
		s.MustPush("greeting", "Good day")
		s.Start()
		release := s.Fail("hang", 0, "greeting")
		s.Pass(TTL + Interval)
		s.Arrived(2)

		s.MustPush("other", "Set by hand")
		s.Cache.Set("greeting", s.Read("other"))
		release()
		require.NoError(t, s.WaitIdle(t.Context()))
		s.ReadHas("greeting", "Set by hand")
	})

	t.Run("LF-16 Stop ends cleanly with 8 slow refreshes in flight", func(t *testing.T) {
		s := stage(t)
		cfg := s.Cache.Config()
		cfg.RefreshConcurrency = 8
		require.NoError(t, s.Cache.Configure(cfg))
		for i := range 8 {
			name := "p" + strconv.Itoa(i)
			s.MustPush(name, "Hello")
			s.Read(name)
		}
		s.Start()
		release := s.Fail("hang", 0, "")
		s.Pass(TTL + Interval)
		s.Arrived(16)
		s.Cache.Stop()
		require.NoError(t, s.WaitIdle(t.Context()), "they were cancelled")
		release()
		require.Equal(t, 16, s.Count())
		s.ReadHas("p0", "Hello")
	})
}

func runFailures[V Value](t *testing.T, stage func(*testing.T) *Stage[V]) {
	t.Run("LF-10 a failed refresh serves the very same prompt, and says so once", func(t *testing.T) {
		s := stage(t)
		s.MustPush("greeting", "Hello")
		first := s.Read("greeting")
		s.Start()
		s.Down()
		for range 20 {
			s.Pass(Interval)
			require.Same(t, first, s.Read("greeting"))
		}
		for range 2 {
			s.Await(promptcache.EventRefreshFailed)
		}
		require.Equal(t, 1, strings.Count(s.Log.String(), `level=WARN msg="serving stale prompt" key=greeting`))
	})

	t.Run("LF-11 a deleted prompt is served until a second answer confirms it", func(t *testing.T) {
		s := stage(t)
		s.MustPush("greeting", "Hello")
		first := s.Read("greeting")
		require.NoError(t, s.Delete("greeting"))
		s.Pass(TTL + Interval)
		require.Same(t, first, s.Read("greeting"))
		require.Equal(t, 2, s.Count())
		s.Pass(Interval)
		_, err := s.Cache.GetOrFetch(t.Context(), "greeting")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		require.Zero(t, s.Cache.Len())
		require.Equal(t, 3, s.Count())
	})

	for name, fault := range map[string]struct {
		kind   string
		status int
	}{
		"a proxy's 404": {"html", http.StatusNotFound},
		"a 401":         {"status", http.StatusUnauthorized},
		"a 403":         {"status", http.StatusForbidden},
	} {
		t.Run("NB-25 "+name+" evicts nothing, however often", func(t *testing.T) {
			s := stage(t)
			s.MustPush("greeting", "Hello")
			first := s.Read("greeting")
			s.Fail(fault.kind, fault.status, "")
			for range 5 {
				s.Pass(TTL + Interval)
				require.Same(t, first, s.Read("greeting"))
			}
			require.Equal(t, 6, s.Count())
		})
	}

	t.Run("NB-26 with MaxStale an outage ends in an error and not in an old prompt", func(t *testing.T) {
		s := stage(t)
		cfg := s.Cache.Config()
		cfg.MaxStale = time.Hour
		require.NoError(t, s.Cache.Configure(cfg))
		s.MustPush("greeting", "Hello")
		first := s.Read("greeting")
		s.Down()
		s.Pass(TTL + time.Hour)
		require.Same(t, first, s.Read("greeting"))
		s.Pass(time.Minute)
		_, err := s.Cache.GetOrFetch(t.Context(), "greeting")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.NoError(t, s.Up())
		s.Pass(Interval)
		require.Equal(t, first.Revision(), s.Read("greeting").Revision())
	})
}
