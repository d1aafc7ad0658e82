package promptcache

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Prefetch makes sure that the prompts are cached and not stale: a warm-up,
// before the first request or after a Load. It fetches what is missing or
// stale, RefreshConcurrency at a time, joins fetches that are under way, and
// leaves alone what is fresh, what backs off, and Domains that are down. It counts no reads.
//
// It returns when all is done or ctx has ended, with one error for each prompt
// that is not cached or is stale, joined. More distinct keys than MaxSize are an
// error, and nothing is fetched: they would evict each other. Offline only what
// is missing is an error, and with MaxSize 0 nothing is done.
func (c *PromptCache[V]) Prefetch(ctx context.Context, keys ...string) error {
	distinct := c.distinct(keys)
	c.mu.Lock()
	size, workers, closed := c.cfg.MaxSize, c.cfg.RefreshConcurrency, c.closed
	if c.cfg.offline() {
		workers = 1 // nothing waits for anything
	}
	c.unlock()
	switch {
	case closed:
		return ErrShutdown
	case size == 0 || len(distinct) == 0:
		return nil
	case len(distinct) > size:
		return fmt.Errorf("promptcache: prefetch: %d prompts do not fit into a cache of MaxSize %d", len(distinct), size)
	}

	var (
		todo = make(chan int)
		errs = make([]error, len(distinct))
		wg   sync.WaitGroup
	)
	for range min(workers, len(distinct)) {
		wg.Go(func() {
			for i := range todo {
				_, errs[i] = c.load(ctx, distinct[i], untilFresh).orStale()
			}
		})
	}
	for i := range distinct {
		todo <- i
	}
	close(todo)
	wg.Wait()
	return errors.Join(errs...)
}

// distinct returns the canonical forms of keys, each once.
func (c *PromptCache[V]) distinct(keys []string) []string {
	seen := make(map[string]bool, len(keys))
	out := make([]string, 0, len(keys))
	for _, key := range keys {
		if key = c.canonicalKey(key); !seen[key] {
			seen[key] = true
			out = append(out, key)
		}
	}
	return out
}
