package promptcache

import (
	"sync/atomic"
	"time"
)

// maxAliases is how many other spellings of its key are indexed with an entry.
// A prompt has a handful; more would be somebody making them up.
const maxAliases = 4

// entry is one cached prompt, or another spelling of one's key. What is atomic
// may be read without the cache's mutex, as may key, alias and registry, which
// never change; all else is guarded by it, and so is every change.
type entry[V any] struct {
	key   string // canonical, or the other spelling
	stamp stamp  // when it was used last; readers set it, too
	flags
	current  atomic.Pointer[snapshot[V]] // nil in an alias
	registry *registry[V]
	extra    *extra[V]
	turnAt   int32 // its place in the schedule, nowhere if the refresher need not look at it
	rank     int32 // its place in the recency's line or heap
}

// extra is what few entries have.
type extra[V any] struct {
	failure *failure      // the failed attempts since current's, nil if none
	alias   *entry[V]     // what this spelling leads to
	aliases []*entry[V]   // other spellings that lead here
	foundAt time.Duration // see entry.foundAt
}

// snapshot is a value and what is known of it. It never changes: a refresh
// replaces it.
type snapshot[V any] struct {
	value     V
	revision  string
	at        time.Duration // the moment the fetch that brought it began
	fetchedAt int64         // the same by the wall clock: the seconds of Unix time
	nanos     uint32        // and the nanoseconds
	early     early         // when it is due
	kind      snapshotKind
}

// snapshotKind is what a snapshot is, any number of these.
type snapshotKind uint16

const (
	snapImmutable snapshotKind = 1 << iota // it can never change
	snapFallback                           // it stands in for what could not be fetched; see MarkFallback
	snapLoaded                             // from a snapshot, and not fetched since
	snapFetched                            // a fetch has brought it, or has found it unchanged
	snapRefreshed                          // and there was a value before
	snapMarked                             // MarkStale was called since its fetch began, before it was stored

	snapSet snapshotKind = 0 // none of them
)

func (s *snapshot[V]) immutable() bool { return s.kind&snapImmutable != 0 }
func (s *snapshot[V]) fallback() bool  { return s.kind&snapFallback != 0 }
func (s *snapshot[V]) loaded() bool    { return s.kind&snapLoaded != 0 }
func (s *snapshot[V]) fetched() bool   { return s.kind&snapFetched != 0 }

func (s *snapshot[V]) traits() traits { return traits{s.revision, s.immutable()} }

// wall returns when the value was fetched by the wall clock, in a location.
func (s *snapshot[V]) wall(in *time.Location) time.Time {
	return time.Unix(s.fetchedAt, int64(s.nanos)).In(in)
}

func (e *entry[V]) snap() *snapshot[V] { return e.current.Load() }

// replace puts another snapshot in the place of e's.
func (e *entry[V]) replace(s *snapshot[V]) {
	if at := e.foundAt(); !s.fetched() && at != neverFound {
		e.more().foundAt = at
	}
	e.current.Store(s)
}

// failure returns the failed attempts since the current snapshot's, nil if none.
func (e *entry[V]) failure() *failure {
	if e.extra == nil {
		return nil
	}
	return e.extra.failure
}

// setFailure sets it.
func (e *entry[V]) setFailure(f *failure) {
	if f != nil || e.extra != nil {
		e.more().failure = f
	}
	e.put(isFailing, f != nil)
}

// foundAt returns the moment at which the latest fetch of e that succeeded began,
// neverFound if none has.
func (e *entry[V]) foundAt() time.Duration {
	switch s := e.snap(); {
	case s.fetched():
		return s.at
	case e.extra != nil:
		return e.extra.foundAt
	default:
		return neverFound
	}
}

// forgetFound makes foundAt return neverFound.
func (e *entry[V]) forgetFound() {
	if e.extra != nil {
		e.extra.foundAt = neverFound
	}
}

func (e *entry[V]) more() *extra[V] {
	if e.extra == nil {
		e.extra = &extra[V]{foundAt: neverFound}
	}
	return e.extra
}
