package promptcache_test

import (
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestBounds(t *testing.T) {
	proves(t, "the refresher's queue holds a key once, however often it is set and marked", func(t *testing.T) {
		src := docs("slow", "a")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 }))
		loadedWith(t, c, "slow")
		loadedWith(t, c, "a")
		src.Script(source.Hang[*doc]())
		c.MarkStale(only("slow"))
		pass(0) // takes up the one slot
		for range 1000 {
			c.MarkStale(only("a"))
			pass(0)
			require.LessOrEqual(t, c.Status().Queued, 1)
			c.Set("a", &doc{"set"})
			require.Zero(t, c.Status().Queued, "what was set is not due")
		}
	})

	proves(t, "what is invalidated is freed though the refresher's slots are taken", func(t *testing.T) {
		src := docs("slow")
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 }))
		loadedWith(t, c, "slow")
		src.Script(source.Hang[*doc]())
		c.MarkStale(only("slow"))
		pass(0)
		values := make([]weak.Pointer[doc], 1000)
		for i := range values {
			v := &doc{"set"}
			values[i] = weak.Make(v)
			c.Set("a", v)
			c.MarkStale(only("a"))
			pass(0) // queued
			c.Invalidate("a")
		}
		runtime.GC()
		held := 0
		for _, v := range values {
			if v.Value() != nil {
				held++
			}
		}
		require.Less(t, held, 10)
	})
}
