package suite

import (
	"context"
	"time"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/trace"
)

// contended is hits on two cores while something writes.
func contended(ctx context.Context, s Settings) (Found, error) {
	written, err := writtenTable(ctx, s)
	if err != nil {
		return Found{}, err
	}
	refreshed, err := refreshedTable(ctx, s)
	return Found{Tables: []report.Table{written, refreshed}}, err
}

// writtenTable is one write for every batch of reads.
func writtenTable(ctx context.Context, s Settings) (report.Table, error) {
	t := report.Table{
		Title:   "Hits with writers",
		Intro:   "Two goroutines on two processors; each sets one of the keys after every 1,000 reads. ns for each read, the writes included; the factor is to the same without writes.",
		Subject: "cache",
		Rows:    rows(peer.All()),
	}
	for _, set := range keySets(s) {
		if set.keys != 100 && set.keys != 10_000 {
			continue
		}
		s.say("hits with writers: %s", set.name)
		keys := trace.Keys(set.keys)
		values := prompts(keys)
		sequence := set.sequence(trace.Copies(keys))
		caches := fillAll(ctx, peer.All(), keys)
		quiet, _, err := compareReads(ctx, s, caches, sequence, par2, nil)
		if err != nil {
			return t, err
		}
		cells, _, err := compareReads(ctx, s, caches, sequence, par2, func(c peer.Cache) func(g, i int) {
			return func(g, i int) {
				k := (i*par2.goroutines + g) % len(keys)
				c.Set(keys[k], values[k])
			}
		})
		closeAll(caches)
		if err != nil {
			return t, err
		}
		addColumn(&t, report.Column{Name: set.name, Unit: "ns", Ratio: true}, cells)
		addColumn(&t, report.Column{Name: "× quiet", Unranked: true}, factors(cells, quiet))
	}
	return t, nil
}

// factors divides the medians of noisy by those of quiet.
func factors(noisy, quiet []report.Cell) []report.Cell {
	out := make([]report.Cell, len(noisy))
	for i := range noisy {
		out[i] = report.Figure(rounds.Exact(noisy[i].Figure.Median / quiet[i].Figure.Median))
	}
	return out
}

// How the registry answers while refreshes are measured.
const (
	refreshTime  = 10 * time.Millisecond
	refreshSlots = 64
)

// refreshedTable is hits while 10,000 prompts are being refetched.
func refreshedTable(ctx context.Context, s Settings) (report.Table, error) {
	count := s.atMost(10_000)
	refreshing := peers(func(p peer.Peer) bool { return p.Refreshes != nil })
	t := report.Table{
		Title:   "Hits during a refresh of " + entries(count),
		Intro:   "Zipf, two goroutines on two processors. All keys turn stale when a measurement begins; a fetch takes 10 ms, and whoever can bound them has 64 under way. All have a clock that the program moves, also in the quiet figure.",
		Subject: "cache",
		Rows:    rows(refreshing),
	}
	s.say("%s", t.Title)
	keys := trace.Keys(count)
	values := prompts(keys)
	sequence := trace.Zipf(trace.Copies(keys), 4*sequenceLength, 1)
	registry := newRegistry(keys, values)
	caches := make([]filled, len(refreshing))
	for i, p := range refreshing {
		c := p.Refreshes(ctx, peer.Options{Capacity: 2 * count, Fetch: registry.fetch, Concurrency: refreshSlots, Controlled: true})
		c.Fill(keys, values)
		caches[i] = filled{p, c}
	}
	defer closeAll(caches)

	const longer = 10 // the refreshes take longer than a usual measurement
	s.Time *= longer
	quiet, _, err := compareReads(ctx, s, caches, sequence, par2, nil)
	if err != nil {
		return t, err
	}
	subjects := make([]rounds.Subject, len(caches))
	for i, f := range caches {
		r := newReaders(f.cache, sequence, par2)
		subjects[i] = rounds.Subject{Name: f.peer.Name, Run: func(ctx context.Context, n int) (time.Duration, error) {
			defer registry.drain()
			registry.slow(refreshTime)
			f.cache.(peer.Refreshing).Age() //nolint:forcetypeassert // made by Refreshes above
			return r.run(ctx, n)
		}}
	}
	cfg := s.config(batch * par2.goroutines)
	cfg.KeepGC = true // the refreshes make garbage of their own accord
	results, err := rounds.Compare(ctx, cfg, subjects)
	if err != nil {
		return t, err
	}
	cells, err := report.Compared(results, results[0])
	if err != nil {
		return t, err
	}
	addColumn(&t, report.Column{Name: "quiet", Unit: "ns", Ratio: true}, quiet)
	addColumn(&t, report.Column{Name: "during", Unit: "ns", Ratio: true}, cells)
	addColumn(&t, report.Column{Name: "× quiet", Unranked: true}, factors(cells, quiet))
	return t, nil
}
