package promptcache

import (
	"slices"
	"time"
)

// This file is what the refresher does about a registry as a whole, looking at
// all of its prompts. It does so between scans and lets go of the lock after every
// few.

// turn is what has happened to a registry that concerns all of its prompts.
type turn uint8

const (
	noTurn      turn = iota
	reassessing      // backoffs of its prompts may be over
	returning        // it is back: its prompts come back little by little
)

// turnLocked has the refresher see to what has happened. Without one there is
// nobody to refetch the prompts; each is refetched when it is read.
func (c *PromptCache[V]) turnLocked(r *registry[V], t turn) {
	if c.refresher.running() && r.entries > 0 {
		r.turn = max(r.turn, t)
		c.refresher.stir()
	}
}

// stir has the refresher see to what has happened to a registry. Unlike nudge it
// is no reason to ask any.
func (r *refresher[V]) stir() {
	if !r.running() {
		return
	}
	select {
	case r.stirred <- struct{}{}:
	default:
	}
}

// settle sees to what has happened to registries, and to what dispatchLocked has
// left.
func (r *refresher[V]) settle() {
	now := r.c.time.now()
	for _, reg := range r.registries(func(reg *registry[V]) bool { return reg.turn != noTurn }) {
		r.takeTurn(reg, now)
	}
	r.listen(now)
	r.c.mu.Lock()
	r.dispatchLocked()
	r.c.unlock()
	r.rouse(false)
}

// takeTurn has reg's prompts come back, or only looks at them anew.
func (r *refresher[V]) takeTurn(reg *registry[V], now time.Duration) {
	r.c.mu.Lock()
	is := reg.turn
	r.c.unlock()
	waiting := r.c.choose(func(e *entry[V]) bool {
		switch {
		case e.registry != reg || r.over():
			return false
		case is == returning:
			return r.c.parkForComebackLocked(e)
		case e.failure() != nil:
			r.c.rescheduleLocked(e)
		}
		return false
	})
	slices.Reverse(waiting)
	r.c.mu.Lock()
	defer r.c.unlock()
	if reg.turn == is {
		reg.turn = noTurn
	}
	if is == returning && !reg.held && !r.over() {
		r.comeBackLocked(reg, waiting, now)
	}
}
