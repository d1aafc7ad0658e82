package promptcache

// queue is first in, first out. An entry may leave it early, by no longer being
// queued; its place is passed over. No step looks at more than a few places. The
// caller holds the cache's mutex.
type queue[V any] struct {
	seen    chain[*entry[V]] // the first places, which leave has looked at lately
	places  chain[*entry[V]] // the others
	waiting int              // entries that are queued
	round   bool             // changes each time that all places were looked at
}

// sweep is how many places are looked at when somebody leaves and there are more
// places than twice those who wait: enough to be faster than new ones come.
const sweep = 4

// push adds e, which is not queued. If it was, and its place is still there, it
// takes that.
func (q *queue[V]) push(e *entry[V]) {
	e.set(isQueued)
	e.put(isSeen, !q.round)
	q.waiting++
	q.places.push(e)
}

// pop takes out the first place, if there is one, and returns who waits there, nil
// if nobody does.
func (q *queue[V]) pop() (e *entry[V], ok bool) {
	if e, ok = q.seen.pop(); !ok {
		e, ok = q.places.pop()
	}
	if !ok || !e.is(isQueued) {
		return nil, ok
	}
	e.drop(isQueued)
	q.waiting--
	return e, true
}

// leave makes a queued entry no longer queued, and lets go of a few places where
// nobody waits, or somebody who has one before, if they are many.
func (q *queue[V]) leave(e *entry[V]) {
	e.drop(isQueued)
	q.waiting--
	if q.seen.len == 0 && q.places.len <= 2*q.waiting {
		return
	}
	for range sweep {
		first, ok := q.places.pop()
		if !ok {
			q.seen, q.places = q.places, q.seen
			q.round = !q.round
			return
		}
		if first.is(isQueued) && first.is(isSeen) != q.round {
			first.put(isSeen, q.round)
			q.seen.push(first)
		}
	}
}

// unqueueLocked takes e out of the refresher's queue, if it is there.
func (c *PromptCache[V]) unqueueLocked(e *entry[V]) {
	if e.is(isQueued) {
		c.refresher.queue.leave(e)
	}
}
