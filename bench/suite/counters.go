package suite

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/promptcache/promptcache-go/bench/langsmithport"
	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/bench/trace"
	"github.com/promptcache/promptcache-go/promptcache"

	"github.com/benbjohnson/clock"
)

// counting is a cache that counts its hits.
type counting struct {
	name string
	get  func(key string) bool
	set  func(key string, p *peer.Prompt)
	hits func() uint64
	stop func()
}

// counters is whether the hits that a cache counts are those that it had, when
// several goroutines read and one writes.
func counters(ctx context.Context, s Settings) (Found, error) {
	const goroutines = 8
	each := 50 * batch
	t := report.Table{
		Title:   "Hits counted",
		Intro:   "Of 8 goroutines that read 100 keys at once, while another sets them: the hits that the readers had, and those that the cache counted.",
		Subject: "cache",
	}
	s.say("%s", t.Title)
	var had, counted []report.Cell
	var apart float64
	for _, start := range []func(context.Context) (counting, error){countingOurs, countingPort} {
		c, err := start(ctx)
		if err != nil {
			return Found{}, err
		}
		found := c.read(goroutines, each)
		hits := c.hits()
		c.stop()
		t.Rows = append(t.Rows, report.Row{Name: c.name, Ours: c.name == peer.OursName})
		had = append(had, report.Text("%s", report.Number(float64(found))))
		counted = append(counted, report.Text("%s", report.Number(float64(hits))))
		if c.name == peer.OursName {
			apart = miscounted(found, hits)
		}
	}
	addColumn(&t, report.Column{Name: "hits"}, had)
	addColumn(&t, report.Column{Name: "counted"}, counted)
	return Found{Tables: []report.Table{t}, Measured: target.Measured{target.Miscounted: rounds.Exact(apart)}}, nil
}

// miscounted is how many hits too few or too many were counted.
func miscounted(had, counted uint64) float64 { return math.Abs(float64(had) - float64(counted)) }

// read returns how many reads of all goroutines found their key.
func (c counting) read(goroutines, each int) (found uint64) {
	keys := trace.Keys(100)
	values := prompts(keys)
	for i, key := range keys {
		c.set(key, values[i])
	}
	finds := make([]uint64, goroutines)
	stop := make(chan struct{})
	var readers, writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i = (i + 1) % len(keys) {
			select {
			case <-stop:
				return
			default:
				c.set(keys[i], values[i])
			}
		}
	})
	for g := range finds {
		readers.Go(func() {
			for i := range each {
				if c.get(keys[(g+i)%len(keys)]) {
					finds[g]++
				}
			}
		})
	}
	readers.Wait()
	close(stop)
	writer.Wait()
	for _, n := range finds {
		found += n
	}
	return found
}

func countingOurs(ctx context.Context) (counting, error) {
	cfg := promptcache.DefaultConfig()
	cfg.Logger = slog.New(slog.DiscardHandler)
	cache, err := promptcache.New(func(context.Context, string) (*peer.Prompt, error) { return nil, promptcache.ErrNotFound }, cfg)
	if err != nil {
		return counting{}, err
	}
	if err := cache.Start(ctx); err != nil {
		return counting{}, err
	}
	return counting{
		name: peer.OursName,
		get:  func(key string) bool { _, ok := cache.Get(key); return ok },
		set:  cache.Set,
		hits: func() uint64 { return cache.Metrics().Hits },
		stop: cache.Stop,
	}, nil
}

func countingPort(context.Context) (counting, error) {
	cache := langsmithport.New(
		func(context.Context, string) (*peer.Prompt, error) { return nil, promptcache.ErrNotFound },
		langsmithport.Config{MaxSize: 100, TTL: time.Hour, RefreshInterval: time.Minute, Clock: clock.New()},
	)
	return counting{
		name: "port of LangSmith's cache",
		get:  func(key string) bool { _, ok := cache.Get(key); return ok },
		set:  cache.Set,
		hits: func() uint64 { return cache.Metrics().Hits },
		stop: cache.Stop,
	}, nil
}
