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

// scan is what one tick of the refresher costs when nothing is due.
func scan(ctx context.Context, s Settings) (Found, error) {
	scanning := peers(func(p peer.Peer) bool { return p.Scans != nil })
	t := report.Table{
		Title:   "A scan that finds nothing due",
		Intro:   "One tick after the other, given by hand. What a tick costs with one entry is mostly the way into the refresher's goroutine.",
		Subject: "cache",
		Rows:    rows(scanning),
	}
	measured := target.Measured{}
	for _, size := range []int{1, 100, 10_000, 100_000, 1_000_000} {
		if size > s.Largest {
			break
		}
		s.say("scan of %d", size)
		keys := trace.Keys(size)
		values := prompts(keys)
		subjects := make([]rounds.Subject, len(scanning))
		caches := make([]peer.Scanning, len(scanning))
		for i, p := range scanning {
			c := p.Scans(ctx, peer.Options{Capacity: size, Controlled: true})
			c.Fill(keys, values)
			c.Tick(1)
			caches[i] = c
			subjects[i] = rounds.Subject{Name: p.Name, Run: func(_ context.Context, n int) (time.Duration, error) {
				began := time.Now()
				c.Tick(n + 1) // the last one is only begun
				took := time.Since(began)
				waitForScan(c, keys[:1])
				return took, nil
			}}
		}
		results, err := rounds.Compare(ctx, s.config(1), subjects)
		for _, c := range caches {
			c.Close()
		}
		if err != nil {
			return Found{}, err
		}
		cells, err := report.Compared(results, results[0])
		if err != nil {
			return Found{}, err
		}
		addColumn(&t, report.Column{Name: entries(size), Unit: "ns", Ratio: true}, cells)
		measured[target.ScanTick(entries(size))] = *cells[0].Figure
	}
	return Found{Tables: []report.Table{t}, Measured: measured}, nil
}

// waitForScan returns when a scan that has begun is over, so that it does not
// slow down the next subject. A scan that stops readers is waited for by reading.
func waitForScan(c peer.Cache, keys []string) {
	time.Sleep(time.Millisecond)
	c.Read(keys)
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return report.Number(float64(n)) + " entries"
}
