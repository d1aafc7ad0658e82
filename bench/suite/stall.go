package suite

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/bench/trace"
)

// disturbance is what goes on beside the readers.
type disturbance struct {
	name string
	// during is what targets call it, "" for one that they leave out.
	during string
	// run goes on until stop is closed.
	run func(stop <-chan struct{})
	// reset makes the cache what it was, after each window.
	reset func()
}

// stalled is one cache, what disturbs it, and what its readers saw.
type stalled struct {
	name         string
	cache        peer.Cache
	sequence     []string
	disturbances []disturbance
	percentiles  [][3][]float64 // of each disturbance: p50, p99, p99.9, one for each round, in µs
}

// percents are the percentiles of the table.
var percents = [3]float64{0.5, 0.99, 0.999}

// stall is how long readers are held up by what the cache does in the
// background.
func stall(ctx context.Context, s Settings) (Found, error) {
	const longer = 20 // than a usual measurement, for percentiles need many batches
	window := longer * s.Time
	scanned, refreshed := s.atMost(1_000_000), s.atMost(10_000)
	found := Found{Measured: target.Measured{}}
	for _, set := range []struct {
		title, intro string
		caches       func() []*stalled
	}{
		{
			"Readers during scans of " + entries(scanned),
			"Time in µs of 1,000 reads in a row, by one goroutine. A scan comes every 100 ms; in the last row all entries turn stale at one scan, and as nobody has read them for two days they are left alone.",
			func() []*stalled { return scannedCaches(ctx, scanned) },
		},
		{
			"Readers during a refresh of " + entries(refreshed),
			"Likewise, while all entries, which are read, have turned stale and are fetched anew; a fetch takes 10 ms, and whoever can bound them has 64 under way.",
			func() []*stalled { return refreshedCaches(ctx, refreshed) },
		},
	} {
		caches := set.caches()
		t, err := stallTable(ctx, s, set.title, set.intro, window, caches)
		if err != nil {
			return found, err
		}
		found.Tables = append(found.Tables, t)
		found.Measured.Add(caches[0].measured())
	}
	return found, nil
}

func scannedCaches(ctx context.Context, size int) []*stalled {
	keys := trace.Keys(size)
	values := prompts(keys)
	sequence := trace.Uniform(trace.Copies(keys[:min(100, size)]), sequenceLength, 1)
	scanning := peers(func(p peer.Peer) bool { return p.Scans != nil })
	out := make([]*stalled, 0, len(scanning))
	for _, p := range scanning {
		c := p.Scans(ctx, peer.Options{Capacity: size, Controlled: true, Fetch: newRegistry(keys, values).fetch})
		c.Fill(keys, values)
		sc := &stalled{name: p.Name, cache: c, sequence: sequence, disturbances: []disturbance{
			{name: "quiet"},
			{name: "scans", during: "scans of " + entries(size), run: func(stop <-chan struct{}) { every(100*time.Millisecond, stop, func() { c.Tick(1) }) }},
		}}
		if p.Ours { // the port fetches all of them, one after the other
			sc.disturbances = append(sc.disturbances, disturbance{
				name: "all turn stale", during: entries(size) + " turning stale",
				run: func(stop <-chan struct{}) {
					c.Advance(48 * time.Hour)
					c.Tick(1)
					<-stop
				},
				reset: func() { c.Fill(keys, values) },
			})
		}
		out = append(out, sc)
	}
	return out
}

