package promptcache_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// gates is a registry that answers a key when told to, and how.
type gates struct {
	mu      sync.Mutex
	answers map[string]chan error
}

func newGates() *gates { return &gates{answers: make(map[string]chan error)} }

func (g *gates) of(key string) chan error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.answers[key] == nil {
		g.answers[key] = make(chan error)
	}
	return g.answers[key]
}

func (g *gates) fetch(ctx context.Context, key string) (*doc, error) {
	select {
	case err := <-g.of(key):
		if err != nil {
			return nil, &promptcache.FetchError{Key: key, Kind: promptcache.KindNotFound, Err: err}
		}
		return &doc{key}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A first "not found" counts the witnesses there are among many prompts, whose
// fetches began and ended before, while and after its own.
func TestMissingAmongMany(t *testing.T) {
	const n = 200
	gone := fmt.Errorf("gone")
	// asked is a cache of prompts that were fetched a second ago. begin has some
	// fetched, and end answers them.
	asked := func(t *testing.T) (c *promptcache.PromptCache[*doc], begin func(keys ...string), end func(err error, keys ...string)) {
		t.Helper()
		g := newGates()
		c = newCache(t, g.fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxSize, cfg.NegativeTTL, cfg.FetchTimeout = 2*n, 0, time.Hour }))
		begin = func(keys ...string) {
			for _, key := range keys {
				go func() { _, _ = c.Refresh(t.Context(), key) }() // Len says what came of it
			}
			pass(1)
		}
		end = func(err error, keys ...string) {
			for _, key := range keys {
				g.of(key) <- err
			}
			pass(1)
		}
		keys := numbered(n)
		begin(keys...)
		end(nil, keys...)
		require.Equal(t, n, c.Len())
		pass(time.Second)
		return c, begin, end
	}
	keys := numbered(n)

	proves(t, "NB-25 a wiped registry takes none of many prompts", func(t *testing.T) {
		c, begin, end := asked(t)
		for range 3 {
			begin(keys...)
			end(gone, keys...)
			pass(interval)
		}
		require.Equal(t, n, c.Len())
		require.True(t, domainOf(t, c, "").RemovalsSuspended)
		begin(keys...)
		end(nil, keys...)
		require.Zero(t, domainOf(t, c, "").NotFound)
		require.False(t, domainOf(t, c, "").RemovalsSuspended)
	})

	proves(t, "NB-25 a mass is judged by all that were found since, also by fetches that began with the first denied", func(t *testing.T) {
		for _, found := range []int{99, 100} {
			c, begin, end := asked(t)
			begin(keys...)
			end(nil, keys[100:100+found]...) // before anything is denied
			end(gone, keys[:100]...)
			pass(interval)
			begin(keys[:100]...)
			end(gone, keys[:100]...)
			require.Equal(t, found == 99, domainOf(t, c, "").RemovalsSuspended)
			if found == 99 {
				require.Equal(t, n, c.Len())
			} else {
				require.Equal(t, 100, c.Len())
			}
		}
	})

	proves(t, "NB-25 what was found by a fetch that began before the denied one is no witness", func(t *testing.T) {
		c, begin, end := asked(t)
		begin("p1", "p2", "p3")
		begin("p0")
		end(nil, "p1", "p2", "p3")
		end(gone, "p0")
		pass(interval)
		begin("p0")
		end(gone, "p0")
		require.Equal(t, n, c.Len(), "the registry may have been wiped in between")
		begin("p1")
		end(nil, "p1")
		begin("p0")
		end(gone, "p0")
		require.Equal(t, n-1, c.Len())
	})

	proves(t, "NB-25 a witness that is lost while the denied fetch is under way is none", func(t *testing.T) {
		c, begin, end := asked(t)
		begin("p0")
		begin("p1", "p2")
		end(nil, "p1", "p2")
		c.Invalidate("p1", "p2")
		end(gone, "p0")
		pass(interval)
		begin("p0")
		end(gone, "p0")
		require.Equal(t, n-2, c.Len())
	})

	proves(t, "NB-25 a witness that is found again is one witness", func(t *testing.T) {
		c, begin, end := asked(t)
		begin("p0", "p1", "p2")
		begin("p3")
		end(nil, "p3")
		for range 5 {
			begin("p3")
			end(nil, "p3")
		}
		end(gone, "p0", "p1", "p2")
		pass(interval)
		begin("p0", "p1", "p2")
		end(gone, "p0", "p1", "p2")
		require.Equal(t, n, c.Len())
		require.True(t, domainOf(t, c, "").RemovalsSuspended)
		c.Invalidate("p3")
		pass(interval)
		begin("p4", "p5", "p6", "p7")
		end(nil, "p4", "p5", "p6", "p7")
		begin("p0")
		end(gone, "p0")
		require.Equal(t, n-2, c.Len(), "three of seven are no mass")
	})

	proves(t, "NB-25 a prompt that is fetched for the first time is a witness", func(t *testing.T) {
		c, begin, end := asked(t)
		begin("p0")
		end(gone, "p0")
		begin("new")
		end(nil, "new")
		pass(interval)
		begin("p0")
		end(gone, "p0")
		require.Equal(t, n, c.Len(), "the new one instead of it")
		require.EqualValues(t, 1, c.Metrics().Removals)
	})

	proves(t, "NB-25 when nothing is missing any more the next denial begins anew", func(t *testing.T) {
		c, begin, end := asked(t)
		begin("p0")
		begin("p1") // which lasts longer than the first inquiry
		end(gone, "p0")
		begin("p2", "p3")
		end(nil, "p2", "p3")
		begin("p0")
		end(nil, "p0")
		begin("p4")
		end(gone, "p4")
		pass(interval / 4)
		end(gone, "p1")
		pass(interval)
		begin("p4")
		end(gone, "p4")
		require.Equal(t, n, c.Len(), "p2 and p3 were found before p4 was asked for")
		begin("p5")
		end(nil, "p5")
		begin("p4", "p1")
		end(gone, "p4", "p1")
		require.Equal(t, n-2, c.Len())
	})
}

