package promptcache

import (
	"context"
	"sync"
	"time"
)

// flightContext is what a flight needs to be its fetch's context: it has the
// values of the one who began it and is canceled by the cache. The context of the
// standard library behind it is made when the fetch asks for more than the cache
// has put there.
type flightContext struct {
	values context.Context //nolint:containedctx // of the one who began the fetch

	mu       sync.Mutex
	inner    context.Context //nolint:containedctx // nil until it is needed
	cancel   context.CancelCauseFunc
	canceled bool
	cause    error
}

func (c *flightContext) get() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		c.inner, c.cancel = context.WithCancelCause(context.WithoutCancel(c.values))
		if c.canceled {
			c.cancel(c.cause)
		}
	}
	return c.inner
}

// end cancels it, the first time.
func (c *flightContext) end(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.canceled {
		return
	}
	c.canceled, c.cause = true, cause
	if c.cancel != nil {
		c.cancel(cause)
	}
}

// Deadline is the flight's as a [context.Context]: it has none, for timeouts are
// the cache's clock's.
func (f *flight[V]) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is the flight's as a [context.Context].
func (f *flight[V]) Done() <-chan struct{} { return f.ctx.get().Done() }

// Err is the flight's as a [context.Context].
func (f *flight[V]) Err() error { return f.ctx.get().Err() }

// Value is the flight's as a [context.Context].
func (f *flight[V]) Value(key any) any {
	switch key.(type) {
	case previousKey[V]:
		return previous[V]{f.known()}
	case fetchCallKey:
		return &f.call
	}
	return f.ctx.get().Value(key)
}
