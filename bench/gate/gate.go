// Package gate fails when somebody makes hits slower: it compares our Get with
// others in one run, where a slow or busy machine slows down all of them. Its
// limits stand beside the targets, in package target.
package gate

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/suite"
	"github.com/promptcache/promptcache-go/bench/target"
)

// Peers are those that Get is compared with, by their names in the tables.
func Peers() []string {
	return []string{peer.OtterName, peer.OtterRefreshingName, peer.LimitName, peer.CopyOnWriteName}
}

// Check returns an error for each figure that is over its gate, and for each
// target with a gate that has no figure.
func Check(targets []target.Target, measured target.Measured) error {
	var errs []error
	gates := 0
	for _, t := range targets {
		if t.Gate == 0 {
			continue
		}
		gates++
		figure, ok := measured[t.Name]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("gate: %s: not measured", t.Name))
		case !(figure.Median <= t.Gate):
			errs = append(errs, fmt.Errorf("gate: %s: %.2f × (%.2f–%.2f), want at most %.2f; the target is %.2f", t.Name, figure.Median, figure.Low, figure.High, t.Gate, t.Limit))
		}
	}
	if gates == 0 {
		return errors.New("gate: no target has a gate")
	}
	return errors.Join(errs...)
}

// Measure finds the figures; it is suite.Standings, or a test's.
type Measure func(ctx context.Context, s suite.Settings, peers ...string) (target.Measured, error)

// Run measures and checks, up to so many attempts, and goes by the best of each
// figure so far: noise that favours the others in one attempt is not there in
// the next, and what somebody broke is. It tells out what it found, and returns
// what Check says in the end, nil as soon as that is nothing.
func Run(ctx context.Context, out io.Writer, measure Measure, settings suite.Settings, targets []target.Target, attempts int) error {
	if attempts < 1 {
		return fmt.Errorf("gate: %d attempts, want at least 1", attempts)
	}
	if err := settings.Validate(); err != nil {
		return err
	}
	best := target.Measured{}
	var failed error
	for range attempts {
		measured, err := measure(ctx, settings, Peers()...)
		if err != nil {
			return err
		}
		for _, t := range targets {
			figure, ok := measured[t.Name]
			if !ok || t.Gate == 0 {
				continue
			}
			if last, ok := best[t.Name]; !ok || !(last.Median <= figure.Median) {
				best[t.Name] = figure
			}
			_, _ = fmt.Fprintf(out, "%s: %.2f × (%.2f–%.2f; gate %.2f, target %.2f)\n", t.Name, figure.Median, figure.Low, figure.High, t.Gate, t.Limit)
		}
		if failed = Check(targets, best); failed == nil {
			return nil
		}
		_, _ = fmt.Fprintln(out, "over a gate")
	}
	return failed
}
