package promptcache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
)

// many is a cache that holds n prompts and a refresher that the test moves.
func many(tb testing.TB, n int, changes ...func(cfg *Config)) (*PromptCache[*int], *clock.Mock, *refresher[*int]) {
	tb.Helper()
	mock := clock.NewMock()
	cfg := DefaultConfig()
	cfg.RefreshJitter, cfg.MaxSize, cfg.Clock = 0, n, mock
	cfg.IdleAfter = 0
	cfg.Logger = slog.New(slog.DiscardHandler)
	for _, change := range changes {
		change(&cfg)
	}
	c, err := New(func(ctx context.Context, _ string) (*int, error) {
		<-ctx.Done()
		return nil, errors.New("too late")
	}, cfg)
	require.NoError(tb, err)
	v := new(int)
	for i := range n {
		c.Set(fmt.Sprint("owner/prompt-", i), v)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &refresher[*int]{
		c: c, ctx: ctx, cancel: cancel, ticker: mock.Ticker(time.Hour), number: 1,
		wake: make(chan struct{}, 1), stirred: make(chan struct{}, 1), done: make(chan struct{}),
		alarmAt: never, listenAt: never,
	}
	c.mu.Lock()
	c.refresher = r
	c.armed = ctx
	c.unlock()
	tb.Cleanup(func() {
		c.mu.Lock()
		c.refresher, c.armed = nil, nil
		c.unlock()
		cancel()
		ended, end := context.WithCancel(context.Background())
		end()
		_ = c.Shutdown(ended)
	})
	return c, mock, r
}

// countOf returns how many of c's entries have the flag.
func (c *PromptCache[V]) countOf(f flag) (n int) {
	for e := range c.entries.all {
		if e.is(f) {
			n++
		}
	}
	return n
}

// What is done under one hold of the mutex is a few entries' worth, however many
// there are.
func TestHoldsAreShort(t *testing.T) {
	const n = 1000

	// hold is one step with the mutex held, which must change the flag of no more
	// than a chunk of entries; all of them together change want.
	finishes := func(t *testing.T, c *PromptCache[*int], f flag, want int, step func() (more bool)) {
		t.Helper()
		for steps := 0; ; steps++ {
			require.LessOrEqual(t, steps, n/dispatchAtOnce+5)
			before := c.countOf(f)
			c.mu.Lock()
			more := step()
			c.unlock()
			after := c.countOf(f)
			require.LessOrEqual(t, max(before-after, after-before), chunk)
			if !more {
				require.Equal(t, want, after)
				return
			}
		}
	}

	t.Run("a scan", func(t *testing.T) {
		c, mock, r := many(t, n)
		mock.Add(ttlOf(c) + 1)
		now := c.time.now()
		finishes(t, c, isStale, n, func() bool { return r.passChunkLocked(now, true) })
		require.Equal(t, n-c.cfg.RefreshConcurrency, r.queue.waiting)
	})

	t.Run("the queue, when the registry is held", func(t *testing.T) {
		c, mock, r := many(t, n)
		mock.Add(ttlOf(c) + 1)
		c.cfg.RefreshConcurrency = 0
		for r.passChunkLocked(c.time.now(), true) {
		}
		require.Equal(t, n, r.queue.waiting)
		c.cfg.RefreshConcurrency = 4
		c.mu.Lock()
		reg := c.registryLocked("")
		c.holdBackLocked(reg)
		reg.next = never
		reg.cause = &FetchError{Kind: KindUnavailable, Err: errors.New("down")}
		c.unlock()
		finishes(t, c, isParked, n, func() bool {
			r.dispatchLocked()
			select {
			case <-r.stirred:
				return true
			default:
				return false
			}
		})
	})

	t.Run("the way back, where all come at once", func(t *testing.T) {
		c, mock, r := many(t, n, func(cfg *Config) { cfg.RefreshInterval = comebackTick })
		mock.Add(ttlOf(c) + 1)
		c.cfg.RefreshConcurrency = 0
		parked := c.choose(func(e *entry[*int]) bool {
			e.set(isParked)
			return true
		})
		reg := c.registryLocked("")
		c.mu.Lock()
		r.comeBackLocked(reg, parked, c.time.now())
		c.unlock()
		mock.Add(comebackTick)
		finishes(t, c, isParked, 0, func() bool { return r.attendLocked(c.time.now()) })
	})

	t.Run("the way back, where most came back by themselves", func(t *testing.T) {
		c, mock, r := many(t, n, func(cfg *Config) { cfg.RefreshInterval = 10 * comebackTick })
		parked := c.choose(func(*entry[*int]) bool { return true })
		reg := c.registryLocked("")
		c.mu.Lock()
		r.comeBackLocked(reg, parked, c.time.now())
		c.unlock()
		mock.Add(comebackTick)
		left := len(reg.comeback.waiting)
		for r.attendLocked(c.time.now()) {
			require.LessOrEqual(t, left-len(reg.comeback.waiting), chunk)
			left = len(reg.comeback.waiting)
		}
		require.Nil(t, reg.comeback.waiting)
	})

	t.Run("Configure makes the cache smaller after all were read", func(t *testing.T) {
		c, _, _ := many(t, n)
		for _, key := range c.keys() {
			c.Get(key)
		}
		c.cfg.MaxSize = n / 2
		order := func() (moved int) { // how many entries' places in the heap are by stamps that they have
			for _, x := range c.entries.recency.ranked() {
				if x.key == x.entry.stamp.Load() {
					moved++
				}
			}
			return moved
		}
		before := order()
		for more := true; more; {
			more = c.shrink()
			after := order()
			require.LessOrEqual(t, after-before, chunk)
			before = after
		}
		require.Equal(t, n/2, c.Len())
	})

	t.Run("rousing", func(t *testing.T) {
		c, _, _ := many(t, n)
		now := c.time.now()
		c.each(func(e *entry[*int]) {
			e.set(isStale)
			c.hushLocked(e, never, now)
		})
		require.Equal(t, n, c.countOf(isHushed))
		finishes(t, c, isHushed, 0, func() bool { return c.rouseChunkLocked(true) })
		require.Equal(t, n, c.countOf(isCalling))
	})

	t.Run("a stopped refresher's queue", func(t *testing.T) {
		c, mock, r := many(t, n)
		mock.Add(ttlOf(c) + 1)
		c.cfg.RefreshConcurrency = 0
		for r.passChunkLocked(c.time.now(), true) {
		}
		for left, more := n, true; more; left = r.queue.waiting {
			more = r.emptyQueue()
			require.LessOrEqual(t, left-r.queue.waiting, chunk)
		}
		require.Zero(t, r.queue.waiting)
	})
}

// A scan costs what is due, not what is cached. A walk of so many takes
// milliseconds; what the best of the ticks takes is hardly noise.
func TestTickWithNothingDue(t *testing.T) {
	const n = 50_000
	_, _, r := many(t, n)
	r.pass(true)
	best := time.Hour
	for range 1000 {
		begin := time.Now()
		r.pass(true)
		best = min(best, time.Since(begin))
	}
	require.Less(t, best, 50*time.Microsecond)
}

func BenchmarkTickWithNothingDue(b *testing.B) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			_, _, r := many(b, n)
			r.pass(true)
			for b.Loop() {
				r.pass(true)
			}
		})
	}
}

