package promptcache_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func TestValidate(t *testing.T) {
	errUnnamed := errors.New("there is no {name} in it")
	check := func(_ string, d *doc) error {
		if !strings.Contains(d.Text, "{name}") {
			return errUnnamed
		}
		return nil
	}

	proves(t, "NB-28 a bad prompt keeps the last good one and is reported", func(t *testing.T) {
		src := docs()
		src.Put("a", &doc{"Hello {name}"})
		c := started(t, promptcache.Validate(src.Fetch, check), exactly())
		events := follow(t, c)
		good := loadedWith(t, c, "a")
		src.Put("a", &doc{"Hello"})
		pass(ttl + interval)
		require.Equal(t, 2, src.Total())
		e, ok := c.Lookup("a")
		require.True(t, ok)
		require.Same(t, good, e.Value)
		require.True(t, e.Stale)
		require.ErrorIs(t, e.LastError, promptcache.ErrInvalid)
		require.ErrorIs(t, e.LastError, errUnnamed)
		require.EqualValues(t, 1, c.Metrics().Rejected)
		require.EqualValues(t, 1, c.Metrics().RefreshErrors)
		require.Equal(t, []promptcache.EventKind{promptcache.EventAdded, promptcache.EventStale, promptcache.EventRejected}, events.kinds("a"))
		v, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrStale)
		require.ErrorIs(t, err, errUnnamed)
		require.Same(t, good, v)

		src.Put("a", &doc{"Hi {name}"})
		pass(ttl)
		require.Equal(t, "Hi {name}", loadedWith(t, c, "a").Text)
	})

	proves(t, "NB-28 a bad first prompt is an error and not stored", func(t *testing.T) {
		src := docs("b")
		c := newCache(t, promptcache.Validate(src.Fetch, check), exactly())
		events := follow(t, c)
		v, err := c.GetOrFetch(t.Context(), "b")
		require.ErrorIs(t, err, promptcache.ErrInvalid)
		require.ErrorIs(t, err, errUnnamed)
		require.Nil(t, v)
		require.Zero(t, c.Len())
		pass(0)
		require.Equal(t, []promptcache.EventKind{promptcache.EventRejected}, events.kinds("b"))
	})

	proves(t, "NB-28 what the fetch itself answers is passed on", func(t *testing.T) {
		asked := 0
		src := docs()
		fetch := promptcache.Validate(src.Fetch, func(string, *doc) error { asked++; return nil })
		_, err := fetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		require.Zero(t, asked)
		src.Put("a", &doc{"a v1"})
		v, err := fetch(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, "a v1", v.Text)
		require.Equal(t, 1, asked)

		unmodified := promptcache.Validate(func(context.Context, string) (*doc, error) {
			return nil, promptcache.ErrNotModified
		}, check)
		_, err = unmodified(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotModified)
	})

	proves(t, "NB-28 a panic in the check is a failed fetch", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, promptcache.Validate(src.Fetch, func(string, *doc) error { panic("oh") }), exactly())
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrPanicked)
		require.ErrorContains(t, err, "panic: oh")
	})
}
