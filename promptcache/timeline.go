package promptcache

import (
	"math"
	"reflect"
	"time"

	"github.com/benbjohnson/clock"
)

// never is the moment that does not come.
const never time.Duration = math.MaxInt64

// timeline tells the time as the duration since the cache was made, always by
// Clock.Since: a wall clock that jumps moves none of its moments.
type timeline struct {
	clock clock.Clock
	epoch time.Time
	real  bool // clock is clock.New's, so one look at it tells both
}

func newTimeline(c clock.Clock) timeline {
	return timeline{clock: c, epoch: c.Now(), real: reflect.TypeOf(c) == reflect.TypeOf(clock.New())}
}

// both returns the present moment and the wall clock's time.
func (t *timeline) both() (now time.Duration, wall time.Time) {
	if t.real {
		wall = time.Now()
		return wall.Sub(t.epoch), wall
	}
	return t.now(), t.clock.Now()
}

// now returns the present moment.
func (t *timeline) now() time.Duration {
	if t.real {
		return time.Since(t.epoch)
	}
	return t.clock.Since(t.epoch)
}

// later returns the moment d after at, or never if that is too far off. d is
// not negative.
func later(at, d time.Duration) time.Duration {
	if at > 0 && d > never-at {
		return never
	}
	return at + d
}

// wall returns the wall clock's time of a moment, seen from now; the zero time
// for never.
func (t *timeline) wall(moment, now time.Duration) time.Time {
	if moment == never {
		return time.Time{}
	}
	return t.clock.Now().Add(moment - now)
}
