package promptcache

// queue is first in, first out. An entry leaves it early by no longer being
// queued; pop passes it over.
type queue[V any] struct {
	items   []*entry[V]
	head    int
	waiting int // entries that are still queued
}

func (q *queue[V]) push(e *entry[V]) {
	e.queued = true
	q.waiting++
	q.items = append(q.items, e)
}

// pop returns the first entry that is still queued, which it then is not; nil
// if there is none.
func (q *queue[V]) pop() *entry[V] {
	for q.head < len(q.items) {
		e := q.items[q.head]
		q.items[q.head] = nil
		q.head++
		if e.queued {
			q.leave(e)
			return e
		}
	}
	q.items, q.head = nil, 0
	return nil
}

// leave makes a queued entry no longer queued.
func (q *queue[V]) leave(e *entry[V]) {
	e.queued = false
	q.waiting--
}

// unqueueLocked takes e out of the refresher's queue, if it is there.
func (c *PromptCache[V]) unqueueLocked(e *entry[V]) {
	if e.queued {
		c.refresher.queue.leave(e)
	}
}
