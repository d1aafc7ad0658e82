package promptcache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/benbjohnson/clock"
)

// grace is how long a fetch may go on after its context has ended. Then it is
// abandoned: nobody waits for it any more, and Status says so.
const grace = time.Second

// Why a fetch was canceled; context.Cause(ctx) tells the fetch.
var (
	errUnwanted = errors.New("promptcache: nobody wants the result any more")
	errStopped  = errors.New("promptcache: the refresher was stopped")
	errReplaced = errors.New("promptcache: a value was set meanwhile")
)

// flight is one call of the fetch, shared by all who want its result: readers
// that wait for it, and the refresher.
//
// It is attached while it stands in the cache's flights: there is one at most
// for a key, newcomers join it, and its result is stored. Invalidate, Clear,
// Set, eviction, its timeout and the departure of everyone detach it for good.
// It is settled when there is a result for those who wait; that is at the end
// of the call or, if it is cut short, before.
//
// All but the channels is guarded by the cache's mutex; value and err may be
// read without it once done is closed.
type flight[V any] struct {
	key    string
	domain string
	entry  *entry[V]    // what it refreshes, nil if the key is not cached
	prev   *snapshot[V] // entry's, nil if the key is not cached

	began   time.Duration
	beganAt time.Time
	timeout time.Duration
	timer   *clock.Timer
	cancel  context.CancelCauseFunc

	waiters  int           // readers that wait
	slot     *refresher[V] // whose slot it takes up, nil if it is not the refresher's
	attached bool
	settled  bool
	marked   bool // MarkStale came since it began
	removed  bool // its answer, ErrNotFound, removed entry
	counted  bool // whether metrics count it: not on a disabled cache
	forsaken bool // in health.abandoned

	done   chan struct{} // closed when settled
	exited chan struct{} // closed when the call has returned
	value  V
	err    error
}

// outcome is what a call of the fetch came to.
type outcome[V any] struct {
	value V
	traits
	unchanged bool // value is the flight's prev's
	err       *FetchError
}

// launchLocked begins a fetch of key, attached. ctx gives its values. e is nil
// if the key is not cached.
func (c *PromptCache[V]) launchLocked(ctx context.Context, key, domain string, e *entry[V]) *flight[V] {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	f := &flight[V]{
		key:      key,
		domain:   domain,
		entry:    e,
		began:    c.time.now(),
		beganAt:  c.time.clock.Now(),
		timeout:  c.cfg.FetchTimeout,
		cancel:   cancel,
		attached: true,
		counted:  c.cfg.MaxSize > 0,
		done:     make(chan struct{}),
		exited:   make(chan struct{}),
	}
	if e != nil {
		f.prev = e.snap
		ctx = withPrevious(ctx, e.snap.value)
	}
	c.flights[key] = f
	c.flying[f] = struct{}{}
	if e != nil {
		c.rescheduleLocked(e) // no longer for being due
	}
	if f.counted {
		c.metrics.Fetches++
	}
	f.timer = c.time.clock.AfterFunc(f.timeout, func() { c.expire(f) })
	go c.fly(ctx, f)
	return f
}

// fly calls the fetch and brings what it came to home, whether it returns,
// panics or ends its goroutine.
func (c *PromptCache[V]) fly(ctx context.Context, f *flight[V]) {
	out := outcome[V]{err: panicked(f.key, nil)} // for runtime.Goexit, which only runs the deferred calls
	defer func() {
		if p := recover(); p != nil {
			out = outcome[V]{err: panicked(f.key, p)}
		}
		c.land(f, out)
	}()
	out = c.call(ctx, f)
}

func panicked(key string, value any) *FetchError {
	return &FetchError{Key: key, Kind: KindPanicked, Err: &PanicError{Value: value, Stack: debug.Stack()}}
}

// call runs user code: the fetch and the value's methods.
func (c *PromptCache[V]) call(ctx context.Context, f *flight[V]) outcome[V] {
	v, err := c.fetch(ctx, f.key)
	switch {
	case errors.Is(err, ErrNotModified) && f.prev != nil:
		return outcome[V]{value: f.prev.value, traits: f.prev.traits, unchanged: true}
	case errors.Is(err, ErrNotModified):
		return outcome[V]{err: &FetchError{Key: f.key, Kind: KindInvalid, Err: fmt.Errorf("%w, but nothing is cached that could be", err)}}
	case err != nil:
		return outcome[V]{err: asFetchError(f.key, err)}
	case isNil(v):
		return outcome[V]{err: &FetchError{Key: f.key, Kind: KindInvalid, Err: errNilValue}}
	}
	out := outcome[V]{value: v, traits: traitsOf(v)}
	if f.prev != nil && sameContent(f.prev.value, f.prev.traits, v, out.traits) {
		out.value, out.unchanged = f.prev.value, true
	}
	return out
}

// land ends a flight whose call has returned.
func (c *PromptCache[V]) land(f *flight[V], out outcome[V]) {
	c.mu.Lock()
	defer c.unlock()
	delete(c.flying, f)
	close(f.exited)
	f.timer.Stop()
	if f.forsaken {
		c.health.abandoned--
	}
	c.settleLocked(f, out)
	c.freeSlotLocked(f)
}

