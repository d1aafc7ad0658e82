package promptcache

import "time"

// A wiped registry, or the wrong project's key, answers "not found" for every
// prompt. That is no reason to throw all of them away: see confirmedLocked.

// massMissing is from how many missing prompts on they can be a mass.
const massMissing = 3

// neverFound is the moment at which a prompt was last found that never was.
const neverFound time.Duration = -1

// missing is what is known of a registry's prompts since the first of those
// that are missing now was denied.
type missing struct {
	inquiry   int           // which one it is, from 1
	began     time.Duration // when that fetch began; never when nothing is missing
	standing  int           // cached prompts that the registry says do not exist
	removed   int           // those that were removed for it
	found     int           // other prompts that it had
	suspended bool          // too many are missing: none is removed
}

// denyLocked counts a prompt's first "not found", answered by a fetch that
// began at the moment at. If it is the only one now, an inquiry begins.
func (c *PromptCache[V]) denyLocked(r *registry[V], at time.Duration) {
	r.missing.standing++
	if r.missing.began != never {
		return
	}
	r.missing.began = at
	r.missing.inquiry++
	for e := range c.entries.all {
		if e.registry == r {
			e.drop(isCounted)
			if e.foundAt() >= at {
				r.find(e)
			}
		}
	}
}

// admitLocked takes back a "not found": the prompt was found or is gone. With
// the last of them all is forgotten.
func (c *PromptCache[V]) admitLocked(r *registry[V]) {
	r.missing.standing--
	if r.missing.standing == 0 {
		c.resumeLocked(r)
		r.missing = missing{began: never, inquiry: r.missing.inquiry}
	}
}

// found counts that a fetch of e which began at the moment at succeeded.
func (r *registry[V]) found(e *entry[V], at time.Duration) {
	if at >= r.missing.began {
		r.find(e)
	}
}

// find counts e as found by the inquiry that is open, once.
func (r *registry[V]) find(e *entry[V]) {
	if !e.is(isCounted) {
		r.missing.found++
		e.set(isCounted)
	}
}

// lose takes back what found counted, for e goes.
func (r *registry[V]) lose(e *entry[V]) {
	if r.missing.began != never && e.is(isCounted) {
		r.missing.found--
	}
}

// confirmedLocked reports whether e, whose "not found" was confirmed, may be
// removed for it.
//
// Where at least three prompts are missing, more than half of those that the
// registry was asked for since the first of them was denied, none is. As long
// as it has shown no other prompt since, none is removed either, if there are
// two others that it will be asked for; with fewer prompts than that there is
// nothing to compare with.
func (c *PromptCache[V]) confirmedLocked(e *entry[V], now time.Duration) bool {
	r := e.registry
	denied := r.missing.standing + r.missing.removed
	if denied >= massMissing && denied > r.missing.found {
		if !r.missing.suspended {
			r.missing.suspended = true
			c.logLater(levelWarn, "most prompts are not found: removing none of them", e.key, r.domain,
				"missing", denied, "found", r.missing.found)
		}
		return false
	}
	c.resumeLocked(r)
	return r.missing.found > 0 || !c.othersLocked(e, massMissing-1, now)
}

// resumeLocked says that prompts may be removed again.
func (c *PromptCache[V]) resumeLocked(r *registry[V]) {
	if r.missing.suspended {
		r.missing.suspended = false
		c.logLater(levelInfo, "prompts are found again", "", r.domain)
	}
}

// othersLocked reports whether n more prompts of e's registry are cached that
// it will be asked for and may have.
func (c *PromptCache[V]) othersLocked(e *entry[V], n int, now time.Duration) bool {
	for other := range c.entries.all {
		askedFor := !other.snap().immutable() && !other.unknownToRegistry() && !c.idleLocked(other, now)
		if other != e && other.registry == e.registry && askedFor {
			if n--; n == 0 {
				return true
			}
		}
	}
	return false
}
