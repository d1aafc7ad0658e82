package suite

import (
	"context"
	"math"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/bench/trace"
)

// hitRatio is how many reads of a trace find their key in a cache that is too
// small for all.
func hitRatio(ctx context.Context, s Settings) (Found, error) {
	const capacity = 1_000
	reads := min(1_000_000, 2*s.Largest)
	evicting := peers(func(p peer.Peer) bool { return !p.Limit && !p.Variant && p.Name != "otter with refresh" })
	t := report.Table{
		Title: "Hit ratio",
		Intro: "A cache of 1,000; a read that misses stores its key. Zipf: 10,000 keys. Scan: Zipf over 5,000, and after every 10,000 reads 1,000 keys in a row that come only there. Loop: 1,200 keys, around and around. " +
			"golang-lru simplelru is the exact LRU; otter, ristretto and theine go by frequency, too (W-TinyLFU and its kin), which is better where a few keys are read for ever, and against scans and loops.",
		Subject: "cache",
		Rows:    rows(evicting),
	}
	measured := target.Measured{}
	for _, tr := range []struct {
		name     string
		sequence []string
	}{
		{"Zipf", trace.Zipf(trace.Keys(10_000), reads, 1)},
		{"scan", trace.Scan(trace.Keys(10_000), reads, 1)},
		{"loop", trace.Loop(trace.Keys(1_200), reads)},
	} {
		s.say("hit ratio, %s", tr.name)
		cells := make([]report.Cell, len(evicting))
		for i, p := range evicting {
			if err := ctx.Err(); err != nil {
				return Found{}, err
			}
			cells[i] = report.Figure(rounds.Exact(100 * replay(p.New(ctx, peer.Options{Capacity: capacity}), tr.sequence)))
		}
		addColumn(&t, report.Column{Name: tr.name, Unit: "%", MoreIsBetter: true}, cells)
		measured[target.FromExactLRU(tr.name)] = rounds.Exact(fromExactLRU(t, peer.OursName, tr.name))
	}
	return Found{Tables: []report.Table{t}, Measured: measured}, nil
}

// fromExactLRU returns by how many points a row's hit ratio is off.
func fromExactLRU(t report.Table, row, column string) float64 {
	return math.Abs(figureOf(t, row, column).Median - figureOf(t, peer.SimpleLRUName, column).Median)
}

// replay returns the share of reads that were hits, and closes the cache.
func replay(c peer.Cache, sequence []string) float64 {
	defer c.Close()
	p := &peer.Prompt{}
	found := 0
	for i := range sequence {
		if c.Read(sequence[i:i+1]) == 1 {
			found++
			continue
		}
		c.Set(sequence[i], p)
		c.Settle()
	}
	return float64(found) / float64(len(sequence))
}
