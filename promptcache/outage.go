package promptcache

import (
	"context"
	"log/slog"
	"time"
)

const (
	levelDebug = slog.LevelDebug
	levelInfo  = slog.LevelInfo
	levelWarn  = slog.LevelWarn
	levelError = slog.LevelError
)

// logLine is a line that came up under the lock, to be written after it.
type logLine struct {
	level   slog.Level
	message string
	args    []any
}

func (l logLine) write(logger *slog.Logger) {
	logger.Log(context.Background(), l.level, l.message, l.args...)
}

// logLater has unlock write a line about a key, if it is about one, of a
// domain, if that has a name.
func (c *PromptCache[V]) logLater(level slog.Level, message, key, domain string, args ...any) {
	if domain != "" {
		args = append([]any{"domain", domain}, args...)
	}
	if key != "" {
		args = append([]any{"key", key}, args...)
	}
	c.pendingLogs = append(c.pendingLogs, logLine{level, message, args})
}

// tally counts failed fetches by kind.
type tally [len(kinds)]int

func (t *tally) add(k ErrorKind) { t[min(int(k), len(t)-1)]++ }

// attrs returns how many fetches failed, in all and by kind.
func (t *tally) attrs() []any {
	total := 0
	var byKind []any
	for kind, n := range t {
		if n > 0 {
			total += n
			byKind = append(byKind, slog.Int(ErrorKind(kind).String(), n))
		}
	}
	return []any{"failed_fetches", total, slog.Group("errors", byKind...)}
}

// trouble is what the log has said of a prompt.
type trouble uint8

const (
	noTrouble trouble = iota
	stuck             // it was served stale, and has been failing or waiting for its registry since
	rejected          // its latest answer was rejected; what is served is older
)

func (e *entry[V]) trouble() trouble {
	switch {
	case e.is(isStuck):
		return stuck
	case e.is(isRejected):
		return rejected
	default:
		return noTrouble
	}
}

func (e *entry[V]) setTrouble(t trouble) {
	e.put(isStuck, t == stuck)
	e.put(isRejected, t == rejected)
}

// episode is a time in which prompts of a registry are in one kind of trouble.
// It is one line in the log when it begins and one when it ends.
type episode struct {
	began   time.Duration
	keys    int // prompts that are in it now
	peak    int // the most of them at once
	fetches int // fetches that were rejected
}

func (p *episode) enter() {
	p.keys++
	p.peak = max(p.peak, p.keys)
}

// noteTroubleLocked brings what the log has said of e up to date.
func (c *PromptCache[V]) noteTroubleLocked(e *entry[V], now time.Duration) {
	is := noTrouble
	switch {
	case e.unknownToRegistry(): // which is no outage, and was said when it was stored
	case e.failure() != nil && e.failure().err.Kind == KindInvalid:
		is = rejected
	case e.is(isDormant) || e.failure() == nil && !e.is(isParked):
	case e.is(isStale) || e.is(isStuck): // a load may have made it fresh, which is no answer
		is = stuck
	}
	if is == e.trouble() {
		return
	}
	c.calmLocked(e)
	e.setTrouble(is)
	args := []any{"age", c.ageLocked(e, now), "revision", e.snap().revision}
	if e.snap().fallback() {
		args = append(args, "fallback", true)
	}
	switch is {
	case stuck:
		cause := e.registry.cause
		if e.failure() != nil {
			cause = e.failure().err
		}
		c.logOutageLocked(e.registry, "serving stale prompt", e.key, append(args, "err", cause)...)
		e.registry.outage.enter()
	case rejected:
		level, message := levelDebug, "prompt rejected, serving the one before"
		if e.snap().fallback() {
			message = "prompt rejected, serving a fallback"
		}
		if e.registry.refusals == nil {
			level = levelWarn
			e.registry.refusals = &episode{began: now}
		}
		e.registry.refusals.enter()
		c.logLater(level, message, e.key, e.registry.domain, append(args, "err", e.failure().err)...)
	case noTrouble:
	}
}

// calmLocked takes e out of the trouble it is in, which may be the end of it.
func (c *PromptCache[V]) calmLocked(e *entry[V]) {
	was, r := e.trouble(), e.registry
	e.setTrouble(noTrouble)
	switch was {
	case stuck:
		r.outage.keys--
		c.endOutageLocked(r)
	case rejected:
		p := r.refusals
		if p.keys--; p.keys == 0 {
			r.refusals = nil
			c.logLater(levelInfo, "prompts no longer rejected", "", r.domain,
				"duration", c.time.now()-p.began, "prompts", p.peak, "rejected_fetches", p.fetches)
		}
	case noTrouble:
	}
}

// logOutageLocked logs what is wrong with r: as a warning if an outage begins
// with it, else for those who want to know everything.
func (c *PromptCache[V]) logOutageLocked(r *registry[V], message, key string, args ...any) {
	level := levelDebug
	if r.outage == nil {
		level = levelWarn
		r.outage = &episode{began: c.time.now()}
	}
	c.logLater(level, message, key, r.domain, args...)
}

// endOutageLocked ends r's outage if r is up and no prompt is stale for it.
func (c *PromptCache[V]) endOutageLocked(r *registry[V]) {
	o := r.outage
	if o == nil || o.keys > 0 || r.down {
		return
	}
	message := "registry up"
	if o.peak > 0 {
		message = "no longer serving stale prompts"
	}
	args := append([]any{"duration", c.time.now() - o.began, "prompts", o.peak}, r.tally.attrs()...)
	c.logLater(levelInfo, message, "", r.domain, args...)
	r.outage, r.tally = nil, tally{}
}

// reportFailureLocked logs a failed fetch of e: once while it is served stale
// or rejected, and never louder than Debug while it is fresh.
func (c *PromptCache[V]) reportFailureLocked(e *entry[V], now time.Duration) {
	if stale, _ := c.judgeLocked(e, now); stale {
		c.noticeStaleLocked(e, now)
	}
	c.noteTroubleLocked(e, now)
	switch e.trouble() {
	case rejected:
		e.registry.refusals.fetches++
	case noTrouble:
		if !e.is(isStale) {
			c.logLater(levelDebug, "refresh failed, prompt still fresh", e.key, e.registry.domain,
				"age", c.ageLocked(e, now), "err", e.failure().err)
		}
	case stuck:
	}
}
