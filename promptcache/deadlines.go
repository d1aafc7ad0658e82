package promptcache

import (
	"context"
	"fmt"
	"time"

	"github.com/benbjohnson/clock"
)

// expireAtOnce is how many flights are ended before the lock is let go of: fewer
// than a chunk, for each takes a few microseconds.
const expireAtOnce = 8

// deadlines are the flights that have not returned, in the order in which their
// time is over, and one timer for all of them. The cache's mutex guards it.
type deadlines[V any] struct {
	first, last *flight[V]
	timer       *clock.Timer  // nil if it is not set
	set         uint64        // how often it was
	at          time.Duration // when it comes, at the latest when first's time is over
}

// add takes in f, which for as long as all have the same timeout is the last.
func (d *deadlines[V]) add(f *flight[V]) {
	before := d.last
	for before != nil && before.expiresAt > f.expiresAt {
		before = before.earlier
	}
	f.earlier = before
	if before == nil {
		f.next, d.first = d.first, f
	} else {
		f.next, before.next = before.next, f
	}
	if f.next == nil {
		d.last = f
	} else {
		f.next.earlier = f
	}
}

// remove takes f out, if it is there.
func (d *deadlines[V]) remove(f *flight[V]) {
	switch {
	case f.earlier != nil:
		f.earlier.next = f.next
	case d.first == f:
		d.first = f.next
	default:
		return
	}
	if f.next != nil {
		f.next.earlier = f.earlier
	} else {
		d.last = f.earlier
	}
	f.earlier, f.next = nil, nil
}

// awaitDeadlineLocked has f expire when its time is over.
func (c *PromptCache[V]) awaitDeadlineLocked(f *flight[V]) {
	f.expiresAt = later(f.began, f.timeout)
	c.deadlines.add(f)
	c.setDeadlineTimerLocked(f.began)
}

// restLocked stops the timer if there is nothing to wait for and no refresher
// either. While there is one the timer stays set when a flight returns, for the
// next flight.
func (c *PromptCache[V]) restLocked() {
	d := &c.deadlines
	if d.first == nil && d.timer != nil && !c.refresher.running() {
		d.timer.Stop()
		d.timer = nil
	}
}

// setDeadlineTimerLocked sets the timer, unless it comes early enough.
func (c *PromptCache[V]) setDeadlineTimerLocked(now time.Duration) {
	d := &c.deadlines
	if d.first == nil || d.timer != nil && d.at <= d.first.expiresAt {
		return
	}
	if d.timer != nil {
		d.timer.Stop()
	}
	d.at = d.first.expiresAt
	d.set++
	set := d.set // the timer itself may come before AfterFunc has returned it
	d.timer = c.time.clock.AfterFunc(d.at-now, func() { c.expireAll(set) })
}

// expireAll ends the flights whose time is over. It does nothing if the timer was
// stopped or set anew since that time.
func (c *PromptCache[V]) expireAll(set uint64) {
	for c.expireFew(set) {
	}
}

// expireFew ends a few of them, and reports whether there may be more. The timer
// is not set anew until all have ended.
func (c *PromptCache[V]) expireFew(set uint64) (more bool) {
	c.mu.Lock()
	defer c.unlock()
	d := &c.deadlines
	if d.timer == nil || d.set != set {
		return false
	}
	now := c.time.now()
	for range expireAtOnce {
		f := d.first
		if f == nil || f.expiresAt > now {
			d.timer = nil
			c.setDeadlineTimerLocked(now)
			return false
		}
		d.remove(f)
		c.expireLocked(f)
	}
	return true
}

// expireLocked ends a flight at its timeout: those who wait get an error now,
// whether the fetch heeds its context or not.
func (c *PromptCache[V]) expireLocked(f *flight[V]) {
	if !f.settled {
		f.ctx.end(context.DeadlineExceeded)
		err := &FetchError{
			Key: f.key, Kind: KindUnavailable,
			Err: fmt.Errorf("no answer within the FetchTimeout of %v: %w", f.timeout, context.DeadlineExceeded),
		}
		c.settleLocked(f, outcome[V]{err: err, message: err.Error()})
	}
	c.graceLocked(f)
}

// graceLocked lets f, whose context has ended, go on for a while.
func (c *PromptCache[V]) graceLocked(f *flight[V]) {
	if _, flying := c.flying[f]; flying && f.grace == nil {
		f.grace = c.time.clock.AfterFunc(grace, func() { c.abandon(f) })
	}
}
