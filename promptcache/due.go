package promptcache

import (
	"math/rand/v2"
	"time"
)

// drawEarly draws the fraction of its TTL after which a prompt is due: from
// the last jitter of it, or from its second half if it is first, so that what
// was fetched together after a deploy spreads within one TTL. 1 without jitter.
func drawEarly(jitter float64, first bool) float64 {
	switch {
	case jitter == 0:
		return 1
	case first:
		jitter = 0.5
	}
	return 1 - jitter*rand.Float64() //nolint:gosec // spreads load, guards nothing
}

// dueAtLocked returns the moment from which e may be refetched: when its TTL
// is nearly over or, after a failure, when its backoff is.
func (c *PromptCache[V]) dueAtLocked(e *entry[V]) time.Duration {
	if c.cfg.offline() || e.snap.immutable && !e.marked {
		return never
	}
	due := e.snap.at
	if !e.marked && !e.snap.fallback {
		due = c.dueByAgeLocked(e)
	}
	if e.failure != nil {
		due = max(due, e.registry.until(e.failure))
	}
	return due
}

func (c *PromptCache[V]) dueByAgeLocked(e *entry[V]) time.Duration {
	ttl := *c.cfg.TTL
	if c.cfg.RefreshJitter == 0 || e.snap.early == 1 {
		return staleFrom(e.snap.at, ttl)
	}
	if ttl == Forever {
		return never
	}
	return later(e.snap.at, time.Duration(float64(ttl)*e.snap.early))
}

// staleFrom returns the first moment at which what was fetched at the moment
// at is older than age.
func staleFrom(at, age time.Duration) time.Duration { return later(later(at, age), 1) }

// rescheduleLocked sets when the refresher must look at e again: when it is
// due, turns stale, or becomes too old, whichever is next and not yet seen.
func (c *PromptCache[V]) rescheduleLocked(e *entry[V]) {
	next := never
	switch {
	case e.queued || e.dormant || c.flights[e.key] != nil:
	case e.parked:
		next = c.substitutedAtLocked(e)
	default:
		next = c.dueAtLocked(e)
	}
	if !c.cfg.offline() && !e.snap.immutable {
		ttl := *c.cfg.TTL
		if !e.stale {
			next = min(next, staleFrom(e.snap.at, ttl))
		}
		if !e.expired && c.cfg.MaxStale > 0 {
			next = min(next, staleFrom(e.snap.at, later(ttl, c.cfg.MaxStale)))
		}
	}
	c.schedule.set(e, next)
}

// idleLocked reports whether nobody has read e for IdleAfter. Reads are
// stamped with the last scan's moment, so e may have been read up to an
// interval after its stamp.
func (c *PromptCache[V]) idleLocked(e *entry[V], now time.Duration) bool {
	return c.cfg.IdleAfter > 0 && now-e.lastRead > later(c.cfg.IdleAfter, c.cfg.RefreshInterval)
}
