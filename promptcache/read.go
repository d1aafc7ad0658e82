package promptcache

import (
	"hash/maphash"
	"time"
)

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

// hit is a read that needs no mutex: it writes no memory that other readers
// share, allocates nothing and, while a refresher runs, asks no clock. If the read
// must take the mutex, for there is no entry that may be served, or it is stale and
// something must be done about it, it goes on as Get does, or if orElse is false it
// finds nothing and has counted nothing.
//
// It is index.find and count in one, for a call of each would make it a quarter
// slower; and the rest of Get, which so is no call of its own. Of find it does what
// nearly always is enough.
func (c *PromptCache[V]) hit(key string, orElse bool) (V, bool) {
	entries := &c.entries
	h := maphash.String(entries.index.seed, key)
	e, _ := entries.index.slotsOf(h).next(h, h)
	if e != nil && e.key != key {
		e = entries.index.find(key)
	}
	if e == nil {
		return c.readFor(key, orElse)
	}
	rules, flags := c.rules.Load(), e.state() // in this order: flags from before the rules may not be true yet
	if flags&(isStale|isExpired|isSpelling) != 0 || !rules.flagged {
		if s := c.hitOdd(e, flags, rules); s != nil {
			return s.value, true
		}
		return c.readFor(key, orElse)
	}
	value := e.snap().value
	now, stamp := entries.recency.clock.Load(), e.stamp.Load()
	switch {
	case stamp == now&^shared:
		c.counters.hit()
	case now&shared != 0 || !entries.recency.clock.CompareAndSwap(now, now+instant):
		if !entries.recency.useMet(e, now) {
			c.counters.hit()
		}
	case !e.stamp.CompareAndSwap(stamp, now+instant):
		e.stamp.atLeast(now + instant)
	}
	return value, true
}

// readFor is the rest of hit.
func (c *PromptCache[V]) readFor(key string, orElse bool) (v V, ok bool) {
	if !orElse {
		return v, false
	}
	found := c.read(key, false)
	return found.value, found.ok
}

// hitOdd is hit where more is to be looked at than the entry's flags. It returns
// nil if that is not enough.
func (c *PromptCache[V]) hitOdd(e *entry[V], flags flag, rules *rules) *snapshot[V] {
	if flags&isSpelling != 0 {
		e = e.extra.alias
		flags = e.state()
	}
	s := e.snap()
	stale, expired := flags&isStale != 0, flags&isExpired != 0
	if !rules.flagged {
		stale, expired = s.judge(rules, flags&isMarked != 0, c.time.now())
	}
	if expired || stale && (!rules.running || flags&isStale == 0 || flags&isCalling != 0 && !c.tell(e)) {
		return nil
	}
	c.count(e, stale)
	return s
}

// count counts a hit of e and makes it the most recently used.
func (c *PromptCache[V]) count(e *entry[V], stale bool) {
	if !c.entries.recency.use(e) {
		c.counters.hit()
	}
	if stale {
		c.counters.staleHit()
	}
}

// read is a read under the mutex. exact asks the clock whether the entry is
// stale; otherwise a running refresher's last scan decides.
func (c *PromptCache[V]) read(key string, exact bool) found[V] {
	e, key := c.lockEntry(key)
	defer c.unlock()
	if exact || !c.refresher.scanned() {
		return c.readLocked(e, key, c.time.now(), true)
	}
	return c.readLocked(e, key, c.refresher.lastScan, false)
}

