package suite

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/bench/trace"
)

// refresh is how fast ours refetches what is stale, and at what price. Others
// have no row: without a bound they begin all fetches at once, and the port
// makes one after the other.
func refresh(ctx context.Context, s Settings) (Found, error) {
	const enough = 6 // they take seconds, and differ little
	count, runs := s.atMost(10_000), min(s.Rounds, enough)
	if s.Quick {
		runs = min(s.Rounds, 2)
	}
	ideal := float64(count) / refreshSlots * refreshTime.Seconds()
	t := report.Table{
		Title:   "Refreshing " + entries(count) + ", all stale",
		Intro:   fmt.Sprintf("A fetch takes 10 ms, 64 are under way at a time: at best %.2f s. Allocations are those of one refresh by a source that answers at once and allocates nothing itself.", ideal),
		Subject: "cache", Columns: []report.Column{
			{Name: "time", Unit: "s"}, {Name: "× ideal"}, {Name: "allocations"}, {Name: "µs of its own"},
		},
	}
	s.say("%s", t.Title)
	keys := trace.Keys(count)
	values := prompts(keys)
	registry := newRegistry(keys, values)
	ours := peer.All()[0]
	c := ours.Scans(ctx, peer.Options{Capacity: count, Controlled: true, Fetch: registry.fetch, Concurrency: refreshSlots})
	defer c.Close()
	c.Fill(keys, values)

	var took, slower, allocations, own []float64
	for range runs {
		seconds, _, err := refreshAll(ctx, c, registry, count, refreshTime)
		if err != nil {
			return Found{}, err
		}
		took, slower = append(took, seconds), append(slower, seconds/ideal)
		seconds, mallocs, err := refreshAll(ctx, c, registry, count, 0)
		if err != nil {
			return Found{}, err
		}
		allocations, own = append(allocations, mallocs/float64(count)), append(own, seconds*1e6/float64(count))
	}
	cells := make([]report.Cell, 0, len(t.Columns))
	for _, samples := range [][]float64{took, slower, allocations, own} {
		cells = append(cells, report.Figure(rounds.Summarize(samples)))
	}
	t.Rows = []report.Row{{Name: ours.Name, Ours: true, Cells: cells}}
	return Found{Tables: []report.Table{t}, Measured: target.Measured{
		target.RefreshTime(entries(count)):        *cells[1].Figure,
		target.RefreshAllocations(entries(count)): *cells[2].Figure,
	}}, nil
}

// refreshAll makes everything stale and waits until all of it has been fetched
// and cached: what is still under way at the next call would miss its scan.
func refreshAll(ctx context.Context, c peer.Scanning, r *registry, count int, delay time.Duration) (seconds, mallocs float64, err error) {
	r.slow(delay)
	goal := c.Refreshed() + uint64(count) //nolint:gosec // never negative
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	c.Age()
	for c.Refreshed() < goal {
		if ctx.Err() != nil {
			return 0, 0, ctx.Err()
		}
		if time.Since(began) > time.Minute {
			return 0, 0, fmt.Errorf("suite: %d of %d entries were refreshed in a minute", uint64(count)-goal+c.Refreshed(), count) //nolint:gosec // never negative
		}
		time.Sleep(50 * time.Microsecond)
	}
	seconds = time.Since(began).Seconds()
	runtime.ReadMemStats(&after)
	return seconds, float64(after.Mallocs - before.Mallocs), nil
}
