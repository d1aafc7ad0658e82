package promptcache

import "slices"

// queue is first in, first out. An entry leaves it early by no longer being
// queued; pop passes it over, and it is let go of when there are more of its
// kind than of those that wait.
type queue[V any] struct {
	items   []*entry[V]
	head    int
	waiting int // entries that are still queued
}

func (q *queue[V]) push(e *entry[V]) {
	e.set(isQueued)
	q.waiting++
	q.items = append(q.items, e)
	q.tidy()
}

// pop returns the first entry that is still queued, which it then is not; nil
// if there is none.
func (q *queue[V]) pop() *entry[V] {
	for q.head < len(q.items) {
		e := q.items[q.head]
		q.items[q.head] = nil
		q.head++
		if e.is(isQueued) {
			q.leave(e)
			return e
		}
	}
	q.items, q.head = nil, 0
	return nil
}

// leave makes a queued entry no longer queued.
func (q *queue[V]) leave(e *entry[V]) {
	e.drop(isQueued)
	q.waiting--
}

// unqueueLocked takes e out of the refresher's queue, if it is there.
func (c *PromptCache[V]) unqueueLocked(e *entry[V]) {
	if !e.is(isQueued) {
		return
	}
	q := &c.refresher.queue
	q.leave(e)
	q.tidy()
}

// tidy lets go of what does not wait, once that is more than what does.
func (q *queue[V]) tidy() {
	if len(q.items) > 2*q.waiting {
		q.items = slices.DeleteFunc(q.items, func(e *entry[V]) bool { return e == nil || !e.is(isQueued) })
		q.head = 0
	}
}