// lockEntry locks the cache and returns the entry that key leads to, nil if there
// is none, and the canonical key. A key that is not indexed as it stands is made
// canonical first, without the lock, for that is user code.
func (c *PromptCache[V]) lockEntry(key string) (e *entry[V], canonical string) {
	c.mu.Lock()
	if e := c.entries.find(key); e != nil {
		return e, e.key
	}
	if c.canonical == nil {
		return nil, key
	}
	c.unlock()
	canonical = c.canonicalKey(key)
	c.mu.Lock()
	if e = c.entries.find(canonical); e != nil {
		c.entries.alias(e, key)
	}
	return e, canonical
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
	stale, expired := e.is(isStale), e.is(isExpired)
	if byClock {
		stale, expired = c.judgeLocked(e, now)
	}
	c.entries.recency.touch(e, now)
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
	return found[V]{key: key, value: e.snap().value, ok: true, stale: stale, refreshing: c.refresher.running()}
}

// judgeLocked says what e is at the moment now.
func (c *PromptCache[V]) judgeLocked(e *entry[V], now time.Duration) (stale, expired bool) {
	return e.snap().judge(c.rules.Load(), e.is(isMarked), now)
}

// ageLocked returns the age of e's value, never negative.
func (c *PromptCache[V]) ageLocked(e *entry[V], now time.Duration) time.Duration {
	return e.snap().age(now)
}

// fresh returns the entry under key, and its snapshot, if that is not stale at
// the moment now by the clock; otherwise nil. It counts nothing.
func (c *PromptCache[V]) fresh(key string) (e *entry[V], s *snapshot[V], now time.Duration) {
	h := maphash.String(c.entries.index.seed, key)
	if e, _ = c.entries.index.slotsOf(h).next(h, h); e != nil && (e.key != key || e.is(isSpelling)) {
		e = c.entries.find(key) // the rest of it, as in hit
	}
	if e == nil {
		return nil, nil, 0
	}
	marked := e.is(isMarked) // first, for the mark goes after the snapshot that it is on
	s, now = e.snap(), c.time.now()
	if stale, _ := s.judge(c.rules.Load(), marked, now); stale {
		return nil, nil, 0
	}
	return e, s, now
}

// look is Lookup without the mutex, for a prompt of which there is nothing to say
// but what its snapshot does.
func (c *PromptCache[V]) look(key string, out *Entry[V]) bool {
	e, s, now := c.fresh(key)
	rules := c.rules.Load()
	if e == nil || !rules.calm || e.is(isMarked|isFailing|isParked) {
		return false
	}
	if !c.entries.recency.use(e) {
		c.counters.hit()
	}
	c.describe(out, e.key, s, now)
	if due := s.due(rules); rules.running && due != never {
		out.NextAttempt = out.FetchedAt.Add(due - s.at)
	}
	return true
}

// lookLocking is look with the mutex, for every prompt.
func (c *PromptCache[V]) lookLocking(key string, out *Entry[V]) bool {
	e, canonical := c.lockEntry(key)
	defer c.unlock()
	now := c.time.now()
	if !c.readLocked(e, canonical, now, true).ok {
		return false
	}
	c.describeLocked(out, e, now)
	return true
}

// describe fills in what a snapshot tells. It is given the place, for an Entry is
// large to be handed on.
func (c *PromptCache[V]) describe(out *Entry[V], key string, s *snapshot[V], now time.Duration) {
	out.Value, out.Key, out.Revision = s.value, key, s.revision
	out.FetchedAt = s.wall(c.time.epoch.Location())
	out.LastAttempt = out.FetchedAt
	out.Age = s.age(now)
	out.Fallback, out.FromSnapshot = s.fallback(), s.loaded()
}

// describeLocked fills in all about e at the moment now.
func (c *PromptCache[V]) describeLocked(out *Entry[V], e *entry[V], now time.Duration) {
	c.describe(out, e.key, e.snap(), now)
	out.Stale, _ = c.judgeLocked(e, now)
	if e.failure() != nil {
		out.LastError = e.failure().err
		out.LastAttempt = e.failure().lastAt
	}
	if c.refresher.running() {
		due := c.dueAtLocked(e)
		if e.registry.held {
			due = max(due, e.registry.next)
		}
		out.NextAttempt = c.time.wall(due, now)
	}
}
