package target

import "fmt"

// The names of figures, each of which says what it is of what.
const (
	HitColumnsBehind    = "columns of hits in which a peer is ahead"
	WriterColumnsBehind = "columns of hits with writers in which a peer is ahead"
	GetOrFetchByGet     = "a hit of GetOrFetch, by one of Get"
	LookupByGetAndClock = "a hit of Lookup, by a Get and one reading of the clock"
	Miscounted          = "hits counted by Metrics that were none, or hits not counted, of 8 goroutines"
	SetByExpirable      = "a set that evicts, by golang-lru expirable's Add"
	SmallCache          = "memory of a cache of 100"
	// PublishedHit compares with what the client's author published, for the
	// module is not to be had from the proxy: 465 ns and 4 allocations.
	PublishedHit = "the 465 ns that fgn/go-langfuse published for a hit, by ours (not of one run)"
)

// PublishedNanoseconds are those of PublishedHit.
const PublishedNanoseconds = 465

// Hit is a hit of ours by a peer's.
func Hit(keys, crew, peer string) string { return fmt.Sprintf("hit, %s, %s, by %s", keys, crew, peer) }

// HitAllocations is how many allocations a call makes that hits.
func HitAllocations(call string) string { return "allocations of a hit, " + call }

// WithWriters is a hit with writers by one without.
func WithWriters(keys string) string {
	return fmt.Sprintf("hit, %s, 1 write for 1,000 reads, by one without writes", keys)
}

// DuringRefresh is a hit while entries are refetched by one in quiet.
func DuringRefresh(entries string) string {
	return fmt.Sprintf("hit during a refresh of %s, by one in quiet", entries)
}

// FromExactLRU is how far the hit ratio of a trace is from that of an exact LRU.
func FromExactLRU(trace string) string {
	return fmt.Sprintf("hit ratio of the %s trace, away from an exact LRU's", trace)
}

// ScanTick is the time of one tick that finds nothing due.
func ScanTick(entries string) string { return "a scan that finds nothing due, " + entries }

// Stall is the p99.9 of batches of 1,000 reads during something, by that in
// quiet.
func Stall(during string) string {
	return fmt.Sprintf("p99.9 of 1,000 reads during %s, by that in quiet", during)
}

// RefreshTime is how long all refreshes take by how long they must.
func RefreshTime(entries string) string {
	return fmt.Sprintf("refreshing %s, 10 ms each, 64 at a time, by the ideal", entries)
}

// RefreshAllocations is how many allocations of our own a refresh makes.
func RefreshAllocations(entries string) string {
	return "allocations of a refresh, of " + entries
}

// BytesPerEntry is the memory of an entry beyond its key and value.
func BytesPerEntry(entries string) string { return "memory of each of " + entries }

// SnapshotByJSON is the time from a snapshot to the first prompt by that of
// encoding/json for the same file.
func SnapshotByJSON(prompts string) string {
	return fmt.Sprintf("construction to first prompt, snapshot of %s, by encoding/json", prompts)
}

// ClientHit is a whole client's hit by ours.
func ClientHit(registry, client string) string {
	return fmt.Sprintf("hit of %s, by ours for %s", client, registry)
}
