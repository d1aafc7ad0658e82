package promptcache

import (
	"context"
	"errors"
	"fmt"
)

// GetOrFetch returns the prompt cached under key and fetches it if there is
// none. Concurrent calls share one fetch; one whose ctx ends returns at once,
// without failing the others.
//
// A stale prompt is returned at once while the refresher runs, which refetches
// it. Without a refresher it is refetched first, and returned all the same if
// that fails. After a failed fetch, and until its backoff ends, no other is
// made: a stale prompt is returned at once, and where there is none, the last
// error. The same holds while the prompt's Domain is down or has asked for a
// pause; then the error also wraps a *DownError.
//
// The error is ctx's, ErrOffline, ErrShutdown, or a *FetchError.
func (c *PromptCache[V]) GetOrFetch(ctx context.Context, key string) (V, error) {
	if v, ok := c.hit(key, false); ok {
		return v, nil
	}
	s := c.read(key, false)
	if s.ok && (!s.stale || s.refreshing) {
		return s.value, nil
	}
	got := c.load(ctx, s.key, ifStale)
	switch {
	case got.err == nil:
		return got.value, nil
	case got.fallback:
		return got.cached, nil
	case s.ok && !got.removed:
		return s.value, nil
	}
	var zero V
	return zero, got.err
}

// GetFresh returns the prompt cached under key if it is not stale by the clock,
// and fetches it otherwise. If that fails and there is a stale prompt that may
// still be served, it returns that and an error that wraps ErrStale and the
// cause: the caller decides. Otherwise it is like GetOrFetch.
func (c *PromptCache[V]) GetFresh(ctx context.Context, key string) (V, error) {
	if e, s, _ := c.fresh(key); e != nil {
		c.count(e, false)
		return s.value, nil
	}
	s := c.read(key, true)
	if s.ok && !s.stale {
		return s.value, nil
	}
	return c.load(ctx, s.key, untilFresh).orStale()
}

// GetOr is GetOrFetch that never fails: where that would, it returns fallback,
// which is not stored.
func (c *PromptCache[V]) GetOr(ctx context.Context, key string, fallback V) V {
	v, err := c.GetOrFetch(ctx, key)
	if err == nil {
		return v
	}
	c.mu.Lock()
	defer c.unlock()
	if c.cfg.MaxSize > 0 {
		c.metrics.Fallbacks++
	}
	return fallback
}

// Refresh fetches the prompt now, whatever is cached and however it failed
// before, its Domain's outage or pause included, and returns it. The fetch begins after Refresh was called: one that
// is under way already is waited for, and then another is made, which all
// concurrent calls of Refresh share. It is no read: it neither counts as one
// nor changes what is evicted next.
//
// If it fails and there is a cached prompt that may be served, it returns that
// and an error that wraps ErrStale and the cause.
func (c *PromptCache[V]) Refresh(ctx context.Context, key string) (V, error) {
	return c.load(ctx, c.canonicalKey(key), always).orStale()
}

// loaded is what came of fetching a key.
type loaded[V any] struct {
	value   V
	err     error
	removed bool // err is ErrNotFound and has removed the prompt

	cached   V    // what was cached before, or the fallback that err has brought
	servable bool // cached may be served
	fallback bool // cached is what err has brought
}

// orStale returns the value or, if there is an error, what was cached with it.
func (l loaded[V]) orStale() (V, error) {
	if l.err == nil {
		return l.value, nil
	}
	if l.servable && !l.removed {
		return l.cached, fmt.Errorf("%w: %w", ErrStale, l.err)
	}
	var zero V
	return zero, l.err
}

// need says what a caller of load will be content with.
type need uint8

const (
	ifStale    need = iota // a prompt that is fresh by now, or what the fetch under way brings
	untilFresh             // the same, but not with what MarkStale has made stale meanwhile
	always                 // only with what a fetch that began after the call brings; backoff does not matter
)

// load fetches a canonical key, or waits for the fetch that is under way. If
// that began too early for what is needed, another one follows, once.
func (c *PromptCache[V]) load(ctx context.Context, key string, n need) loaded[V] {
	domain := c.domainOf(key)
	first := c.join(ctx, key, domain, n)
	got := c.await(ctx, first)
	if first.flight == nil || ctx.Err() != nil || !c.tooEarly(first, n) {
		return got
	}
	return c.await(ctx, c.join(ctx, key, domain, n))
}

