package promptcache

// heap is a binary min-heap of entries, each of which knows its place in it. The
// caller holds the cache's mutex.
type heap[V any] struct {
	items []ranked[V]
	place func(*entry[V]) *int32 // where an entry keeps its place
}

// ranked is an entry and what it is ordered by.
type ranked[V any] struct {
	key   int64
	entry *entry[V]
}

// nowhere is the place of an entry that is not in the heap.
const nowhere = -1

// push adds e, which is not there.
func (h *heap[V]) push(e *entry[V], key int64) {
	h.items = append(h.items, ranked[V]{})
	h.up(len(h.items)-1, ranked[V]{key, e})
}

// fix orders e, which is there, by another key.
func (h *heap[V]) fix(e *entry[V], key int64) {
	h.settle(int(*h.place(e)), ranked[V]{key, e})
}

// remove takes out e, which is there.
func (h *heap[V]) remove(e *entry[V]) {
	gap, last := int(*h.place(e)), len(h.items)-1
	moved := h.items[last]
	h.items[last] = ranked[V]{}
	h.items = h.items[:last]
	*h.place(e) = nowhere
	if gap != last {
		h.settle(gap, moved)
	}
}

// settle puts x at a gap, or where it belongs above or below it.
func (h *heap[V]) settle(gap int, x ranked[V]) {
	if gap > 0 && x.key < h.items[(gap-1)/2].key {
		h.up(gap, x)
	} else {
		h.down(gap, x)
	}
}

func (h *heap[V]) up(gap int, x ranked[V]) {
	for gap > 0 {
		parent := (gap - 1) / 2
		if h.items[parent].key <= x.key {
			break
		}
		h.put(gap, h.items[parent])
		gap = parent
	}
	h.put(gap, x)
}

func (h *heap[V]) down(gap int, x ranked[V]) {
	for {
		child := 2*gap + 1
		if child >= len(h.items) {
			break
		}
		if child+1 < len(h.items) && h.items[child+1].key < h.items[child].key {
			child++
		}
		if x.key <= h.items[child].key {
			break
		}
		h.put(gap, h.items[child])
		gap = child
	}
	h.put(gap, x)
}

func (h *heap[V]) put(i int, x ranked[V]) {
	h.items[i] = x
	*h.place(x.entry) = int32(i) //nolint:gosec // memory ends long before
}
