package promptcache

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// failure is a key's failed attempts since its last success. It never changes.
type failure struct {
	err      *FetchError
	count    int           // failures in a row
	lastAt   time.Time     // when the latest ended, by the wall clock
	until    time.Duration // no attempt before this moment, but by Refresh
	notFound time.Duration // the moment of the first ErrNotFound, never if there was none
}

// blocks reports whether no attempt may be made at the moment now.
func (f *failure) blocks(now time.Duration) bool { return f != nil && now < f.until }

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

// nextFailureLocked returns what err makes of the failures before it, which
// may be nil.
func (c *PromptCache[V]) nextFailureLocked(before *failure, err *FetchError, now time.Duration) *failure {
	f := &failure{err: err, count: 1, lastAt: c.time.clock.Now(), notFound: never}
	if before != nil {
		f.count, f.notFound = before.count+1, before.notFound
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
	return max(d, min(retryAfter, c.cfg.MaxRetryAfter))
}

// failLocked records a failed fetch of e. It reports whether e is gone for it.
// What was answered before MarkStale was called, oldNews, removes nothing.
func (c *PromptCache[V]) failLocked(e *entry[V], err *FetchError, oldNews bool, now time.Duration) (removed bool) {
	c.metrics.RefreshErrors++
	f := c.nextFailureLocked(e.failure, err, now)
	switch {
	case err.Kind != KindNotFound:
	case oldNews:
		f.notFound = never
	default:
		if c.deniedLocked(f, now) {
			c.logLater(levelWarn, "prompt removed: the registry says it does not exist", e.key, e.domain,
				"revision", e.snap.revision, "err", err)
			c.removeLocked(e, Event{Kind: EventRemoved, Err: err})
			c.metrics.Removals++
			c.failAbsentLocked(e.key, err, now)
			return true
		}
		f.until = max(f.until, later(f.notFound, c.cfg.RefreshInterval))
	}
	c.noteFailureLocked(e, f, now)
	return false
}

// noteFailureLocked makes f what e is failing with.
func (c *PromptCache[V]) noteFailureLocked(e *entry[V], f *failure, now time.Duration) {
	if e.failure == nil {
		c.health.failing++
	}
	e.failure = f
	e.wokenBy = nil
	c.unqueueLocked(e)
	c.rescheduleLocked(e)

	kind := EventRefreshFailed
	if f.err.Kind == KindInvalid {
		kind = EventRejected
	}
	c.emitLocked(Event{Kind: kind, Key: e.key, OldRevision: e.snap.revision, Err: f.err})
	if e.unknownToRegistry() {
		c.unstickLocked(e)
	}
	c.reportFailureLocked(e, now)
}

// deniedLocked reports whether f, a "not found", removes the prompt by the
// policy in force.
func (c *PromptCache[V]) deniedLocked(f *failure, now time.Duration) bool {
	switch c.cfg.NotFound {
	case RemoveAtOnce:
		return true
	case KeepServing:
		return false
	default:
		return now > f.notFound && now-f.notFound >= c.cfg.RefreshInterval
	}
}

// failAbsentLocked remembers a failed fetch of a key that is not cached.
func (c *PromptCache[V]) failAbsentLocked(key string, err *FetchError, now time.Duration) {
	f := c.nextFailureLocked(c.absences.get(key), err, now)
	if err.Kind == KindNotFound {
		f.until = later(now, max(c.cfg.NegativeTTL, min(err.RetryAfter, c.cfg.MaxRetryAfter)))
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

// recoverLocked forgets e's failures, of which there are some.
func (c *PromptCache[V]) recoverLocked(e *entry[V]) {
	e.failure = nil
	c.health.failing--
	c.unstickLocked(e)
}
