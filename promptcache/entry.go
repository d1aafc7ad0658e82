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
	key      string                      // canonical, or the other spelling
	stamp    atomic.Int64                // when it was used last, see recency; readers set it, too
	flags    atomic.Uint32               // see flag; the upper half is the number of the refresher that was told of it
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

// flag is what is true of an entry.
type flag uint32

const (
	isMarked   flag = 1 << iota // MarkStale was called since current's fetch began
	isStale                     // seen to be stale, by whoever looked last
	isExpired                   // seen to be too old to be served by the refresher
	isCalling                   // whoever reads it while it is stale must see to it that it is refetched
	isDormant                   // due, but unread for IdleAfter
	isQueued                    // in the refresher's queue
	isParked                    // due, but waits for its registry, or for its turn after that is back
	isHurried                   // read since its registry is back
	isGone                      // no longer in the cache
	isSpelling                  // it is another spelling of a key
	isStuck                     // it was served stale, and has been failing or waiting for its registry since
	isRejected                  // its latest answer was rejected; what is served is older
	isFailing                   // it has a failure
	isHushed                    // it is on its registry's list of those whose readers need not call
	isInLine                    // its rank is that in the recency's line
	isSeen                      // whether the queue has looked at its place; see queue.round

	refresherShift = 16
)

func (e *entry[V]) snap() *snapshot[V] { return e.current.Load() }

func (e *entry[V]) is(f flag) bool { return flag(e.flags.Load())&f != 0 }
func (e *entry[V]) set(f flag)     { e.flags.Or(uint32(f)) }
func (e *entry[V]) drop(f flag)    { e.flags.And(^uint32(f)) }

func (e *entry[V]) put(f flag, on bool) {
	if on {
		e.set(f)
	} else {
		e.drop(f)
	}
}

// wokenBy returns the number of the refresher that was told of e by a reader and
// has not refetched it yet, 0 for none.
func (e *entry[V]) wokenBy() uint16 { return uint16(e.flags.Load() >> refresherShift) }

func (e *entry[V]) setWokenBy(number uint16) {
	for {
		old := e.flags.Load() // readers change it, too: see tell
		if e.flags.CompareAndSwap(old, old&(1<<refresherShift-1)|uint32(number)<<refresherShift) {
			return
		}
	}
}

// sleep makes e's next reader tell the refresher of it again.
func (e *entry[V]) sleep() {
	e.setWokenBy(0)
	e.set(isCalling)
}

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
