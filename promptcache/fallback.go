package promptcache

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"
)

// Fallback returns a fetch that asks first and, where that fails and nothing is
// cached that could be served on, second: prompts that are bundled with the
// program, or another registry. So a process becomes ready while its registry is
// down.
//
//	promptcache.New(promptcache.Fallback(fuse.FetchPrompt, files.Fetch), cfg)
//
// What second brings is a fallback, and the cache treats it as one: it is served
// and stale from the start, Entry.Fallback is true and LastError is first's,
// and first is asked again after a backoff, not a TTL. What first then brings
// takes its place. See [MarkFallback].
//
// A prompt that first has brought is never replaced by a fallback as long as it
// may be served: first's error comes back, and the cache goes on with it. One
// that is older than TTL + MaxStale may not, and is.
//
// Every failure counts, ErrNotFound too: a registry that never had the prompt
// falls back. So does one in which it was deleted, once the cache has removed it
// for that, or the process was started anew: nothing tells the two apart. Take a
// prompt out of second, too, to be rid of it. A prompt of this kind is no outage;
// the log warns of it once.
//
// While first's registry is down or has asked for a pause (see Config.DownAfter),
// it is not asked for every prompt that is missing; those go to second at once.
// In a Fallback of Fallbacks that is the outermost's second, so put the next
// resort there: Fallback(a, Fallback(b, c)).
//
// As part of a cache's fetch, first has three quarters of FetchTimeout where
// there may be a fallback, so that there is time left for second. A first that
// does not heed its context gets no fallback in time.
//
// If both fail, the error is first's with the text of second's; unless first
// says ErrNotFound, for then second's failure decides what it is.
func Fallback[V any](first, second FetchFunc[V]) FetchFunc[V] {
	return func(ctx context.Context, key string) (V, error) {
		MarkFallback(ctx, nil) // an attempt before this one may have
		call := callOf(ctx)
		if call != nil {
			call.told.fallsBack.Store(true)
			if call.servable {
				return first(ctx, key)
			}
		}
		v, err := callFirst(ctx, call, first, key)
		if err == nil || errors.Is(err, ErrNotModified) || ctx.Err() != nil {
			return v, err
		}
		substitute, err2 := second(ofSecond[V](ctx, call), key)
		switch {
		case err2 == nil && isNil(substitute):
			err2 = errNilValue
		case errors.Is(err2, ErrNotModified):
			err2 = errNothingToModify
		}
		if err2 != nil {
			return v, bothFailed(key, err, err2)
		}
		MarkFallback(ctx, err)
		return substitute, nil
	}
}

// MarkFallback says that the value which the fetch with this ctx is going to
// return only stands in for the one that could not be had because of cause. It
// is for middleware like [Fallback]; nil takes it back. It does nothing if ctx is
// not a cache's fetch's.
//
// The fetch then counts as failed with cause, and yet its value is cached, as a
// fallback: stale from the start and never immutable, with Entry.Fallback set
// and cause as LastError. The key backs off as after any failure; for
// ErrNotFound, NegativeTTL at least. GetOrFetch and GetOr return the value like
// any other; GetFresh, Refresh and Prefetch return it with an error that wraps
// ErrStale and cause. [Previous] does not find it.
//
// Where a value that is no fallback is cached and may be served, the fetch is
// just a failed one.
//
// While a Domain is down, what is missing is fetched only if its fetch goes
// through a Fallback, which knows what not to ask; marking alone is not enough.
func MarkFallback(ctx context.Context, cause error) {
	call := callOf(ctx)
	switch {
	case call == nil:
	case cause == nil:
		call.told.cause.Store(nil)
	default:
		call.told.cause.Store(&cause)
	}
}

// errNothingToModify is what a fetch of a Fallback gets for an ErrNotModified
// about nothing. It does not wrap that, which would be an answer after all.
var errNothingToModify = errors.New("the fetch says not modified, but nothing of its own is cached")

// fetchCall is what the parts of a fetch know of the cache that calls it, and
// what they tell it.
type fetchCall struct {
	clock    clock.Clock
	timeout  time.Duration
	servable bool        // what is cached is no fallback and may be served on
	withheld *FetchError // why the registry may not be asked now; nil if it may
	told     *told
}

// told is what the parts of a fetch tell the cache.
type told struct {
	fallsBack atomic.Bool           // there is a Fallback among them
	cause     atomic.Pointer[error] // MarkFallback's
}

type fetchCallKey struct{}

func callOf(ctx context.Context) *fetchCall {
	call, _ := ctx.Value(fetchCallKey{}).(*fetchCall)
	return call
}

// markedCause returns the cause that MarkFallback gave, nil if it was not called.
func (call *fetchCall) markedCause() error {
	if cause := call.told.cause.Load(); cause != nil {
		return *cause
	}
	return nil
}

// ofSecond returns the context of a Fallback's second: what is cached is not its
// own, and what is withheld is not its registry.
func ofSecond[V any](ctx context.Context, call *fetchCall) context.Context {
	if call != nil {
		ctx = withCall(ctx, &fetchCall{clock: call.clock, timeout: call.timeout, told: call.told})
	}
	return withPrevious[V](ctx, nil)
}

