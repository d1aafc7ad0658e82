package promptcache

import "time"

// registry is what the cache knows of one Domain as a whole: whether it
// answers, and how it is asked while it does not. The cache's mutex guards it.
//
// It is held while its traffic is held back: after Config.DownAfter failures in
// a row (then it is down, too), or because it asked for a pause. One fetch at a
// time, the probe, may then go, from the moment next on. The first answer that
// shows it alive lifts that. One that limits requests is up, and stays held for
// as long as it says.
type registry[V any] struct {
	domain  string
	place   int // in registries.list
	entries int // prompts of it that are cached
	flights int // fetches of it that have not returned

	run     int    // failures in a row
	runKey  string // the key of the first of them
	runMany bool   // another key is among them
	held    bool
	down    bool
	step    int           // probes that failed since it is held or was forgiven, plus one if it is down
	next    time.Duration // the moment of the next probe
	probe   *flight[V]    // the one under way
	chosen  *entry[V]     // queued to be the next
	era     int           // how often it was forgiven: a failure of an earlier era holds nobody back
	cause   *FetchError   // its latest failure

	fallsBack bool // its fetches go through a Fallback, which it need not be asked for

	turn     turn // what the refresher has to do because of it
	comeback comeback[V]
	hush     hush[V]
	missing  missing
	shown    shown
	outage   *episode // it is down, or prompts are stale because of it
	refusals *episode // prompts whose latest answer was rejected
	tally    tally    // failed fetches since its last success or, in an outage, the last before that

	state       State
	since       time.Time
	lastSuccess time.Time
	lastError   ErrorInfo
	failing     int // cached prompts whose latest fetch failed
}

// shut reports whether no fetch may begin at the moment now, but by Refresh.
// It may be called on nil.
func (r *registry[V]) shut(now time.Duration) bool {
	return r != nil && r.held && (r.probe != nil || now < r.next)
}

// probing reports whether r is held and its probe is under way, queued, or not
// due at the moment now.
func (r *registry[V]) probing(now time.Duration) bool {
	return r.shut(now) || r.held && r.chosen != nil && r.chosen.is(isQueued)
}

// evidence is what the outcome of a fetch says about the registry.
type evidence uint8

const (
	noEvidence evidence = iota // a panic; a key that no request was made for
	alive                      // an answer about the key, good or bad
	limiting                   // it is there, and says when to ask again
	ailing                     // no answer, or one that says nothing about the key
)

// ofRegistry reports whether a failure is the registry's and not the key's.
func (v evidence) ofRegistry() bool { return v == limiting || v == ailing }

// evidenceOf judges an outcome. answered says that the registry has answered,
// whatever err says; patience is the longest wait that it may ask for.
func evidenceOf(err *FetchError, answered bool, patience time.Duration) evidence {
	if err == nil || answered {
		return alive
	}
	switch err.Kind {
	case KindNotFound, KindForbidden, KindConflict:
		return alive
	case KindInvalid:
		if err.StatusCode != 0 {
			return alive
		}
		return noEvidence // a malformed key is refused before any request
	case KindPanicked:
		return noEvidence
	case KindRateLimited:
		if min(err.RetryAfter, patience) > 0 {
			return limiting
		}
		return ailing
	default: // unknown, unauthorized, unavailable
		return ailing
	}
}

// weighLocked judges f's registry by how f ended.
func (c *PromptCache[V]) weighLocked(f *flight[V], out outcome[V], now time.Duration) {
	r := f.registry
	probe := r.probe == f
	if probe {
		r.probe = nil
	}
	if !f.counted || c.cfg.MaxSize == 0 || f.withheld {
		return
	}
	r.note(f, out, c.time.clock.Now())
	switch f.says {
	case alive:
		r.run, r.runKey, r.runMany = 0, "", false
		c.liftLocked(r)
	case limiting:
		r.run, r.runKey, r.runMany = 0, "", false
		c.limitLocked(r, out.err, now)
	case ailing:
		r.count(f.key, out.err)
		if probe {
			r.step++
		}
		c.holdLocked(r, out.err, probe, now)
	case noEvidence:
		if probe {
			r.next = later(now, c.backoffLocked(r.step, 0))
			c.stirLocked(r)
		}
	}
	c.noteRegistryLocked(r)
	if len(c.required.list) > 0 {
		c.refresher.nudge() // one of them may wait for this
	}
}

