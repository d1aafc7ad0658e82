package faultnet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Step is a fault in a [Schedule].
type Step struct {
	// At is when it is injected, since the schedule began.
	At time.Duration
	// For is how long it lasts. After 0 it is removed at once, which leaves it
	// the connections that are open: a Reset cuts them.
	For time.Duration
	Fault
}

// Schedule is a list of faults over time, in any order; they may overlap.
type Schedule []Step

// Validate returns all that is wrong with the schedule.
func (s Schedule) Validate() error {
	var problems []error
	for i, step := range s {
		if err := step.validate(); err != nil {
			problems = append(problems, fmt.Errorf("step %d: %w", i, err))
		}
		if step.At < 0 || step.For < 0 {
			problems = append(problems, fmt.Errorf("step %d: a time is negative", i))
		}
	}
	return errors.Join(problems...)
}

// Play injects and removes the faults of a schedule, each at its time, and
// returns when the last has been removed. When ctx ends before, it removes what
// it has injected and returns the cause. It returns all that is wrong with the
// schedule before it injects anything.
func (p *Proxy) Play(ctx context.Context, schedule Schedule) error {
	if err := schedule.Validate(); err != nil {
		return err
	}
	type cue struct {
		at    time.Duration
		step  int
		begin bool
	}
	var cues []cue
	for i, step := range schedule {
		cues = append(cues, cue{step.At, i, true}, cue{step.At + step.For, i, false})
	}
	slices.SortStableFunc(cues, func(a, b cue) int { return cmp.Compare(a.at, b.at) })
	removes := make([]func(), len(schedule))
	defer func() {
		for _, remove := range removes {
			if remove != nil {
				remove()
			}
		}
	}()
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for _, next := range cues {
		timer.Reset(time.Until(began.Add(next.at)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if next.begin {
			removes[next.step] = p.inject(schedule[next.step].Fault) //nolint:contextcheck // connections live until they end or Close, not until ctx ends
		} else {
			removes[next.step]()
		}
	}
	return nil
}
