package peer

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"
)

// controlled is the real clock, moved ahead by hand, with tickers that tick by
// hand. Timers are the real ones.
type controlled struct {
	clock.Clock
	ahead atomic.Int64 // nanoseconds
	ticks chan time.Time
	done  <-chan struct{} // closed when nobody takes ticks any more
}

// tickBuffer is how many ticks may wait for a refresher.
const tickBuffer = 1024

// newControlled makes one for a cache that ends with ctx.
func newControlled(ctx context.Context) *controlled {
	return &controlled{Clock: clock.New(), ticks: make(chan time.Time, tickBuffer), done: ctx.Done()}
}

// advance makes it later by d.
func (c *controlled) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// run makes the ticker tick n times, each time as soon as the tick before has
// been taken, and returns when the last one has, or when the cache has ended.
// Nobody reads what a tick says.
func (c *controlled) run(n int) {
	for range n {
		select {
		case c.ticks <- time.Time{}:
		case <-c.done:
			return
		}
	}
	for len(c.ticks) > 0 {
		select {
		case <-c.done:
			return
		default:
			runtime.Gosched()
		}
	}
}

// Now is the moved time.
func (c *controlled) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.ahead.Load())) }

// Since counts by the moved time.
func (c *controlled) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Ticker returns one whose ticks are those of tick; its real ones go nowhere.
func (c *controlled) Ticker(d time.Duration) *clock.Ticker {
	t := c.Clock.Ticker(d)
	t.C = c.ticks
	return t
}

// nanoClock is the same for otter.
type nanoClock struct{ *controlled }

// NowNano is the moved time.
func (c nanoClock) NowNano() int64 { return c.Now().UnixNano() }

// Tick is for the periodic removal of what has expired, which nothing does.
func (nanoClock) Tick(time.Duration) <-chan time.Time { return nil }

// tickingClock is the same for sturdyc.
type tickingClock struct{ *controlled }

// NewTicker is for the periodic removal of what has expired.
func (c tickingClock) NewTicker(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(d)
	return t.C, t.Stop
}

// NewTimer is a real timer.
func (c tickingClock) NewTimer(d time.Duration) (<-chan time.Time, func() bool) {
	t := time.NewTimer(d)
	return t.C, t.Stop
}
