package promptcache

import (
	"context"
	"fmt"
)

// State is what a cache, or a Domain of it, is doing.
type State uint8

// The states of a cache. Status.Since says since when. A Domain is starting,
// healthy, degraded or down, whether the refresher runs or not.
const (
	StateStopped  State = iota // no refresher: before Start and after Stop
	StateStarting              // the refresher runs; nothing was fetched yet, well or badly
	StateHealthy               // the refresher runs and no cached prompt's latest fetch failed
	StateDegraded              // the refresher runs; some prompts' latest fetch failed, or nothing could be fetched yet, or a registry asked for a pause
	StateDown                  // the refresher runs; at least one Domain is down (see Config.DownAfter); Status.Domains says which
	StateOffline               // no TTL: nothing is fetched and nothing is stale
	StateDisabled              // MaxSize 0: nothing is stored
	StateShutdown              // Shutdown was called
)

var stateNames = [...]string{"stopped", "starting", "healthy", "degraded", "down", "offline", "disabled", "shutdown"}

// String returns the state in lower case: "healthy".
func (s State) String() string {
	if int(s) >= len(stateNames) {
		return fmt.Sprintf("State(%d)", uint8(s))
	}
	return stateNames[s]
}

// stateWaiter is what all that wait for a state wait for.
type stateWaiter struct {
	over chan struct{} // closed when it is there, or cannot come any more
	err  error         // set before over is closed
}

// WaitFor waits until the cache is in the state, and returns at once if it is.
// A state that is left again before WaitFor's caller runs was reached all the
// same. It returns ctx's error if that ends first, and ErrShutdown when the
// cache is shut down and state is another. It polls nothing and may be called
// from any goroutine.
func (c *PromptCache[V]) WaitFor(ctx context.Context, state State) error {
	c.mu.Lock()
	c.noteStateLocked()
	reached, closed := c.health.state == state, c.closed
	w := c.waiting[state]
	if !reached && !closed && w == nil {
		w = &stateWaiter{over: make(chan struct{})}
		if c.waiting == nil {
			c.waiting = make(map[State]*stateWaiter)
		}
		c.waiting[state] = w
	}
	c.unlock()
	switch {
	case reached:
		return nil
	case closed:
		return shutDownBefore(state)
	}
	select {
	case <-w.over:
		return w.err
	case <-ctx.Done():
	}
	select {
	case <-w.over: // both at once
		return w.err
	default:
	}
	return fmt.Errorf("promptcache: waiting for the state %q: %w", state, endOf(ctx))
}

func shutDownBefore(state State) error {
	return fmt.Errorf("%w: the state %q will not come any more", ErrShutdown, state)
}

// noteStateLocked records a change of state. It is called whenever one may
// have happened.
func (c *PromptCache[V]) noteStateLocked() {
	c.publishLocked()
	s := c.stateLocked()
	if s == c.health.state {
		return
	}
	c.health.state, c.health.since = s, c.time.clock.Now()
	for want, w := range c.waiting {
		switch {
		case want == s:
		case s == StateShutdown:
			w.err = shutDownBefore(want)
		default:
			continue
		}
		c.pendingEnds = append(c.pendingEnds, w.over)
		delete(c.waiting, want)
	}
}

func (c *PromptCache[V]) stateLocked() State {
	succeeded := !c.health.lastSuccess.IsZero()
	failed := !c.health.lastError.Time.IsZero()
	switch {
	case c.closed:
		return StateShutdown
	case c.cfg.offline():
		return StateOffline
	case c.cfg.MaxSize == 0:
		return StateDisabled
	case !c.refresher.running():
		return StateStopped
	case c.health.down > 0:
		return StateDown
	case c.health.failing > 0 || c.health.held > 0 || failed && !succeeded:
		return StateDegraded
	case !succeeded:
		return StateStarting
	default:
		return StateHealthy
	}
}

// noteRegistryLocked records a change of r's state, and the cache's.
func (c *PromptCache[V]) noteRegistryLocked(r *registry[V]) {
	if s := r.stateNow(); s != r.state {
		r.state, r.since = s, c.time.clock.Now()
	}
	c.noteStateLocked()
}

func (r *registry[V]) stateNow() State {
	succeeded := !r.lastSuccess.IsZero()
	failed := !r.lastError.Time.IsZero()
	switch {
	case r.down:
		return StateDown
	case r.failing > 0 || r.held || failed && !succeeded:
		return StateDegraded
	case !succeeded:
		return StateStarting
	default:
		return StateHealthy
	}
}
