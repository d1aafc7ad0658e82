package soak

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Invariant is something that must hold all along.
type Invariant string

// The invariants.
const (
	// Available: no read of a key that is cached and may be served fails.
	Available Invariant = "a cached prompt is served"
	// True: what is read is a value that the registry had, of that key.
	True Invariant = "a value is the registry's own"
	// Age: no value is older than its Age says, and none older than TTL +
	// MaxStale is served.
	Age Invariant = "no value is older than allowed"
	// Forward: the cache never goes back to an older value: no lost Set, no
	// resurrection after Invalidate and Clear.
	Forward Invariant = "the cache never goes back"
	// Fresh: Refresh returns nothing that was outdated before it was called.
	Fresh Invariant = "Refresh is not outdated"
	// Single: no two attached fetches of a key at a time.
	Single Invariant = "one fetch of a key at a time"
	// Bounded: the refresher has no more fetches under way than it may.
	Bounded Invariant = "fetches in flight are bounded"
	// Quiet: an outage costs no more fetches than documented.
	Quiet Invariant = "an outage costs few requests"
	// Converged: after the last fault every prompt is soon the registry's.
	Converged Invariant = "all prompts converge"
	// Counted: the cache's counters agree with what happened.
	Counted Invariant = "counters are exact"
	// Flat: goroutines, heap and connections do not grow.
	Flat Invariant = "resources are flat"
	// Secret: no credential in a log line, error, event, metric or dump.
	Secret Invariant = "credentials stay secret"
	// Alive: no call hangs.
	Alive Invariant = "no call hangs"
)

var invariants = []Invariant{Available, True, Age, Forward, Fresh, Single, Bounded, Quiet, Converged, Counted, Flat, Secret, Alive}

// Violation is one breach of an invariant.
type Violation struct {
	Invariant Invariant `json:"invariant"`
	// At is when it was seen, since the faults began: the seed's schedule says
	// what was going on.
	At time.Duration `json:"at_ns"`
	// During names the faults that went on then.
	During []string `json:"during"`
	What   string   `json:"what"`
}

// maxViolations bounds what is kept in full of each invariant; the counts go on.
const maxViolations = 5

// court collects the violations.
type court struct {
	lag     lag          // of the machine, which is an excuse for being late
	excused atomic.Int64 // how often it was one

	mu     sync.Mutex // guards what follows
	began  time.Time
	during func() []string
	counts map[Invariant]int
	kept   []Violation
}

func newCourt(during func() []string) *court {
	return &court{began: time.Now(), during: during, counts: make(map[Invariant]int)}
}

// begin makes now the moment that Violation.At counts from.
func (c *court) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.began = time.Now()
}

// accuse records a violation.
func (c *court) accuse(inv Invariant, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[inv]++
	if c.counts[inv] <= maxViolations {
		c.kept = append(c.kept, Violation{inv, time.Since(c.began), c.during(), fmt.Sprintf(format, args...)})
	}
}

// overdue reports whether what is over its limit of time by so much is late for
// more than the machine is, twice: a reader and the refresher may each be late.
func (c *court) overdue(over time.Duration) bool {
	if over <= 0 {
		return false
	}
	if over <= 2*c.lag.recent() {
		c.excused.Add(1)
		return false
	}
	return true
}

func (c *court) verdict() (map[Invariant]int, []Violation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := make(map[Invariant]int, len(invariants))
	for _, inv := range invariants {
		counts[inv] = c.counts[inv]
	}
	return counts, append([]Violation{}, c.kept...)
}
