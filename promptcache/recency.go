package promptcache

import (
	"sync/atomic"
	"time"
)

// recency knows in what order entries were used last. Readers stamp an entry
// without the cache's mutex; whoever holds it may ask for the least recently
// used one.
//
// A stamp is a moment in nanoseconds, so that it also tells when the entry was
// read: not after that, nor before the last tick. Its clock is never behind the
// latest tick, and each use moves it on by one, which is less than a use takes.
//
// What holds:
//   - The clock and every stamp only grow. A used entry's stamp is the clock's.
//   - While no two readers meet, every use moves the clock on, so no two stamps
//     are equal: the order is exact.
//   - Once two have met, twice in a row, or a reader and the search for the oldest
//     (the clock is shared), uses take the clock's stamp as it is and write nothing if the
//     entry has it already. The next entry to be added, the next scan or the end
//     of the search ends that. So uses tie only between the same two of those.
//   - An entry is in the line of those that were added, or once it was found to
//     have been used since, in the heap; both are ordered by the stamp it had when
//     it took its place, which is not more than it has. So once the first one of
//     both has the stamp that it took its place with, no entry's is less.
//   - uses counts the times that use moved the clock on.
type recency[V any] struct {
	_     [64]byte // readers write the clock: nothing that they only read may lie beside it
	clock atomic.Int64
	_     [56]byte

	skipped int64 // how far the clock was moved on by others than use
	loaded  int64 // the latest stamp of a loaded entry
	added   line[V]
	heap    heap[V]
}

const (
	shared  = 1       // the bit of the clock that says that readers have met, or the oldest is looked for
	instant = 2       // what one use adds to the clock
	live    = 1 << 62 // the bit of a stamp that loaded entries do not have, so that they are less recent than all others
)

// stampOf returns the stamp of a moment, without the bit live.
func stampOf(moment time.Duration) int64 { return min(int64(max(0, moment)), live/instant-1) * instant }

// momentOf returns the moment of a stamp.
func momentOf(stamp int64) time.Duration { return time.Duration(stamp &^ live / instant) }

func (r *recency[V]) init() {
	r.clock.Store(live)
	r.heap.place = func(e *entry[V]) *int32 { return &e.rank }
}

// use makes e the most recently used entry. It reports whether it has moved the
// clock on, which counts as a use.
func (r *recency[V]) use(e *entry[V]) (counted bool) {
	now, stamp := r.clock.Load(), e.stamp.Load()
	switch {
	case stamp == now&^shared:
		return false
	case now&shared != 0 || !r.clock.CompareAndSwap(now, now+instant):
		return r.useMet(e, now)
	case !e.stamp.CompareAndSwap(stamp, now+instant):
		e.stamp.atLeast(now + instant)
	}
	return true
}

// useMet is the rest of use once somebody was met: another reader, now or before,
// or a scan, which nobody meets twice in a row. So a program whose reads meet
// nothing but scans keeps its order.
//
//go:noinline
func (r *recency[V]) useMet(e *entry[V], now int64) (counted bool) {
	if now&shared == 0 {
		now = r.clock.Load()
		if now&shared == 0 && r.clock.CompareAndSwap(now, now+instant) {
			e.stamp.atLeast(now + instant)
			return true
		}
		now = r.clock.Or(shared)
	}
	e.stamp.atLeast(now &^ shared)
	return false
}

// stamp is when an entry was used last; see recency.
type stamp struct{ atomic.Int64 }

// atLeast makes it stamp at least.
//
//go:noinline
func (s *stamp) atLeast(stamp int64) {
	for {
		old := s.Load()
		if old >= stamp || s.CompareAndSwap(old, stamp) {
			return
		}
	}
}

// advance moves the clock on, to the moment given at least. The caller holds the
// mutex.
func (r *recency[V]) advance(moment time.Duration) (stamp int64) {
	for {
		old := r.clock.Load()
		now := max(old&^shared+instant, live|stampOf(moment))
		if r.clock.CompareAndSwap(old, now) {
			r.skipped += now - old&^shared
			return now
		}
	}
}

// uses returns how often use has counted. The caller holds the mutex.
func (r *recency[V]) uses() uint64 {
	return uint64(r.clock.Load()&^shared-live-r.skipped) / instant //nolint:gosec // it only grows
}

// touch is use for the holder of the mutex, as of a moment, and counts nothing.
func (r *recency[V]) touch(e *entry[V], moment time.Duration) {
	if now := r.clock.Load(); now&shared != 0 {
		e.stamp.atLeast(now &^ shared)
		return
	}
	e.stamp.atLeast(r.advance(moment))
}

// add takes in e, which is the most recently used entry or, if it is loaded, the
// most recently used of those.
func (r *recency[V]) add(e *entry[V], moment time.Duration, isLoaded bool) {
	var stamp int64
	if isLoaded {
		r.loaded = max(r.loaded+instant, stampOf(moment))
		stamp = r.loaded
	} else {
		stamp = r.advance(moment)
	}
	e.stamp.Store(stamp)
	if isLoaded {
		r.heap.push(e, stamp)
		return
	}
	r.added.push(e, stamp)
	for range 2 {
		if r.added.sparse() { // those at its end may be removed for ever while the first ones stay
			r.promote()
		}
	}
}

// promote moves the first entry in line, of which there must be one, to the heap.
func (r *recency[V]) promote() {
	first, _ := r.added.first()
	r.added.remove(first.entry)
	r.heap.push(first.entry, first.key)
}

// remove takes out e, which is there.
func (r *recency[V]) remove(e *entry[V]) {
	if e.is(isInLine) {
		r.added.remove(e)
	} else {
		r.heap.remove(e)
	}
}

// oldest returns the least recently used entry, nil if it takes more than tries
// entries that were used meanwhile to find it; then the next call goes on. There
// must be one. Until it is found, uses take the stamp that the clock has now: else
// a reader that goes round all entries in order would use each just before it is
// found.
func (r *recency[V]) oldest(tries int) *entry[V] {
	for range tries {
		first, waits := r.added.first()
		if top, ok := r.heap.first(); ok && (!waits || top.key < first.key) {
			first, waits = top, false
		}
		e, stamp := first.entry, first.entry.stamp.Load()
		if stamp == first.key {
			if r.clock.Load()&shared != 0 {
				r.advance(0)
			}
			return e
		}
		r.clock.Or(shared)
		if waits {
			r.added.remove(e)
			r.heap.push(e, stamp)
		} else {
			r.heap.fix(e, stamp)
		}
	}
	return nil
}
