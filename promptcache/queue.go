package promptcache

// queue is first in, first out. An entry leaves it early by no longer being
// queued; pop passes it over.
type queue[V any] struct {
	items []*entry[V]
	head  int
}

func (q *queue[V]) push(e *entry[V]) { q.items = append(q.items, e) }

// pop returns the first entry that is still queued, nil if there is none.
func (q *queue[V]) pop() *entry[V] {
	for q.head < len(q.items) {
		e := q.items[q.head]
		q.items[q.head] = nil
		q.head++
		if e.queued {
			return e
		}
	}
	q.items, q.head = nil, 0
	return nil
}

// len returns the number of entries in the queue, those that have left it
// early included.
func (q *queue[V]) len() int { return len(q.items) - q.head }
