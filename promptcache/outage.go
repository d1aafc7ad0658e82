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

// outage is a time in which a domain's prompts are served stale because their
// fetches fail. It begins with the first such prompt and ends with the last.
type outage struct {
	began    time.Duration
	keys     int // prompts that are stale and failing now
	peak     int // the most of them at once
	failures int // failed fetches of such prompts
}

// stickLocked counts e in its domain's outage if it is stale and failing. Only
// the outage's beginning is worth a warning.
func (c *PromptCache[V]) stickLocked(e *entry[V], now time.Duration) {
	if e.stuck || !e.stale || e.failure == nil || e.unknownToRegistry() {
		return
	}
	e.stuck = true
	level := levelDebug
	o := c.health.outages[e.domain]
	if o == nil {
		level = levelWarn
		o = &outage{began: now}
		if c.health.outages == nil {
			c.health.outages = make(map[string]*outage)
		}
		c.health.outages[e.domain] = o
	}
	o.keys++
	o.peak = max(o.peak, o.keys)
	o.failures += e.failure.count
	args := []any{"age", c.ageLocked(e, now), "revision", e.snap.revision, "err", e.failure.err}
	if e.snap.fallback {
		args = append(args, "fallback", true)
	}
	c.logLater(level, "serving stale prompt", e.key, e.domain, args...)
}

// unstickLocked takes e out of its domain's outage, which ends with the last.
func (c *PromptCache[V]) unstickLocked(e *entry[V]) {
	if !e.stuck {
		return
	}
	e.stuck = false
	o := c.health.outages[e.domain]
	o.keys--
	if o.keys > 0 {
		return
	}
	delete(c.health.outages, e.domain)
	c.logLater(levelInfo, "no longer serving stale prompts", "", e.domain,
		"duration", c.time.now()-o.began, "prompts", o.peak, "failed_fetches", o.failures)
}

// reportFailureLocked logs a failed fetch of e: once while it is served stale,
// and never louder than Debug while it is fresh.
func (c *PromptCache[V]) reportFailureLocked(e *entry[V], now time.Duration) {
	if e.stuck {
		c.health.outages[e.domain].failures++
		return
	}
	if stale, _ := c.judgeLocked(e, now); stale {
		c.noticeStaleLocked(e, now)
		c.stickLocked(e, now) // if it was noticed before
		return
	}
	c.logLater(levelDebug, "refresh failed, prompt still fresh", e.key, e.domain,
		"age", c.ageLocked(e, now), "err", e.failure.err)
}
