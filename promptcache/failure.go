package promptcache

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// failure is a key's failed attempts since its last success. It never changes.
type failure struct {
	err      *FetchError
	count    int           // failures in a row; one again where the registry limits requests
	lastAt   time.Time     // when the latest ended, by the wall clock
	until    time.Duration // no attempt before this moment, but by Refresh
	notFound time.Duration // the moment of the first ErrNotFound, never if there was none

	counted   bool // among the registry's missing prompts
	transient bool // err is the registry's failure, not the key's
	withheld  bool // the registry was not asked
	era       int  // the registry's at the time
}

// missing reports whether the prompt counts as missing in its registry.
func (f *failure) missing() bool { return f != nil && f.counted }

// answer is what a reader gets instead of an attempt.
func (f *failure) answer(now time.Duration) error {
	if f.err.Kind == KindNotFound {
		return f.err
	}
	return &backoffError{failure: f, wait: f.until - now}
}

// backoffError is a failure that is answered without an attempt. Its text is
// made when it is asked for, for that runs the cause's Error method.
type backoffError struct {
	failure *failure
	wait    time.Duration
}

func (e *backoffError) Error() string {
	return fmt.Sprintf("promptcache: not asking again for %v after %d failed attempts: %v",
		e.wait.Round(time.Millisecond), e.failure.count, e.failure.err)
}

func (e *backoffError) Unwrap() error { return e.failure.err }

// nextFailureLocked returns what err, of fl, makes of the failures before it,
// which may be nil.
func (c *PromptCache[V]) nextFailureLocked(fl *flight[V], before *failure, err *FetchError, now time.Duration) *failure {
	f := &failure{
		err: err, count: 1, lastAt: c.time.clock.Now(), notFound: never,
		transient: fl.says.ofRegistry(), withheld: fl.withheld, era: fl.registry.era,
	}
	if before != nil {
		f.notFound, f.counted = before.notFound, before.counted
		if fl.says != limiting { // which waits for as long as it is told
			f.count = before.count + 1
		}
	}
	if err.Kind == KindNotFound && f.notFound == never {
		f.notFound = now
	}
	f.until = later(now, c.backoffLocked(f.count, err.RetryAfter))
	return f
}

// backoffLocked returns the wait after count failures in a row.
func (c *PromptCache[V]) backoffLocked(count int, retryAfter time.Duration) time.Duration {
	d := c.cfg.BackoffMin
	for range min(count-1, 64) { // more would not double anything
		if d >= c.cfg.BackoffMax/2 {
			d = c.cfg.BackoffMax
			break
		}
		d *= 2
	}
	if c.cfg.RefreshJitter > 0 {
		d -= time.Duration(rand.Float64() * float64(d) / 2) //nolint:gosec // spreads load, guards nothing
	}
	return max(d, c.pauseLocked(retryAfter))
}

// pauseLocked returns for how long a registry that asks for a wait is left
// alone: up to RefreshJitter of it longer, for it may have named one moment to a
// whole fleet, but never longer than MaxRetryAfter.
func (c *PromptCache[V]) pauseLocked(retryAfter time.Duration) time.Duration {
	pause := min(retryAfter, c.cfg.MaxRetryAfter)
	if pause <= 0 {
		return 0
	}
	pause += time.Duration(c.cfg.RefreshJitter * rand.Float64() * float64(pause)) //nolint:gosec // spreads load, guards nothing
	return min(pause, c.cfg.MaxRetryAfter)
}

// failLocked records that fl, a fetch of the cached e, failed. It reports
// whether e is gone for it. What was answered before MarkStale was called
// removes nothing.
func (c *PromptCache[V]) failLocked(e *entry[V], fl *flight[V], err *FetchError, now time.Duration) (removed bool) {
	c.metrics.RefreshErrors++
	f := c.nextFailureLocked(fl, e.failure(), err, now)
	switch {
	case err.Kind != KindNotFound:
	case fl.marked:
		f.notFound, f.counted = never, false
	default:
		if !f.counted && !e.snap().fallback() {
			c.denyLocked(e.registry, fl.began)
			f.counted = true
		}
		c.setFailureLocked(e, f)
		if c.deniedLocked(e, fl.alone, now) {
			if f.counted {
				e.registry.missing.removed++
			}
			c.logLater(levelWarn, "prompt removed: the registry says it does not exist", e.key, e.registry.domain,
				"revision", e.snap().revision, "err", err)
			c.removeLocked(e, Event{Kind: EventRemoved, Err: err})
			c.metrics.Removals++
			c.failAbsentLocked(fl, err, now)
			return true
		}
		f.until = max(f.until, later(f.notFound, c.cfg.RefreshInterval))
	}
	c.noteFailureLocked(e, f, now)
	return false
}

// noteFailureLocked makes f what e is failing with.
func (c *PromptCache[V]) noteFailureLocked(e *entry[V], f *failure, now time.Duration) {
	c.setFailureLocked(e, f)
	e.sleep()
	c.unqueueLocked(e)
	c.rescheduleLocked(e)

	kind := EventRefreshFailed
	if f.err.Kind == KindInvalid {
		kind = EventRejected
	}
	c.emitLocked(Event{Kind: kind, Key: e.key, OldRevision: e.snap().revision, Err: f.err})
	c.reportFailureLocked(e, now)
}

// deniedLocked reports whether e's latest failure, a "not found", removes it by
// the policy in force. alone is confirmedLocked's.
func (c *PromptCache[V]) deniedLocked(e *entry[V], alone bool, now time.Duration) bool {
	f := e.failure()
	switch c.cfg.NotFound {
	case RemoveAtOnce:
		return true
	case KeepServing:
		return false
	default:
		confirmed := now > f.notFound && now-f.notFound >= c.cfg.RefreshInterval
		return confirmed && (e.snap().fallback() || c.confirmedLocked(e, alone)) // the registry never had a fallback
	}
}

// failAbsentLocked remembers that fl, a fetch of a key that is not cached,
// failed.
func (c *PromptCache[V]) failAbsentLocked(fl *flight[V], err *FetchError, now time.Duration) {
	key := fl.key
	f := c.nextFailureLocked(fl, c.absences.get(key), err, now)
	if err.Kind == KindNotFound {
		f.until = later(now, max(c.cfg.NegativeTTL, min(err.RetryAfter, c.cfg.MaxRetryAfter)))
	}
	if r := c.required.byKey[key]; r != nil {
		r.err, r.until, r.era = err, f.until, f.era
		if f.until <= now { // no backoff: at the next scan, for nothing else would slow it down
			r.until = later(now, c.cfg.RefreshInterval)
		}
		c.refresher.nudge()
	}
	if f.until > now {
		c.absences.remember(key, f, c.cfg.MaxSize)
	} else {
		c.absences.forget(key)
	}
	if err.Kind == KindInvalid {
		c.emitLocked(Event{Kind: EventRejected, Key: key, Err: err})
	}
}

// setFailureLocked makes f, which may be nil, what is known of e's failures.
func (c *PromptCache[V]) setFailureLocked(e *entry[V], f *failure) {
	before, r := e.failure(), e.registry
	e.setFailure(f)
	if before.missing() && !f.missing() {
		c.admitLocked(r)
	}
	if d := count(f) - count(before); d != 0 {
		c.health.failing += d
		r.failing += d
		c.noteRegistryLocked(r)
	}
}

// count is 1 if there is a failure.
func count(f *failure) int {
	if f == nil {
		return 0
	}
	return 1
}
