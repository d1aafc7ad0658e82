package promptcache

import "time"

// comebackTick is how often prompts of a registry that is back are let go.
const comebackTick = 100 * time.Millisecond

// comeback is the way back of the prompts of a registry that was held: in
// order of last use, those that are read meanwhile first, and every tick as
// many as it takes to be through in one RefreshInterval, one at least.
type comeback[V any] struct {
	waiting []*entry[V]      // most recently used first; nil when there is no comeback
	read    chain[*entry[V]] // those of them that readers met, in that order
	batch   int              // how many are let go each tick
	left    int              // of those whose tick has come
	next    time.Duration
}

// parkForComebackLocked parks e until its turn if it has failed because of its
// registry, or has waited for it, and reports that.
func (c *PromptCache[V]) parkForComebackLocked(e *entry[V]) bool {
	if e.is(isQueued) || !e.is(isParked) && (e.failure() == nil || !e.failure().transient) {
		return false
	}
	e.set(isParked)
	e.drop(isHurried)
	c.rescheduleLocked(e)
	return true
}

// comeBackLocked begins the way back of parked prompts, most recently used
// first.
func (r *refresher[V]) comeBackLocked(reg *registry[V], parked []*entry[V], now time.Duration) {
	if len(parked) == 0 {
		return
	}
	ticks := max(1, int64(r.c.cfg.RefreshInterval/comebackTick))
	reg.comeback = comeback[V]{
		waiting: parked,
		batch:   int((int64(len(parked)) + ticks - 1) / ticks),
		next:    later(now, comebackTick),
	}
	r.alarmLocked(reg.comeback.next)
}

// hurry lets a reader's prompt go before those that nobody reads.
func (b *comeback[V]) hurry(e *entry[V]) {
	if b.waiting != nil && !e.is(isHurried) {
		e.set(isHurried)
		b.read.push(e)
	}
}

// pop returns the next one, which may have come back by itself; nil if there is
// none.
func (b *comeback[V]) pop() *entry[V] {
	if e, ok := b.read.pop(); ok {
		return e
	}
	if len(b.waiting) == 0 {
		return nil
	}
	e := b.waiting[0]
	b.waiting = b.waiting[1:]
	return e
}

// letGoLocked lets the prompts go whose turn it is. It looks at a few, and reports
// whether those were all.
func (r *refresher[V]) letGoLocked(reg *registry[V], few *int, now time.Duration) (done bool) {
	back := &reg.comeback
	if back.waiting == nil {
		return true
	}
	if now >= back.next {
		back.next = later(now, comebackTick)
		back.left = back.batch
	}
	for ; *few > 0 && back.left > 0; *few-- {
		e := back.pop()
		switch {
		case e == nil:
			*back = comeback[V]{}
			return true
		case e.is(isParked):
			back.left--
			e.drop(isParked)
			e.sleep()
			r.considerLocked(e, now)
			r.c.rescheduleLocked(e)
		}
	}
	return back.left == 0
}

// unpark leaves all prompts to whoever asks for them next, for there is no
// refresher any more.
func (c *PromptCache[V]) unpark() {
	c.each(func(e *entry[V]) {
		if e.is(isParked) {
			e.drop(isParked)
			c.rescheduleLocked(e)
		}
	})
}

// parkLocked makes e wait for its registry.
func (c *PromptCache[V]) parkLocked(e *entry[V], now time.Duration) {
	e.set(isParked)
	e.sleep()
	c.noteTroubleLocked(e, now)
}
