package promptcache

import (
	"slices"
	"strings"
	"time"
)

// ErrorInfo describes a failed fetch.
type ErrorInfo struct {
	Key        string
	Kind       ErrorKind
	StatusCode int // the HTTP status, 0 if there was none
	Message    string
	Time       time.Time // when the fetch ended; zero if none has failed
}

// errorInfo describes what failed, out, which has an error.
func errorInfo[V any](key string, out outcome[V], at time.Time) ErrorInfo {
	return ErrorInfo{Key: key, Kind: out.err.Kind, StatusCode: out.err.StatusCode, Message: out.message, Time: at}
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
	// Prompts counts the prompts held.
	Prompts
	// NextAttempt is when the first of the Domains that are held back may be
	// asked again; zero when none is, or the asking is under way.
	NextAttempt time.Time
	// Probing says that a Domain that is held back is being asked.
	Probing bool
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
	// Domains has each Domain that was asked for something or has prompts, by
	// name.
	Domains []DomainStatus
}

// DomainStatus says how one Domain, a registry, is doing.
type DomainStatus struct {
	// Domain is its name, what Config.Domain returns.
	Domain string
	// State is StateStarting, StateHealthy, StateDegraded or StateDown.
	State State
	// Since is when it came into that state.
	Since time.Time
	// LastSuccess is when the latest fetch from it succeeded, zero if none has.
	LastSuccess time.Time
	// LastError is the latest failed fetch from it. It stays after a success.
	LastError ErrorInfo
	// Prompts counts its prompts.
	Prompts
	// NextAttempt is when it may be asked again, if it is down or has asked for
	// a pause, and is not being asked; else zero.
	NextAttempt time.Time
	// Probing says that it is held back and being asked.
	Probing bool
	// NotFound is how many of its cached prompts it says do not exist.
	NotFound int
	// RemovalsSuspended says that these are too many to believe: none is
	// removed.
	RemovalsSuspended bool
}

// Prompts counts cached prompts at one moment, by the clock.
type Prompts struct {
	// Entries is the number of prompts held.
	Entries int
	// Failing is how many of them failed when they were last fetched.
	Failing int
	// Stale is how many are stale or too old.
	Stale int
	// ServingStale is how many of the stale ones that may be served are so
	// because they fail, or wait for a Domain that is held back. Fallbacks for
	// what the registry does not have are not among them.
	ServingStale int
	// TooOld is how many are held but too old to be served.
	TooOld int
	// Oldest is the age of the oldest one that may be served.
	Oldest time.Duration
}

func (p *Prompts) add(other Prompts) {
	p.Entries += other.Entries
	p.Failing += other.Failing
	p.Stale += other.Stale
	p.ServingStale += other.ServingStale
	p.TooOld += other.TooOld
	p.Oldest = max(p.Oldest, other.Oldest)
}

// health is what Status tells and a cache does not know otherwise. The cache's
// mutex guards it.
type health struct {
	state       State
	since       time.Time
	lastSuccess time.Time
	lastError   ErrorInfo
	failing     int
	down        int // registries
	held        int // registries, those that are down included
	abandoned   int
}

// Status returns how the cache is doing now. It looks at every prompt, a few at a
// time while reads and writes go on, so what it says is not of one moment. Ask every
// second, not in every request.
func (c *PromptCache[V]) Status() Status {
	prompts := c.countPrompts()
	var s Status
	now, left := c.time.now(), 0
	for first, more := true, true; more; first = false {
		c.mu.Lock()
		if first { // in one hold with the Domains, unless they are many
			s = c.overallLocked()
		}
		more = c.registries.tour(&left, func(r *registry[V], _ *int) bool {
			s.Domains = append(s.Domains, c.domainStatusLocked(r, now))
			s.Domains[len(s.Domains)-1].Prompts = prompts[r]
			return true
		})
		c.unlock()
	}
	slices.SortFunc(s.Domains, func(a, b DomainStatus) int { return strings.Compare(a.Domain, b.Domain) })
	s.Domains = slices.CompactFunc(s.Domains, func(a, b DomainStatus) bool { return a.Domain == b.Domain })
	for _, d := range s.Domains {
		s.add(d.Prompts)
		s.Probing = s.Probing || d.Probing
		if !d.NextAttempt.IsZero() && (s.NextAttempt.IsZero() || d.NextAttempt.Before(s.NextAttempt)) {
			s.NextAttempt = d.NextAttempt
		}
	}
	return s
}

// overallLocked returns what Status says of the cache as a whole.
func (c *PromptCache[V]) overallLocked() Status {
	c.noteStateLocked()
	s := Status{
		State:       c.health.state,
		Since:       c.health.since,
		LastSuccess: c.health.lastSuccess,
		LastError:   c.health.lastError,
		InFlight:    len(c.flying),
		Abandoned:   c.health.abandoned,
		Snapshot:    c.snapshotStatusLocked(),
	}
	if c.refresher != nil {
		s.Queued = c.refresher.queue.waiting
	}
	return s
}

func (c *PromptCache[V]) domainStatusLocked(r *registry[V], now time.Duration) DomainStatus {
	d := DomainStatus{
		Domain:            r.domain,
		State:             r.state,
		Since:             r.since,
		LastSuccess:       r.lastSuccess,
		LastError:         r.lastError,
		Probing:           r.probe != nil,
		NotFound:          r.missing.standing,
		RemovalsSuspended: r.missing.suspended,
	}
	if r.held && r.probe == nil {
		d.NextAttempt = c.time.wall(r.next, now)
	}
	return d
}

// countPrompts counts the prompts of each registry.
func (c *PromptCache[V]) countPrompts() map[*registry[V]]Prompts {
	counts := make(map[*registry[V]]Prompts)
	now := c.time.now()
	c.each(func(e *entry[V]) {
		p := counts[e.registry]
		p.Entries++
		if e.failure() != nil {
			p.Failing++
		}
		isStale, tooOld := c.judgeLocked(e, now)
		if isStale {
			p.Stale++
		}
		switch {
		case tooOld:
			p.TooOld++
		default:
			p.Oldest = max(p.Oldest, c.ageLocked(e, now))
			if isStale && !e.unknownToRegistry() && (e.failure() != nil || e.is(isParked)) {
				p.ServingStale++
			}
		}
		counts[e.registry] = p
	})
	return counts
}
