package promptcache

import "time"

// hushSlack is how long before something is to be done for a prompt its readers
// call again, so that the one who comes at that very moment does.
const hushSlack = time.Millisecond

// hush is what a registry keeps of those of its stale prompts that wait for
// something, a backoff, a probe or their turn. Their readers have nothing to do
// meanwhile, and so need no mutex.
type hush[V any] struct {
	entries chain[*entry[V]]
	until   time.Duration // when the first of them no longer waits; never if that is not known
	over    bool          // it is, or may be by now
}

// hushLocked spares the readers of e, which waits until a moment or, if that is
// never, for its registry, the mutex.
func (c *PromptCache[V]) hushLocked(e *entry[V], until, now time.Duration) {
	if until != never && until-now <= hushSlack {
		return
	}
	e.drop(isCalling)
	if e.is(isHushed) {
		return
	}
	e.set(isHushed)
	h := &e.registry.hush
	if h.entries.len == 0 {
		h.until = never
	}
	h.entries.push(e)
	if until < h.until {
		h.until = until
		c.refresher.listenAtLocked(until-hushSlack, now)
	}
}

// stirLocked makes the readers of r's prompts call again: what they wait for may
// be over.
func (c *PromptCache[V]) stirLocked(r *registry[V]) {
	if r.hush.entries.len > 0 {
		r.hush.over = true
		c.refresher.stir()
	}
}

// listenAtLocked has listen called at a moment, unless it is earlier
// anyway.
func (r *refresher[V]) listenAtLocked(at, now time.Duration) {
	if r.over() || at >= r.listenAt {
		return
	}
	if r.listener != nil {
		r.listener.Stop()
	}
	r.listenAt = at
	r.listener = r.c.time.clock.AfterFunc(at-now, func() {
		r.c.mu.Lock()
		defer r.c.unlock()
		r.stir()
	})
}

// listen sees which registries have prompts that may no longer wait.
func (r *refresher[V]) listen(now time.Duration) {
	r.c.mu.Lock()
	r.listenAt = never
	r.c.unlock()
	r.c.eachRegistry(func(reg *registry[V]) {
		switch h := &reg.hush; {
		case h.entries.len == 0 || h.until == never:
		case h.until-hushSlack <= now:
			h.over = true
		default:
			r.listenAtLocked(h.until-hushSlack, now)
		}
	})
}

// rouse makes the readers of prompts that may no longer wait, or of all, call
// again. It lets go of the lock after every few.
func (r *refresher[V]) rouse(all bool) {
	for more := true; more; {
		r.c.mu.Lock()
		more = r.c.rouseChunkLocked(all)
		r.c.unlock()
	}
}

// rouseChunkLocked looks at a few prompts or registries of those that rouse is to
// look at, and reports whether there are more.
func (c *PromptCache[V]) rouseChunkLocked(all bool) (more bool) {
	return c.registries.tour(&c.registries.roused, func(r *registry[V], few *int) (done bool) {
		h := &r.hush
		for ; *few > 0 && h.entries.len > 0 && (all || h.over); *few-- {
			e, _ := h.entries.pop()
			e.drop(isHushed)
			e.set(isCalling)
		}
		if h.entries.len == 0 {
			*h = hush[V]{until: never}
		}
		return h.entries.len == 0 || !all && !h.over
	})
}
