// Package peer holds the caches that are compared: ours, those that people use
// in its place, and two that only mark a limit. Each is behind one adapter.
package peer

import (
	"context"
	"time"
)

// Prompt is what all caches hold. It is never changed.
type Prompt struct {
	Name     string
	Commit   string
	Template string
}

// Revision names the content; see promptcache.FetchFunc.
func (p *Prompt) Revision() string { return p.Commit }

// Cache is a peer at work. Its methods may be called from several goroutines,
// but for Fill and Close.
//
// What is timed is Read, and it is a loop within the adapter: the call through
// this interface is made once for many keys, and inside each peer is called
// directly, as its users call it. What is left of the harness is the loop
// itself, which the peer named "empty" measures.
type Cache interface {
	// Read looks up each key as a handler does and returns how many were found.
	Read(keys []string) (found int)
	// Get returns what is cached under key, nil if nothing is.
	Get(key string) *Prompt
	// Set stores a prompt, which may be seen only after Settle.
	Set(key string, p *Prompt)
	// Fill sets every key to the prompt of the same index and settles.
	Fill(keys []string, prompts []*Prompt)
	// Settle returns when earlier Sets have taken effect.
	Settle()
	// Close ends the peer's goroutines, as far as it can.
	Close()
}

// Refreshing is a cache that refetches in the background what is stale.
type Refreshing interface {
	Cache
	// Load is a read-through: it returns what is cached, also if it is stale,
	// and what Options.Fetch brings otherwise.
	Load(ctx context.Context, key string) (*Prompt, error)
	// Delete removes a key.
	Delete(key string)
	// Age makes everything that is cached now stale, and lets a refresher that
	// scans do one scan, which may still be going on when it returns.
	Age()
}

// Scanning is a cache that looks for what is stale at every tick of a clock. It
// is always made with Options.Controlled.
type Scanning interface {
	Refreshing
	// Advance makes it later by d, without a tick.
	Advance(d time.Duration)
	// Tick makes n ticks, one scan right after the other, and returns when the
	// last scan has begun.
	Tick(n int)
	// Refreshed returns how many refreshes have ended since it was made: their
	// results are cached, and their keys may be refreshed again.
	Refreshed() uint64
}

// Options is what a cache is made with.
type Options struct {
	// Capacity is how many prompts it holds.
	Capacity int
	// Fetch is the registry. A nil Fetch knows no prompt.
	Fetch func(ctx context.Context, key string) (*Prompt, error)
	// Concurrency bounds the refreshes under way, for a peer that can; 0 is
	// its default.
	Concurrency int
	// Controlled gives the cache a clock that Age moves. Without it the cache
	// has the real one, which is what hits are timed with.
	Controlled bool
}

// ttl is after how long a prompt is stale: never within a run, unless Age says
// so.
const ttl = time.Hour

// Peer is one row of the tables.
type Peer struct {
	// Name is what the tables call it.
	Name string
	// Module is the path of its module, whose version the report names; "" if
	// it has none but this one or the standard library.
	Module string
	// Limit marks what is no cache: it neither evicts nor counts.
	Limit bool
	// Ours marks this project's cache.
	Ours bool
	// Variant marks another call of a cache that has a row of its own. It is
	// left out where the calls do not differ.
	Variant bool
	// New makes one. It is of no use when the context has ended, and still to be
	// closed.
	New func(context.Context, Options) Cache
	// Refreshes makes one that refreshes; nil if it cannot.
	Refreshes func(context.Context, Options) Refreshing
	// Scans makes one that scans; nil if it does not.
	Scans func(context.Context, Options) Scanning
}

// Stores reports whether the peer is a cache of its own: neither a limit nor
// ours by another call.
func (p Peer) Stores() bool { return !p.Limit && (!p.Ours || !p.Variant) }

// The names of rows that others than the tables speak of.
const (
	// OursName is the row that all others are compared with.
	OursName            = "promptcache"
	OursGetOrFetchName  = "promptcache GetOrFetch"
	OursLookupName      = "promptcache Lookup"
	OursGetAndClockName = "promptcache Get and a reading of the clock"
	OtterName           = "otter"
	OtterRefreshingName = "otter with refresh"
	// SimpleLRUName is the exact LRU.
	SimpleLRUName = "golang-lru simplelru in a mutex"
	ExpirableName = "golang-lru expirable"
	// LimitName is the limit that takes writes, too, CopyOnWriteName the one
	// that does not.
	LimitName       = "limit: xsync.Map"
	CopyOnWriteName = "limit: copy-on-write map"
	// EmptyName is the loop around nothing.
	EmptyName = "empty: the loop itself"
)

// All returns the peers, ours first and the limits last.
func All() []Peer {
	return []Peer{
		{Name: OursName, Ours: true, New: newOurs(readGet), Refreshes: newOursRefreshing, Scans: newOursScanning},
		{Name: OursGetOrFetchName, Ours: true, Variant: true, New: newOurs(readGetOrFetch)},
		{Name: OursLookupName, Ours: true, Variant: true, New: newOurs(readLookup)},
		{Name: OtterName, Module: otterModule, New: newOtter},
		{Name: OtterRefreshingName, Module: otterModule, New: func(ctx context.Context, o Options) Cache { return newOtterRefreshing(ctx, o) }, Refreshes: newOtterRefreshing},
		{Name: "ristretto", Module: "github.com/dgraph-io/ristretto/v2", New: newRistretto},
		{Name: "theine", Module: theineModule, New: newTheine},
		{Name: "theine with loading", Module: theineModule, Variant: true, New: newTheineLoading},
		{Name: "sturdyc with refresh", Module: "github.com/viccon/sturdyc", New: func(ctx context.Context, o Options) Cache { return newSturdyc(ctx, o) }, Refreshes: newSturdyc},
		{Name: "ttlcache", Module: "github.com/jellydator/ttlcache/v3", New: newTTLCache},
		{Name: SimpleLRUName, Module: lruModule, New: newSimpleLRU},
		{Name: "golang-lru", Module: lruModule, New: newLRU},
		{Name: ExpirableName, Module: lruModule, New: newExpirable},
		{Name: "port of LangSmith's cache", Module: lruModule, New: newPort, Refreshes: newPortRefreshing, Scans: newPortScanning},
		{Name: LimitName, Module: "github.com/puzpuzpuz/xsync/v4", Limit: true, New: newXsync},
		{Name: CopyOnWriteName, Limit: true, New: newCopyOnWrite},
		{Name: EmptyName, Limit: true, Variant: true, New: newEmpty},
	}
}

// Calls returns the calls of ours that read, each as a cache of its own, Get
// first; and what Lookup is held against, a Get and one reading of the clock.
func Calls() []Peer {
	return []Peer{
		{Name: OursName, Ours: true, New: newOurs(readGet)},
		{Name: OursGetOrFetchName, Ours: true, Variant: true, New: newOurs(readGetOrFetch)},
		{Name: OursLookupName, Ours: true, Variant: true, New: newOurs(readLookup)},
		{Name: OursGetAndClockName, Ours: true, Variant: true, New: newOurs(readGetAndClock)},
	}
}

// fill sets the keys one after the other.
func fill(c Cache, keys []string, prompts []*Prompt) {
	for i, key := range keys {
		c.Set(key, prompts[i])
	}
	c.Settle()
}
