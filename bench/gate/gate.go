// Package gate fails when somebody makes hits slower: it compares our Get with
// two others in one run, where a slow or busy machine slows down all of them.
package gate

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/promptcache/promptcache-go/bench/suite"
)

// The peers that Get is compared with, by their names in the tables.
const (
	Otter = "otter"
	Limit = "limit: xsync.Map"
)

// Limits are how many times a peer's time a hit may take: by crew, as the tables
// name them, and peer.
type Limits map[string]map[string]float64

// Today returns the limits of a Get as it is now, with a mutex, and with room for
// noise.
//
// When Get takes no lock they become, from the targets of 0.55 and 0.60 × otter
// and 1.6 × the limit, with a fifth of room:
//
//	one goroutine: otter 0.65, limit 1.9
//	parallel on 2: otter 0.70, limit 1.9
func Today() Limits {
	return Limits{
		"one goroutine": {Otter: 6, Limit: 16},
		"parallel on 2": {Otter: 14, Limit: 36},
	}
}

// Check returns what is wrong with the standings: an error for each that is over
// its limit or has none, and for each limit that nothing was measured for.
func (l Limits) Check(standings []suite.Standing) error {
	var errs []error
	checked := make(map[[2]string]bool)
	for _, s := range standings {
		checked[[2]string{s.Crew, s.Peer}] = true
		limit, ok := l[s.Crew][s.Peer]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("gate: there is no limit for %s, %s", s.Peer, s.Crew))
		case !(s.Ratio.Median <= limit):
			errs = append(errs, fmt.Errorf("gate: a hit takes %.2f × %s, %s (%.2f–%.2f); the limit is %.2f",
				s.Ratio.Median, s.Peer, s.Crew, s.Ratio.Low, s.Ratio.High, limit))
		}
	}
	for crew, peers := range l {
		for peer := range peers {
			if !checked[[2]string{crew, peer}] {
				errs = append(errs, fmt.Errorf("gate: %s, %s: not measured", peer, crew))
			}
		}
	}
	return errors.Join(errs...)
}

// Measure finds the standings; it is suite.Standings, or a test's.
type Measure func(ctx context.Context, s suite.Settings, peers ...string) ([]suite.Standing, error)

// Run measures and checks, up to so many attempts: noise that favours the others
// in one is not there in the next, and what somebody broke is. It tells out what
// it found and returns the last attempt's error, nil if one was good.
func Run(ctx context.Context, out io.Writer, measure Measure, settings suite.Settings, limits Limits, attempts int) error {
	if attempts < 1 {
		return fmt.Errorf("gate: %d attempts, want at least 1", attempts)
	}
	if err := settings.Validate(); err != nil {
		return err
	}
	var failed error
	for range attempts {
		standings, err := measure(ctx, settings, Otter, Limit)
		if err != nil {
			return err
		}
		for _, s := range standings {
			_, _ = fmt.Fprintf(out, "%s: %.2f × %s (%.2f–%.2f, limit %.2f)\n", s.Crew, s.Ratio.Median, s.Peer, s.Ratio.Low, s.Ratio.High, limits[s.Crew][s.Peer])
		}
		if failed = limits.Check(standings); failed == nil {
			return nil
		}
		_, _ = fmt.Fprintln(out, failed)
	}
	return failed
}
