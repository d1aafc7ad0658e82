package promptcache_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// pinned is a value that says whether it can change.
type pinned struct {
	Text  string
	fixed bool
}

func (p *pinned) Immutable() bool { return p.fixed }

// composed is a prompt that includes another one. Its revision covers both.
type composed struct{ Commit, Child string }

func (c *composed) Revision() string { return c.Commit + "+" + c.Child }

// committed carries its registry's commit, which does not cover its child.
type committed struct{ Commit, Child string }

func TestChange(t *testing.T) {
	proves(t, "NB-42 the same commit with another child is a change", func(t *testing.T) {
		src := source.New[*composed]()
		src.Put("a", &composed{"c1", "child 1"})
		c := started(t, src.Fetch, exactly())
		events := follow(t, c)
		loadedWith(t, c, "a")
		src.Put("a", &composed{"c1", "child 2"})
		pass(ttl + interval)
		require.Equal(t, "child 2", loadedWith(t, c, "a").Child)
		require.Contains(t, events.kinds("a"), promptcache.EventChanged)
		require.Zero(t, c.Metrics().Unchanged)
	})

	proves(t, "NB-42 also without a revision: the content decides", func(t *testing.T) {
		src := source.New[*committed]()
		src.Put("a", &committed{"c1", "child 1"})
		c := started(t, src.Fetch, exactly())
		events := follow(t, c)
		loadedWith(t, c, "a")
		src.Put("a", &committed{"c1", "child 2"})
		pass(ttl + interval)
		require.Equal(t, "child 2", loadedWith(t, c, "a").Child)
		require.Contains(t, events.kinds("a"), promptcache.EventChanged)
	})

	same := map[string]struct{ before, after *revised }{
		"an equal revision":                         {&revised{"r1", "text"}, &revised{"r1", "other text"}},
		"equal content where the revision is empty": {&revised{"", "text"}, &revised{"", "text"}},
	}
	for name, v := range same {
		proves(t, name+" is unchanged: same value, new age, no event", func(t *testing.T) {
			src := source.New[*revised]()
			src.Put("a", v.before)
			c := newCache(t, src.Fetch, exactly())
			events := follow(t, c)
			loadedWith(t, c, "a")
			src.Put("a", v.after)
			pass(time.Minute)
			got, err := c.Refresh(t.Context(), "a")
			require.NoError(t, err)
			require.Same(t, v.before, got)
			e, _ := c.Lookup("a")
			require.Same(t, v.before, e.Value)
			require.Zero(t, e.Age)
			pass(0)
			require.Equal(t, []promptcache.EventKind{promptcache.EventAdded}, events.kinds("a"))
			require.EqualValues(t, 1, c.Metrics().Unchanged)
		})
	}

	changed := map[string]struct{ before, after *revised }{
		"another revision":          {&revised{"r1", "text"}, &revised{"r2", "text"}},
		"a revision that was empty": {&revised{"", "text"}, &revised{"r1", "text"}},
		"a revision that is empty":  {&revised{"r1", "text"}, &revised{"", "text"}},
		"other content":             {&revised{"", "text"}, &revised{"", "other text"}},
	}
	for name, v := range changed {
		proves(t, name+" is a change", func(t *testing.T) {
			src := source.New[*revised]()
			src.Put("a", v.before)
			c := newCache(t, src.Fetch, exactly())
			loadedWith(t, c, "a")
			src.Put("a", v.after)
			got, err := c.Refresh(t.Context(), "a")
			require.NoError(t, err)
			require.Same(t, v.after, got)
			require.Zero(t, c.Metrics().Unchanged)
		})
	}
}

func TestConditionalFetch(t *testing.T) {
	proves(t, "a fetch finds the previous value and may say that it is unmodified", func(t *testing.T) {
		var seen []string
		c := newCache(t, func(ctx context.Context, _ string) (*doc, error) {
			previous, ok := promptcache.Previous[*doc](ctx)
			if !ok {
				seen = append(seen, "none")
				return &doc{"a v1"}, nil
			}
			_, other := promptcache.Previous[string](ctx)
			require.False(t, other)
			seen = append(seen, previous.Text)
			return nil, promptcache.ErrNotModified
		}, exactly())
		first := loadedWith(t, c, "a")
		pass(ttl + 1)
		require.Same(t, first, loadedWith(t, c, "a"))
		require.Equal(t, []string{"none", "a v1"}, seen)
		e, _ := c.Lookup("a")
		require.False(t, e.Stale)
		m := c.Metrics()
		require.EqualValues(t, 1, m.Refreshes)
		require.EqualValues(t, 1, m.Unchanged)
		require.Zero(t, m.FetchErrors)
		_, ok := promptcache.Previous[*doc](t.Context())
		require.False(t, ok)
	})

	proves(t, "unmodified without a previous value is an error", func(t *testing.T) {
		c := newCache(t, func(context.Context, string) (*doc, error) { return nil, promptcache.ErrNotModified }, exactly())
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrInvalid)
		require.ErrorIs(t, err, promptcache.ErrNotModified)
		require.Zero(t, c.Len())
	})
}

func TestImmutable(t *testing.T) {
	proves(t, "an immutable value is refetched only when asked for", func(t *testing.T) {
		src := source.New[*pinned]()
		src.Put("fixed", &pinned{"v1", true})
		src.Put("loose", &pinned{"v1", false})
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxStale, cfg.IdleAfter = time.Hour, 0 }))
		loadedWith(t, c, "fixed")
		loadedWith(t, c, "loose")
		pass(100 * time.Hour)
		require.Equal(t, 1, src.Calls("fixed"))
		require.Greater(t, src.Calls("loose"), 100)
		e, ok := c.Lookup("fixed")
		require.True(t, ok, "it is never too old")
		require.False(t, e.Stale)
		require.True(t, e.NextAttempt.IsZero())

		c.MarkStale(func(key string) bool { return key == "fixed" })
		pass(0)
		require.Equal(t, 2, src.Calls("fixed"))
		_, err := c.Refresh(t.Context(), "fixed")
		require.NoError(t, err)
		require.Equal(t, 3, src.Calls("fixed"))
	})
}

func TestNilValues(t *testing.T) {
	proves(t, "a nil pointer or interface without an error is an error", func(t *testing.T) {
		c := newCache(t, func(context.Context, string) (*revised, error) { return nil, nil }, exactly())
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrInvalid)
		require.ErrorContains(t, err, "no value and no error")

		var typed *revised
		for _, v := range []any{nil, typed} {
			c := newCache(t, func(context.Context, string) (any, error) { return v, nil }, exactly())
			_, err := c.GetOrFetch(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrInvalid)
		}
	})

	proves(t, "a nil map, an empty string and zero are values", func(t *testing.T) {
		m := newCache(t, func(context.Context, string) (map[string]int, error) { return nil, nil }, exactly())
		require.Nil(t, loadedWith(t, m, "a"))
		s := newCache(t, func(context.Context, string) (string, error) { return "", nil }, exactly())
		require.Empty(t, loadedWith(t, s, "a"))
		require.Equal(t, 1, m.Len()+s.Len()-1)
	})

	proves(t, "a nil that is set is not asked for its revision", func(t *testing.T) {
		c := newCache(t, source.New[*revised]().Fetch, exactly())
		c.Set("a", nil)
		v, ok := c.Get("a")
		require.True(t, ok)
		require.Nil(t, v)
	})
}
