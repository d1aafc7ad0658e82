package promptcache

import (
	"errors"
	"fmt"
	"time"
)

// requirement is one of Config.Required.
type requirement struct {
	key    string // canonical
	domain string
	err    *FetchError   // of its latest fetch, if that failed while it was not cached
	until  time.Duration // it is not fetched before this moment
	era    int           // the registry's when until was set
}

// requirements is Config.Required: each prompt once, in the order given.
type requirements struct {
	list  []*requirement
	byKey map[string]*requirement
}

// requirementsOf returns cfg's. It calls user code.
func (c *PromptCache[V]) requirementsOf(cfg Config) requirements {
	out := requirements{byKey: make(map[string]*requirement, len(cfg.Required))}
	for _, key := range cfg.Required {
		key = c.canonicalKey(key)
		if out.byKey[key] == nil {
			r := &requirement{key: key, domain: c.domainOf(key)}
			out.byKey[key] = r
			out.list = append(out.list, r)
		}
	}
	return out
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
// counts no reads and asks nobody.
func (c *PromptCache[V]) Ready() error {
	c.mu.Lock()
	now := c.time.now()
	required := len(c.required.list)
	var lacks []lack
	for _, r := range c.required.list {
		if l, lacking := c.lackLocked(r, now); lacking {
			lacks = append(lacks, l)
		}
	}
	c.mu.Unlock()
	if len(lacks) == 0 {
		return nil
	}
	errs := make([]error, 0, len(lacks))
	for _, l := range lacks {
		errs = append(errs, l.describe())
	}
	return fmt.Errorf("promptcache: not ready: %d of %d required prompts cannot be served:\n%w", len(lacks), required, errors.Join(errs...))
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

// requireLocked has the required prompts fetched that are not cached, as far as
// there are slots, and returns when to look again: at the end of the first
// backoff, never if none waits for that.
func (r *refresher[V]) requireLocked(now time.Duration) (again time.Duration) {
	again = never
	r.lacking = false
	for _, required := range r.c.required.list {
		if r.c.entries.peek(required.key) != nil || r.c.flights[required.key] != nil {
			continue
		}
		reg := r.c.registryLocked(required.domain)
		switch {
		case now < required.until && required.era == reg.era:
			again = min(again, required.until)
		case reg.shut(now) && !reg.fallsBack:
			if reg.probe == nil { // else its end calls us again
				again = min(again, reg.next)
			}
		case r.active >= r.c.cfg.RefreshConcurrency:
			r.lacking = true
		default:
			r.fetchLocked(required.key, required.domain, nil)
		}
	}
	return again
}
