package promptcache

// linePage is how many follow each other on a page of the line.
const linePage = 64

// line is first in, first out; who is in it may also leave it early. It is kept in
// pages, of which those that all have left are let go. The caller holds the cache's
// mutex.
type line[V any] struct {
	pages      []*linePart[V] // from head's to tail's; nil once all have left it
	head, tail uint32         // the places of the first and of the next to come, modulo 1<<32
	waiting    int            // who is in it
	spare      *linePart[V]   // empty; nil if there is none
}

type linePart[V any] struct {
	items [linePage]ranked[V] // those who have left are no entry
	live  int                 // items that are in line, and one if it is the last page
}

// push adds e at the end.
func (l *line[V]) push(e *entry[V], key int64) {
	if l.tail%linePage == 0 {
		l.turnPage()
	}
	e.rank = int32(l.tail) //nolint:gosec // all of its bits
	e.set(isInLine)
	part := l.pages[len(l.pages)-1]
	part.items[l.tail%linePage] = ranked[V]{key, e}
	part.live++
	l.tail++
	l.waiting++
}

// turnPage begins a page.
func (l *line[V]) turnPage() {
	if last := len(l.pages) - 1; last >= 0 {
		l.leavePage(last)
	}
	part := l.spare
	if l.spare = nil; part == nil {
		part = &linePart[V]{}
	}
	part.live = 1
	l.pages = append(l.pages, part)
}

// leavePage takes one from the i-th page's count, and lets go of it if that was
// the last.
func (l *line[V]) leavePage(i int) {
	part := l.pages[i]
	if part.live--; part.live == 0 {
		l.pages[i], l.spare = nil, part
	}
}

// first returns the first item, if there is one.
func (l *line[V]) first() (ranked[V], bool) {
	for l.waiting > 0 {
		part, i := l.pages[0], l.head%linePage
		switch {
		case part == nil:
			l.head += linePage - i
		case part.items[i].entry != nil:
			return part.items[i], true
		default:
			l.head++
		}
		if l.head%linePage == 0 {
			l.pages = l.pages[1:]
		}
	}
	return ranked[V]{}, false
}

// sparse reports whether more have left early than are in line, by a page at least.
func (l *line[V]) sparse() bool { return int(l.tail-l.head) > 2*l.waiting+linePage }

// remove takes out e, which is in line.
func (l *line[V]) remove(e *entry[V]) {
	at := uint32(e.rank) - l.head/linePage*linePage //nolint:gosec // all of its bits
	l.pages[at/linePage].items[at%linePage] = ranked[V]{}
	l.leavePage(int(at / linePage))
	l.waiting--
	e.drop(isInLine)
	e.rank = nowhere
}
