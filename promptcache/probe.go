package promptcache

import "time"

// probe has one prompt of reg refetched if reg is held and may be asked by now:
// the most recently used one that has not failed, due or not, for if only some
// prompts are broken such a one shows it; else the most recently used one whose
// own backoff is over. Between scans it is called when a reader meets a stale
// prompt.
func (r *refresher[V]) probe(reg *registry[V], now time.Duration) {
	var sound, failed latest[V]
	r.c.each(func(e *entry[V]) {
		switch {
		case e.registry != reg || e.is(isQueued) || r.c.flights[e.key] != nil:
		case r.c.soundLocked(e, now):
			sound.note(e)
		case e.is(isParked) && r.c.dueAtLocked(e) <= now:
			failed.note(e)
		}
	})
	e := sound.entry
	if e == nil {
		e = failed.entry
	}
	r.c.mu.Lock()
	defer r.c.unlock()
	if e == nil || r.over() || !reg.held || reg.probing(now) || e.is(isGone|isQueued) || r.c.flights[e.key] != nil {
		return
	}
	e.drop(isParked)
	reg.chosen = e
	r.queue.push(e)
	r.c.rescheduleLocked(e)
	r.dispatchLocked()
}

// soundLocked reports whether e may be fetched and has not failed.
func (c *PromptCache[V]) soundLocked(e *entry[V], now time.Duration) bool {
	if e.failure() != nil && !e.failure().withheld {
		return false
	}
	return e.is(isMarked) || !e.snap().immutable() && !c.idleLocked(e, now)
}

// latest is the most recently used of the entries that it was shown.
type latest[V any] struct {
	entry *entry[V]
	stamp int64
}

func (l *latest[V]) note(e *entry[V]) {
	if stamp := e.stamp.Load(); l.entry == nil || stamp > l.stamp {
		*l = latest[V]{e, stamp}
	}
}

// passProbeOnLocked makes room for another probe after f, if it was one, was
// cut short. It waits as long as the last one did, for readers that give up are
// no reason to ask more often.
func (c *PromptCache[V]) passProbeOnLocked(f *flight[V]) {
	if r := f.registry; r.probe == f {
		r.probe = nil
		r.next = later(c.time.now(), c.backoffLocked(r.step, 0))
		c.stirLocked(r)
	}
}

// heldLocked is what a reader of key gets while r may not be asked.
func (c *PromptCache[V]) heldLocked(r *registry[V], key string, now time.Duration) *FetchError {
	down := &DownError{Domain: r.domain, Err: r.cause}
	if r.probe == nil {
		down.NextAttempt = c.time.wall(r.next, now)
	}
	return &FetchError{Key: key, Kind: r.cause.Kind, StatusCode: r.cause.StatusCode, Err: down}
}
