package sim

import "time"

// none is the index of no prompt.
const none = -1

// line is prompts that wait for their turn, each in it once at most. A copy is
// another line.
type line struct {
	prompts  [maxPrompts]uint8
	from, to uint8
}

// push puts a prompt at the end.
func (l *line) push(k int) {
	l.prompts[l.to] = uint8(k) //nolint:gosec // less than maxPrompts
	l.to++
}

// pop takes the first, or none.
func (l *line) pop() int {
	if l.from == l.to {
		return none
	}
	k := l.prompts[l.from]
	l.from++
	return int(k)
}

// all returns those that are left.
func (l *line) all() []uint8 { return l.prompts[l.from:l.to] }

// ranking is a line in the order of a key, of equal ones the first that came.
type ranking struct {
	line
	keys [maxPrompts]time.Duration
}

// insert puts a prompt in its place.
func (r *ranking) insert(k int, key time.Duration) {
	i := r.to
	r.push(k)
	for ; i > 0 && r.keys[i-1] > key; i-- {
		r.prompts[i], r.keys[i] = r.prompts[i-1], r.keys[i-1]
	}
	r.prompts[i], r.keys[i] = uint8(k), key //nolint:gosec // less than maxPrompts
}

// queue is prompts that wait for their turn, some perhaps more than once.
type queue struct {
	prompts []uint8
	from    int
}

// push puts a prompt at the end.
func (q *queue) push(k int) {
	if q.from > 0 && len(q.prompts) == cap(q.prompts) {
		q.prompts = q.prompts[:copy(q.prompts, q.prompts[q.from:])]
		q.from = 0
	}
	q.prompts = append(q.prompts, uint8(k)) //nolint:gosec // less than maxPrompts
}

// pop takes the first, or none.
func (q *queue) pop() int {
	if q.from == len(q.prompts) {
		return none
	}
	k := q.prompts[q.from]
	q.from++
	return int(k)
}

// become makes it like another one.
func (q *queue) become(other *queue) {
	q.prompts = append(q.prompts[:0], other.prompts[other.from:]...)
	q.from = 0
}
