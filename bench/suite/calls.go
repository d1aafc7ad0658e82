package suite

import (
	"context"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/bench/trace"
)

// calls is what the ways to read ours cost beside each other.
func calls(ctx context.Context, s Settings) (Found, error) {
	all := peer.Calls()
	t := report.Table{
		Title:   "Calls that hit: 100 keys",
		Intro:   "The three calls beside each other, on one goroutine. Lookup tells the age of what it finds, for which it has to read the clock.",
		Subject: "call",
		Rows:    rows(all),
	}
	s.say("%s", t.Title)
	keys := trace.Keys(100)
	sequence := trace.Uniform(trace.Copies(keys), sequenceLength, 1)
	caches := fillAll(ctx, all, keys)
	defer closeAll(caches)
	cells, results, err := compareReads(ctx, s, caches, sequence, alone)
	if err != nil {
		return Found{}, err
	}
	addColumn(&t, report.Column{Name: "one goroutine", Unit: "ns", Ratio: true}, cells)
	measured := target.Measured{}
	for name, pair := range map[string][2]string{
		target.GetOrFetchByGet:     {peer.OursGetOrFetchName, peer.OursName},
		target.LookupByGetAndClock: {peer.OursLookupName, peer.OursGetAndClockName},
	} {
		if measured[name], err = rounds.Ratio(result(results, pair[0]), result(results, pair[1])); err != nil {
			return Found{}, err
		}
	}
	return Found{Tables: []report.Table{t}, Measured: measured}, nil
}
