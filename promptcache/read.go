package promptcache

import "time"

// Entry is a cached prompt and all that the cache knows of it at one moment.
type Entry[V any] struct {
	Value V
	// Key is the canonical key.
	Key string
	// Revision is what Value.Revision() returned, "" without that method.
	Revision string
	// FetchedAt is when the fetch that brought Value, or that found it
	// unchanged, began, by the wall clock; for a value that was Set, when.
	FetchedAt time.Time
	// Age is the time since then, by the monotonic clock; never negative.
	Age time.Duration
	// Stale says that Age is more than the TTL, that MarkStale was called, or
	// that Value is a fallback.
	Stale bool
	// Fallback says that Value stands in for what could not be fetched, for the
	// reason that LastError has; see MarkFallback.
	Fallback bool
	// FromSnapshot says that Value was loaded and not fetched since.
	FromSnapshot bool
	// LastError is the latest failure since Value was fetched, nil if there is
	// none. It is a *FetchError.
	LastError error
	// LastAttempt is when the latest fetch began or, if it failed, ended.
	LastAttempt time.Time
	// NextAttempt is the earliest moment of the next one: the end of the
	// backoff after a failure, otherwise when the prompt is due; not before its
	// Domain is probed if that is held back. It is zero
	// when none is planned: no refresher, offline, immutable.
	NextAttempt time.Time
}

// found is what a read found under a key.
type found[V any] struct {
	key        string // canonical
	value      V
	ok         bool // there is a value that may be served
	stale      bool
	refreshing bool // a refresher runs, which takes care of stale ones
}

// located is an entry, nil if there is none, and the canonical key it was
// looked for under.
type located[V any] struct {
	entry *entry[V]
	key   string
}

// read looks key up as a reader does: it counts, makes the entry the most
// recently used, and tells the refresher of a stale one. exact asks the clock
// whether the entry is stale; otherwise a running refresher's last scan
// decides.
func (c *PromptCache[V]) read(key string, exact bool) found[V] {
	l := c.lockEntry(key)
	defer c.unlock()
	if exact || !c.refresher.scanned() {
		return c.readLocked(l.entry, l.key, c.time.now(), true)
	}
	return c.readLocked(l.entry, l.key, c.refresher.lastScan, false)
}

// lockEntry locks the cache and returns the entry that key leads to, touched.
// A key that is not indexed as it stands is made canonical first, without the
// lock, for that is user code.
func (c *PromptCache[V]) lockEntry(key string) located[V] {
	c.mu.Lock()
	if e := c.entries.touch(key); e != nil {
		return located[V]{e, e.key}
	}
	if c.canonical == nil {
		return located[V]{nil, key}
	}
	c.mu.Unlock()
	canonical := c.canonicalKey(key)
	c.mu.Lock()
	e := c.entries.touch(canonical)
	if e != nil {
		c.entries.alias(e, key)
	}
	return located[V]{e, canonical}
}

// readLocked counts a read of e and returns what may be served. now is the
// present if byClock, otherwise a moment shortly before.
func (c *PromptCache[V]) readLocked(e *entry[V], key string, now time.Duration, byClock bool) found[V] {
	if c.cfg.MaxSize == 0 {
		return found[V]{key: key}
	}
	if e == nil {
		c.metrics.Misses++
		return found[V]{key: key}
	}
	stale, expired := e.stale, e.expired
	if byClock {
		stale, expired = c.judgeLocked(e, now)
	}
	e.lastRead = now
	if expired {
		c.metrics.Misses++
		return found[V]{key: key}
	}
	c.metrics.Hits++
	if stale {
		c.metrics.StaleHits++
		c.noticeStaleLocked(e, now)
		c.wakeLocked(e)
	}
	return found[V]{key: key, value: e.snap.value, ok: true, stale: stale, refreshing: c.refresher.running()}
}

// judgeLocked says what e is at the moment now.
func (c *PromptCache[V]) judgeLocked(e *entry[V], now time.Duration) (stale, expired bool) {
	switch {
	case c.cfg.offline():
		return false, false
	case e.snap.immutable:
		return e.marked, false
	}
	age := c.ageLocked(e, now)
	ttl := *c.cfg.TTL
	stale = e.marked || e.snap.fallback || age > ttl
	expired = c.cfg.MaxStale > 0 && age > later(ttl, c.cfg.MaxStale)
	return stale, expired
}

// ageLocked returns the age of e's value, never negative.
func (c *PromptCache[V]) ageLocked(e *entry[V], now time.Duration) time.Duration {
	return max(0, now-e.snap.at)
}

// describeLocked returns all about e at the moment now.
func (c *PromptCache[V]) describeLocked(e *entry[V], now time.Duration) Entry[V] {
	stale, _ := c.judgeLocked(e, now)
	out := Entry[V]{
		Value:       e.snap.value,
		Key:         e.key,
		Revision:    e.snap.revision,
		FetchedAt:   e.snap.fetchedAt,
		Age:         c.ageLocked(e, now),
		Stale:       stale,
		Fallback:    e.snap.fallback,
		LastAttempt: e.snap.fetchedAt,

		FromSnapshot: e.snap.loaded,
	}
	if e.failure != nil {
		out.LastError = e.failure.err
		out.LastAttempt = e.failure.lastAt
	}
	if c.refresher.running() {
		due := c.dueAtLocked(e)
		if e.registry.held {
			due = max(due, e.registry.next)
		}
		out.NextAttempt = c.time.wall(due, now)
	}
	return out
}