// settleLocked gives a flight its result, once: it is stored if the flight is
// attached, counted, and told to those who wait.
func (c *PromptCache[V]) settleLocked(f *flight[V], out outcome[V]) {
	if f.settled {
		return
	}
	f.settled = true
	attached := f.attached
	c.unlinkLocked(f)
	now := c.time.now()
	c.noteOutcomeLocked(f, out.err)
	switch {
	case out.err == nil && attached:
		c.storeLocked(f, out, now)
	case out.err == nil && f.counted:
		c.metrics.Dropped++
	case out.err != nil && attached && f.entry != nil:
		f.removed = c.failLocked(f.entry, out.err, now)
	case out.err != nil && attached:
		c.failAbsentLocked(f.key, out.err, now)
	}
	c.noteStateLocked()
	if out.err != nil {
		f.finish(f.value, out.err)
	} else {
		f.finish(out.value, nil)
	}
}

// finish tells those who wait, and the fetch if it is still under way, that the
// flight is over.
func (f *flight[V]) finish(value V, err error) {
	f.value, f.err = value, err
	close(f.done)
	f.cancel(errUnwanted)
}

// unlinkLocked detaches f; nothing it brings will be stored.
func (c *PromptCache[V]) unlinkLocked(f *flight[V]) {
	if f.attached {
		f.attached = false
		delete(c.flights, f.key)
	}
}

// noteOutcomeLocked counts how a fetch ended.
func (c *PromptCache[V]) noteOutcomeLocked(f *flight[V], err *FetchError) {
	if err == nil {
		c.health.lastSuccess = c.time.clock.Now()
		return
	}
	c.health.lastError = ErrorInfo{
		Key: f.key, Kind: err.Kind, StatusCode: err.StatusCode, Message: err.Error(), Time: c.time.clock.Now(),
	}
	if p, ok := err.Err.(*PanicError); ok && err.Kind == KindPanicked { //nolint:errorlint // made by fly, not wrapped
		c.logLater(levelError, "fetch panicked", "key", f.key, "domain", f.domain, "err", err, "stack", string(p.Stack))
	}
	if !f.counted {
		return
	}
	c.metrics.FetchErrors++
	switch err.Kind { //nolint:exhaustive // the others have no counter
	case KindNotFound:
		c.metrics.NotFound++
	case KindInvalid:
		c.metrics.Rejected++
	}
}

// storeLocked stores what an attached flight brought.
func (c *PromptCache[V]) storeLocked(f *flight[V], out outcome[V], now time.Duration) {
	if c.cfg.MaxSize == 0 {
		return
	}
	e := f.entry
	snap := c.newSnapshot(out.value, out.traits, f.began, f.beganAt, e == nil)
	if e == nil {
		e = c.insertLocked(f.key, f.domain, snap, now)
	} else {
		c.metrics.Refreshes++
		if out.unchanged {
			c.metrics.Unchanged++
		}
		c.replaceLocked(e, snap, out.unchanged)
	}
	if f.marked {
		c.markLocked(e)
	}
}

// detachLocked makes sure that f's result, if f is not nil, is not stored.
// Those who wait for it get it all the same; if nobody does it is canceled.
func (c *PromptCache[V]) detachLocked(f *flight[V]) {
	if f == nil {
		return
	}
	c.unlinkLocked(f)
	if f.waiters == 0 {
		c.cancelLocked(f, errUnwanted)
	}
}

// cancelLocked ends f before its time.
func (c *PromptCache[V]) cancelLocked(f *flight[V], cause error) {
	c.cutShortLocked(f, f.value, cause)
}

// supersedeLocked ends a flight of key, for value was set: those who wait for
// it get value. What was remembered of the key is forgotten.
func (c *PromptCache[V]) supersedeLocked(key string, value V) {
	c.absences.forget(key)
	if f := c.flights[key]; f != nil {
		c.cutShortLocked(f, value, nil)
	}
}

func (c *PromptCache[V]) cutShortLocked(f *flight[V], value V, err error) {
	if f.settled {
		return
	}
	f.settled = true
	c.unlinkLocked(f)
	if f.counted {
		c.metrics.FetchesCanceled++
	}
	if err == nil {
		f.cancel(errReplaced)
	} else {
		f.cancel(err)
	}
	f.finish(value, err)
	if f.entry != nil && !f.entry.gone {
		c.rescheduleLocked(f.entry)
	}
}

// expire ends a flight at its timeout: those who wait get an error now,
// whether the fetch heeds its context or not.
func (c *PromptCache[V]) expire(f *flight[V]) {
	c.mu.Lock()
	defer c.unlock()
	if !f.settled {
		f.cancel(context.DeadlineExceeded)
		c.settleLocked(f, outcome[V]{err: &FetchError{
			Key: f.key, Kind: KindUnavailable,
			Err: fmt.Errorf("no answer within the FetchTimeout of %v: %w", f.timeout, context.DeadlineExceeded),
		}})
	}
	if _, flying := c.flying[f]; flying {
		f.timer = c.time.clock.AfterFunc(grace, func() { c.abandon(f) })
	}
}

// abandon gives up on a fetch that does not return.
func (c *PromptCache[V]) abandon(f *flight[V]) {
	c.mu.Lock()
	defer c.unlock()
	c.abandonLocked(f)
}

func (c *PromptCache[V]) abandonLocked(f *flight[V]) {
	if _, flying := c.flying[f]; !flying || f.forsaken {
		return
	}
	f.forsaken = true
	c.health.abandoned++
	c.logLater(levelWarn, "fetch abandoned: it goes on although its context has ended", "key", f.key, "domain", f.domain)
	c.freeSlotLocked(f)
}

// freeSlotLocked gives back the refresher's slot that f takes up.
func (c *PromptCache[V]) freeSlotLocked(f *flight[V]) {
	if r := f.slot; r != nil {
		f.slot = nil
		r.active--
		r.dispatchLocked()
	}
}
