package promptcache

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Start begins refreshing in the background, until Stop, Shutdown or the end
// of ctx, which is the same as Stop. Fetches for the refresher have ctx's
// values.
//
// On a cache that is offline or disabled it starts no goroutine, but Configure
// will when there is something to refresh. It returns ErrRunning on a cache
// that was started and not stopped, ErrShutdown after Shutdown, and ctx's error
// if that has ended. After Stop a cache can be started again. Like Stop and
// Configure it must not be called by the logger.
func (c *PromptCache[V]) Start(ctx context.Context) error {
	c.lifecycle.Lock()
	defer c.lifecycle.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("promptcache: start: %w", err)
	}
	leaving, err := c.claimStart()
	if err != nil {
		return err
	}
	if leaving != nil {
		<-leaving.done
	}
	c.mu.Lock()
	defer c.unlock()
	if c.closed {
		return ErrShutdown
	}
	c.armed = ctx
	if c.cfg.refreshes() {
		c.startRefresherLocked(ctx)
	}
	c.noteStateLocked()
	return nil
}

// claimStart reports whether the cache may be started, and the refresher that
// must have ended before.
func (c *PromptCache[V]) claimStart() (leaving *refresher[V], err error) {
	c.mu.Lock()
	defer c.unlock()
	switch {
	case c.closed:
		return nil, ErrShutdown
	case c.startedLocked():
		return nil, ErrRunning
	}
	return c.refresher, nil
}

// startedLocked reports whether a refresher runs, or would if there were
// anything to refresh.
func (c *PromptCache[V]) startedLocked() bool { return c.armed != nil && c.armed.Err() == nil }

// Stop ends refreshing in the background. It cancels the fetches that no
// reader waits for and waits for them to return, for a second at most: one
// that ignores its context is abandoned then, its result dropped, and
// Status.Abandoned counts it. When Stop returns, the cache has no goroutine but
// those of fetches that readers wait for, of subscribers, and of abandoned
// fetches, and of a snapshot that is being written for more than a second. What
// is cached is served on, and read-throughs still fetch. Stop may
// be called at any time, from any goroutine but a fetch's own and the logger's,
// and more than once; Start starts the cache again.
func (c *PromptCache[V]) Stop() {
	c.mu.Lock()
	c.armed = nil
	r := c.refresher
	if r != nil {
		r.stopping = true
	}
	c.noteStateLocked()
	c.unlock()
	if r != nil {
		r.cancel()
		<-r.done
	}
}

// Shutdown ends the cache for good. Nothing new is fetched; fetches in flight
// may finish, and what they bring is stored, until ctx ends: then they are
// canceled, as by Stop, and those who wait get ErrShutdown. Reads go on serving
// what is cached; whatever would fetch returns ErrShutdown, and so do Start and
// Configure. Subscribers get the events up to now, within a second, and end.
//
// If Snapshot.OnShutdown is set it then writes the snapshot, if there is
// something to write; for that it may take a second longer than ctx.
//
// It returns ctx's error if fetches had to be canceled, and that of the
// snapshot. It may be called more than once and together with Stop.
func (c *PromptCache[V]) Shutdown(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	c.armed = nil
	r := c.refresher
	if r != nil {
		r.stopping, r.draining = true, true
	}
	c.noteStateLocked()
	c.unlock()
	if r != nil {
		r.cancel()
		<-r.done
	}
	err := c.drain(ctx)
	if saveErr := c.saveLast(ctx); saveErr != nil {
		err = errors.Join(err, saveErr)
	}
	c.endSubscriptions()
	return err
}

// drain waits for the fetches in flight, until ctx ends.
func (c *PromptCache[V]) drain(ctx context.Context) error {
	c.mu.Lock()
	flying := make([]<-chan struct{}, 0, len(c.flying))
	for f := range c.flying {
		flying = append(flying, f.awaitedLocked())
	}
	c.unlock()
	for _, over := range flying {
		select {
		case <-over:
			continue
		default:
		}
		select {
		case <-over:
		case <-ctx.Done():
			c.mu.Lock()
			canceled := c.cancelFlyingLocked(ErrShutdown, func(*flight[V]) bool { return true })
			c.unlock()
			c.awaitOrAbandon(canceled)
			return fmt.Errorf("promptcache: shutdown: fetches in flight were canceled: %w", ctx.Err())
		}
	}
	return nil
}

// cancelFlyingLocked cancels the fetches that match and returns those that have
// not returned.
func (c *PromptCache[V]) cancelFlyingLocked(cause error, match func(*flight[V]) bool) []*flight[V] {
	var canceled []*flight[V]
	for f := range c.flying {
		if match(f) && !f.forsaken {
			f.awaitedLocked()
			c.cancelLocked(f, cause)
			canceled = append(canceled, f)
		}
	}
	return canceled
}

