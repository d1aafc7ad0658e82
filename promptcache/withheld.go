package promptcache

import "time"

// While a registry may not be asked, its prompts are fetched all the same where
// only a Fallback's second can help: those that are missing, too old to be
// served, or fallbacks themselves. Such a fetch is withheld: Fallback passes its
// first over, and how it ends says nothing of the registry.

// noteFallbackLocked keeps whether f went through a Fallback. That is known of a
// registry before it is held for the first time, for it takes a failed fetch to
// hold it. A withheld fetch without one has asked the registry, so that no other
// follows.
func (c *PromptCache[V]) noteFallbackLocked(f *flight[V]) {
	r, fellBack := f.registry, f.call.told.fallsBack.Load()
	f.withheld = f.call.withheld != nil && fellBack
	r.fallsBack = fellBack || r.fallsBack && f.call.withheld == nil
}

// substitutedAtLocked returns the moment from which e is fetched though its
// registry may not be asked: when it is too old to be served or, if it is a
// fallback, older than a TTL, so that it does not get too old and what becomes of
// it is seen. never if the registry may be asked or there is no Fallback.
func (c *PromptCache[V]) substitutedAtLocked(e *entry[V]) time.Duration {
	r, at := e.registry, never
	switch {
	case !r.held || !r.fallsBack || c.cfg.offline() || e.snap().immutable():
		return never
	case e.snap().fallback():
		at = staleFrom(e.snap().at, *c.cfg.TTL)
	case c.cfg.MaxStale > 0:
		at = staleFrom(e.snap().at, later(*c.cfg.TTL, c.cfg.MaxStale))
	}
	if e.failure() != nil {
		at = max(at, r.until(e.failure()))
	}
	return at
}
