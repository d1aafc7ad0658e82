package promptcache

import (
	"hash/maphash"
	"sync/atomic"
)

const (
	tableMin    = 8    // the slots of the smallest flat table
	segmentSize = 1024 // the slots of a segment, and of the largest flat table
)

// index finds entries by key. Whoever holds the cache's mutex changes it;
// anybody may look things up without it.
//
// It is a hash table with open addressing and linear probing. A small one is
// one flat table, which doubles when it is full. From there on it is an
// extendible hash table: segments of one size, picked by the first bits of the
// hash, of which a full one is split. So no change costs more than one segment,
// however many entries there are.
//
// What holds:
//   - Only the holder of the mutex stores anything. A key is in it once.
//   - Between two changes find is exact. During a change it may miss a key that
//     is there, because its entry is being moved, but never returns an entry of
//     another key, nor one that was removed before find was called. So whoever
//     misses looks again under the mutex.
//   - A table or segment that was replaced is never changed again: readers that
//     still are in it see what was there at that moment.
//   - A flat table or segment is at most three quarters full, so that a search
//     ends.
type index[V any] struct {
	seed  maphash.Seed
	table atomic.Pointer[table[V]]
	flat  int // entries in the flat table, while there is one; guarded by the mutex
}

// table is a flat table, or a directory of segments.
type table[V any] struct {
	flat     slots[V]                     // empty if there are segments
	shift    uint                         // what it takes to keep the hash's first bits
	segments []atomic.Pointer[segment[V]] // each at every place that begins with its own bits
}

type segment[V any] struct {
	all   [segmentSize]slot[V]
	depth uint // how many of the hash's first bits its keys have in common
	used  int  // guarded by the mutex
}

func (s *segment[V]) slots() slots[V] { return s.all[:] }

// slots are a power of two; an entry is in the one of its hash or, if that is
// taken, in the next one that is free.
type slots[V any] []slot[V]

// slot has an entry beside the low half of its hash, so that nobody looks at an
// entry in vain. A reader may see either without the other.
type slot[V any] struct {
	entry atomic.Pointer[entry[V]]
	hash  atomic.Uint32
}

func (x *index[V]) init() {
	x.seed = maphash.MakeSeed()
	x.table.Store(&table[V]{flat: make(slots[V], tableMin)})
}

// find returns the entry under key, nil if it finds none.
func (x *index[V]) find(key string) *entry[V] {
	h := maphash.String(x.seed, key)
	in := x.slotsOf(h)
	for e, at := in.next(h, h); ; e, at = in.next(h, at+1) {
		if e == nil || e.key == key {
			return e
		}
	}
}

// slotsOf returns the slots in which keys of the hash h are.
func (x *index[V]) slotsOf(h uint64) slots[V] {
	t := x.table.Load()
	if t.flat != nil {
		return t.flat
	}
	return t.segments[h>>(t.shift&63)].Load().all[:]
}

// next returns the first entry from a place on whose hash has the same low half as
// h, and its place; nil if a search for h ends before.
func (s slots[V]) next(h, from uint64) (e *entry[V], place uint64) {
	for mask := uint64(len(s)) - 1; ; from++ {
		at := &s[from&mask]
		e = at.entry.Load()
		if e == nil {
			return nil, from
		}
		if at.hash.Load() == uint32(h) { //nolint:gosec // the low half is meant
			return e, from
		}
	}
}

// add puts e, whose key must not be there, under it.
func (x *index[V]) add(e *entry[V]) {
	h := maphash.String(x.seed, e.key)
	t := x.table.Load()
	if n := len(t.flat); n > 0 && x.flat == n/4*3 {
		x.outgrow(t.flat)
		t = x.table.Load()
	}
	if t.flat != nil {
		t.flat.put(e, h)
		x.flat++
		return
	}
	s := x.segmentOf(h)
	for s.used == segmentSize/4*3 {
		x.split(h, s)
		s = x.segmentOf(h)
	}
	s.put(e, h)
}

// remove takes out e, which must be there.
func (x *index[V]) remove(e *entry[V]) {
	h := maphash.String(x.seed, e.key)
	if t := x.table.Load(); t.flat != nil {
		t.flat.take(e, h)
		x.flat--
		return
	}
	s := x.segmentOf(h)
	s.slots().take(e, h)
	s.used--
}