// BenchmarkHolds measures how long each kind of background work holds the mutex
// at a time, in a cache of 100,000: half of the holds are shorter than p50-ns.
func BenchmarkHolds(b *testing.B) {
	const n = 100_000
	type cache = PromptCache[*int]
	due := func(c *cache, mock *clock.Mock, r *refresher[*int]) {
		mock.Add(ttlOf(c) + 1)
		c.cfg.RefreshConcurrency = 0
		for r.passChunkLocked(c.time.now(), true) {
		}
	}
	for _, work := range []struct {
		name    string
		prepare func(c *cache, mock *clock.Mock, r *refresher[*int]) (hold func() (more bool))
	}{
		{"scan, all due", func(c *cache, mock *clock.Mock, r *refresher[*int]) func() bool {
			mock.Add(ttlOf(c) + 1)
			now := c.time.now()
			return func() bool { return r.passChunkLocked(now, true) }
		}},
		{"queue, registry held", func(c *cache, mock *clock.Mock, r *refresher[*int]) func() bool {
			due(c, mock, r)
			c.cfg.RefreshConcurrency = 4
			reg := c.registryLocked("")
			reg.cause = &FetchError{Kind: KindUnavailable, Err: errors.New("down")}
			c.holdBackLocked(reg)
			reg.next = never
			return func() bool { r.dispatchLocked(); return len(r.stirred) > 0 && r.queue.waiting > 0 }
		}},
		{"way back, all at once", func(c *cache, mock *clock.Mock, r *refresher[*int]) func() bool {
			c.cfg.RefreshConcurrency = 0
			parked := c.choose(func(e *entry[*int]) bool { e.set(isParked); return true })
			c.cfg.RefreshInterval = comebackTick
			r.comeBackLocked(c.registryLocked(""), parked, c.time.now())
			mock.Add(comebackTick)
			return func() bool { return r.attendLocked(c.time.now()) }
		}},
		{"rouse", func(c *cache, _ *clock.Mock, _ *refresher[*int]) func() bool {
			c.each(func(e *entry[*int]) { c.hushLocked(e, never, 0) })
			return func() bool { return c.rouseChunkLocked(true) }
		}},
		{"stop, queue", func(c *cache, mock *clock.Mock, r *refresher[*int]) func() bool {
			due(c, mock, r)
			return func() bool {
				for range chunk {
					e, ok := r.queue.pop()
					if !ok {
						return false
					}
					c.rescheduleLocked(e)
				}
				return true
			}
		}},
		{"walk, a part collected", func(c *cache, _ *clock.Mock, _ *refresher[*int]) func() bool {
			t, part := c.entries.index.table.Load(), 0
			return func() bool { _, part = t.part(part); return part != 0 }
		}},
		{"Configure, judged anew", func(c *cache, _ *clock.Mock, _ *refresher[*int]) func() bool {
			all, i := c.choose(func(*entry[*int]) bool { return true }), 0
			return func() bool {
				for end := min(i+chunk, n); i < end; i++ {
					c.reappraiseLocked(all[i], 0)
				}
				return i < n
			}
		}},
		{"required, registry down", func(c *cache, _ *clock.Mock, r *refresher[*int]) func() bool {
			cfg := c.Config()
			for i := range n {
				cfg.Required = append(cfg.Required, fmt.Sprint("not/cached-", i))
			}
			c.required = c.requirementsOf(cfg)
			reg := c.registryLocked("")
			reg.cause = &FetchError{Kind: KindUnavailable, Err: errors.New("down")}
			c.holdBackLocked(reg)
			reg.next = never
			left := n
			return func() bool { left = r.requireLocked(left, 0); return left > 0 }
		}},
		{"fetches whose time is over", func(c *cache, mock *clock.Mock, _ *refresher[*int]) func() bool {
			for i := range 1000 {
				go c.fly(c.launchLocked(context.Background(), fmt.Sprint("not/cached-", i), "", nil, nil))
			}
			c.deadlines.timer.Stop()
			mock.Add(c.cfg.FetchTimeout)
			return func() bool { return c.expireFew(c.deadlines.set) }
		}},
		{"leaving the queue", func(c *cache, mock *clock.Mock, r *refresher[*int]) func() bool {
			due(c, mock, r)
			all, i := c.choose(func(*entry[*int]) bool { return true }), 0
			return func() bool {
				for end := min(i+chunk, n); i < end; i++ {
					c.unqueueLocked(all[i])
				}
				return i < n
			}
		}},
		{"a first not found", func(c *cache, _ *clock.Mock, _ *refresher[*int]) func() bool {
			return func() bool { c.denyLocked(c.registryLocked(""), 0); return false }
		}},
	} {
		b.Run(work.name, func(b *testing.B) {
			var holds []time.Duration
			for range b.N {
				b.StopTimer()
				c, mock, r := many(b, n)
				hold := work.prepare(c, mock, r)
				b.StartTimer()
				for more := true; more; {
					begin := time.Now()
					more = hold()
					holds = append(holds, time.Since(begin))
					c.mu.Lock()
					c.pendingLogs = nil // as unlock does
					c.unlock()
				}
			}
			slices.Sort(holds)
			b.ReportMetric(float64(holds[len(holds)/2]), "p50-ns")
			b.ReportMetric(float64(holds[len(holds)*99/100]), "p99-ns")
			b.ReportMetric(float64(holds[len(holds)-1]), "max-ns")
			b.ReportMetric(float64(len(holds)), "holds")
		})
	}
}

func ttlOf(c *PromptCache[*int]) time.Duration { return *c.cfg.TTL }

// Nothing that grows with the number of prompts is ever copied whole, so that no
// Set takes long for being one too many.
func TestGrowthIsByPages(t *testing.T) {
	const n, few = 150_000, 50
	const enough = 512 << 10 // some 20 parts of the index that split; an array of all would be two megabytes
	cfg := DefaultConfig()
	cfg.MaxSize = n
	c, err := New(func(context.Context, string) (*int, error) { return nil, ErrNotFound }, cfg)
	require.NoError(t, err)
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprint("owner/prompt-", i)
	}
	v := new(int)
	var before, after runtime.MemStats
	for first := 0; first < n; first += few {
		runtime.ReadMemStats(&before)
		for _, key := range keys[first : first+few] {
			c.Set(key, v)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > enough {
			require.LessOrEqual(t, grown, uint64(enough), "bytes for %d prompts, behind %d", few, first)
		}
	}
	require.Equal(t, n, c.Len())
}