func refreshedCaches(ctx context.Context, size int) []*stalled {
	keys := trace.Keys(size)
	values := prompts(keys)
	sequence := trace.Uniform(trace.Copies(keys), sequenceLength, 1)
	refreshing := peers(func(p peer.Peer) bool { return p.Refreshes != nil })
	out := make([]*stalled, 0, len(refreshing))
	for _, p := range refreshing {
		registry := newRegistry(keys, values)
		c := p.Refreshes(ctx, peer.Options{Capacity: 2 * size, Controlled: true, Fetch: registry.fetch, Concurrency: refreshSlots})
		c.Fill(keys, values)
		out = append(out, &stalled{name: p.Name, cache: c, sequence: sequence, disturbances: []disturbance{
			{name: "quiet"},
			{
				name: "refreshes", during: "a refresh of " + entries(size),
				run: func(stop <-chan struct{}) {
					registry.slow(refreshTime)
					c.Age()
					<-stop
				},
				reset: registry.drain,
			},
		}})
	}
	return out
}

// every calls f at once and at every interval, until stop is closed.
func every(interval time.Duration, stop <-chan struct{}, f func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		f()
		select {
		case <-ticker.C:
		case <-stop:
			return
		}
	}
}

func stallTable(ctx context.Context, s Settings, title, intro string, window time.Duration, caches []*stalled) (report.Table, error) {
	t := report.Table{Title: title, Intro: intro, Subject: "cache", Columns: []report.Column{
		{Name: "p50", Unit: "µs", Unranked: true}, {Name: "p99", Unit: "µs", Unranked: true}, {Name: "p99.9", Unit: "µs", Unranked: true}, {Name: "p99.9 × quiet", Unranked: true},
	}}
	s.say("%s", title)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for round := range s.Rounds {
		for _, i := range rounds.Turns(len(caches), round, s.Rounds) {
			if err := ctx.Err(); err != nil {
				return t, err
			}
			caches[i].round(window)
		}
	}
	for _, c := range caches {
		c.cache.Close()
		t.Rows = append(t.Rows, c.rows()...)
	}
	return t, nil
}

// round watches the readers for a window of each disturbance.
func (c *stalled) round(window time.Duration) {
	if c.percentiles == nil {
		c.percentiles = make([][3][]float64, len(c.disturbances))
	}
	for i, d := range c.disturbances {
		runtime.GC()
		stop := make(chan struct{})
		var wg sync.WaitGroup
		if d.run != nil {
			wg.Go(func() { d.run(stop) })
		}
		took := watch(c.cache, c.sequence, window)
		close(stop)
		wg.Wait()
		if d.reset != nil {
			d.reset()
		}
		for j, q := range percents {
			c.percentiles[i][j] = append(c.percentiles[i][j], rounds.Quantile(took, q))
		}
	}
}

// watch reads batches for that long and returns the time in µs that each took.
func watch(c peer.Cache, sequence []string, window time.Duration) []float64 {
	var took []float64
	for began, at := time.Now(), 0; time.Since(began) < window; at = (at + batch) % len(sequence) {
		start := time.Now()
		c.Read(sequence[at : at+batch])
		took = append(took, float64(time.Since(start))/float64(time.Microsecond))
	}
	return took
}

func (c *stalled) rows() []report.Row {
	out := make([]report.Row, 0, len(c.disturbances))
	for i, d := range c.disturbances {
		row := report.Row{Name: c.name + ", " + d.name, Ours: c.name == peer.OursName}
		for _, samples := range c.percentiles[i] {
			row.Cells = append(row.Cells, report.Figure(rounds.Summarize(samples)))
		}
		row.Cells = append(row.Cells, report.Figure(c.factor(i)))
		out = append(out, row)
	}
	return out
}

// factor is what the i-th disturbance multiplies the p99.9 by, formed within a
// round.
func (c *stalled) factor(i int) rounds.Summary {
	factors := make([]float64, len(c.percentiles[i][2]))
	for round, p999 := range c.percentiles[i][2] {
		factors[round] = p999 / c.percentiles[0][2][round]
	}
	return rounds.Summarize(factors)
}

// measured is the factors of the disturbances that targets are about.
func (c *stalled) measured() target.Measured {
	out := target.Measured{}
	for i, d := range c.disturbances {
		if d.during != "" {
			out[target.Stall(d.during)] = c.factor(i)
		}
	}
	return out
}
