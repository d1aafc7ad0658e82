package promptcache

import "time"

// probeLocked has one prompt of reg refetched if reg is held and may be asked
// by now. Between scans it does so when a reader meets a stale prompt.
func (r *refresher[V]) probeLocked(reg *registry[V], now time.Duration) {
	if !reg.held || reg.probing(now) {
		return
	}
	if e := r.c.probeCandidateLocked(reg, now); e != nil {
		e.drop(isParked)
		reg.chosen = e
		r.queue.push(e)
		r.c.rescheduleLocked(e)
		r.dispatchLocked()
	}
}

// probeCandidateLocked returns the prompt to ask reg for: the most recently
// used one that has not failed, due or not, for if only some prompts are broken
// such a one shows it; else the most recently used one whose own backoff is
// over. nil if there is none.
func (c *PromptCache[V]) probeCandidateLocked(reg *registry[V], now time.Duration) *entry[V] {
	var failed *entry[V]
	for all := c.entries.all(); len(all) > 0; all = all[:len(all)-1] {
		e := all[len(all)-1]
		switch {
		case e.registry != reg || e.is(isQueued) || c.flights[e.key] != nil:
		case (e.failure == nil || e.failure.withheld) && (!e.snap().immutable() || e.is(isMarked)) && (e.is(isMarked) || !c.idleLocked(e, now)):
			return e
		case failed == nil && e.is(isParked) && c.dueAtLocked(e) <= now:
			failed = e
		}
	}
	return failed
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
