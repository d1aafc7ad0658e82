package rounds

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

// Subject is one of the things to be compared.
type Subject struct {
	Name string
	// Run does n operations, at least one, and returns how long they took. An
	// error ends the comparison.
	Run func(ctx context.Context, n int) (time.Duration, error)
}

// Config says how long to measure.
type Config struct {
	// Rounds is how often each subject is measured. Less than 1 is an error.
	Rounds int
	// Time is about how long one measurement takes; the number of operations is
	// chosen for each subject so that it does. Not more than 0 is an error.
	Time time.Duration
	// Step is what the number of operations is a multiple of. 0 means 1.
	Step int
	// KeepGC leaves the garbage collector running. Otherwise it runs between
	// the rounds and not in them, so that nobody pays for the garbage of
	// another.
	KeepGC bool
}

func (c Config) validate() error {
	var err error
	if c.Rounds < 1 {
		err = fmt.Errorf("rounds: %d rounds, want at least 1", c.Rounds)
	}
	if c.Time <= 0 {
		err = errors.Join(err, fmt.Errorf("rounds: %v for each measurement, want more than 0", c.Time))
	}
	if c.Step < 0 {
		err = errors.Join(err, fmt.Errorf("rounds: a step of %d operations, want 0 or more", c.Step))
	}
	return err
}

// Result is what was measured of one subject.
type Result struct {
	Name string
	// Samples are the nanoseconds of one operation, one for each round, in their
	// order.
	Samples []float64
	// Ops is how many operations one measurement had.
	Ops int
}

// Compare measures the subjects in turns, after one turn that warms them up
// and finds out how many operations take Config.Time. Each round begins with
// another of them, for the first one comes after a collection and pays for it.
// The results are in the order of the subjects. On an error, or when ctx ends,
// there are none.
func Compare(ctx context.Context, cfg Config, subjects []Subject) ([]Result, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if !cfg.KeepGC {
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
	}
	results := make([]Result, len(subjects))
	for i, s := range subjects {
		n, err := calibrate(ctx, cfg, s)
		if err != nil {
			return nil, fmt.Errorf("rounds: %s: warm-up: %w", s.Name, err)
		}
		results[i] = Result{Name: s.Name, Ops: n, Samples: make([]float64, 0, cfg.Rounds)}
	}
	for round := range cfg.Rounds {
		runtime.GC()
		for _, i := range Turns(len(subjects), round, cfg.Rounds) {
			s := subjects[i]
			took, err := run(ctx, s, results[i].Ops)
			if err != nil {
				return nil, fmt.Errorf("rounds: %s: round %d: %w", s.Name, round+1, err)
			}
			results[i].Samples = append(results[i].Samples, float64(took)/float64(results[i].Ops))
		}
	}
	return results, nil
}

// Turns returns the order of n subjects in one of so many rounds: their own, but
// begun at another place in each.
func Turns(n, round, rounds int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = (i + n*round/rounds) % n
	}
	return order
}

func run(ctx context.Context, s Subject, n int) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return s.Run(ctx, n)
}

// maxOps ends the search for a subject that takes no time at all.
const maxOps = 1 << 30

// calibrate returns how many operations of s take about cfg.Time.
func calibrate(ctx context.Context, cfg Config, s Subject) (int, error) {
	step := max(cfg.Step, 1)
	for n := step; ; {
		took, err := run(ctx, s, n)
		if err != nil {
			return 0, err
		}
		fitting := fit(n, took, cfg.Time, step)
		if took >= cfg.Time/2 || fitting <= n {
			return fitting, nil
		}
		n = min(fitting, 10*n) // the first operations are the slow ones
	}
}

// fit returns the multiple of step that takes want, going by n that took took:
// one at least.
func fit(n int, took, want time.Duration, step int) int {
	fitting := float64(n) * float64(want) / float64(max(took, 1))
	steps := int(min(fitting, maxOps)) / step
	return max(steps, 1) * step
}
