// Package langsmithport is the prompt cache of LangSmith's SDKs, in Go, with
// what it does well and what it does not: what a team would have that
// carried it over as it is. It is measured, and not for use.
//
// A mutex guards an LRU of entries with the time of their making. A read takes
// the mutex, asks the clock whether the entry is stale, counts, and returns the
// value in any case. At every interval one goroutine looks at all entries under
// the mutex and refetches the stale ones, one after the other, each by a set,
// whatever has become of the key meanwhile. Concurrent misses fetch each for
// itself.
package langsmithport

import (
	"context"
	"sync"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/hashicorp/golang-lru/v2/expirable"
)

// Config is what LangSmith's cache is made with.
type Config struct {
	MaxSize         int
	TTL             time.Duration
	RefreshInterval time.Duration
	Clock           clock.Clock
}

// Metrics are its counters.
type Metrics struct {
	Hits, StaleHits, Misses, Refreshes, RefreshErrors uint64
}

// Cache is the cache and its refreshing goroutine, which the first Set starts.
// Its methods may be called from several goroutines.
type Cache[V any] struct {
	cfg   Config
	fetch func(ctx context.Context, key string) (V, error)

	mu      sync.Mutex // guards what follows
	entries *expirable.LRU[string, entry[V]]
	metrics Metrics
	stop    context.CancelFunc // nil while nothing refreshes
	stopped bool
	done    chan struct{}
}

type entry[V any] struct {
	value V
	since time.Time
}

// New makes a cache that is filled by fetch.
func New[V any](fetch func(ctx context.Context, key string) (V, error), cfg Config) *Cache[V] {
	return &Cache[V]{cfg: cfg, fetch: fetch, entries: expirable.NewLRU[string, entry[V]](cfg.MaxSize, nil, 0)}
}

// Get returns what is cached under key, stale or not.
func (c *Cache[V]) Get(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries.Get(key)
	if !ok {
		c.metrics.Misses++
		return e.value, false
	}
	c.metrics.Hits++
	if c.stale(e) {
		c.metrics.StaleHits++
	}
	return e.value, true
}

// Set stores value as made now.
func (c *Cache[V]) Set(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries.Add(key, entry[V]{value, c.cfg.Clock.Now()})
	if c.stop == nil && !c.stopped {
		c.startLocked()
	}
}

// Pull is what a handler calls: Get, and on a miss a fetch and a Set.
func (c *Cache[V]) Pull(ctx context.Context, key string) (V, error) {
	if value, ok := c.Get(key); ok {
		return value, nil
	}
	value, err := c.fetch(ctx, key)
	if err == nil {
		c.Set(key, value)
	}
	return value, err
}

// Invalidate removes key.
func (c *Cache[V]) Invalidate(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries.Remove(key)
}

// Metrics returns the counters.
func (c *Cache[V]) Metrics() Metrics {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.metrics
}

// Stop ends the refreshing for good, and waits for the fetch that is under way.
// (Theirs begins again with the next set, be it that fetch's own: a benchmark
// must not leave goroutines behind.)
func (c *Cache[V]) Stop() {
	c.mu.Lock()
	stop, done := c.stop, c.done
	c.stop, c.stopped = nil, true
	c.mu.Unlock()
	if stop != nil {
		stop()
		<-done
	}
}

func (c *Cache[V]) stale(e entry[V]) bool { return c.cfg.Clock.Now().Sub(e.since) > c.cfg.TTL }

func (c *Cache[V]) startLocked() {
	ctx, stop := context.WithCancel(context.Background()) //nolint:gosec // Stop calls it
	ticker := c.cfg.Clock.Ticker(c.cfg.RefreshInterval)
	done := make(chan struct{})
	c.stop, c.done = stop, done
	go func() {
		defer close(done)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				c.refresh(ctx)
			case <-ctx.Done():
				return
			}
		}
	}()
}

func (c *Cache[V]) refresh(ctx context.Context) {
	for _, key := range c.staleKeys() {
		if ctx.Err() != nil {
			return
		}
		value, err := c.fetch(ctx, key)
		if err == nil {
			c.Set(key, value)
		}
		c.mu.Lock()
		if err == nil {
			c.metrics.Refreshes++
		} else {
			c.metrics.RefreshErrors++
		}
		c.mu.Unlock()
	}
}

func (c *Cache[V]) staleKeys() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var stale []string
	for _, key := range c.entries.Keys() {
		if e, ok := c.entries.Peek(key); ok && c.stale(e) {
			stale = append(stale, key)
		}
	}
	return stale
}
