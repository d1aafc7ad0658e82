package promptcache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// ledger is a registry that is slow and fails at random, and counts what it
// answers.
type ledger struct {
	calls, good, missing, rejected, failed atomic.Uint64
}

func (l *ledger) fetch(ctx context.Context, key string) (*revised, error) {
	l.calls.Add(1)
	select {
	case <-time.After(rand.N(3 * time.Second)):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch rand.N(10) {
	case 0:
		l.failed.Add(1)
		return nil, promptcache.ErrUnavailable
	case 1:
		l.missing.Add(1)
		return nil, promptcache.ErrNotFound
	case 2:
		l.rejected.Add(1)
		return nil, promptcache.ErrInvalid
	default:
		l.good.Add(1)
		return &revised{Rev: fmt.Sprint("fetched ", rand.N(3)), Text: key}, nil
	}
}

// bursts runs n goroutines that each do a few things, again and again, with
// time in between.
func bursts(rounds, n int, do func()) {
	for range rounds {
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				for range 10 {
					do()
				}
			})
		}
		wg.Wait()
		pass(rand.N(2 * time.Minute))
	}
}

func anyKey() string { return strconv.Itoa(rand.N(30)) }

func TestMetricsUnderLoad(t *testing.T) {
	config := func(size int) promptcache.Config {
		return exactly(func(cfg *promptcache.Config) {
			cfg.MaxSize, cfg.RefreshJitter, cfg.RefreshInterval = size, 0.1, 10*time.Second
			cfg.TTL, cfg.MaxStale, cfg.NegativeTTL = new(time.Minute), 2*time.Minute, time.Second
		})
	}
	// settled lets all fetches end and no other begin.
	settled := func(c *promptcache.PromptCache[*revised]) {
		_ = c.Shutdown(context.Background())
		pass(0)
	}

	proves(t, "NB-40 every counter is exact under concurrency: reads and what the registry answered", func(t *testing.T) {
		var registry ledger
		c := started(t, registry.fetch, config(100))
		var reads, fallbacks atomic.Uint64
		fallback := &revised{}
		bursts(40, 10, func() {
			key, ctx := anyKey(), context.Background()
			switch rand.N(7) {
			case 0:
				c.Get(key)
			case 1:
				c.Lookup(key)
			case 2:
				_, _ = c.GetOrFetch(ctx, key)
			case 3:
				_, _ = c.GetFresh(ctx, key)
			case 4:
				if c.GetOr(ctx, key, fallback) == fallback {
					fallbacks.Add(1)
				}
			case 5:
				_, _ = c.Refresh(ctx, key)
				return
			default:
				_ = c.Prefetch(ctx, key, anyKey())
				return
			}
			reads.Add(1)
		})
		settled(c)
		m := c.Metrics()
		require.Equal(t, reads.Load(), m.TotalRequests())
		require.Equal(t, fallbacks.Load(), m.Fallbacks)
		require.Equal(t, registry.calls.Load(), m.Fetches)
		require.Equal(t, registry.missing.Load(), m.NotFound)
		require.Equal(t, registry.rejected.Load(), m.Rejected)
		require.Equal(t, registry.missing.Load()+registry.rejected.Load()+registry.failed.Load(), m.FetchErrors)
		require.Zero(t, m.Dropped+m.FetchesCanceled+m.Evictions+m.Invalidations)
		require.EqualValues(t, c.Len(), registry.good.Load()-m.Refreshes-m.Removals, "a first load is still there, or was removed")
		require.Positive(t, m.Refreshes)
		require.Positive(t, m.RefreshErrors)
		require.Positive(t, m.Unchanged)
		require.Less(t, m.Unchanged, m.Refreshes)
	})

	proves(t, "NB-40 hits, stale hits and misses are what the readers saw", func(t *testing.T) {
		var registry ledger
		c := started(t, registry.fetch, config(20))
		var hits, stale, misses atomic.Uint64
		bursts(40, 10, func() {
			key := anyKey()
			if rand.N(10) == 0 {
				_, _ = c.Refresh(context.Background(), key)
				return
			}
			switch e, ok := c.Lookup(key); {
			case !ok:
				misses.Add(1)
			case e.Stale:
				stale.Add(1)
				fallthrough
			default:
				hits.Add(1)
			}
		})
		m := c.Metrics()
		require.Equal(t, hits.Load(), m.Hits)
		require.Equal(t, stale.Load(), m.StaleHits)
		require.Equal(t, misses.Load(), m.Misses)
		require.Positive(t, m.StaleHits)
		require.InDelta(t, float64(m.Hits)/float64(m.Hits+m.Misses), m.HitRate(), 1e-9)
	})

	proves(t, "NB-40 nothing gets lost whatever happens at once", func(t *testing.T) {
		var registry ledger
		c := started(t, registry.fetch, config(20))
		events := follow(t, c)
		bursts(60, 8, func() {
			key := anyKey()
			ctx, cancel := context.WithTimeout(context.Background(), rand.N(5*time.Second))
			defer cancel()
			switch rand.N(60) {
			case 0:
				c.Clear()
			case 1:
				_ = c.Configure(config(10 + rand.N(15)))
			case 2:
				c.Stop()
			case 3, 4, 5:
				_ = c.Start(context.Background())
			case 6, 7:
				c.MarkStale(func(key string) bool { return strings.HasPrefix(key, "1") })
			case 8, 9, 10, 11:
				c.Invalidate(key, anyKey())
			case 12, 13, 14, 15:
				c.Set(key, &revised{Rev: "set"})
			case 16, 17, 18, 19:
				_, _ = c.Refresh(ctx, key)
			case 20, 21, 22, 23:
				_ = c.Prefetch(ctx, key, anyKey())
			case 24, 25, 26, 27:
				_, _ = c.GetFresh(ctx, key)
			default:
				_, _ = c.GetOrFetch(ctx, key)
			}
		})
		settled(c)

		var added, loaded, removed, evicted uint64
		for _, e := range events.events {
			switch e.Kind {
			case promptcache.EventAdded:
				added++
				if e.NewRevision != "set" {
					loaded++
				}
			case promptcache.EventRemoved:
				removed++
			case promptcache.EventEvicted:
				evicted++
			default: // the others change no number of prompts
			}
		}
		m := c.Metrics()
		require.Zero(t, m.DroppedEvents)
		require.Equal(t, registry.calls.Load(), m.Fetches)
		require.Equal(t, m.Fetches, loaded+m.Refreshes+m.Dropped+m.FetchErrors+m.FetchesCanceled, "%+v", m)
		require.Equal(t, added, uint64(c.Len())+removed+evicted)
		require.Equal(t, evicted, m.Evictions)
		require.Equal(t, removed, m.Invalidations+m.Removals)
		require.LessOrEqual(t, m.Unchanged, m.Refreshes)
		require.LessOrEqual(t, max(m.RefreshErrors, m.NotFound+m.Rejected), m.FetchErrors)
		for name, n := range map[string]uint64{
			"Dropped": m.Dropped, "FetchesCanceled": m.FetchesCanceled, "Evictions": m.Evictions, "Invalidations": m.Invalidations, "Refreshes": m.Refreshes,
		} {
			require.Positive(t, n, name)
		}
		s := c.Status()
		require.Zero(t, s.InFlight)
		require.LessOrEqual(t, s.ServingStale, s.Failing)
		require.LessOrEqual(t, s.Failing, s.Entries)
	})
}
