package suite

import (
	"context"
	"time"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/bench/trace"
)

// misses is what it costs to store a prompt that is not there, in a full cache.
func misses(ctx context.Context, s Settings) (Found, error) {
	const capacity, others = 10_000, 200_000
	bounded := peers(func(p peer.Peer) bool { return p.Stores() })
	t := report.Table{
		Title:   "Misses at capacity",
		Intro:   "A cache of 10,000 that is full is given prompts it does not have, each of which pushes out another. ns for each set, the work that a cache puts off included, and what it allocates.",
		Subject: "cache",
		Rows:    rows(bounded),
	}
	s.say("%s", t.Title)
	keys := trace.Keys(capacity + others)
	values := prompts(keys)
	caches := make([]peer.Cache, len(bounded))
	subjects := make([]rounds.Subject, len(bounded))
	for i, p := range bounded {
		c := p.New(ctx, peer.Options{Capacity: capacity})
		defer c.Close()
		c.Fill(keys[:capacity], values[:capacity])
		next := capacity
		caches[i] = c
		subjects[i] = rounds.Subject{Name: p.Name, Run: func(_ context.Context, n int) (time.Duration, error) {
			began := time.Now()
			for range n {
				c.Set(keys[next], values[next])
				next = (next + 1) % len(keys)
			}
			c.Settle()
			return time.Since(began), nil
		}}
	}
	results, err := rounds.Compare(ctx, s.config(1), subjects)
	if err != nil {
		return Found{}, err
	}
	cells, err := report.Compared(results, results[0])
	if err != nil {
		return Found{}, err
	}
	addColumn(&t, report.Column{Name: "set", Unit: "ns", Ratio: true}, cells)
	byExpirable, err := rounds.Ratio(results[0], result(results, peer.ExpirableName))
	if err != nil {
		return Found{}, err
	}
	allocations := make([]report.Cell, len(caches))
	for i, subject := range subjects {
		const sets = 10_000
		mallocs := mallocsOf(func() { _, err = subject.Run(ctx, sets) })
		if err != nil {
			return Found{}, err
		}
		allocations[i] = report.Text("%.1f", float64(mallocs)/sets)
	}
	addColumn(&t, report.Column{Name: "allocations", Unranked: true}, allocations)
	return Found{Tables: []report.Table{t}, Measured: target.Measured{target.SetByExpirable: byExpirable}}, nil
}
