package promptcache

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// requirement is one of Config.Required.
type requirement struct {
	key    string // canonical
	listed bool   // it may lack
	domain string
	err    *FetchError   // of its latest fetch, if that failed while it was not cached
	until  time.Duration // it is not fetched before this moment
	era    int           // the registry's when until was set
}

// requirements is Config.Required: each prompt once, in the order given.
type requirements struct {
	list    []*requirement
	byKey   map[string]*requirement
	lacking []*requirement // those that are not cached, and maybe some that are again
	next    int            // the place of the one of them that is to be looked at next
}

// requirementsOf returns cfg's. It calls user code.
func (c *PromptCache[V]) requirementsOf(cfg Config) requirements {
	out := requirements{byKey: make(map[string]*requirement, len(cfg.Required))}
	for _, key := range cfg.Required {
		key = c.canonicalKey(key)
		if out.byKey[key] == nil {
			r := &requirement{key: key, domain: c.domainOf(key), listed: true}
			out.byKey[key] = r
			out.list = append(out.list, r)
		}
	}
	out.lacking = slices.Clone(out.list)
	return out
}

// gone notes that the prompt of a key is cached no longer.
func (r *requirements) gone(key string) {
	if required := r.byKey[key]; required != nil && !required.listed {
		required.listed = true
		r.lacking = append(r.lacking, required) // which has room for all
	}
}

// turn returns the one that is to be looked at now, of those that may lack.
func (r *requirements) turn() *requirement {
	if r.next >= len(r.lacking) {
		r.next = 0
	}
	r.next++
	return r.lacking[r.next-1]
}

// drop takes out the one that turn has returned, for it is cached.
func (r *requirements) drop(cached *requirement) {
	cached.listed = false
	r.next--
	last := len(r.lacking) - 1
	r.lacking[r.next], r.lacking[last] = r.lacking[last], nil
	r.lacking = r.lacking[:last]
}

// check returns an error if the prompts do not fit into a cache of size.
func (r requirements) check(size int) error {
	if len(r.list) > max(0, size) {
		return fmt.Errorf("promptcache: config: Required names %d prompts; want MaxSize (%d) or fewer", len(r.list), size)
	}
	return nil
}

// lack is a required prompt that cannot be served, and why.
type lack struct {
	key    string
	tooOld bool        // it is cached, but too old; else it is not cached
	err    *FetchError // of its latest fetch, nil if none has failed
}

func (l lack) describe() error {
	switch {
	case l.tooOld && l.err != nil:
		return fmt.Errorf("%q is too old: %w", l.key, l.err)
	case l.tooOld:
		return fmt.Errorf("%q is too old", l.key)
	case l.err != nil:
		return l.err // which names the key
	}
	return fmt.Errorf("%q is not cached", l.key)
}

// Ready returns nil when every prompt of Config.Required can be served: it is
// cached, by a fetch, by Set or from a snapshot, and not too old. Otherwise its
// error names those that cannot, says why, and wraps the errors of their latest
// fetches.
//
// It is made for an orchestrator's readiness check: a registry that is down
// makes no cache unready that can serve. Without Required it is always nil. It
// counts no reads and asks nobody. It looks at a few prompts at a time while reads
// and writes go on.
func (c *PromptCache[V]) Ready() error {
	c.mu.Lock()
	required, now := c.required.list, c.time.now()
	c.unlock()
	var lacks []lack
	c.inChunks(len(required), func(i int) {
		if l, lacking := c.lackLocked(required[i], now); lacking {
			lacks = append(lacks, l)
		}
	})
	if len(lacks) == 0 {
		return nil
	}
	errs := make([]error, 0, len(lacks))
	for _, l := range lacks {
		errs = append(errs, l.describe())
	}
	return fmt.Errorf("promptcache: not ready: %d of %d required prompts cannot be served:\n%w", len(lacks), len(required), errors.Join(errs...))
}

func (c *PromptCache[V]) lackLocked(r *requirement, now time.Duration) (l lack, lacking bool) {
	e := c.entries.peek(r.key)
	if e == nil {
		return lack{key: r.key, err: r.err}, true
	}
	if _, tooOld := c.judgeLocked(e, now); !tooOld {
		return lack{}, false
	}
	l = lack{key: r.key, tooOld: true}
	if e.failure() != nil {
		l.err = e.failure().err
	}
	return l, true
}

// require has the required prompts fetched that are not cached, as far as there are
// slots, and sets the alarm for the end of the first backoff.
func (r *refresher[V]) require(now time.Duration) {
	r.c.mu.Lock()
	left := len(r.c.required.lacking)
	r.lacking = false
	r.c.unlock()
	for left > 0 {
		r.c.mu.Lock()
		left = r.requireLocked(left, now)
		r.c.unlock()
	}
}

// requireLocked looks at a few of the required prompts that may lack, of which left
// are to be looked at, and returns how many still are. It goes on where it ended
// the last time, so that each has its turn.
func (r *refresher[V]) requireLocked(left int, now time.Duration) int {
	required := &r.c.required
	if r.over() {
		return 0
	}
	r.heardLocked(now)
	for range chunk {
		left = min(left, len(required.lacking))
		if left == 0 {
			return 0
		}
		next := required.turn()
		left--
		if r.c.entries.peek(next.key) != nil {
			required.drop(next)
			continue
		}
		again, full := r.fetchRequiredLocked(next, now)
		if full {
			r.lacking = true // the end of a fetch calls us again
			required.next--
			return 0
		}
		r.alarmLocked(again)
	}
	return left
}

// fetchRequiredLocked has a prompt fetched that is not cached, unless it is being
// fetched, and returns when to try again, never if something will call then. full
// says that it waits for a slot.
func (r *refresher[V]) fetchRequiredLocked(lacks *requirement, now time.Duration) (again time.Duration, full bool) {
	if r.c.flights[lacks.key] != nil {
		return never, false
	}
	reg := r.c.registryLocked(lacks.domain)
	switch {
	case now < lacks.until && lacks.era == reg.era:
		return lacks.until, false
	case reg.shut(now) && !reg.fallsBack:
		if reg.probe == nil { // else its end calls us again
			return reg.next, false
		}
	case r.active >= r.c.cfg.RefreshConcurrency:
		return never, true
	default:
		r.fetchLocked(lacks.key, lacks.domain, nil)
	}
	return never, false
}
