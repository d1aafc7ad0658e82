package promptcache

import (
	"runtime"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestCounters(t *testing.T) {
	t.Run("64 goroutines are counted exactly", func(t *testing.T) {
		const goroutines, each = 64, 5000
		c := newCounters()
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() {
				for i := range each {
					c.hit()
					if i%5 == 0 {
						c.staleHit()
					}
				}
			})
		}
		for range 100 {
			hits, stale := c.sum()
			require.GreaterOrEqual(t, hits, stale, "there are never more stale hits than hits")
		}
		wg.Wait()
		hits, stale := c.sum()
		require.EqualValues(t, goroutines*each, hits)
		require.EqualValues(t, goroutines*each/5, stale)
	})

	t.Run("there are stripes enough, and every one of them can be picked", func(t *testing.T) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
		for procs, want := range map[int]int{1: 64, 2: 64, 3: 128, 8: 256, 32: 256, 1000: 256} {
			runtime.GOMAXPROCS(procs)
			c := newCounters()
			require.Len(t, c.stripes, want)
			require.EqualValues(t, want, uint64(1)<<(64-c.shift))
		}
		require.EqualValues(t, 128, unsafe.Sizeof(stripe{}), "no two share a pair of cache lines")
	})

	t.Run("goroutines that run at once seldom share a stripe", func(t *testing.T) {
		c := newCounters()
		const goroutines = 16
		var mu sync.Mutex
		seen := make(map[*stripe]bool)
		var ready, wg sync.WaitGroup
		ready.Add(goroutines)
		for range goroutines {
			wg.Go(func() {
				ready.Done()
				ready.Wait() // all of them have stacks now
				mu.Lock()
				defer mu.Unlock()
				seen[c.mine()] = true
			})
		}
		wg.Wait()
		require.GreaterOrEqual(t, len(seen), goroutines/4)
	})
}

func TestMetricsNeverShowMoreStaleHitsThanHits(t *testing.T) {
	c := internalCache(t, noFetch)
	c.Set("a", new(1))
	e := c.entries.peek("a")
	var wg sync.WaitGroup
	const readers, each = 4, 20_000
	for range readers {
		wg.Go(func() {
			for range each {
				c.count(e, true)
			}
		})
	}
	for range 2000 {
		m := c.Metrics()
		require.GreaterOrEqual(t, m.Hits, m.StaleHits)
	}
	wg.Wait()
	m := c.Metrics()
	require.EqualValues(t, readers*each, m.Hits)
	require.EqualValues(t, readers*each, m.StaleHits)
}

func TestResetBetweenTheHalvesOfAStaleHit(t *testing.T) {
	c := internalCache(t, noFetch)
	mine := c.counters.mine()
	mine.hits.Add(1)
	c.ResetMetrics()
	mine.staleHits.Add(1)
	require.Equal(t, Metrics{}, c.Metrics())
	mine.hits.Add(1)
	require.LessOrEqual(t, c.Metrics().StaleHits, c.Metrics().Hits)
}
