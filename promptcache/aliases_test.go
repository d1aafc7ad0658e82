package promptcache_test

import (
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func TestAliases(t *testing.T) {
	// spelled makes a cache whose keys are the same in any case; "!" is no key.
	spelled := func(t *testing.T, fetch promptcache.FetchFunc[*doc]) (*promptcache.PromptCache[*doc], *atomic.Int64) {
		t.Helper()
		var asked atomic.Int64
		c := newCache(t, fetch, exactly(func(cfg *promptcache.Config) {
			cfg.MaxSize = 2
			cfg.Canonical = func(key string) (string, error) {
				asked.Add(1)
				if key == "!" {
					return "wrong", errors.New("this is no key")
				}
				return strings.ToLower(key), nil
			}
		}))
		return c, &asked
	}

	proves(t, "a spelling is made canonical on a miss and on writes, not on hits", func(t *testing.T) {
		src := docs("a")
		c, asked := spelled(t, src.Fetch)
		loadedWith(t, c, "A")
		require.Equal(t, map[string]int{"a": 1}, src.AllCalls(), "the fetch gets the canonical key")
		loadedWith(t, c, "A") // is indexed here
		before := asked.Load()
		for range 100 {
			for _, key := range []string{"a", "A"} {
				_, ok := c.Get(key)
				require.True(t, ok)
				e, _ := c.Lookup(key)
				require.Equal(t, "a", e.Key)
				loadedWith(t, c, key)
			}
		}
		require.Equal(t, before, asked.Load())
		require.Equal(t, []string{"a"}, c.Keys())
		c.Set("A", &doc{"set"})
		require.Greater(t, asked.Load(), before)
		require.Equal(t, 1, c.Len())
	})

	proves(t, "at most four other spellings are indexed, and the rest still lead there", func(t *testing.T) {
		c, asked := spelled(t, docs("abc").Fetch)
		c.Set("abc", &doc{"abc"})
		hits := func(key string) (ran int64) {
			before := asked.Load()
			v, ok := c.Get(key)
			require.True(t, ok, key)
			require.Equal(t, "abc", v.Text)
			return asked.Load() - before
		}
		spellings := []string{"Abc", "aBc", "abC", "ABc", "AbC", "aBC", "ABC"}
		for _, key := range spellings {
			require.EqualValues(t, 1, hits(key))
		}
		for i, key := range spellings {
			want := int64(0)
			if i >= 4 {
				want = 1
			}
			require.Equal(t, want, hits(key), key)
		}
	})

	for name, remove := range map[string]func(c *promptcache.PromptCache[*doc]){
		"Invalidate": func(c *promptcache.PromptCache[*doc]) { c.Invalidate("A") },
		"Clear":      func(c *promptcache.PromptCache[*doc]) { c.Clear() },
		"eviction":   func(c *promptcache.PromptCache[*doc]) { c.Set("b", &doc{}); c.Set("c", &doc{}) },
	} {
		proves(t, "they are removed with their entry: "+name, func(t *testing.T) {
			c, asked := spelled(t, docs("a").Fetch)
			c.Set("A", &doc{"old"})
			c.Get("A")
			remove(c)
			_, ok := c.Get("A")
			require.False(t, ok)
			c.Set("a", &doc{"new"})
			before := asked.Load()
			v, ok := c.Get("A")
			require.True(t, ok)
			require.Equal(t, "new", v.Text)
			require.Equal(t, before+1, asked.Load(), "it had to be asked for again")
		})
	}

	proves(t, "a key that is rejected is used as given, and the fetch reports it", func(t *testing.T) {
		src := docs()
		src.Always(broken[*doc](promptcache.KindInvalid))
		c, _ := spelled(t, src.Fetch)
		_, err := c.GetOrFetch(t.Context(), "!")
		require.ErrorIs(t, err, promptcache.ErrInvalid)
		require.Equal(t, map[string]int{"!": 1}, src.AllCalls())
		c.Set("!", &doc{"set all the same"})
		v, ok := c.Get("!")
		require.True(t, ok)
		require.Equal(t, "set all the same", v.Text)
		require.Equal(t, 1, c.Invalidate("!"))
	})

	proves(t, "a flood of spellings grows nothing", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) {
			cfg.Canonical = func(string) (string, error) { return "one", nil }
		}))
		c.Set("one", &doc{})
		for i := range 1000 {
			_, ok := c.Get(strconv.Itoa(i))
			require.True(t, ok)
		}
		require.Equal(t, 1, c.Len())
		require.Equal(t, 1, c.Invalidate("any"))
		_, ok := c.Get("0")
		require.False(t, ok)
	})
}
