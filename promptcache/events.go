package promptcache

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// EventKind says what happened to a prompt or a Domain.
type EventKind uint8

// The kinds of events.
const (
	EventAdded         EventKind = iota // cached under a key that was not there
	EventChanged                        // replaced by other content
	EventStale                          // found to be older than its TTL, or marked stale
	EventRefreshFailed                  // a fetch failed; Err says why. The prompt is still served
	EventRejected                       // a fetch brought what may not be served (ErrInvalid); Err says why
	EventRecovered                      // replaced or confirmed after failures
	EventRemoved                        // removed by Invalidate or Clear or, with an Err, because the registry says that it does not exist
	EventEvicted                        // removed to make room
	EventDown                           // a Domain is down from now on; Err is the failure that was one too many
	EventUp                             // a Domain that was down answers again
)

var eventNames = [...]string{"added", "changed", "stale", "refresh failed", "rejected", "recovered", "removed", "evicted", "down", "up"}

// String returns the kind in words: "refresh failed".
func (k EventKind) String() string {
	if int(k) >= len(eventNames) {
		return fmt.Sprintf("EventKind(%d)", uint8(k))
	}
	return eventNames[k]
}

// Event is something that happened to a prompt or, for EventDown and EventUp,
// to a Domain.
type Event struct {
	Kind        EventKind
	Key         string // canonical; "" if it is about a Domain
	Domain      string // the Domain that it is about
	OldRevision string // of the value before, "" if it has none or there was none
	NewRevision string // of the value after, likewise
	At          time.Time
	Err         error // a *FetchError, for the kinds that have one
}

// eventBuffer is how many events a subscriber may be behind.
const eventBuffer = 1024

// Subscribe calls fn for every event from now on, one at a time and in the
// order in which they happened, from a goroutine that ends with unsubscribe or
// Shutdown. A subscriber that falls more than 1,024 events behind loses the
// oldest of them (counted in Metrics.DroppedEvents); it never holds up the
// cache. fn may call any method of the cache.
//
// unsubscribe may be called more than once and from fn; a call of fn that is
// under way may still be running when it returns. Events not yet delivered are
// then lost. After Shutdown, Subscribe does nothing.
func (c *PromptCache[V]) Subscribe(fn func(Event)) (unsubscribe func()) {
	s := &subscriber{fn: fn, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	c.mu.Lock()
	defer c.unlock()
	if c.closed {
		return func() {}
	}
	c.subscribers = append(c.subscribers, s)
	go s.run()
	return func() { c.unsubscribe(s) }
}

func (c *PromptCache[V]) unsubscribe(s *subscriber) {
	c.mu.Lock()
	defer c.unlock()
	c.subscribers = slices.DeleteFunc(c.subscribers, func(other *subscriber) bool { return other == s })
	s.end(false)
}

// emitLocked hands e to all subscribers. It runs under the cache's lock so that
// all of them see the events in the order of the changes; it runs none of their
// code.
func (c *PromptCache[V]) emitLocked(e Event) {
	if len(c.subscribers) == 0 {
		return
	}
	e.At = c.time.clock.Now()
	for _, s := range c.subscribers {
		if s.push(e) {
			c.metrics.DroppedEvents++
		}
	}
}

// subscriber is one Subscribe: a bounded queue and the goroutine that empties it.
type subscriber struct {
	fn    func(Event)
	wake  chan struct{} // holds one token while there may be something to do
	ended chan struct{} // closed when the goroutine has ended

	mu    sync.Mutex // guards what follows; taken after the cache's
	queue []Event    // a ring once it is full
	head  int        // where the oldest event stands
	over  bool       // nothing more is queued, and what is queued is delivered
	gone  bool       // nothing more is delivered
}

// push queues e; if the queue is full the oldest event gives way.
func (s *subscriber) push(e Event) (dropped bool) {
	s.mu.Lock()
	switch {
	case s.over:
	case len(s.queue) < eventBuffer:
		s.queue = append(s.queue, e)
	default:
		s.queue[s.head] = e
		s.head = (s.head + 1) % eventBuffer
		dropped = true
	}
	s.mu.Unlock()
	s.signal()
	return dropped
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// end lets the goroutine end: after what is queued was delivered, or now.
func (s *subscriber) end(deliver bool) {
	s.mu.Lock()
	s.over = true
	s.gone = s.gone || !deliver
	s.mu.Unlock()
	s.signal()
}

// take returns what is queued, oldest first, and whether that was all.
func (s *subscriber) take() (batch []Event, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil, true
	}
	batch = slices.Concat(s.queue[s.head:], s.queue[:s.head])
	s.queue, s.head = nil, 0
	return batch, s.over
}

func (s *subscriber) isGone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}

func (s *subscriber) run() {
	defer close(s.ended)
	for range s.wake {
		batch, over := s.take()
		for _, e := range batch {
			if s.isGone() {
				return
			}
			s.fn(e)
		}
		if over {
			return
		}
	}
}
