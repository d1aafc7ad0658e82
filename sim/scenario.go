package sim

import (
	"errors"
	"fmt"
	"time"
)

// maxPrompts is how many prompts an instance may have: their marks fit into one
// word.
const maxPrompts = 64

// Scenario is what a fleet goes through. All instances start at moment 0.
type Scenario struct {
	// Instances and Prompts are how many there are; each instance uses all the
	// prompts, 64 at most.
	Instances, Prompts int

	// Duration is how long it is watched.
	Duration time.Duration

	// LoadGap is the time between an instance's first reads of its prompts,
	// which is what it does first.
	LoadGap time.Duration

	// ReadGap is how often each instance reads each prompt after that: once in
	// each span of that length, at a random moment of it.
	ReadGap time.Duration

	// Latency is the shortest time that an answer takes; the longest is half as
	// much again.
	Latency time.Duration

	// Outages are when the registry answers no request.
	Outages []Outage

	// Limit is how many requests the registry serves in a minute of the clock;
	// it refuses others and says when the next minute begins (Retry-After). 0 is
	// no limit.
	Limit int

	// Seed is where all chance comes from.
	Seed uint64
}

// Outage is a time in which every request fails, as fast as others succeed.
type Outage struct {
	// From and To are its first moment and the first one after it.
	From, To time.Duration
	// RetryAfter says that failures tell how long it will last.
	RetryAfter bool
	// Limited says that every request is refused as one too many; else it fails.
	Limited bool
}

// outage returns the outage of a moment, nil if there is none.
func (s *Scenario) outage(at time.Duration) *Outage {
	for i := range s.Outages {
		if o := &s.Outages[i]; at >= o.From && at < o.To {
			return o
		}
	}
	return nil
}

// validate returns all that is wrong with s, joined.
func (s *Scenario) validate() error {
	var errs []error
	if s.Instances < 1 {
		errs = append(errs, fmt.Errorf("sim: scenario: Instances is %d; want 1 or more", s.Instances))
	}
	if s.Prompts < 1 || s.Prompts > maxPrompts {
		errs = append(errs, fmt.Errorf("sim: scenario: Prompts is %d; want 1 to %d", s.Prompts, maxPrompts))
	}
	if s.Limit < 0 {
		errs = append(errs, fmt.Errorf("sim: scenario: Limit is %d; want 0 (none) or more", s.Limit))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"Duration", s.Duration}, {"LoadGap", s.LoadGap}, {"ReadGap", s.ReadGap}, {"Latency", s.Latency}} {
		if d.value <= 0 {
			errs = append(errs, fmt.Errorf("sim: scenario: %s is %v; want more than 0", d.name, d.value))
		}
	}
	if loaded := time.Duration(s.Prompts) * s.LoadGap; loaded > s.ReadGap {
		errs = append(errs, fmt.Errorf("sim: scenario: the first reads take %v; want ReadGap (%v) or less", loaded, s.ReadGap))
	}
	for i, o := range s.Outages {
		if o.From < 0 || o.To <= o.From || i > 0 && o.From < s.Outages[i-1].To {
			errs = append(errs, fmt.Errorf("sim: scenario: outage %d is from %v to %v; want one after the other", i, o.From, o.To))
		}
	}
	return errors.Join(errs...)
}
