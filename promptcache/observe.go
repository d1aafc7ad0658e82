package promptcache

import (
	"context"
	"errors"
	"time"
)

// FetchHook is called when a fetch begins, on the fetch's goroutine and before
// the FetchFunc; see Config.OnFetch. What it returns is the context that the
// FetchFunc gets, which must be ctx or derived from it, and a function to call
// when the fetch has ended, or nil. It counts as part of the fetch: it must be
// quick, and a panic in it, or in that function, is a failed fetch.
//
// ctx has the values of the context of the reader who began the fetch, and of
// Start's if the refresher did.
type FetchHook func(ctx context.Context, f FetchInfo) (context.Context, func(FetchResult))

// FetchInfo says what a fetch is for.
type FetchInfo struct {
	Key        string // canonical
	Domain     string // the Domain that it belongs to
	Cached     bool   // it refreshes a prompt that is cached, a fallback included
	Background bool   // the refresher began it, no reader
}

// FetchResult says how a fetch ended.
type FetchResult struct {
	// Duration is how long it took, from the moment it began, by the cache's
	// clock. A fetch that does not return has none.
	Duration time.Duration
	// Err is why it failed, a *FetchError; nil if it did not. A fetch that was
	// still under way at its timeout has failed, whatever it brought later.
	Err error
	// Unchanged says that it brought what was cached already.
	Unchanged bool
	// Fallback says that it failed, and brought a fallback.
	Fallback bool
	// Canceled says that it was cut short because nobody wanted it any more;
	// Err is nil then.
	Canceled bool
}

// observed is call between the functions of Config.OnFetch.
func (c *PromptCache[V]) observed(f *flight[V]) (out outcome[V]) {
	if len(c.hooks) == 0 {
		return c.call(f, f)
	}
	inner, end := c.beginHooks(f)
	out.err = &FetchError{Key: f.key, Kind: KindPanicked} // unless it returns
	defer func() {
		result := c.result(f, out)
		result.Duration = c.time.now() - f.began
		end(result)
	}()
	out = c.call(inner, f)
	return out
}

// beginHooks calls the functions of Config.OnFetch, and returns what calls those
// that they return, the last first.
func (c *PromptCache[V]) beginHooks(f *flight[V]) (ctx context.Context, ended func(FetchResult)) {
	ctx = f
	c.mu.Lock() // the flight was given its slot under it
	info := FetchInfo{Key: f.key, Domain: f.registry.domain, Cached: f.prev != nil, Background: f.slot != nil}
	c.unlock()
	end := func(FetchResult) {}
	for _, hook := range c.hooks {
		next, ended := hook(ctx, info)
		ctx = next
		if ended != nil {
			rest := end
			end = func(r FetchResult) { ended(r); rest(r) }
		}
	}
	return ctx, end
}

// result says how f ended, whose call came to out.
func (c *PromptCache[V]) result(f *flight[V], out outcome[V]) FetchResult {
	c.mu.Lock()
	settled, err := f.settled, f.err
	c.unlock()
	if settled { // cut short, or late
		if errors.Is(context.Cause(f), context.DeadlineExceeded) {
			return FetchResult{Err: err}
		}
		return FetchResult{Canceled: true}
	}
	r := FetchResult{Unchanged: out.unchanged && out.err == nil, Fallback: out.fallback}
	if out.err != nil {
		r.Err = out.err
	}
	return r
}
