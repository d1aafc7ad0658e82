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
	key      string
	registry *registry[V]
	entry    *entry[V]    // what it refreshes, nil if the key is not cached
	prev     *snapshot[V] // entry's, nil if the key is not cached

	ctx     flightContext
	call    fetchCall
	told    told
	began   time.Duration
	beganAt time.Time
	timeout time.Duration

	expiresAt     time.Duration // see deadlines
	earlier, next *flight[V]
	grace         *clock.Timer // until it is abandoned; nil as long as its context has not ended

	waiters  int           // readers that wait
	slot     *refresher[V] // whose slot it takes up, nil if it is not the refresher's
	attached bool
	settled  bool
	marked   bool // MarkStale came since it began
	removed  bool // its answer, ErrNotFound, removed entry
	alone    bool // its registry will hardly be asked for others than entry; see PromptCache.alone
	withheld bool // it did not ask the registry, only what there is to fall back on
	says     evidence
	counted  bool // whether metrics count it: not on a disabled cache
	forsaken bool // in health.abandoned

	done     chan struct{} // closed when settled; nil if no reader waits
	over     chan struct{} // closed when the call has returned or was abandoned; nil if nobody waits for that
	value    V
	err      error
	fallback bool // value stands in for what could not be had because of err
}

// outcome is what a call of the fetch came to.
type outcome[V any] struct {
	value V
	traits
	unchanged bool // value is the flight's prev's
	fallback  bool // value stands in for what could not be had because of err
	err       *FetchError
	message   string // err's, for Error is user code and may not run under the lock
	answered  bool   // the registry has answered, though err is none of its own
}

// launchLocked makes a flight for a fetch of key, attached; the caller has fly
// begin it. ctx gives its values. e is nil if the key is not cached. withheld, if
// not nil, is why the registry may not be asked.
func (c *PromptCache[V]) launchLocked(ctx context.Context, key, domain string, e *entry[V], withheld *FetchError) *flight[V] {
	f := &flight[V]{
		key:      key,
		registry: c.registryLocked(domain),
		entry:    e,
		timeout:  c.cfg.FetchTimeout,
		attached: true,
		counted:  c.cfg.MaxSize > 0,
	}
	f.began, f.beganAt = c.time.both()
	f.ctx.values = ctx
	if e != nil {
		f.prev = e.snap()
	}
	f.call = c.newCallLocked(e, withheld, f.began)
	f.call.told = &f.told
	c.flights[key] = f
	c.flying[f] = struct{}{}
	r := f.registry
	r.flights++
	r.shown.begin(f.began)
	if r.held && !r.shut(f.began) {
		r.probe = f
	}
	if e != nil {
		c.rescheduleLocked(e) // no longer for being due
	}
	if f.counted {
		c.metrics.Fetches++
	}
	c.awaitDeadlineLocked(f)
	return f
}

// fly is the goroutine of a fetch, and of those that the refresher begins in its
// place: that saves a new goroutine for each, and a stack that has to grow anew.
func (c *PromptCache[V]) fly(f *flight[V]) {
	for f != nil {
		f = c.flyOne(f)
	}
}

// flyOne calls the fetch and brings what it came to home, whether it returns,
// panics or ends its goroutine. It returns the flight that comes in its place, nil
// if none does.
func (c *PromptCache[V]) flyOne(f *flight[V]) (next *flight[V]) {
	var out outcome[V]
	returned := false
	defer func() {
		p := recover()
		if p != nil || !returned { // runtime.Goexit only runs the deferred calls
			out = outcome[V]{err: panicked(f.key, p)}
		}
		if out.err != nil && out.message == "" {
			out.message = out.err.Error()
		}
		if next = c.land(f, out); next != nil && p == nil && !returned {
			go c.fly(next)
		}
	}()
	out = c.observed(f)
	if out.err != nil {
		out.message = out.err.Error() // which may panic, like the fetch
		_, out.answered = errors.AsType[*answeredError](out.err)
	}
	returned = true
	return nil
}

func panicked(key string, value any) *FetchError {
	return &FetchError{Key: key, Kind: KindPanicked, Err: &PanicError{Value: value, Stack: debug.Stack()}}
}

// call runs user code: the fetch and the value's methods.
func (c *PromptCache[V]) call(ctx context.Context, f *flight[V]) outcome[V] {
	v, err := c.fetch(ctx, f.key)
	known := f.known()
	switch {
	case errors.Is(err, ErrNotModified) && known != nil:
		return outcome[V]{value: known.value, traits: known.traits(), unchanged: true}
	case errors.Is(err, ErrNotModified):
		return outcome[V]{err: &FetchError{Key: f.key, Kind: KindInvalid, Err: fmt.Errorf("%w, but nothing is cached that could be", err)}}
	case err != nil:
		return outcome[V]{err: asFetchError(f.key, err)}
	case isNil(v):
		return outcome[V]{err: &FetchError{Key: f.key, Kind: KindInvalid, Err: errNilValue}}
	}
	out := outcome[V]{value: v, traits: traitsOf(v)}
	if cause := f.call.markedCause(); cause != nil {
		out.fallback, out.immutable, out.err = true, false, asFetchError(f.key, cause)
	}
	if f.prev != nil && f.prev.fallback() == out.fallback && sameContent(f.prev.value, f.prev.traits(), v, out.traits) {
		out.value, out.unchanged = f.prev.value, true
	}
	return out
}

// known returns what the fetch may say of that it is not modified: what it
// refreshes, unless that is a fallback, which is not the registry's.
func (f *flight[V]) known() *snapshot[V] {
	if f.prev != nil && f.prev.fallback() {
		return nil
	}
	return f.prev
}

// land ends a flight whose call has returned, and returns the one that the
// refresher begins in its place, nil if there is none.
func (c *PromptCache[V]) land(f *flight[V], out outcome[V]) (next *flight[V]) {
	alone := out.err != nil && out.err.Kind == KindNotFound && c.alone(f)
	c.mu.Lock()
	if f.entry == nil { // else it adds none, and who reads meanwhile would tie for nothing
		c.unlock()
		c.lockForOne()
	}
	f.alone = alone
	delete(c.flying, f)
	f.registry.flights--
	c.deadlines.remove(f)
	if f.grace != nil {
		f.grace.Stop()
	}
	over := f.over
	if f.forsaken {
		c.health.abandoned--
		over = nil
	}
	c.settleLocked(f, out)
	if r := f.slot; r != nil {
		r.landing = true
		c.freeSlotLocked(f)
		next, r.next, r.landing = r.next, nil, false
	}
	c.restLocked()
	c.unlock()
	if over != nil {
		close(over) // last, so that Stop returns after the last line was logged
	}
	return next
}

// awaitedLocked returns what is closed when f, which is under way, has returned
// or was abandoned.
func (f *flight[V]) awaitedLocked() <-chan struct{} {
	if f.over == nil {
		f.over = make(chan struct{})
		if f.forsaken {
			close(f.over)
		}
	}
	return f.over
}
