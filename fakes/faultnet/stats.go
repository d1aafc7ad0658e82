package faultnet

import (
	"context"
	"fmt"
	"maps"
	"sync"
)

// Stats is what a proxy has done since it was started.
type Stats struct {
	Accepted int // connections that were accepted
	Open     int // … and are not yet gone
	Failed   int // … and were reset because the target could not be reached

	RequestBytes int64 // bytes that were sent on to the target
	AnswerBytes  int64 // bytes that were sent on to the client
	Corrupted    int64 // … in either direction, of them changed

	// Hits counts, for each kind, the faults that did something to a connection:
	// one that was injected once and met by three connections counts three times.
	// Cut counts as Reset; Refuse counts once for each time it was injected.
	Hits map[Kind]int
}

// Stats returns the counters as they are now. The snapshot is the caller's to
// keep.
func (p *Proxy) Stats() Stats {
	now, _ := p.stats.snapshot()
	return now
}

// Await waits until reached says so of the counters, or for the end of ctx,
// whose error it returns, or for Close, which is an error, too. reached is
// called at once and after every change.
func (p *Proxy) Await(ctx context.Context, reached func(Stats) bool) error {
	for {
		now, changed := p.stats.snapshot()
		if reached(now) {
			return nil
		}
		select {
		case <-changed:
		case <-p.ended:
			return fmt.Errorf("faultnet: closed at %+v", now)
		case <-ctx.Done():
			return fmt.Errorf("faultnet: %+v: %w", now, ctx.Err())
		}
	}
}

// counters keeps the Stats.
type counters struct {
	mu      sync.Mutex // guards what follows; taken last
	now     Stats
	changed chan struct{} // closed and replaced at each change
}

func newCounters() *counters {
	return &counters{now: Stats{Hits: make(map[Kind]int)}, changed: make(chan struct{})}
}

func (c *counters) snapshot() (now Stats, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now = c.now
	now.Hits = maps.Clone(now.Hits)
	return now, c.changed
}

func (c *counters) change(fn func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn(&c.now)
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *counters) accepted() { c.change(func(s *Stats) { s.Accepted++; s.Open++ }) }

func (c *counters) left() { c.change(func(s *Stats) { s.Open-- }) }

func (c *counters) failed() { c.change(func(s *Stats) { s.Failed++ }) }

func (c *counters) hit(k Kind) { c.change(func(s *Stats) { s.Hits[k]++ }) }

func (c *counters) passed(w way, n, corrupted int) {
	c.change(func(s *Stats) {
		if w == answers {
			s.AnswerBytes += int64(n)
		} else {
			s.RequestBytes += int64(n)
		}
		s.Corrupted += int64(corrupted)
	})
}