// callFirst calls first with what time it has where the cache's is known, if it
// may be asked.
func callFirst[V any](ctx context.Context, call *fetchCall, first FetchFunc[V], key string) (v V, err error) {
	switch {
	case call == nil:
		return guarded(ctx, first, key)
	case call.withheld != nil:
		return v, call.withheld
	}
	budget := call.timeout - call.timeout/4
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var spent atomic.Bool
	timer := call.clock.AfterFunc(budget, func() {
		spent.Store(true)
		cancel(context.DeadlineExceeded)
	})
	defer timer.Stop()
	v, err = guarded(bounded, first, key)
	if err != nil && spent.Load() {
		err = &FetchError{Key: key, Kind: KindUnavailable, Err: fmt.Errorf(
			"no answer within %v, which leaves time for the fallback: %w", budget, err)}
	}
	return v, err
}

// guarded calls fetch as a cache would: panics and nil values are errors, and
// so is ErrNotModified where nothing is cached.
func guarded[V any](ctx context.Context, fetch FetchFunc[V], key string) (v V, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(key, p)
		}
	}()
	v, err = fetch(ctx, key)
	_, cached := Previous[V](ctx)
	switch {
	case err == nil && isNil(v):
		err = &FetchError{Key: key, Kind: KindInvalid, Err: errNilValue}
	case errors.Is(err, ErrNotModified) && !cached:
		err = &FetchError{Key: key, Kind: KindInvalid, Err: errNothingToModify}
	}
	return v, err
}

// bothFailed makes one error of first's and second's. Only the one that decides
// is wrapped, so that the error matches no sentinel of the other.
func bothFailed(key string, first, second error) error {
	out := asFetchError(key, first)
	joined := *out
	joined.Err = fmt.Errorf("%w; the fallback: %v", causeOf(out), second) //nolint:errorlint // see above
	if out.Kind == KindNotFound && kindOf(second) != KindNotFound {
		out = asFetchError(key, second)
		joined = *out
		joined.Err = &answeredError{"not found; the fallback: ", causeOf(out)}
	}
	return &joined
}

// causeOf returns the cause of err in words if it has no other.
func causeOf(err *FetchError) error {
	if err.Err == nil {
		return errors.New(err.Kind.String())
	}
	return err.Err
}

func (c *PromptCache[V]) newCallLocked(e *entry[V], withheld *FetchError, now time.Duration) fetchCall {
	call := fetchCall{clock: c.time.clock, timeout: c.cfg.FetchTimeout, withheld: withheld}
	if e != nil && !e.snap().fallback() {
		_, expired := c.judgeLocked(e, now)
		call.servable = !expired
	}
	return call
}

func withCall(ctx context.Context, call *fetchCall) context.Context {
	return context.WithValue(ctx, fetchCallKey{}, call)
}

// storeFallbackLocked stores the fallback that an attached flight brought, with
// its failure, and reports whether it is what there is now: it never replaces a
// prompt that may be served.
func (c *PromptCache[V]) storeFallbackLocked(f *flight[V], out outcome[V], now time.Duration) bool {
	if c.cfg.MaxSize == 0 {
		return true
	}
	e, before := f.entry, c.absences.get(f.key)
	if e != nil {
		if _, expired := c.judgeLocked(e, now); !e.snap().fallback() && !expired {
			f.removed = c.failLocked(e, f, out.err, now)
			return false
		}
		before = e.failure()
		c.metrics.RefreshErrors++
	}
	failed := c.nextFailureLocked(f, before, out.err, now)
	failed.counted = false // it is nothing that the registry had
	if f.withheld {
		failed.until = now // nothing was asked that should be asked less often
	}
	if out.err.Kind == KindNotFound {
		failed.until = max(failed.until, later(now, c.cfg.NegativeTTL))
		if e == nil || before == nil || before.err.Kind != KindNotFound {
			c.logLater(levelWarn, "serving a fallback: the registry says that the prompt does not exist", f.key, f.registry.domain, "err", out.err)
		}
	}
	snap := c.newSnapshot(out.value, out.traits, f.began, f.beganAt, snapFallback)
	if e == nil {
		e = c.insertLocked(f.key, f.registry.domain, snap, now)
		if e.is(isGone) { // there is room only for what is required
			return true
		}
	} else {
		c.replaceByFallbackLocked(e, snap, out.unchanged)
	}
	c.metrics.StoredFallbacks++
	c.noteFailureLocked(e, failed, now)
	return true
}

// replaceByFallbackLocked gives e, a fallback or too old to be served, a newer
// fallback. Its failures go on.
func (c *PromptCache[V]) replaceByFallbackLocked(e *entry[V], snap *snapshot[V], unchanged bool) {
	old := e.snap().revision
	e.registry.lose(e)
	e.replace(snap)
	e.forgetFound()
	e.drop(isMarked | isExpired | isDormant)
	if !unchanged {
		c.emitLocked(Event{Kind: EventChanged, Key: e.key, OldRevision: old, NewRevision: snap.revision})
	}
}

// unknownToRegistry reports whether e is a fallback because the registry says
// that there is no such prompt. That is no outage.
func (e *entry[V]) unknownToRegistry() bool {
	return e.snap().fallback() && e.failure() != nil && e.failure().err.Kind == KindNotFound
}
