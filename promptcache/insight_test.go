package promptcache_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestLookup(t *testing.T) {
	proves(t, "NB-27 a reader can tell fresh from stale, how old, which revision, and the last error", func(t *testing.T) {
		src := source.New[*revised]()
		value := &revised{Rev: "r1", Text: "one"}
		src.Put("a", value)
		c := started(t, src.Fetch, exactly())
		fetched := time.Now()
		_, err := c.GetOrFetch(t.Context(), "a")
		require.NoError(t, err)

		pass(2 * time.Minute)
		e, ok := c.Lookup("a")
		require.True(t, ok)
		require.Equal(t, promptcache.Entry[*revised]{
			Value: value, Key: "a", Revision: "r1",
			FetchedAt: fetched.Round(0), Age: 2 * time.Minute,
			LastAttempt: fetched.Round(0), NextAttempt: fetched.Add(ttl + 1).Round(0),
		}, plain(e))

		src.Always(limitedTo[*revised](90 * time.Second))
		pass(ttl)
		failed := fetched.Add(ttl + interval) // the first scan that found it due
		e, _ = c.Lookup("a")
		require.True(t, e.Stale)
		require.Equal(t, 7*time.Minute, e.Age)
		require.Equal(t, "r1", e.Revision)
		require.ErrorIs(t, e.LastError, promptcache.ErrRateLimited)
		require.True(t, fetched.Equal(e.FetchedAt))
		require.True(t, failed.Equal(e.LastAttempt), e.LastAttempt)
		require.True(t, failed.Add(90*time.Second).Equal(e.NextAttempt), e.NextAttempt)

		src.Always(nil)
		src.Put("a", &revised{Rev: "r2", Text: "two"})
		pass(interval)
		e, _ = c.Lookup("a")
		require.Equal(t, "r2", e.Revision)
		require.False(t, e.Stale)
		require.NoError(t, e.LastError)
		require.Zero(t, e.Age)
		require.True(t, e.FetchedAt.Equal(e.LastAttempt))
	})

	proves(t, "NB-27 a marked prompt is stale whatever its age", func(t *testing.T) {
		c := newCache(t, docs("a", "b").Fetch, exactly())
		loadedWith(t, c, "a")
		loadedWith(t, c, "b")
		require.Equal(t, 1, c.MarkStale(func(key string) bool { return key == "a" }))
		e, _ := c.Lookup("a")
		require.True(t, e.Stale)
		require.Zero(t, e.Age)
		e, _ = c.Lookup("b")
		require.False(t, e.Stale)
		require.True(t, e.NextAttempt.IsZero(), "no refresher, no plan")
		loadedWith(t, c, "a")
		e, _ = c.Lookup("a")
		require.False(t, e.Stale)
	})

	proves(t, "NB-27 a value that was set", func(t *testing.T) {
		c := newCache(t, source.New[*revised]().Fetch, exactly())
		pass(time.Hour)
		set := time.Now()
		c.Set("a", &revised{Rev: "mine"})
		pass(time.Second)
		e, _ := c.Lookup("a")
		require.Equal(t, "mine", e.Revision)
		require.Equal(t, time.Second, e.Age)
		require.True(t, set.Equal(e.FetchedAt))
		require.False(t, e.FromSnapshot)
	})

	proves(t, "a failure while the prompt is fresh shows, too", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		src.Script(broken[*doc](promptcache.KindForbidden))
		_, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrForbidden)
		e, _ := c.Lookup("a")
		require.False(t, e.Stale)
		require.ErrorIs(t, e.LastError, promptcache.ErrForbidden)
	})
}

// plain is e with times that require.Equal can compare.
func plain(e promptcache.Entry[*revised]) promptcache.Entry[*revised] {
	e.FetchedAt, e.LastAttempt, e.NextAttempt = e.FetchedAt.Round(0), e.LastAttempt.Round(0), e.NextAttempt.Round(0)
	return e
}
