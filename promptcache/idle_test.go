package promptcache_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func TestIdle(t *testing.T) {
	const idle = 20 * time.Minute
	leaving := func(cfg *promptcache.Config) { cfg.IdleAfter = idle }

	proves(t, "NB-21 keys nobody reads stop being refetched", func(t *testing.T) {
		src := docs("read", "unread")
		c := started(t, src.Fetch, exactly(leaving))
		loadedWith(t, c, "read")
		loadedWith(t, c, "unread")
		for range 60 {
			pass(interval)
			loadedWith(t, c, "read")
		}
		require.Equal(t, 11, src.Calls("read"), "every sixth minute")
		require.Equal(t, 4, src.Calls("unread"), "as long as it was read within IdleAfter")
		pass(100 * time.Hour)
		require.Equal(t, 4, src.Calls("unread"))

		src.Put("unread", &doc{"unread v2"})
		require.Equal(t, "unread v1", loadedWith(t, c, "unread").Text, "it is served stale when it is read again")
		pass(0)
		require.Equal(t, "unread v2", loadedWith(t, c, "unread").Text, "and refetched at once")
		require.Equal(t, 5, src.Calls("unread"))
		pass(ttl + interval)
		require.Equal(t, 6, src.Calls("unread"), "and from then on as before")
	})

	for name, read := range map[string]func(c *promptcache.PromptCache[*doc]){
		"Get":      func(c *promptcache.PromptCache[*doc]) { c.Get("a") },
		"Lookup":   func(c *promptcache.PromptCache[*doc]) { c.Lookup("a") },
		"GetFresh": func(c *promptcache.PromptCache[*doc]) { _, _ = c.GetFresh(context.Background(), "a") },
		"GetOr":    func(c *promptcache.PromptCache[*doc]) { c.GetOr(context.Background(), "a", nil) },
		"Set":      func(c *promptcache.PromptCache[*doc]) { c.Set("a", &doc{"set"}) },
	} {
		proves(t, "NB-21 reading keeps a key awake: "+name, func(t *testing.T) {
			src := docs("a")
			c := started(t, src.Fetch, exactly(leaving))
			loadedWith(t, c, "a")
			for range 100 {
				pass(idle)
				read(c)
				pass(0)
				e, _ := c.Lookup("a")
				require.False(t, e.Stale)
			}
		})
	}

	proves(t, "NB-21 what is no read does not", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(leaving))
		loadedWith(t, c, "a")
		for range 10 {
			pass(idle)
			c.Keys()
			c.Len()
			c.Status()
			require.NoError(t, c.Configure(c.Config()))
		}
		require.Less(t, src.Calls("a"), 6)
	})

	proves(t, "NB-21 MarkStale refetches an idle key, and then it sleeps on", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(leaving))
		loadedWith(t, c, "a")
		pass(10 * time.Hour)
		calls := src.Calls("a")
		c.MarkStale(func(string) bool { return true })
		pass(0)
		require.Equal(t, calls+1, src.Calls("a"))
		pass(10 * time.Hour)
		require.Equal(t, calls+1, src.Calls("a"))
	})

	proves(t, "NB-21 an idle key that is read while it backs off is refetched afterwards", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(leaving))
		loadedWith(t, c, "a")
		pass(10 * time.Hour)
		src.Script(limitedTo[*doc](5 * time.Minute))
		_, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrRateLimited)
		src.Put("a", &doc{"a v2"})
		c.Get("a")
		pass(5*time.Minute + interval)
		v, _ := c.Get("a")
		require.Equal(t, "a v2", v.Text)
	})

	proves(t, "NB-21 IdleAfter 0 refreshes unread keys for ever", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.IdleAfter = 0 }))
		loadedWith(t, c, "a")
		pass(100 * 6 * time.Minute)
		require.Equal(t, 101, src.Calls("a"))
	})
}
