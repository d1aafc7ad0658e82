package soak

import (
	"context"
	"sync"
	"time"
)

// How often it is seen how late the machine is, and how long that is remembered.
const (
	lagTick   = 50 * time.Millisecond
	lagMemory = 5 * time.Second
)

// lag is how late goroutines run: on a machine that is starved, limits of time
// mean little.
type lag struct {
	mu      sync.Mutex // guards what follows
	ticked  time.Time  // when the last wait began
	worst   time.Duration
	sum     time.Duration // of all that waits were late
	lately  time.Duration // the worst since turned
	before  time.Duration // … and of the time before that
	turned  time.Time
	started bool
}

// watch measures until ctx ends.
func (l *lag) watch(ctx context.Context) {
	for more := true; more; {
		l.tick(time.Now())
		more = rest(ctx, lagTick)
	}
}

// tick notes that a wait is over and another begins.
func (l *lag) tick(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started {
		late := now.Sub(l.ticked) - lagTick
		l.sum += late
		l.lately = max(l.lately, late)
		l.worst = max(l.worst, l.lately)
	}
	if now.Sub(l.turned) > lagMemory {
		l.before, l.lately, l.turned = l.lately, 0, now
	}
	l.ticked, l.started = now, true
}

// recent returns by how much goroutines ran late in the last seconds, at worst.
func (l *lag) recent() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	late := max(l.lately, l.before)
	if l.started {
		late = max(late, time.Since(l.ticked)-lagTick)
	}
	return late
}

// lost returns how much time goroutines have lost by running late, since the
// beginning.
func (l *lag) lost() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sum
}

// most returns by how much they ever did.
func (l *lag) most() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.worst
}
