package promptcache

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// allStale is many, after a scan has found that all prompts are stale and, as
// nobody has read them for long, left them alone.
func allStale(t *testing.T, n int) (*PromptCache[*int], *refresher[*int], []string) {
	t.Helper()
	c, mock, r := many(t, n, func(cfg *Config) { cfg.IdleAfter = time.Minute })
	mock.Add(ttlOf(c) + time.Hour)
	for r.passChunkLocked(c.time.now(), true) {
	}
	require.Equal(t, n, c.countOf(isDormant))
	require.Equal(t, n, c.countOf(isCalling))
	return c, r, c.keys()
}

// hears is the refresher's turn.
func (r *refresher[V]) hears() {
	for len(r.c.calls) > 0 {
		r.hearWaiting()
	}
	r.answer()
}

func TestCalls(t *testing.T) {
	t.Run("the first reader of a stale prompt tells the refresher, without the mutex, and no other does", func(t *testing.T) {
		c, r, keys := allStale(t, 10)
		for range 3 {
			needsNoMutex(t, c, "a stale Get", func() {
				_, ok := c.Get(keys[0])
				require.True(t, ok)
			})
		}
		require.Len(t, c.calls, 1)
		require.Equal(t, 9, c.countOf(isCalling))
		r.hears()
		require.Equal(t, 1, c.Status().InFlight)
		require.Equal(t, 9, c.countOf(isDormant))
		require.Equal(t, 9, c.countOf(isCalling), "nobody calls for what is being fetched")
		m := c.Metrics()
		require.EqualValues(t, 3, m.Hits)
		require.EqualValues(t, 3, m.StaleHits)
	})

	t.Run("of readers that meet one tells it", func(t *testing.T) {
		c, r, keys := allStale(t, 10)
		for range 2 { // both have seen that it is for them to call
			require.True(t, c.tell(c.entries.peek(keys[0])))
		}
		require.Len(t, c.calls, 1)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for _, key := range keys {
					c.Get(key)
				}
			})
		}
		wg.Wait()
		require.Len(t, c.calls, 10)
		r.hears()
		require.Equal(t, c.cfg.RefreshConcurrency, c.Status().InFlight)
		require.Equal(t, 10-c.cfg.RefreshConcurrency, r.queue.waiting)
		require.EqualValues(t, 80, c.Metrics().StaleHits)
	})

	t.Run("who finds no room takes the mutex", func(t *testing.T) {
		const n = maxCalls + 20
		c, r, keys := allStale(t, n)
		for _, key := range keys {
			_, ok := c.Get(key)
			require.True(t, ok)
		}
		require.Len(t, c.calls, maxCalls)
		require.Zero(t, c.countOf(isCalling))
		require.False(t, doneWhileLocked(c, func() {
			c.MarkStale(func(string) bool { return true })
			c.Get(keys[0])
		}))
		r.hears()
		require.Equal(t, n, r.queue.waiting+c.Status().InFlight, "each of them is refetched")
		require.EqualValues(t, n+1, c.Metrics().StaleHits)
	})

	t.Run("one that was set meanwhile calls again when it is stale again", func(t *testing.T) {
		c, r, keys := allStale(t, 3)
		c.Get(keys[0])
		c.Get(keys[1])
		c.Set(keys[0], new(int))
		c.Invalidate(keys[1])
		e := c.entries.peek(keys[0])
		e.drop(isCalling) // as by a reader that came before the Set and went on after it
		r.hears()
		require.Zero(t, c.Status().InFlight)
		require.True(t, e.is(isCalling))
	})

	t.Run("what was told to a refresher that has ended is told to the next one", func(t *testing.T) {
		c, r, keys := allStale(t, 10)
		for _, key := range keys {
			c.Get(key)
		}
		require.Zero(t, c.countOf(isCalling))
		go r.run()
		r.cancel()
		<-r.done
		require.Empty(t, c.calls)
		require.Equal(t, 10, c.countOf(isCalling))
	})

	t.Run("the number of the refresher and the flags change beside each other", func(t *testing.T) {
		e := &entry[int]{}
		var lost atomic.Int64
		var wg sync.WaitGroup
		for _, f := range []flag{isCalling, isStale, isExpired, isMarked} {
			wg.Go(func() {
				for range 50_000 {
					e.set(f)
					if !e.is(f) {
						lost.Add(1)
					}
					e.drop(f)
					if e.is(f) {
						lost.Add(1)
					}
				}
			})
		}
		for i := range uint16(50_000) {
			e.setWokenBy(i)
			if e.wokenBy() != i {
				lost.Add(1)
			}
		}
		wg.Wait()
		require.Zero(t, lost.Load())
	})
}

// The chunks of a scan are one step to the order of use: readers that share the
// clock's stamp go on sharing it.
func TestScanAdvancesOnce(t *testing.T) {
	c, mock, r := many(t, 3*chunk)
	mock.Add(ttlOf(c) + 1)
	now := c.time.now()
	clock := &c.entries.recency.clock
	before := clock.Load()
	require.True(t, r.passChunkLocked(now, true))
	require.Greater(t, clock.Load(), before)
	clock.Or(shared)
	before = clock.Load()
	require.True(t, r.passChunkLocked(now, true))
	require.Equal(t, before, clock.Load())
	mock.Add(1)
	r.passChunkLocked(c.time.now(), true)
	require.Greater(t, clock.Load(), before)
	require.Zero(t, clock.Load()&shared)
}

// A prompt that the refresher has in hand is read without anybody calling.
func TestWhoIsRefetchedCallsNobody(t *testing.T) {
	c, mock, r := many(t, 100)
	mock.Add(ttlOf(c) + 1)
	for r.passChunkLocked(c.time.now(), true) {
	}
	require.Equal(t, 100-c.cfg.RefreshConcurrency, r.queue.waiting)
	require.Zero(t, c.countOf(isCalling))
	needsNoMutex(t, c, "stale Gets", func() {
		for _, key := range []string{"owner/prompt-0", "owner/prompt-99"} {
			_, err := c.GetOrFetch(context.Background(), key)
			require.NoError(t, err)
		}
	})
	require.Empty(t, c.calls)
	for r.emptyQueue() {
	}
	require.Equal(t, 100-c.cfg.RefreshConcurrency, c.countOf(isCalling), "those that it lets go of call again")
}
