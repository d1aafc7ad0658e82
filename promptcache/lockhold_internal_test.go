package promptcache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
)

// many is a cache that holds n prompts and a refresher that the test moves.
func many(t testing.TB, n int, changes ...func(cfg *Config)) (*PromptCache[*int], *clock.Mock, *refresher[*int]) {
	t.Helper()
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
	require.NoError(t, err)
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
	c.mu.Unlock()
	t.Cleanup(func() {
		c.mu.Lock()
		c.refresher, c.armed = nil, nil
		c.mu.Unlock()
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
	const n = 5000

	// hold is one step with the mutex held, which must change the flag of no more
	// than a chunk of entries; all of them together change want.
	finishes := func(t *testing.T, c *PromptCache[*int], f flag, want int, step func() (more bool)) {
		t.Helper()
		for steps := 0; ; steps++ {
			require.LessOrEqual(t, steps, 2*n/chunk+5)
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
		c.mu.Unlock()
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
		c.mu.Unlock()
		mock.Add(comebackTick)
		finishes(t, c, isParked, 0, func() bool { return r.attendLocked(c.time.now()) })
	})

	t.Run("the way back, where most came back by themselves", func(t *testing.T) {
		c, mock, r := many(t, n, func(cfg *Config) { cfg.RefreshInterval = 10 * comebackTick })
		parked := c.choose(func(*entry[*int]) bool { return true })
		reg := c.registryLocked("")
		c.mu.Lock()
		r.comeBackLocked(reg, parked, c.time.now())
		c.mu.Unlock()
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

func ttlOf(c *PromptCache[*int]) time.Duration { return *c.cfg.TTL }