// awaitOrAbandon waits for canceled fetches to return, for a second in all. It
// is a second of real time, for Stop must return though a mock clock stands
// still.
func (c *PromptCache[V]) awaitOrAbandon(canceled []*flight[V]) {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	for i, f := range canceled {
		select {
		case <-f.over:
		case <-timer.C:
			for _, f := range canceled[i:] {
				c.abandon(f)
			}
			return
		}
	}
}

// endSubscriptions lets subscribers see what has happened, and waits a second
// at most for them to.
func (c *PromptCache[V]) endSubscriptions() {
	c.mu.Lock()
	subscribers := c.subscribers
	c.subscribers = nil
	c.unlock()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	for _, s := range subscribers {
		s.end(true)
	}
	for _, s := range subscribers {
		select {
		case <-s.ended:
		case <-timer.C:
			return
		}
	}
}

// Config returns the configuration in force, with the collaborators that New
// filled in. Changing it changes nothing; see Configure.
func (c *PromptCache[V]) Config() Config {
	c.mu.Lock()
	defer c.unlock()
	return c.cfg.clone()
}

// Configure applies cfg at once: a smaller MaxSize evicts the least recently
// used prompts, a new RefreshInterval counts from now, a nil TTL stops the
// refresher (as Stop does), and a TTL where there was none starts it again if
// the cache was started. No prompt is lost otherwise. Reads and writes go on
// meanwhile: all that begin after Configure has returned go by cfg. Clock, Logger, Canonical,
// Domain, OnFetch, Codec and Snapshot stay what they were.
//
// It returns all problems of cfg in one error, or ErrShutdown, and then changes
// nothing. Take Config() and change what you want changed.
func (c *PromptCache[V]) Configure(cfg Config) error {
	required, err := c.check(cfg)
	if err != nil {
		return err
	}
	c.lifecycle.Lock()
	defer c.lifecycle.Unlock()
	old, now, err := c.apply(cfg.clone(), required)
	if err != nil {
		return err
	}
	if cfg.MaxSize == 0 {
		c.eachRegistry(func(r *registry[V]) {
			c.liftLocked(r) // a disabled cache holds nothing back
			c.noteRegistryLocked(r)
		})
	}
	for c.shrink() {
	}
	c.each(func(e *entry[V]) { c.reappraiseLocked(e, now) })
	if leaving := c.resume(old); leaving != nil {
		leaving.cancel()
		<-leaving.done
	}
	return nil
}

// apply puts cfg, whose required prompts are given, in force, and returns what
// was before. Until resume the clock decides what is stale.
func (c *PromptCache[V]) apply(cfg Config, required requirements) (old Config, now time.Duration, err error) {
	c.mu.Lock()
	defer c.unlock()
	if c.closed {
		return old, 0, ErrShutdown
	}
	old, now = c.cfg, c.time.now()
	cfg.Clock, cfg.Logger, cfg.Canonical, cfg.Domain = old.Clock, old.Logger, old.Canonical, old.Domain
	cfg.Codec, cfg.Snapshot, cfg.OnFetch = old.Codec, old.Snapshot, old.OnFetch
	c.cfg, c.required = cfg, required
	c.reappraising = true
	c.publishLocked()

	c.absences.resize(cfg.MaxSize, cfg.NegativeTTL)
	if cfg.MaxSize == 0 {
		for _, f := range c.flights {
			c.detachLocked(f)
		}
	}
	if old.offline() && !cfg.offline() {
		c.attentive = now
	}
	return old, now, nil
}

// shrink evicts a prompt, if there are too many, or puts a few in order that
// readers have used since the last eviction. It reports whether there still are
// too many.
func (c *PromptCache[V]) shrink() bool {
	c.mu.Lock()
	defer c.unlock()
	if c.entries.len() > c.cfg.MaxSize && c.entries.recency.oldest(chunk) == nil {
		return true
	}
	return c.evictLocked(1)
}

// resume has the refresher go by the configuration in force. It returns it if it
// must end.
func (c *PromptCache[V]) resume(old Config) (leaving *refresher[V]) {
	c.mu.Lock()
	defer c.unlock()
	c.reappraising = false
	cfg := c.cfg
	r := c.refresher
	switch {
	case r != nil && !cfg.refreshes():
		r.stopping = true
		leaving = r
	case r == nil && cfg.refreshes() && c.startedLocked():
		c.startRefresherLocked(c.armed)
	case r.running():
		if cfg.RefreshInterval != old.RefreshInterval {
			r.setIntervalLocked()
		}
		r.dispatchLocked()
		r.nudge()
	}
	c.noteStateLocked()
	return leaving
}
