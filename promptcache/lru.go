package promptcache

import (
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
)

// maxAliases is how many other spellings of its key are indexed with an entry.
// A prompt has a handful; more would be somebody making them up.
const maxAliases = 4

// snapshot is a value and what is known of it. It never changes: a refresh
// replaces it.
type snapshot[V any] struct {
	value V
	traits
	at        time.Duration // the moment the fetch that brought it began
	fetchedAt time.Time     // the same by the wall clock
	early     float64       // the fraction of the TTL, drawn once, after which it is due
	fallback  bool          // it stands in for what could not be fetched; see MarkFallback
	loaded    bool          // from a snapshot, and not fetched since
}

// entry is one cached prompt. All but key and registry are guarded by the
// cache's mutex.
type entry[V any] struct {
	key      string // canonical
	registry *registry[V]
	aliases  []string // other spellings of key that lead here

	snap    *snapshot[V]
	failure *failure // the failed attempts since snap's, nil if none

	lastRead time.Duration // not after the last read, nor more than an interval before it
	next     time.Duration // when the refresher must look at it, see schedule
	index    int           // its place in the schedule, notScheduled if it has none

	marked  bool // MarkStale was called since snap's fetch began
	stale   bool // seen to be stale, by whoever looked last
	expired bool // seen to be too old to be served by the refresher
	dormant bool // due, but unread for IdleAfter
	queued  bool // in the refresher's queue
	parked  bool // due, but waits for its registry, or for its turn after that is back
	hurried bool // read since its registry is back
	gone    bool // no longer in the cache
	trouble trouble

	foundAt time.Duration // the moment the latest fetch of it that succeeded began, before all others if none has
	foundIn int           // the registry's inquiry that has counted it as found

	wokenBy *refresher[V] // the refresher that was told of it and has not refetched it yet
}

// lru is the cache's membership and order. The caller holds the cache's mutex.
//
// expirable.LRU is used without its expiry, whose goroutine cannot be stopped,
// and without its size: its Add does not say what it evicted, so the cache adds
// first and then removes the oldest itself. A refresh never goes through add,
// for that would make the entry the most recently used one.
type lru[V any] struct {
	entries *expirable.LRU[string, *entry[V]]
	loaded  *expirable.LRU[string, *entry[V]] // from snapshots, not read since: less recently used than all entries
	aliases map[string]*entry[V]
}

func newLRU[V any]() *lru[V] {
	return &lru[V]{
		entries: expirable.NewLRU[string, *entry[V]](0, nil, 0),
		loaded:  expirable.NewLRU[string, *entry[V]](0, nil, 0),
		aliases: make(map[string]*entry[V]),
	}
}

// touch returns the entry that key or one of its indexed spellings leads to
// and makes it the most recently used one; nil if there is none.
func (l *lru[V]) touch(key string) *entry[V] {
	if e, ok := l.entries.Get(key); ok {
		return e
	}
	e, ok := l.aliases[key]
	if !ok {
		e, ok = l.loaded.Peek(key)
	}
	if !ok {
		return nil
	}
	if _, ok := l.entries.Get(e.key); !ok {
		l.loaded.Remove(e.key)
		l.entries.Add(e.key, e)
	}
	return e
}

// peek returns the entry of a canonical key without touching it.
func (l *lru[V]) peek(key string) *entry[V] {
	e, ok := l.entries.Peek(key)
	if !ok {
		e, _ = l.loaded.Peek(key)
	}
	return e
}

// add makes e, whose key must not be there yet, the most recently used entry.
func (l *lru[V]) add(e *entry[V]) { l.entries.Add(e.key, e) }

// addLoaded makes e, whose key must not be there yet, the most recently used of
// those that were loaded and not read since.
func (l *lru[V]) addLoaded(e *entry[V]) { l.loaded.Add(e.key, e) }

// alias indexes a spelling with e, unless e has enough of them.
func (l *lru[V]) alias(e *entry[V], spelling string) {
	if len(e.aliases) < maxAliases && l.aliases[spelling] == nil && spelling != e.key {
		e.aliases = append(e.aliases, spelling)
		l.aliases[spelling] = e
	}
}

// remove takes e and its spellings out.
func (l *lru[V]) remove(e *entry[V]) {
	l.entries.Remove(e.key)
	l.loaded.Remove(e.key)
	for _, spelling := range e.aliases {
		delete(l.aliases, spelling)
	}
}

// oldest returns the least recently used entry, nil if there is none.
func (l *lru[V]) oldest() *entry[V] {
	_, e, ok := l.loaded.GetOldest()
	if !ok {
		_, e, _ = l.entries.GetOldest()
	}
	return e
}

// len returns the number of entries.
func (l *lru[V]) len() int { return l.loaded.Len() + l.entries.Len() }

// keys returns the canonical keys, least recently used first.
func (l *lru[V]) keys() []string { return append(l.loaded.Keys(), l.entries.Keys()...) }

// all returns the entries, least recently used first.
func (l *lru[V]) all() []*entry[V] { return append(l.loaded.Values(), l.entries.Values()...) }
