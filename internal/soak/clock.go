package soak

import (
	"fmt"
	"sync"
	"time"

	"github.com/benbjohnson/clock"
)

// steppingClock is a clock whose wall time jumps, as when NTP or an operator
// sets it, while durations stay true.
type steppingClock struct {
	clock.Clock

	mu    sync.Mutex // guards what follows
	off   time.Duration
	zone  *time.Location                   // marks the times that were told with off
	zones map[*time.Location]time.Duration // … and those of before
}

func newSteppingClock() *steppingClock {
	c := &steppingClock{Clock: clock.New(), zones: make(map[*time.Location]time.Duration)}
	c.step(0)
	return c
}

// step makes the wall clock jump by d.
func (c *steppingClock) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += d
	c.zone = time.FixedZone(fmt.Sprintf("step %d", len(c.zones)), 0) // unnamed ones are shared
	c.zones[c.zone] = c.off
}

// Now returns the wall clock's time.
func (c *steppingClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off).In(c.zone)
}

// Since returns how long ago t, which Now has told, really was.
func (c *steppingClock) Since(t time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(t) + c.zones[t.Location()]
}
