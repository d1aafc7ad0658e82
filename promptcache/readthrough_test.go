package promptcache_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func TestReadThrough(t *testing.T) {
	proves(t, "LF-01 the first read-through fetches exactly once", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		first := loadedWith(t, c, "a")
		require.Equal(t, "a v1", first.Text)
		require.Equal(t, 1, src.Total())
		for range 10 {
			require.Same(t, first, loadedWith(t, c, "a"))
		}
		v, ok := c.Get("a")
		require.True(t, ok)
		require.Same(t, first, v)
		require.Equal(t, 1, src.Total())
	})

	proves(t, "LF-03 a failing first fetch is an error, with a fallback the fallback, which is not stored", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly())
		src.Always(broken[*doc](promptcache.KindUnavailable))
		v, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.Nil(t, v)
		_, err = c.GetFresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.NotErrorIs(t, err, promptcache.ErrStale)

		one, other := &doc{"one"}, &doc{"other"}
		require.Same(t, one, c.GetOr(t.Context(), "a", one))
		require.Same(t, other, c.GetOr(t.Context(), "a", other))
		_, ok := c.Get("a")
		require.False(t, ok)
		require.Zero(t, c.Len())
		require.EqualValues(t, 2, c.Metrics().Fallbacks)
	})

	proves(t, "LF-04 the registry's prompt wins over the fallback", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		fallback := &doc{"fallback"}
		require.Equal(t, "a v1", c.GetOr(t.Context(), "a", fallback).Text)
		src.Always(broken[*doc](promptcache.KindUnavailable))
		require.Equal(t, "a v1", c.GetOr(t.Context(), "a", fallback).Text)
		pass(ttl + 1)
		require.Equal(t, "a v1", c.GetOr(t.Context(), "a", fallback).Text, "a stale one, too")
		src.Always(nil)
		src.Put("b", &doc{"b v1"})
		src.Script(broken[*doc](promptcache.KindUnavailable))
		require.Same(t, fallback, c.GetOr(t.Context(), "b", fallback))
		pass(time.Second)
		require.Equal(t, "b v1", c.GetOr(t.Context(), "b", fallback).Text, "and one that arrives later")
	})

	for _, key := range []string{"text", "chat", "name", "name?label=staging", "name?version=3", "folder/name", "", "ключ 🔑"} {
		proves(t, "LF-05 within TTL there is no second request: "+key, func(t *testing.T) {
			src := docs(key)
			c := started(t, src.Fetch, exactly())
			for range 10 {
				require.Equal(t, key+" v1", loadedWith(t, c, key).Text)
				_, err := c.GetFresh(t.Context(), key)
				require.NoError(t, err)
				pass(ttl / 10)
			}
			require.Equal(t, 1, src.Total())
		})
	}

	proves(t, "LF-08 once stale the old value comes at once, five readers cause one refetch, then the new value", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		old := loadedWith(t, c, "a")
		src.Put("a", &doc{"a v2"})
		pass(ttl + 1)
		release := src.Hold()
		e, _ := c.Lookup("a")
		require.True(t, e.Stale)

		var wg sync.WaitGroup
		got := make([]*doc, 5)
		began := time.Now()
		for i := range got {
			wg.Go(func() { got[i], _ = c.GetOrFetch(t.Context(), "a") })
		}
		wg.Wait()
		require.Zero(t, time.Since(began))
		for _, v := range got {
			require.Same(t, old, v)
		}
		pass(0)
		require.Equal(t, 2, src.Calls("a"))
		release()
		pass(0)
		require.Equal(t, "a v2", loadedWith(t, c, "a").Text)
		require.Equal(t, 2, src.Calls("a"))
	})

	proves(t, "LF-08 without a refresher five readers wait for one refetch", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, slow(src.Fetch, time.Second), exactly())
		loadedWith(t, c, "a")
		src.Put("a", &doc{"a v2"})
		pass(ttl + 1)
		var wg sync.WaitGroup
		got := make([]*doc, 5)
		for i := range got {
			wg.Go(func() { got[i], _ = c.GetOrFetch(t.Context(), "a") })
		}
		wg.Wait()
		for _, v := range got {
			require.Equal(t, "a v2", v.Text)
		}
		require.Equal(t, 2, src.Calls("a"))
	})

	proves(t, "without a refresher a stale prompt is the answer if the refetch fails, and while it backs off", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		old := loadedWith(t, c, "a")
		pass(ttl + 1)
		src.Always(broken[*doc](promptcache.KindUnavailable))
		for range 3 {
			require.Same(t, old, loadedWith(t, c, "a"))
		}
		require.Equal(t, 2, src.Total())
		v, err := c.GetFresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrStale)
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.ErrorContains(t, err, "not asking again for 1s after 1 failed attempts")
		require.Same(t, old, v)
		require.Equal(t, 2, src.Total())
		pass(time.Second)
		require.Same(t, old, loadedWith(t, c, "a"))
		require.Equal(t, 3, src.Total())
	})

	proves(t, "GetFresh waits for the refetch of a stale prompt though the refresher runs", func(t *testing.T) {
		src := docs("a")
		c := started(t, slow(src.Fetch, time.Second), exactly())
		loadedWith(t, c, "a")
		src.Put("a", &doc{"a v2"})
		pass(ttl)
		v, err := c.GetFresh(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, "a v2", v.Text)
		require.Equal(t, 2, src.Total())
	})
}
