package promptcache

// line is first in, first out; who is in it may also leave it early. It is a ring.
// The caller holds the cache's mutex.
type line[V any] struct {
	items      []ranked[V] // a power of two; at its rank, each; those who have left are no entry
	head, tail int         // how many have been passed, and how many have come; modulo its size, where
	left       int         // who has, between the two
}

// lineMin is the size of the smallest line.
const lineMin = 8

// push adds e at the end.
func (l *line[V]) push(e *entry[V], key int64) {
	if l.tail-l.head == len(l.items) {
		l.makeRoom()
	}
	e.rank = int32(l.tail & (len(l.items) - 1)) //nolint:gosec // memory ends long before
	e.set(isInLine)
	l.items[e.rank] = ranked[V]{key, e}
	l.tail++
}

// makeRoom makes those who wait follow each other, in a ring with room for as many
// more at least.
func (l *line[V]) makeRoom() {
	waiting := l.tail - l.head - l.left
	size := max(lineMin, len(l.items))
	for size < 2*waiting {
		size *= 2
	}
	items := make([]ranked[V], 0, size)
	for ; l.head < l.tail; l.head++ {
		if x := l.items[l.head&(len(l.items)-1)]; x.entry != nil {
			x.entry.rank = int32(len(items)) //nolint:gosec // memory ends long before
			items = append(items, x)
		}
	}
	*l = line[V]{items: items[:size], tail: waiting}
}

// first returns the first item, if there is one.
func (l *line[V]) first() (ranked[V], bool) {
	for ; l.head < l.tail; l.head++ {
		if x := l.items[l.head&(len(l.items)-1)]; x.entry != nil {
			return x, true
		}
		l.left--
	}
	return ranked[V]{}, false
}

// remove takes out e, which is in line.
func (l *line[V]) remove(e *entry[V]) {
	l.items[e.rank] = ranked[V]{}
	l.left++
	e.drop(isInLine)
	e.rank = nowhere
}
