package promptcache

import (
	"math"
	"math/rand/v2"
	"time"
)

// drawEarly draws the fraction of its TTL after which a prompt is due: from
// the last jitter of it, or from its second half if it is first, so that what
// was fetched together after a deploy spreads within one TTL. 1 without jitter.
func drawEarly(jitter float64, first bool) early {
	switch {
	case jitter == 0:
		return notEarly
	case first:
		jitter = 0.5
	}
	return earlyBy(1 - jitter*rand.Float64()) //nolint:gosec // spreads load, guards nothing
}

// early is a fraction of the TTL, of notEarly parts.
type early uint16

// notEarly is all of it.
const notEarly early = math.MaxUint16

func earlyBy(fraction float64) early { return early(fraction * float64(notEarly)) }

func (y early) fraction() float64 { return float64(y) / float64(notEarly) }

func (y early) of(ttl time.Duration) time.Duration { return time.Duration(float64(ttl) * y.fraction()) }

// dueAtLocked returns the moment from which e may be refetched: when its TTL
// is nearly over or, after a failure, when its backoff is.
func (c *PromptCache[V]) dueAtLocked(e *entry[V]) time.Duration {
	if c.cfg.offline() || e.snap().immutable() && !e.is(isMarked) {
		return never
	}
	due := e.snap().at
	if !e.is(isMarked) && !e.snap().fallback() {
		due = e.snap().due(c.rules.Load())
	}
	if e.failure() != nil {
		due = max(due, e.registry.until(e.failure()))
	}
	return due
}

// staleFrom returns the first moment at which what was fetched at the moment
// at is older than age.
func staleFrom(at, age time.Duration) time.Duration { return later(later(at, age), 1) }

// rescheduleLocked sets when the refresher must look at e again: when it is
// due, turns stale, or becomes too old, whichever is next and not yet seen. Its
// readers call again, for something has changed, unless it is being refetched.
func (c *PromptCache[V]) rescheduleLocked(e *entry[V]) {
	underway := e.is(isQueued) || c.flights[e.key] != nil
	e.put(isCalling, !underway)
	next := never
	switch {
	case underway || e.is(isDormant):
	case e.is(isParked):
		next = c.substitutedAtLocked(e)
	default:
		next = c.dueAtLocked(e)
	}
	if !c.cfg.offline() && !e.snap().immutable() {
		ttl := *c.cfg.TTL
		if !e.is(isStale) {
			next = min(next, staleFrom(e.snap().at, ttl))
		}
		if !e.is(isExpired) && c.cfg.MaxStale > 0 {
			next = min(next, staleFrom(e.snap().at, later(ttl, c.cfg.MaxStale)))
		}
	}
	c.schedule.set(e, next)
}

// idleLocked reports whether nobody has read e for IdleAfter. Reads are
// stamped with the last scan's moment, so e may have been read up to an
// interval after its stamp.
func (c *PromptCache[V]) idleLocked(e *entry[V], now time.Duration) bool {
	return c.cfg.IdleAfter > 0 && now-max(c.attentive, momentOf(e.stamp.Load())) > later(c.cfg.IdleAfter, c.cfg.RefreshInterval)
}
