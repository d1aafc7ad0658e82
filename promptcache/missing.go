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
	began     time.Duration // when that fetch began; never when nothing is missing
	standing  int           // cached prompts that the registry says do not exist
	removed   int           // those that were removed for it
	found     int           // other prompts that it had, by fetches that began then or later
	suspended bool          // too many are missing: none is removed
}

// denyLocked counts a prompt's first "not found", answered by a fetch that
// began at the moment at. If it is the only one now, an inquiry begins.
func (c *PromptCache[V]) denyLocked(r *registry[V], at time.Duration) {
	r.missing.standing++
	if r.missing.began != never {
		return
	}
	r.missing.began, r.missing.found = r.shown.since(at)
}

// admitLocked takes back a "not found": the prompt was found or is gone. With
// the last of them all is forgotten.
func (c *PromptCache[V]) admitLocked(r *registry[V]) {
	r.missing.standing--
	if r.missing.standing == 0 {
		c.resumeLocked(r)
		r.missing = missing{began: never}
	}
}

// found counts that a fetch of one of r's prompts which began at the moment at
// succeeded. The latest one before that began at the moment before, which may be
// neverFound.
func (r *registry[V]) found(before, at time.Duration) {
	r.shown.move(before, at)
	if before >= r.missing.began {
		r.missing.found--
	}
	if at >= r.missing.began {
		r.missing.found++
	}
}

// lose takes back what found counted, for e goes.
func (r *registry[V]) lose(e *entry[V]) { r.found(e.foundAt(), neverFound) }

// confirmedLocked reports whether e, whose "not found" was confirmed, may be
// removed for it. alone says that its registry will hardly be asked for others.
//
// Where at least three prompts are missing, more than half of those that the
// registry was asked for since the first of them was denied, none is. As long
// as it has shown no other prompt since, none is removed either, if there are
// two others that it will be asked for; with fewer prompts than that there is
// nothing to compare with.
func (c *PromptCache[V]) confirmedLocked(e *entry[V], alone bool) bool {
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
	return r.missing.found > 0 || alone
}

// resumeLocked says that prompts may be removed again.
func (c *PromptCache[V]) resumeLocked(r *registry[V]) {
	if r.missing.suspended {
		r.missing.suspended = false
		c.logLater(levelInfo, "prompts are found again", "", r.domain)
	}
}

// alone reports whether f's registry will be asked for fewer others of its cached
// prompts than it takes to compare f's "not found" with. It looks only if that
// answer, which is about to land, may remove a prompt for it.
func (c *PromptCache[V]) alone(f *flight[V]) bool {
	c.mu.Lock()
	now := c.time.now()
	e, missing := f.entry, &f.registry.missing
	matters := e != nil && f.attached && e.failure().missing() && c.cfg.NotFound == RemoveConfirmed &&
		missing.found == 0 && missing.standing+missing.removed < massMissing
	c.unlock()
	if !matters {
		return false
	}
	others := 0
	c.search(func(other *entry[V]) bool {
		askedFor := !other.snap().immutable() && !other.unknownToRegistry() && !c.idleLocked(other, now)
		if other != e && other.registry == e.registry && askedFor {
			others++
		}
		return others == massMissing-1
	})
	return others < massMissing-1
}
