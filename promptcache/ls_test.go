package promptcache_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func TestRefresh(t *testing.T) {
	proves(t, "LS-07 a stale entry is refetched in the background", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		events := follow(t, c)
		_, err := c.GetOrFetch(t.Context(), "a")
		require.NoError(t, err)
		src.Put("a", &doc{"a v2"})
		pass(ttl + interval)
		v, ok := c.Get("a")
		require.True(t, ok)
		require.Equal(t, "a v2", v.Text)
		require.Equal(t, 2, src.Calls("a"))
		require.Equal(t, []promptcache.EventKind{promptcache.EventAdded, promptcache.EventStale, promptcache.EventChanged}, events.kinds("a"))
	})
}
