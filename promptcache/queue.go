package promptcache

// queue is first in, first out; who is in it may also leave it early. No step
// looks at more than one entry, however many wait. The caller holds the cache's
// mutex.
type queue[V any] struct {
	places      map[*entry[V]]*place[V] // of all that wait
	first, last *place[V]
	waiting     int // entries
	peak        int // the most of them that places has held
}

// place is an entry's in a queue.
type place[V any] struct {
	entry         *entry[V]
	before, after *place[V]
}

// push adds e, which does not wait.
func (q *queue[V]) push(e *entry[V]) {
	p := &place[V]{entry: e, before: q.last}
	if q.last == nil {
		q.first = p
	} else {
		q.last.after = p
	}
	q.last = p
	if q.places == nil {
		q.places = make(map[*entry[V]]*place[V])
	}
	q.places[e] = p
	q.waiting++
	q.peak = max(q.peak, q.waiting)
	e.set(isQueued)
}

// pop takes out the first entry; nil if there is none.
func (q *queue[V]) pop() *entry[V] {
	if q.first == nil {
		return nil
	}
	e := q.first.entry
	q.leave(e)
	return e
}

// leave takes out e, which waits.
func (q *queue[V]) leave(e *entry[V]) {
	p := q.places[e]
	if p.before == nil {
		q.first = p.after
	} else {
		p.before.after = p.after
	}
	if p.after == nil {
		q.last = p.before
	} else {
		p.after.before = p.before
	}
	delete(q.places, e)
	q.waiting--
	if q.waiting == 0 && q.peak > chunk {
		q.places, q.peak = nil, 0 // a map keeps the room that it had
	}
	e.drop(isQueued)
}

// unqueueLocked takes e out of the refresher's queue, if it is there.
func (c *PromptCache[V]) unqueueLocked(e *entry[V]) {
	if e.is(isQueued) {
		c.refresher.queue.leave(e)
	}
}