// Whether there is anything to compare with is seen among many prompts, too.
func TestNothingToCompareWithAmongMany(t *testing.T) {
	const n = 2000
	// denied is a cache of many prompts that can never change, and some that can,
	// whose first is denied twice.
	denied := func(t *testing.T, others int, between func(c *promptcache.PromptCache[*versioned])) *promptcache.PromptCache[*versioned] {
		t.Helper()
		lost := false
		c := newCache(t, func(_ context.Context, key string) (*versioned, error) {
			if lost && key == "p0" {
				return nil, &promptcache.FetchError{Key: key, Kind: promptcache.KindNotFound}
			}
			return &versioned{Rev: key}, nil
		}, exactly(func(cfg *promptcache.Config) { cfg.MaxSize = 2 * n }))
		loadedWith(t, c, "p0")
		for i := 1; i < n; i++ {
			c.Set(fmt.Sprint("p", i), &versioned{Rev: "1", Fixed: i > others})
		}
		pass(time.Second)
		lost = true
		for i := range 2 {
			_, err := c.Refresh(t.Context(), "p0")
			require.ErrorIs(t, err, promptcache.ErrNotFound)
			if i == 0 {
				between(c)
				pass(interval)
			}
		}
		return c
	}
	nothing := func(*promptcache.PromptCache[*versioned]) {}

	for others, left := range map[int]int{0: n - 1, 1: n - 1, 2: n, 500: n} {
		proves(t, fmt.Sprintf("LF-11 of %d prompts %d others are asked for", n, others), func(t *testing.T) {
			require.Equal(t, left, denied(t, others, nothing).Len())
		})
	}

	proves(t, "LF-11 what has come in between counts", func(t *testing.T) {
		c := denied(t, 0, func(c *promptcache.PromptCache[*versioned]) {
			c.Set("p7", &versioned{Rev: "2"})
			c.Set("another", &versioned{Rev: "2"})
		})
		require.Equal(t, n+1, c.Len())
		c.Invalidate("another")
		_, err := c.Refresh(t.Context(), "p0")
		require.NotErrorIs(t, err, promptcache.ErrStale)
		require.Equal(t, n-1, c.Len(), "it goes at the next denial")
	})
}