func (x *index[V]) segmentOf(h uint64) *segment[V] {
	t := x.table.Load()
	return t.segments[h>>(t.shift&63)].Load()
}

// outgrow moves a full flat table into one of twice the size, or into two
// segments.
func (x *index[V]) outgrow(full slots[V]) {
	if n := len(full); n < segmentSize {
		wider := make(slots[V], 2*n)
		for e := range full.all {
			wider.put(e, maphash.String(x.seed, e.key))
		}
		x.table.Store(&table[V]{flat: wider})
		return
	}
	t := &table[V]{shift: 63, segments: make([]atomic.Pointer[segment[V]], 2)}
	for i := range t.segments {
		t.segments[i].Store(&segment[V]{depth: 1})
	}
	for e := range full.all {
		h := maphash.String(x.seed, e.key)
		t.segments[h>>t.shift].Load().put(e, h)
	}
	x.table.Store(t)
}

// split puts two segments in the place of a full one, that of h.
func (x *index[V]) split(h uint64, full *segment[V]) {
	t := x.table.Load()
	if len(t.segments) == 1<<full.depth {
		t = t.doubled()
		x.table.Store(t)
	}
	var halves [2]*segment[V]
	for i := range halves {
		halves[i] = &segment[V]{depth: full.depth + 1}
	}
	for e := range full.slots().all {
		h := maphash.String(x.seed, e.key)
		halves[h<<full.depth>>63].put(e, h)
	}
	first, places := t.placesOf(int(h>>t.shift), full) //nolint:gosec // a place
	for i := range places {
		t.segments[first+i].Store(halves[2*i/places])
	}
}

// doubled returns a directory that looks at one more bit.
func (t *table[V]) doubled() *table[V] {
	wider := &table[V]{shift: t.shift - 1, segments: make([]atomic.Pointer[segment[V]], 2*len(t.segments))}
	for i := range wider.segments {
		wider.segments[i].Store(t.segments[i/2].Load())
	}
	return wider
}

// placesOf returns the first of the places at which s, which is at the place
// given, stands, and how many there are.
func (t *table[V]) placesOf(place int, s *segment[V]) (first, places int) {
	places = len(t.segments) >> s.depth
	return place &^ (places - 1), places
}

func (s *segment[V]) put(e *entry[V], h uint64) {
	s.slots().put(e, h)
	s.used++
}

// put adds e, of the hash h, for which there is room.
func (s slots[V]) put(e *entry[V], h uint64) {
	mask := uint64(len(s)) - 1
	i := h & mask
	for s[i].entry.Load() != nil {
		i = (i + 1) & mask
	}
	s.set(i, e, uint32(h)) //nolint:gosec // the low half is meant
}

func (s slots[V]) set(i uint64, e *entry[V], hash uint32) {
	s[i].hash.Store(hash)
	s[i].entry.Store(e)
}

// take removes e, of the hash h, which must be there, and moves up what stands
// behind it, so that no gap ends a search too early.
func (s slots[V]) take(e *entry[V], h uint64) {
	mask := uint64(len(s)) - 1
	gap := h & mask
	for s[gap].entry.Load() != e {
		gap = (gap + 1) & mask
	}
	for i := (gap + 1) & mask; ; i = (i + 1) & mask {
		next := s[i].entry.Load()
		if next == nil {
			break
		}
		if hash := s[i].hash.Load(); (i-uint64(hash))&mask >= (i-gap)&mask { // its search passes the gap
			s.set(gap, next, hash)
			gap = i
		}
	}
	s[gap].entry.Store(nil)
}

// all yields the entries.
func (s slots[V]) all(yield func(*entry[V]) bool) {
	for i := range s {
		if e := s[i].entry.Load(); e != nil && !yield(e) {
			return
		}
	}
}

// part returns the entries of one part of the index, and the number of the next
// part, 0 after the last. The parts are those of t, which may be an older table:
// an entry that has been there since t was loaded is in exactly one of them. The
// caller holds the mutex.
func (t *table[V]) part(n int) (entries []*entry[V], next int) {
	in := t.flat
	if t.flat == nil {
		s := t.segments[n].Load()
		in = s.slots()
		first, places := t.placesOf(n, s)
		next = (first + places) % len(t.segments)
	}
	for e := range in.all {
		entries = append(entries, e)
	}
	return entries, next
}
