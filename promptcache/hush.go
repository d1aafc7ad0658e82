package promptcache

import "time"

// hushSlack is how long before something is to be done for a prompt its readers
// call again, so that the one who comes at that very moment does.
const hushSlack = time.Millisecond

// hush is what a registry keeps of those of its stale prompts that wait for
// something, a backoff, a probe or their turn. Their readers have nothing to do
// meanwhile, and so need no mutex.
type hush[V any] struct {
	entries []*entry[V]
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
	if len(h.entries) == 0 {
		h.until = never
	}
	h.entries = append(h.entries, e)
	if until < h.until {
		h.until = until
		c.refresher.alarmLocked(until - hushSlack)
	}
}

// stirLocked makes the readers of r's prompts call again: what they wait for may
// be over.
func (c *PromptCache[V]) stirLocked(r *registry[V]) {
	if len(r.hush.entries) > 0 {
		r.hush.over = true
		c.refresher.nudge()
	}
}

// listenLocked sees whether a prompt of reg no longer waits, and returns when to
// look again.
func (r *refresher[V]) listenLocked(reg *registry[V], now time.Duration) (again time.Duration) {
	h := &reg.hush
	if len(h.entries) == 0 || h.until == never {
		return never
	}
	if h.until-hushSlack <= now {
		h.over = true
		return never
	}
	return h.until - hushSlack
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

func (c *PromptCache[V]) rouseChunkLocked(all bool) (more bool) {
	left := scanChunk
	for _, r := range c.registries {
		h := &r.hush
		for ; left > 0 && len(h.entries) > 0 && (all || h.over); left-- {
			last := len(h.entries) - 1
			e := h.entries[last]
			h.entries[last] = nil
			h.entries = h.entries[:last]
			e.drop(isHushed)
			e.set(isCalling)
		}
		if len(h.entries) == 0 {
			*h = hush[V]{until: never}
		}
	}
	return left == 0
}
