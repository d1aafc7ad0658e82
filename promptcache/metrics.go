package promptcache

// Metrics is a snapshot of a cache's counters. They are exact, also under
// concurrency, and count since New or the last ResetMetrics. docs/semantics.md
// has one table of what each call counts.
//
// Every fetch that has ended is in exactly one of: stored (the misses' own and
// Refreshes), Dropped, FetchErrors, FetchesCanceled.
type Metrics struct {
	Hits      uint64 // reads that found a prompt that may be served, stale ones included
	StaleHits uint64 // reads that found a stale one
	Misses    uint64 // reads that found nothing, or only a prompt that is too old

	Fetches         uint64 // fetches begun, for whatever reason
	FetchErrors     uint64 // fetches that failed, timeouts included
	FetchesCanceled uint64 // fetches ended because nobody wanted the result any more
	Dropped         uint64 // fetches that succeeded, but whose key was invalidated, cleared or evicted meanwhile
	Refreshes       uint64 // successful fetches of a prompt that was cached
	RefreshErrors   uint64 // failed fetches of a prompt that was cached; in FetchErrors, too
	Unchanged       uint64 // refreshes that brought what was there already; in Refreshes, too
	NotFound        uint64 // fetches answered with ErrNotFound; in FetchErrors, too
	Rejected        uint64 // fetches answered with ErrInvalid; in FetchErrors, too

	Evictions     uint64 // prompts removed to make room, or by Configure
	Invalidations uint64 // prompts removed by Invalidate and Clear
	Removals      uint64 // prompts removed because the registry says that they do not exist

	Fallbacks       uint64 // calls of GetOr that returned the fallback
	StoredFallbacks uint64 // failed fetches that brought a fallback, which was cached; in FetchErrors, too
	DroppedEvents   uint64 // events that a slow subscriber lost

	SnapshotLoaded uint64 // prompts loaded from snapshots
	SnapshotWrites uint64 // snapshot files written, by autosave and DumpFile
	SnapshotErrors uint64 // snapshots that could not be loaded, and files that could not be written
}

// TotalRequests returns the number of reads: hits and misses.
func (m Metrics) TotalRequests() uint64 { return m.Hits + m.Misses }

// HitRate returns the fraction of reads that were hits, 0 when there were none.
func (m Metrics) HitRate() float64 {
	if m.TotalRequests() == 0 {
		return 0
	}
	return float64(m.Hits) / float64(m.TotalRequests())
}

// Metrics returns the counters as they are now. The snapshot is the caller's
// to keep.
func (c *PromptCache[V]) Metrics() Metrics {
	c.mu.Lock()
	defer c.unlock()
	hits, staleHits := c.hitsLocked()
	m := c.metrics
	m.Hits += hits - c.cleared.hits
	m.StaleHits += staleHits - c.cleared.staleHits
	m.StaleHits = min(m.StaleHits, m.Hits) // ResetMetrics may have come between the two halves of counting a stale hit
	return m
}

// ResetMetrics sets all counters to 0.
func (c *PromptCache[V]) ResetMetrics() {
	c.mu.Lock()
	defer c.unlock()
	c.metrics = Metrics{}
	c.cleared.hits, c.cleared.staleHits = c.hitsLocked()
}

// hitsLocked returns how many hits needed no mutex.
func (c *PromptCache[V]) hitsLocked() (hits, staleHits uint64) {
	hits, staleHits = c.counters.sum()
	return hits + c.entries.recency.uses(), staleHits
}
