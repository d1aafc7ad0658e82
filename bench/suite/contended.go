package suite

import (
	"context"
	"runtime"
	"time"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/bench/trace"
)

// contended is hits on two cores while something writes.
func contended(ctx context.Context, s Settings) (Found, error) {
	written, measured, err := writtenTable(ctx, s)
	if err != nil {
		return Found{}, err
	}
	refreshed, factor, err := refreshedTable(ctx, s)
	measured.Add(factor)
	return Found{Tables: []report.Table{written, refreshed}, Measured: measured}, err
}

// writtenTable is one write for every batch of reads.
func writtenTable(ctx context.Context, s Settings) (report.Table, target.Measured, error) {
	t := report.Table{
		Title:   "Hits with writers",
		Intro:   "Two goroutines on two processors; each sets one of the keys after every 1,000 reads. ns for each read, the writes included; the factor is to the same without writes, in the same round.",
		Subject: "cache",
		Rows:    rows(peer.All()),
	}
	measured := target.Measured{}
	for _, set := range keySets(s) {
		if set.keys != 100 && set.keys != 10_000 {
			continue
		}
		s.say("hits with writers: %s", set.name)
		keys := trace.Keys(set.keys)
		values := prompts(keys)
		sequence := set.sequence(trace.Copies(keys))
		caches := fillAll(ctx, peer.All(), keys)
		both := make([]disturbed, len(caches))
		for i, f := range caches {
			quiet, writing := newReaders(f.cache, sequence, par2), newReaders(f.cache, sequence, par2)
			writing.write = func(g, i int) {
				k := (i*par2.goroutines + g) % len(keys)
				f.cache.Set(keys[k], values[k])
			}
			both[i] = disturbed{f.peer, quiet, writing, writing.run}
		}
		cells, err := compareDisturbed(ctx, s.config(batch*par2.goroutines), both)
		closeAll(caches)
		if err != nil {
			return t, nil, err
		}
		addColumn(&t, report.Column{Name: set.name, Unit: "ns", Ratio: true}, cells.disturbed)
		addColumn(&t, report.Column{Name: "× quiet", Unranked: true}, cells.factors)
		measured[target.WithWriters(set.name)] = *cells.factors[0].Figure
	}
	measured[target.WriterColumnsBehind] = rounds.Exact(float64(len(t.Behind())))
	return t, measured, nil
}

// How the registry answers while refreshes are measured.
const (
	refreshTime  = 10 * time.Millisecond
	refreshSlots = 64
)

// refreshedTable is hits while 10,000 prompts are being refetched.
func refreshedTable(ctx context.Context, s Settings) (report.Table, target.Measured, error) {
	count := s.atMost(10_000)
	refreshing := peers(func(p peer.Peer) bool { return p.Refreshes != nil })
	t := report.Table{
		Title:   "Hits during a refresh of " + entries(count),
		Intro:   "Zipf, two goroutines on two processors. All keys turn stale when a measurement begins; a fetch takes 10 ms, and whoever can bound them has 64 under way. All have a clock that the program moves, also in the quiet figure, which is of the same round.",
		Subject: "cache",
		Rows:    rows(refreshing),
	}
	s.say("%s", t.Title)
	keys := trace.Keys(count)
	values := prompts(keys)
	sequence := trace.Zipf(trace.Copies(keys), 4*sequenceLength, 1)
	registry := newRegistry(keys, values)
	both := make([]disturbed, len(refreshing))
	for i, p := range refreshing {
		c := p.Refreshes(ctx, peer.Options{Capacity: 2 * count, Fetch: registry.fetch, Concurrency: refreshSlots, Controlled: true})
		defer c.Close()
		c.Fill(keys, values)
		quiet, during := newReaders(c, sequence, par2), newReaders(c, sequence, par2)
		both[i] = disturbed{p, quiet, during, func(ctx context.Context, n int) (time.Duration, error) {
			registry.slow(refreshTime)
			c.Age()
			took, err := during.run(ctx, n)
			registry.drain()
			runtime.GC() // the next one does not pay for the garbage of this one
			return took, err
		}}
	}
	const longer = 10 // the refreshes take longer than a usual measurement
	cfg := s.config(batch * par2.goroutines)
	cfg.Time *= longer
	cfg.KeepGC = true // the refreshes make garbage of their own accord
	cells, err := compareDisturbed(ctx, cfg, both)
	if err != nil {
		return t, nil, err
	}
	addColumn(&t, report.Column{Name: "quiet", Unit: "ns", Ratio: true}, cells.quiet)
	addColumn(&t, report.Column{Name: "during", Unit: "ns", Ratio: true}, cells.disturbed)
	addColumn(&t, report.Column{Name: "× quiet", Unranked: true}, cells.factors)
	return t, target.Measured{target.DuringRefresh(entries(count)): *cells.factors[0].Figure}, nil
}
