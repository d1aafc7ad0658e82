package promptcache_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestLRU(t *testing.T) {
	small := func(cfg *promptcache.Config) { cfg.MaxSize = 2 }

	proves(t, "LS-02 an unknown key is a miss, and after a set the same value comes back", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		v, ok := c.Get("a")
		require.False(t, ok)
		require.Nil(t, v)
		_, ok = c.Lookup("a")
		require.False(t, ok)

		want := &doc{"set"}
		c.Set("a", want)
		v, ok = c.Get("a")
		require.True(t, ok)
		require.Same(t, want, v)
		e, ok := c.Lookup("a")
		require.True(t, ok)
		require.Same(t, want, e.Value)
		_, ok = c.Get("A")
		require.False(t, ok, "keys are case-sensitive")
	})

	proves(t, "LS-03 Invalidate removes one key", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		c.Set("a", &doc{"a"})
		c.Set("b", &doc{"b"})
		require.Equal(t, 1, c.Invalidate("a"))
		_, ok := c.Get("a")
		require.False(t, ok)
		_, ok = c.Get("b")
		require.True(t, ok)
		require.Equal(t, []string{"b"}, c.Keys())
		require.Zero(t, c.Invalidate("a", "unknown"))
		require.Zero(t, c.Invalidate())
	})

	proves(t, "LS-04 Clear removes all", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		for _, key := range []string{"a", "b", "c"} {
			c.Set(key, &doc{key})
		}
		c.Clear()
		require.Zero(t, c.Len())
		require.Empty(t, c.Keys())
		for _, key := range []string{"a", "b", "c"} {
			_, ok := c.Get(key)
			require.False(t, ok, key)
		}
		c.Set("a", &doc{"again"})
		require.Equal(t, 1, c.Len())
	})

	proves(t, "LS-05 at capacity a new key evicts the least recently used", func(t *testing.T) {
		c := newCache(t, docs("c", "d").Fetch, exactly(small))
		c.Set("a", &doc{"a"})
		c.Set("b", &doc{"b"})
		c.Set("b", &doc{"b again"})
		require.Equal(t, []string{"b", "a"}, c.Keys(), "a set of a key that is there evicts nothing")
		loadedWith(t, c, "c")
		require.Equal(t, []string{"c", "b"}, c.Keys(), "a fetch evicts like a set")
		loadedWith(t, c, "d")
		require.Equal(t, []string{"d", "c"}, c.Keys())
		for i := range 50 {
			c.Set(strconv.Itoa(i), &doc{})
			require.Equal(t, 2, c.Len())
		}
		require.Equal(t, []string{"49", "48"}, c.Keys())
	})

	reads := map[string]func(c *promptcache.PromptCache[*doc]){
		"Get":        func(c *promptcache.PromptCache[*doc]) { c.Get("a") },
		"Lookup":     func(c *promptcache.PromptCache[*doc]) { c.Lookup("a") },
		"GetOrFetch": func(c *promptcache.PromptCache[*doc]) { _, _ = c.GetOrFetch(context.Background(), "a") },
		"GetFresh":   func(c *promptcache.PromptCache[*doc]) { _, _ = c.GetFresh(context.Background(), "a") },
		"GetOr":      func(c *promptcache.PromptCache[*doc]) { c.GetOr(context.Background(), "a", nil) },
		"Set":        func(c *promptcache.PromptCache[*doc]) { c.Set("a", &doc{"newer"}) },
	}
	for name, read := range reads {
		proves(t, "LS-06 a read saves a key from the next eviction: "+name, func(t *testing.T) {
			c := newCache(t, docs().Fetch, exactly(small))
			c.Set("a", &doc{"a"})
			c.Set("b", &doc{"b"})
			read(c)
			require.Equal(t, []string{"a", "b"}, c.Keys())
			c.Set("c", &doc{"c"})
			require.Equal(t, []string{"c", "a"}, c.Keys())
		})
	}

	proves(t, "LS-06 what is no read saves nothing", func(t *testing.T) {
		c := newCache(t, docs("a").Fetch, exactly(small))
		c.Set("a", &doc{"a"})
		c.Set("b", &doc{"b"})
		_, err := c.Refresh(t.Context(), "a")
		require.NoError(t, err)
		require.NoError(t, c.Prefetch(t.Context(), "a"))
		require.Equal(t, 1, c.MarkStale(func(key string) bool { return key == "a" }))
		c.Keys()
		require.Equal(t, []string{"b", "a"}, c.Keys())
	})
}

func TestSharing(t *testing.T) {
	proves(t, "LS-12 ten goroutines read and ten write without a race or a loss", func(t *testing.T) {
		const readers, reads, writers, writes = 10, 100, 10, 50
		c := newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxSize = 400 }))
		var wg sync.WaitGroup
		var wrong atomic.Int64
		for w := range writers {
			wg.Go(func() {
				for i := range writes {
					key := fmt.Sprintf("%d/%d", w, i)
					c.Set(key, &doc{key})
				}
			})
		}
		for r := range readers {
			wg.Go(func() {
				for i := range reads {
					key := fmt.Sprintf("%d/%d", (r+i)%writers, i%writes)
					if v, ok := c.Get(key); ok && v.Text != key {
						wrong.Add(1)
					}
				}
			})
		}
		wg.Wait()
		require.Zero(t, wrong.Load())
		require.Equal(t, 400, c.Len(), "full, and not more")
		m := c.Metrics()
		require.EqualValues(t, readers*reads, m.TotalRequests())
		require.EqualValues(t, writers*writes-400, m.Evictions)
		for _, key := range c.Keys() {
			v, ok := c.Get(key)
			require.True(t, ok)
			require.Equal(t, key, v.Text)
		}
	})

	proves(t, "LS-30 two handlers that share a cache see each other's values and metrics", func(t *testing.T) {
		src := source.New[*doc]()
		src.Put("a", &doc{"a"})
		c := newCache(t, src.Fetch, exactly())
		handler := func(c *promptcache.PromptCache[*doc]) func(key string) *doc {
			return func(key string) *doc { return loadedWith(t, c, key) }
		}
		one, other := handler(c), handler(c)
		require.Same(t, one("a"), other("a"))
		require.Equal(t, 1, src.Total())
		m := c.Metrics()
		require.EqualValues(t, 1, m.Hits)
		require.EqualValues(t, 1, m.Misses)
	})
}
