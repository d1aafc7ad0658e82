package promptcache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestCrashes(t *testing.T) {
	cause := errors.New("its cause")
	for name, crash := range map[string]source.Step[*doc]{
		"a panic":        source.Panic[*doc](cause),
		"a nil panic":    source.Panic[*doc](nil),
		"runtime.Goexit": source.Goexit[*doc](),
	} {
		proves(t, "NB-10 a crash in a read-through is an error, and its key is released: "+name, func(t *testing.T) {
			src := docs("a")
			c := newCache(t, src.Fetch, exactly())
			src.Script(crash)
			waiting := make([]<-chan answer[*doc], 3)
			for i := range waiting {
				waiting[i] = async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "a") })
			}
			for _, w := range waiting {
				require.ErrorIs(t, (<-w).err, promptcache.ErrPanicked)
			}
			require.Equal(t, 1, src.Total())
			require.Zero(t, c.Status().InFlight)
			goesDownTo(t, 0)
			pass(time.Second) // its backoff
			require.Equal(t, "a v1", loadedWith(t, c, "a").Text)
		})
		proves(t, "NB-10 a crash in a refresh keeps the value, frees the slot, and the loop lives: "+name, func(t *testing.T) {
			src := docs("a", "b")
			c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 }))
			old := loadedWith(t, c, "a")
			loadedWith(t, c, "b")
			for range 3 { // more crashes than there are slots
				a, b := src.Calls("a"), src.Calls("b")
				src.Script(crash)
				c.MarkStale(only("a"))
				c.MarkStale(only("b"))
				pass(0)
				require.Equal(t, a+1, src.Calls("a"))
				require.Equal(t, b+1, src.Calls("b"), "the slot was free")
				e, ok := c.Lookup("a")
				require.True(t, ok)
				require.Same(t, old, e.Value)
				require.ErrorIs(t, e.LastError, promptcache.ErrPanicked)
				pass(interval)
				require.Equal(t, a+2, src.Calls("a"), "the next scan refetches")
				e, _ = c.Lookup("a")
				require.NoError(t, e.LastError)
			}
		})
	}
	proves(t, "NB-10 the error says what the panic said and where", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly())
		src.Script(source.Panic[*doc](cause))
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, cause)
		var p *promptcache.PanicError
		require.ErrorAs(t, err, &p)
		require.Equal(t, cause, p.Value)
		require.Contains(t, string(p.Stack), "source.go")
	})
	proves(t, "NB-10 a panic in the value's own method is an error, too", func(t *testing.T) {
		c := newCache(t, func(context.Context, string) (*touchy, error) { return &touchy{}, nil }, exactly())
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrPanicked)
		require.ErrorContains(t, err, "touched")
		require.Zero(t, c.Status().InFlight)
	})
}

// touchy is a value whose method panics.
type touchy struct{}

func (*touchy) Revision() string { panic("touched") }
