package promptcache

import "time"

// comebackTick is how often prompts of a registry that is back are let go.
const comebackTick = 100 * time.Millisecond

// comeback is the way back of the prompts of a registry that was held: in
// order of last use, those that are read meanwhile first, and every tick as
// many as it takes to be through in one RefreshInterval, one at least.
type comeback[V any] struct {
	waiting []*entry[V] // most recently used first; nil when there is no comeback
	read    []*entry[V] // those of them that readers met, in that order
	batch   int         // how many are let go each tick
	next    time.Duration
}

// comeBackLocked begins it: what has failed because of r, and what has waited
// for it, is parked until its turn. Without a refresher there is nobody to
// refetch them; each is refetched when it is read.
func (c *PromptCache[V]) comeBackLocked(r *registry[V], now time.Duration) {
	if !c.refresher.running() || r.entries == 0 {
		return
	}
	back := comeback[V]{next: later(now, comebackTick)}
	for all := c.entries.all(); len(all) > 0; all = all[:len(all)-1] {
		e := all[len(all)-1]
		if e.registry != r || e.is(isQueued) || !e.is(isParked) && (e.failure == nil || !e.failure.transient) {
			continue
		}
		e.set(isParked)
		e.drop(isHurried)
		c.rescheduleLocked(e)
		back.waiting = append(back.waiting, e)
	}
	if len(back.waiting) == 0 {
		return
	}
	ticks := max(1, int64(c.cfg.RefreshInterval/comebackTick))
	back.batch = int((int64(len(back.waiting)) + ticks - 1) / ticks)
	r.comeback = back
	c.refresher.alarmLocked(back.next)
}

// hurry lets a reader's prompt go before those that nobody reads.
func (b *comeback[V]) hurry(e *entry[V]) {
	if b.waiting != nil && !e.is(isHurried) {
		e.set(isHurried)
		b.read = append(b.read, e)
	}
}

// pop returns the next one that is still parked, nil if there is none.
func (b *comeback[V]) pop() *entry[V] {
	for _, queue := range []*[]*entry[V]{&b.read, &b.waiting} {
		for len(*queue) > 0 {
			e := (*queue)[0]
			*queue = (*queue)[1:]
			if e.is(isParked) {
				return e
			}
		}
	}
	return nil
}

// letGoLocked lets the prompts go whose turn it is.
func (r *refresher[V]) letGoLocked(reg *registry[V], now time.Duration) {
	back := &reg.comeback
	if back.waiting == nil || now < back.next {
		return
	}
	back.next = later(now, comebackTick)
	for range back.batch {
		e := back.pop()
		if e == nil {
			*back = comeback[V]{}
			return
		}
		e.drop(isParked)
		e.sleep()
		r.considerLocked(e, now)
		r.c.rescheduleLocked(e)
	}
}

// unparkLocked leaves all prompts to whoever asks for them next, for there is
// no refresher any more.
func (c *PromptCache[V]) unparkLocked() {
	for _, r := range c.registries {
		r.comeback, r.chosen = comeback[V]{}, nil
	}
	for _, e := range c.entries.all() {
		if e.is(isParked) {
			e.drop(isParked)
			c.rescheduleLocked(e)
		}
	}
}

// parkLocked makes e wait for its registry.
func (c *PromptCache[V]) parkLocked(e *entry[V], now time.Duration) {
	e.set(isParked)
	e.sleep()
	c.noteTroubleLocked(e, now)
}
