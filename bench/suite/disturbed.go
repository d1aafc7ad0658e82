package suite

import (
	"context"
	"time"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
)

// disturbed is one cache, read in quiet and while something else goes on.
type disturbed struct {
	peer   peer.Peer
	quiet  *readers
	during *readers
	// run is during's, with what goes on beside it.
	run func(ctx context.Context, n int) (time.Duration, error)
}

// disturbedCells are three columns, a cell for each cache.
type disturbedCells struct {
	quiet, disturbed []report.Cell
	// factors are what the disturbance multiplies a read by, formed within a
	// round.
	factors []report.Cell
}

// compareDisturbed measures every cache both ways in each round. The first is
// ours. First come all in quiet and then all disturbed: right after itself a cache
// would find its memory in the processor's caches.
func compareDisturbed(ctx context.Context, cfg rounds.Config, caches []disturbed) (disturbedCells, error) {
	var none disturbedCells
	n := len(caches)
	subjects := make([]rounds.Subject, 2*n)
	for i, d := range caches {
		subjects[i] = d.quiet.subject(d.peer.Name + ", quiet")
		subjects[n+i] = rounds.Subject{Name: d.peer.Name + ", disturbed", Run: d.run}
	}
	results, err := rounds.Compare(ctx, cfg, subjects)
	if err != nil {
		return none, err
	}
	quiet, noisy := results[:n], results[n:]
	factors := make([]report.Cell, n)
	for i := range caches {
		factor, err := rounds.Ratio(noisy[i], quiet[i])
		if err != nil {
			return none, err
		}
		factors[i] = report.Figure(factor)
	}
	cells := disturbedCells{factors: factors}
	if cells.quiet, err = report.Compared(quiet, quiet[0]); err != nil {
		return none, err
	}
	if cells.disturbed, err = report.Compared(noisy, noisy[0]); err != nil {
		return none, err
	}
	for i, d := range caches {
		if err := d.quiet.judge(d.peer, &cells.quiet[i]); err != nil {
			return none, err
		}
		if err := d.during.judge(d.peer, &cells.disturbed[i]); err != nil {
			return none, err
		}
	}
	return cells, nil
}
