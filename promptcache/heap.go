package promptcache

// heap is a binary min-heap of entries, each of which knows its place in it. The
// caller holds the cache's mutex.
type heap[V any] struct {
	items pages[ranked[V]]
	place func(*entry[V]) *int32 // where an entry keeps its place
}

// ranked is an entry and what it is ordered by.
type ranked[V any] struct {
	key   int64
	entry *entry[V]
}

// nowhere is the place of an entry that is not in the heap.
const nowhere = -1

// first returns the first item, if there is one.
func (h *heap[V]) first() (ranked[V], bool) {
	if h.items.n == 0 {
		return ranked[V]{}, false
	}
	return *h.items.at(0), true
}

// push adds e, which is not there.
func (h *heap[V]) push(e *entry[V], key int64) {
	x := ranked[V]{key, e}
	h.items.push(x)
	h.up(h.items.n-1, x)
}

// fix orders e, which is there, by another key.
func (h *heap[V]) fix(e *entry[V], key int64) {
	h.settle(int(*h.place(e)), ranked[V]{key, e})
}

// remove takes out e, which is there.
func (h *heap[V]) remove(e *entry[V]) {
	gap, last := int(*h.place(e)), h.items.pop()
	*h.place(e) = nowhere
	if gap != h.items.n {
		h.settle(gap, last)
	}
}

// settle puts x at a gap, or where it belongs above or below it.
func (h *heap[V]) settle(gap int, x ranked[V]) {
	if gap > 0 && x.key < h.items.at((gap-1)/2).key {
		h.up(gap, x)
	} else {
		h.down(gap, x)
	}
}

func (h *heap[V]) up(gap int, x ranked[V]) {
	for gap > 0 {
		above := (gap - 1) / 2
		parent := *h.items.at(above)
		if parent.key <= x.key {
			break
		}
		h.put(gap, parent)
		gap = above
	}
	h.put(gap, x)
}

func (h *heap[V]) down(gap int, x ranked[V]) {
	for {
		below := 2*gap + 1
		if below >= h.items.n {
			break
		}
		child := *h.items.at(below)
		if below+1 < h.items.n {
			if other := *h.items.at(below + 1); other.key < child.key {
				below, child = below+1, other
			}
		}
		if x.key <= child.key {
			break
		}
		h.put(gap, child)
		gap = below
	}
	h.put(gap, x)
}

func (h *heap[V]) put(i int, x ranked[V]) {
	*h.items.at(i) = x
	*h.place(x.entry) = int32(i) //nolint:gosec // memory ends long before
}