// count adds a failure to the run of them.
func (r *registry[V]) count(key string, err *FetchError) {
	switch {
	case r.run == 0:
		r.runKey = key
	case key != r.runKey:
		r.runMany = true
	}
	r.run++
	r.cause = err
}

// note keeps how a fetch ended for Status and the log.
func (r *registry[V]) note(f *flight[V], out outcome[V], now time.Time) {
	if out.err == nil {
		r.lastSuccess = now
		if r.outage == nil {
			r.tally = tally{}
		}
		return
	}
	r.lastError = errorInfo(f.key, out, now)
	if f.says.ofRegistry() || f.entry != nil && out.err.Kind != KindInvalid {
		r.tally.add(out.err.Kind)
	}
}

// holdLocked holds r back if its failure err is one too many, or asks for it.
func (c *PromptCache[V]) holdLocked(r *registry[V], err *FetchError, probe bool, now time.Duration) {
	pause := c.pauseLocked(err.RetryAfter)
	falls := !r.down && c.cfg.DownAfter > 0 && r.run >= c.cfg.DownAfter && (r.runMany || c.onlyLocked(r, r.runKey))
	if falls {
		r.down = true
		c.health.down++
		r.step = max(r.step, 1)
		c.emitLocked(Event{Kind: EventDown, Domain: r.domain, Err: err})
		c.logOutageLocked(r, "registry down", "", "failures", r.run, "err", err)
	}
	if !r.held && !falls && pause <= 0 {
		return
	}
	c.holdBackLocked(r)
	if falls || probe {
		pause = c.backoffLocked(r.step, err.RetryAfter)
	}
	r.next = max(r.next, later(now, pause))
	c.stirLocked(r)
}

// holdBackLocked begins to hold r's traffic back, unless it is held.
func (c *PromptCache[V]) holdBackLocked(r *registry[V]) {
	if r.held {
		return
	}
	r.held = true
	c.health.held++
	r.comeback = comeback[V]{} // who was not back yet waits again
}

// limitLocked holds r back for as long as err, its own word, asks for and no
// longer: a registry that is down does not count its requests, so whatever its
// failures have brought about is over. What has failed stays back until a probe
// gets an answer.
func (c *PromptCache[V]) limitLocked(r *registry[V], err *FetchError, now time.Duration) {
	r.cause = err
	if r.step > 0 {
		r.next = 0
		c.forgiveLocked(r)
		c.turnLocked(r, reassessing)
		c.endOutageLocked(r)
	}
	c.holdBackLocked(r)
	r.next = max(r.next, later(now, c.backoffLocked(1, err.RetryAfter)))
	c.stirLocked(r)
}

// onlyLocked reports whether no other prompt of r is cached than key's.
func (c *PromptCache[V]) onlyLocked(r *registry[V], key string) bool {
	others := r.entries
	if e := c.entries.peek(key); e != nil && e.registry == r {
		others--
	}
	return others == 0
}

// liftLocked lets r's traffic go again. What has failed or waited for r comes
// back little by little.
func (c *PromptCache[V]) liftLocked(r *registry[V]) {
	if !r.held {
		return
	}
	r.held, r.next, r.chosen = false, 0, nil
	c.health.held--
	c.forgiveLocked(r)
	c.turnLocked(r, returning)
	c.stirLocked(r)
	c.endOutageLocked(r)
}

// forgiveLocked ends the backoff that r's failures have brought about, of r and
// of its prompts.
func (c *PromptCache[V]) forgiveLocked(r *registry[V]) {
	r.step = 0
	r.era++
	if r.down {
		r.down = false
		c.health.down--
		c.emitLocked(Event{Kind: EventUp, Domain: r.domain})
	}
}

// bars reports whether f, a failure of a key of r or nil, stands against
// an attempt at the moment now.
func (r *registry[V]) bars(f *failure, now time.Duration) bool {
	return f != nil && now < r.until(f)
}

// until returns the end of f's backoff. A failure that was the registry's is
// over once the registry is back.
func (r *registry[V]) until(f *failure) time.Duration {
	if r != nil && f.transient && f.era != r.era {
		return 0
	}
	return f.until
}