// tooEarly reports whether what a flight has brought is not what is needed.
func (c *PromptCache[V]) tooEarly(j joined[V], n need) bool {
	switch n {
	case always:
		return !j.mine
	case untilFresh:
		return c.wasMarked(j.flight) && j.flight.err == nil
	default:
		return false
	}
}

// wasMarked reports whether MarkStale came while f was under way.
func (c *PromptCache[V]) wasMarked(f *flight[V]) bool {
	c.mu.Lock()
	defer c.unlock()
	return f.marked
}

// joined is a flight that the caller waits for, or what came of trying.
type joined[V any] struct {
	flight *flight[V] // nil if done is all there is to it
	mine   bool       // the caller began it
	done   loaded[V]
}

// join finds the fetch of key that is under way, or begins one, unless there is
// no need to or it may not.
func (c *PromptCache[V]) join(ctx context.Context, key, domain string, n need) joined[V] {
	late := contextError(ctx, key)

	c.mu.Lock()
	defer c.unlock()
	now := c.time.now()
	var out joined[V]
	e := c.entries.peek(key)
	failed := c.absences.get(key)
	reg := c.registries.byDomain[domain]
	if e != nil {
		failed = e.failure()
		stale, expired := c.judgeLocked(e, now)
		out.done.cached, out.done.servable = e.snap().value, !expired
		if n != always && !stale {
			out.done.value = e.snap().value
			return out
		}
	}
	if err := c.refuseLocked(key, late); err != nil {
		out.done.err = err
		return out
	}
	out.flight = c.flights[key]
	if out.flight == nil {
		if n != always && reg.bars(failed, now) {
			out.done.err = failed.answer(now)
			return out
		}
		var withheld *FetchError
		if n != always && reg.shut(now) {
			withheld = c.heldLocked(reg, key, now)
			if out.done.servable || !reg.fallsBack {
				out.done.err = withheld
				return out
			}
		}
		out.flight, out.mine = c.launchLocked(ctx, key, domain, e, withheld), true
		go c.fly(out.flight)
	}
	out.flight.waiters++
	if out.flight.done == nil {
		out.flight.done = make(chan struct{})
	}
	return out
}

// refuseLocked returns why nothing may be fetched, if so; late says that the
// caller's time is over, if it is.
func (c *PromptCache[V]) refuseLocked(key string, late error) error {
	switch {
	case c.closed:
		return fmt.Errorf("%w: %q is not fetched any more", ErrShutdown, key)
	case c.cfg.offline():
		return fmt.Errorf("%w: %q is not cached, and without a TTL nothing is fetched", ErrOffline, key)
	}
	return late
}

// await waits for j's flight or the end of ctx.
func (c *PromptCache[V]) await(ctx context.Context, j joined[V]) loaded[V] {
	f := j.flight
	if f == nil {
		return j.done
	}
	got := j.done
	select {
	case <-f.done:
	default:
		select {
		case <-f.done:
		case <-ctx.Done():
			c.leave(f)
			got.err = contextError(ctx, f.key)
			return got
		}
	}
	got.value, got.err, got.removed = f.value, f.err, f.removed
	if f.fallback {
		got.cached, got.servable, got.fallback = f.value, true, true
	}
	return got
}

// leave ends a reader's wait. A fetch that everybody has left goes on if its
// result will be stored and there is a refresher to answer for it.
func (c *PromptCache[V]) leave(f *flight[V]) {
	c.mu.Lock()
	defer c.unlock()
	f.waiters--
	wanted := f.attached && (c.refresher.running() || c.closed) // Shutdown lets it finish
	if f.waiters == 0 && !wanted {
		c.cancelLocked(f, errUnwanted)
	}
}

// contextError says that a wait ended with its context, and why; it is nil
// while ctx has not ended.
func contextError(ctx context.Context, key string) error {
	if ctx.Err() == nil {
		return nil
	}
	return fmt.Errorf("promptcache: waiting for %q: %w", key, endOf(ctx))
}

// endOf returns the error of a context that has ended, with its cause if that
// is another.
func endOf(ctx context.Context) error {
	err := ctx.Err()
	if cause := context.Cause(ctx); !errors.Is(cause, err) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return err
}
