package promptcache

import (
	"fmt"
	"time"
)

// State is what a cache is doing.
type State uint8

// The states of a cache. Status.Since says since when.
const (
	StateStopped  State = iota // no refresher: before Start and after Stop
	StateStarting              // the refresher runs; nothing was fetched yet, well or badly
	StateHealthy               // the refresher runs and no cached prompt's latest fetch failed
	StateDegraded              // the refresher runs; some prompts' latest fetch failed, or nothing could be fetched yet
	StateOffline               // no TTL: nothing is fetched and nothing is stale
	StateDisabled              // MaxSize 0: nothing is stored
	StateShutdown              // Shutdown was called
)

var stateNames = [...]string{"stopped", "starting", "healthy", "degraded", "offline", "disabled", "shutdown"}

// String returns the state in lower case: "healthy".
func (s State) String() string {
	if int(s) >= len(stateNames) {
		return fmt.Sprintf("State(%d)", uint8(s))
	}
	return stateNames[s]
}

// ErrorInfo describes a failed fetch.
type ErrorInfo struct {
	Key        string
	Kind       ErrorKind
	StatusCode int // the HTTP status, 0 if there was none
	Message    string
	Time       time.Time // when the fetch ended; zero if none has failed
}

// Status says how a cache is doing.
type Status struct {
	State State
	// Since is when the cache was first seen in State.
	Since time.Time
	// LastSuccess is when the latest fetch succeeded, zero if none has.
	LastSuccess time.Time
	// LastError is the latest failed fetch. It stays after a success.
	LastError ErrorInfo
	// Entries is the number of prompts held.
	Entries int
	// Failing is how many of them failed when they were last fetched.
	Failing int
	// ServingStale is how many of those are stale by now.
	ServingStale int
	// InFlight is the number of fetches that have not returned, abandoned ones
	// included.
	InFlight int
	// Queued is the number of prompts that are due and wait for one of
	// RefreshConcurrency.
	Queued int
	// Abandoned is the number of fetches that went on for more than a second
	// after their context had ended, and still do. They leak; see FetchFunc.
	Abandoned int
	// Snapshot is how loading and saving went.
	Snapshot SnapshotStatus
}

// health is what Status tells and a cache does not know otherwise. The cache's
// mutex guards it.
type health struct {
	state       State
	since       time.Time
	lastSuccess time.Time
	lastError   ErrorInfo
	failing     int
	abandoned   int
	outages     map[string]*outage // by domain
}

// Status returns how the cache is doing now.
func (c *PromptCache[V]) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noteStateLocked()
	s := Status{
		State:       c.health.state,
		Since:       c.health.since,
		LastSuccess: c.health.lastSuccess,
		LastError:   c.health.lastError,
		Entries:     c.entries.len(),
		Failing:     c.health.failing,
		InFlight:    len(c.flying),
		Abandoned:   c.health.abandoned,
		Snapshot:    c.snapshotStatusLocked(),
	}
	for _, o := range c.health.outages {
		s.ServingStale += o.keys
	}
	if c.refresher != nil {
		s.Queued = c.refresher.queue.waiting
	}
	return s
}

// noteStateLocked records a change of state. It is called whenever one may
// have happened.
func (c *PromptCache[V]) noteStateLocked() {
	if s := c.stateLocked(); s != c.health.state {
		c.health.state, c.health.since = s, c.time.clock.Now()
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
	case c.health.failing > 0 || failed && !succeeded:
		return StateDegraded
	case !succeeded:
		return StateStarting
	default:
		return StateHealthy
	}
}
