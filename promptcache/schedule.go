package promptcache

import (
	"container/heap"
	"time"
)

// notScheduled is the index of an entry that is in no schedule.
const notScheduled = -1

// schedule orders entries by the moment at which the refresher must look at
// them, so that a scan costs what is due and not what is cached. The caller
// holds the cache's mutex.
type schedule[V any] struct{ heap entryHeap[V] }

// set makes e's moment next; never takes it out.
func (s *schedule[V]) set(e *entry[V], next time.Duration) {
	switch e.next = next; {
	case next == never && e.index == notScheduled:
	case next == never:
		heap.Remove(&s.heap, int(e.index))
	case e.index == notScheduled:
		heap.Push(&s.heap, e)
	default:
		heap.Fix(&s.heap, int(e.index))
	}
}

// due returns an entry whose moment has come, the earliest first; nil if there
// is none. The caller sets its next moment, or it is returned again.
func (s *schedule[V]) due(now time.Duration) *entry[V] {
	if len(s.heap) == 0 || s.heap[0].next > now {
		return nil
	}
	return s.heap[0]
}

type entryHeap[V any] []*entry[V]

func (h entryHeap[V]) Len() int           { return len(h) }
func (h entryHeap[V]) Less(i, j int) bool { return h[i].next < h[j].next }

func (h entryHeap[V]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = int32(i), int32(j) //nolint:gosec // memory ends long before
}

func (h *entryHeap[V]) Push(x any) {
	e := x.(*entry[V])       //nolint:forcetypeassert // schedule is the only caller
	e.index = int32(len(*h)) //nolint:gosec // memory ends long before
	*h = append(*h, e)
}

func (h *entryHeap[V]) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	e.index = notScheduled
	return e
}
