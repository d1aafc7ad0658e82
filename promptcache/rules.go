package promptcache

import "time"

// rules is what a reader must know to judge an entry without the cache's mutex.
// They never change: whoever holds it publishes others.
type rules struct {
	offline  bool
	running  bool          // a refresher takes care of stale entries
	flagged  bool          // the entries' flags are true; otherwise the clock decides
	calm     bool          // no registry is held back
	exact    bool          // there is no jitter
	ttl      time.Duration // 0 if offline
	maxStale time.Duration // 0 is none
}

// publishLocked makes known to readers what has changed of the rules.
func (c *PromptCache[V]) publishLocked() {
	r := rules{
		offline:  c.cfg.offline(),
		running:  c.refresher.running(),
		flagged:  c.cfg.offline() || c.refresher.scanned(),
		calm:     c.health.held == 0,
		exact:    c.cfg.RefreshJitter == 0,
		maxStale: c.cfg.MaxStale,
	}
	if !r.offline {
		r.ttl = *c.cfg.TTL
	}
	if old := c.rules.Load(); old == nil || *old != r {
		c.rules.Store(new(r))
	}
}

// judge says what s, marked or not, is at the moment now.
func (s *snapshot[V]) judge(r *rules, isMarked bool, now time.Duration) (stale, expired bool) {
	isMarked = isMarked || s.kind&snapMarked != 0 // readers may see it before its entry is marked
	switch {
	case r.offline:
		return false, false
	case s.immutable():
		return isMarked, false
	}
	age := s.age(now)
	stale = isMarked || s.fallback() || age > r.ttl
	expired = r.maxStale > 0 && age > later(r.ttl, r.maxStale)
	return stale, expired
}

// age returns the age of s, never negative.
func (s *snapshot[V]) age(now time.Duration) time.Duration { return max(0, now-s.at) }

// due returns the moment from which s may be refetched for its age.
func (s *snapshot[V]) due(r *rules) time.Duration {
	switch {
	case r.offline || s.immutable():
		return never
	case r.exact || s.early == notEarly:
		return staleFrom(s.at, r.ttl)
	case r.ttl == Forever:
		return never
	}
	return later(s.at, s.early.of(r.ttl))
}
