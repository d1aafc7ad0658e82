package promptcache

import "time"

// settleLocked gives a flight its result, once: it is stored if the flight is
// attached, counted, and told to those who wait.
func (c *PromptCache[V]) settleLocked(f *flight[V], out outcome[V]) {
	if f.settled {
		return
	}
	f.settled = true
	attached := f.attached
	c.unlinkLocked(f)
	now := c.time.now()
	f.says = evidenceOf(out.err, out.answered, c.cfg.MaxRetryAfter)
	c.noteFallbackLocked(f)
	c.noteOutcomeLocked(f, out)
	c.weighLocked(f, out, now)
	if f.says == alive && f.entry != nil {
		f.entry.drop(isParked) // it has had its turn
	}
	switch {
	case out.fallback && attached:
		f.fallback = c.storeFallbackLocked(f, out, now)
	case out.fallback:
		f.fallback = true
	case out.err == nil && attached:
		c.storeLocked(f, out, now)
	case out.err == nil && f.counted:
		c.metrics.Dropped++
	case out.err != nil && attached && f.entry != nil:
		f.removed = c.failLocked(f.entry, f, out.err, now)
	case out.err != nil && f.marked && out.err.Kind == KindNotFound: // MarkStale has made it old news
	case out.err != nil && attached:
		c.failAbsentLocked(f, out.err, now)
	}
	c.noteStateLocked()
	switch {
	case f.fallback:
		c.finishLocked(f, out.value, out.err)
	case out.err != nil:
		c.finishLocked(f, f.value, out.err)
	default:
		c.finishLocked(f, out.value, nil)
	}
}

// finishLocked has those who wait told that the flight is over, once the mutex is
// free, and tells the fetch if it is still under way.
func (c *PromptCache[V]) finishLocked(f *flight[V], value V, err error) {
	f.value, f.err = value, err
	if f.done != nil {
		c.pendingEnds = append(c.pendingEnds, f.done)
	}
	f.ctx.end(errUnwanted)
}

// unlinkLocked detaches f; nothing it brings will be stored.
func (c *PromptCache[V]) unlinkLocked(f *flight[V]) {
	if f.attached {
		f.attached = false
		delete(c.flights, f.key)
		f.registry.shown.end(f.began)
	}
}

// noteOutcomeLocked counts how a fetch ended.
func (c *PromptCache[V]) noteOutcomeLocked(f *flight[V], out outcome[V]) {
	err := out.err
	if err == nil {
		c.health.lastSuccess = c.time.clock.Now()
		return
	}
	if !f.withheld {
		c.health.lastError = errorInfo(f.key, out, c.time.clock.Now())
	}
	if p, ok := err.Err.(*PanicError); ok && err.Kind == KindPanicked { //nolint:errorlint // made by fly, not wrapped
		c.logLater(levelError, "fetch panicked", f.key, f.registry.domain, "err", err, "stack", string(p.Stack))
	}
	if !f.counted {
		return
	}
	c.metrics.FetchErrors++
	switch err.Kind { //nolint:exhaustive // the others have no counter
	case KindNotFound:
		c.metrics.NotFound++
	case KindInvalid:
		c.metrics.Rejected++
	}
}

// storeLocked stores what an attached flight brought.
func (c *PromptCache[V]) storeLocked(f *flight[V], out outcome[V], now time.Duration) {
	if c.cfg.MaxSize == 0 {
		return
	}
	e := f.entry
	is := snapFetched
	if e != nil {
		is |= snapRefreshed
	}
	if f.marked {
		is |= snapMarked
	}
	snap := c.newSnapshot(out.value, out.traits, f.began, f.beganAt, is)
	if e == nil {
		f.registry.found(neverFound, f.began)
		e = c.insertLocked(f.key, f.registry.domain, snap, now)
		if e.is(isGone) { // there is room only for what is required
			return
		}
	} else {
		c.metrics.Refreshes++
		if out.unchanged {
			c.metrics.Unchanged++
		}
		f.registry.found(e.foundAt(), f.began)
		c.replaceLocked(e, snap, out.unchanged)
	}
	if f.marked {
		c.markLocked(e)
	}
}

// detachLocked makes sure that f's result, if f is not nil, is not stored.
// Those who wait for it get it all the same; if nobody does it is canceled.
func (c *PromptCache[V]) detachLocked(f *flight[V]) {
	if f == nil {
		return
	}
	c.unlinkLocked(f)
	if f.waiters == 0 {
		c.cancelLocked(f, errUnwanted)
	}
}

// cancelLocked ends f before its time; those who wait get cause.
func (c *PromptCache[V]) cancelLocked(f *flight[V], cause error) {
	c.cutShortLocked(f, cause, f.value, cause)
}

// supersedeLocked ends a flight of key, for value was set: those who wait for
// it get value. What was remembered of the key is forgotten.
func (c *PromptCache[V]) supersedeLocked(key string, value V) {
	c.absences.forget(key)
	if f := c.flights[key]; f != nil {
		c.cutShortLocked(f, errReplaced, value, nil)
	}
}

// cutShortLocked cancels f's fetch with cause and gives those who wait for it
// value and err. Whatever the fetch still brings is dropped.
func (c *PromptCache[V]) cutShortLocked(f *flight[V], cause error, value V, err error) {
	if f.settled {
		return
	}
	f.settled = true
	c.unlinkLocked(f)
	c.passProbeOnLocked(f)
	if f.counted {
		c.metrics.FetchesCanceled++
	}
	f.ctx.end(cause)
	c.deadlines.remove(f)
	c.graceLocked(f)
	c.finishLocked(f, value, err)
	if f.entry != nil && !f.entry.is(isGone) {
		c.rescheduleLocked(f.entry)
	}
}

// abandon gives up on a fetch that does not return.
func (c *PromptCache[V]) abandon(f *flight[V]) {
	c.mu.Lock()
	defer c.unlock()
	if _, flying := c.flying[f]; !flying || f.forsaken {
		return
	}
	f.forsaken = true
	if f.over != nil {
		close(f.over)
	}
	c.health.abandoned++
	c.logLater(levelWarn, "fetch abandoned: it goes on although its context has ended", f.key, f.registry.domain)
	c.freeSlotLocked(f)
}

// freeSlotLocked gives back the refresher's slot that f takes up.
func (c *PromptCache[V]) freeSlotLocked(f *flight[V]) {
	if r := f.slot; r != nil {
		f.slot = nil
		r.active--
		r.dispatchLocked()
		if r.lacking {
			r.nudge()
		}
	}
}
