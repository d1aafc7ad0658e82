package promptcache

import (
	"math"
	"time"
)

// This file is every change of an entry but its failures: each leaves the
// index, the schedule, the outages and the counters in agreement.

// insertLocked adds a prompt that is not there yet, and makes room for it. It is
// gone at once if everything else is required.
func (c *PromptCache[V]) insertLocked(key, domain string, snap *snapshot[V], now time.Duration) *entry[V] {
	c.absences.forget(key)
	if r := c.required.byKey[key]; r != nil {
		r.err = nil
	}
	e := &entry[V]{key: key, registry: c.registryLocked(domain), turnAt: nowhere, rank: nowhere}
	e.current.Store(snap)
	e.registry.entries++
	c.entries.add(e, now, snap.loaded())
	c.saves.now.contents++
	c.rescheduleLocked(e)
	c.emitLocked(Event{Kind: EventAdded, Key: key, NewRevision: snap.revision})
	c.evictLocked(2) // there may be more while Configure makes the cache smaller
	return e
}

// replaceLocked gives e a newer value or, if it is unchanged, the same one
// with a newer age.
func (c *PromptCache[V]) replaceLocked(e *entry[V], snap *snapshot[V], unchanged bool) {
	old := e.snap().revision
	e.replace(snap)
	e.drop(isMarked | isStale | isExpired | isDormant | isParked)
	e.sleep()
	c.unqueueLocked(e)
	failed := e.failure() != nil
	c.setFailureLocked(e, nil)
	c.calmLocked(e)
	c.rescheduleLocked(e)
	if failed {
		c.emitLocked(Event{Kind: EventRecovered, Key: e.key, OldRevision: old, NewRevision: snap.revision})
	}
	c.saves.now.ages++
	if !unchanged {
		c.saves.now.contents++
		c.emitLocked(Event{Kind: EventChanged, Key: e.key, OldRevision: old, NewRevision: snap.revision})
	}
}

// replaceByLoadedLocked gives e what a snapshot has, which is newer. No registry
// was asked for it: what e fails with stays, with its backoff and what the log
// has said of it.
func (c *PromptCache[V]) replaceByLoadedLocked(e *entry[V], snap *snapshot[V], unchanged bool) {
	old := e.snap().revision
	e.replace(snap)
	e.drop(isMarked | isStale | isExpired | isDormant)
	e.sleep()
	c.unqueueLocked(e)
	c.rescheduleLocked(e)
	c.saves.now.ages++
	if !unchanged {
		c.saves.now.contents++
		c.emitLocked(Event{Kind: EventChanged, Key: e.key, OldRevision: old, NewRevision: snap.revision})
	}
}

// removeLocked takes e out and says why with event, which needs no key.
func (c *PromptCache[V]) removeLocked(e *entry[V], event Event) {
	c.detachLocked(c.flights[e.key])
	c.entries.remove(e)
	c.required.gone(e.key)
	c.saves.now.contents++
	c.schedule.set(e, never)
	c.unqueueLocked(e)
	e.registry.lose(e)
	c.setFailureLocked(e, nil)
	c.calmLocked(e)
	e.registry.entries--
	e.drop(isParked)
	e.set(isGone)
	event.Key, event.OldRevision = e.key, e.snap().revision
	c.emitLocked(event)
}

// lockForOne locks the cache for a prompt to be added. If it is full, it sees to
// it first that the one to be evicted is at hand: readers may have used any number
// of prompts since the last eviction, which are put in order a few at a time.
func (c *PromptCache[V]) lockForOne() {
	for {
		c.mu.Lock()
		if c.cfg.MaxSize == 0 || c.entries.len() < c.cfg.MaxSize || c.entries.recency.oldest(chunk) != nil {
			return
		}
		c.unlock()
	}
}

// evictLocked removes some of the least recently used prompts, if there are too
// many, and reports whether there still are. One that is required counts as used
// instead; they are no more than fit.
func (c *PromptCache[V]) evictLocked(most int) (more bool) {
	for ; c.entries.len() > c.cfg.MaxSize && most > 0; most-- {
		e := c.entries.recency.oldest(math.MaxInt)
		if c.required.byKey[e.key] != nil {
			c.entries.recency.touch(e, 0)
			most++
			continue
		}
		c.removeLocked(e, Event{Kind: EventEvicted})
		c.metrics.Evictions++
	}
	return c.entries.len() > c.cfg.MaxSize
}

// markLocked makes e stale and due.
func (c *PromptCache[V]) markLocked(e *entry[V]) {
	e.set(isMarked)
	e.drop(isDormant)
	c.saves.now.contents++
	c.rescheduleLocked(e)
	if !c.cfg.offline() {
		c.noticeStaleLocked(e, c.time.now())
		c.wakeLocked(e)
	}
}

// noticeStaleLocked records that e is stale, once.
func (c *PromptCache[V]) noticeStaleLocked(e *entry[V], now time.Duration) {
	if e.is(isStale) {
		return
	}
	e.set(isStale)
	c.emitLocked(Event{Kind: EventStale, Key: e.key, OldRevision: e.snap().revision})
	c.noteTroubleLocked(e, now)
}

// reappraiseLocked judges e anew, after the rules have changed.
func (c *PromptCache[V]) reappraiseLocked(e *entry[V], now time.Duration) {
	isNow, expired := c.judgeLocked(e, now)
	if isNow {
		c.noticeStaleLocked(e, now)
	} else {
		e.drop(isStale)
		if e.is(isStuck) {
			c.calmLocked(e)
		}
	}
	e.put(isExpired, expired)
	e.drop(isDormant)
	e.sleep()
	c.noteTroubleLocked(e, now)
	c.rescheduleLocked(e)
}
