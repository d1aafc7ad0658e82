package promptcache_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// jumpy is a clock whose wall time can be set, while durations stay true.
type jumpy struct {
	clock.Clock
	offset atomic.Int64
}

func (j *jumpy) Now() time.Time {
	return j.Clock.Now().Round(0).Add(time.Duration(j.offset.Load()))
}

func TestWallClock(t *testing.T) {
	for name, jump := range map[string]time.Duration{"forward": 24 * time.Hour, "back": -24 * time.Hour} {
		proves(t, "NB-39 the wall clock jumping a day neither expires nor freezes: "+name, func(t *testing.T) {
			src := docs("a", "b")
			wall := &jumpy{Clock: clock.New()}
			c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) {
				cfg.Clock, cfg.MaxStale = wall, time.Minute
			}))
			loadedWith(t, c, "a")
			pass(interval)
			wall.offset.Store(int64(jump))
			loadedWith(t, c, "b")
			pass(interval)

			e, ok := c.Lookup("a")
			require.True(t, ok)
			require.False(t, e.Stale)
			require.Equal(t, 2*interval, e.Age)
			e, _ = c.Lookup("b")
			require.Equal(t, interval, e.Age)
			require.Equal(t, 2, src.Total(), "nothing was refetched for the jump")

			src.Put("a", &doc{"a v2"})
			pass(ttl)
			require.Equal(t, "a v2", loadedWith(t, c, "a").Text)
			require.Equal(t, map[string]int{"a": 2, "b": 2}, src.AllCalls(), "refreshing goes on")

			src.Always(source.Fail[*doc](promptcache.ErrUnavailable))
			pass(ttl + 2*interval)
			_, ok = c.Get("a")
			require.False(t, ok, "and things get old")
		})
	}

	proves(t, "a mock clock drives everything", func(t *testing.T) {
		mock := clock.NewMock()
		src := docs("a")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.Clock = mock }))
		loadedWith(t, c, "a")
		src.Put("a", &doc{"a v2"})
		for range 6 {
			require.Equal(t, "a v1", loadedWith(t, c, "a").Text)
			mock.Add(interval)
			synctest.Wait()
		}
		require.Equal(t, "a v2", loadedWith(t, c, "a").Text)
		e, _ := c.Lookup("a")
		require.Zero(t, e.Age)
		require.True(t, time.Unix(0, 0).Add(6*interval).Equal(e.FetchedAt))
	})
}
