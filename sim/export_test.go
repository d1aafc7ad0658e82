package sim

import (
	"cmp"
	"slices"
	"time"
)

// Traced is Run that also returns when each instance made its requests, in
// order.
func Traced(s Scenario, p Policy) (*Result, [][]time.Duration) {
	w := newWorld(&s, p.ttl())
	asked := make([][]time.Duration, s.Instances)
	w.registry.heard = func(id int, at time.Duration) { asked[id] = append(asked[id], at) }
	p.play([]*world{w})
	for _, times := range asked {
		slices.Sort(times)
	}
	return newResult(w, p), asked
}

// Answer is what a request comes to.
type Answer struct {
	OK, Limited bool
	RetryAfter  time.Duration
}

// Stage is a scenario's registry and audience for a fleet that is no model.
type Stage struct {
	s *Scenario
	w *world
}

func NewStage(s Scenario, ttl time.Duration) *Stage {
	return &Stage{&s, counting(newWorld(&s, ttl))}
}

// Ask has the registry answer a request; it must be asked in the order of time.
func (st *Stage) Ask(at time.Duration) Answer {
	a := st.w.registry.ask(0, at)
	return Answer{a.ok, a.limited, a.retryAfter}
}

// counting has w's registry, which must be asked in the order of time, count
// what it serves in each minute.
func counting(w *world) *world {
	minute, served := time.Duration(0), 0
	w.registry.heard = func(_ int, at time.Duration) {
		if w.s.Limit == 0 || w.s.outage(at) != nil {
			return
		}
		if m := at.Truncate(time.Minute); m != minute {
			minute, served = m, 0
			w.registry.serve(open)
		}
		if served++; served > w.s.Limit {
			w.registry.serve(turn{at: -1})
		}
	}
	return w
}

// OneByOne is Run by the rule itself: whoever is next does what it does, and the
// registry counts.
func OneByOne(s Scenario, p Policy) *Result {
	w := counting(newWorld(&s, p.ttl()))
	switch p := p.(type) {
	case Background:
		oneByOne(w, p.start)
	case SerialScan:
		oneByOne(w, p.start)
	case OnRead:
		oneByOne(w, p.start)
	}
	return newResult(w, p)
}

func oneByOne[T instance[T]](w *world, start func(w *world, id int) T) {
	all := make([]T, w.s.Instances)
	for id := range all {
		all[id] = start(w, id)
	}
	for {
		in := slices.MinFunc(all, func(a, b T) int { return cmp.Compare(a.next(), b.next()) })
		if in.next() >= w.s.Duration {
			break
		}
		in.play(in.next() + 1)
	}
	for id, in := range all {
		w.end(in.shown(), id)
	}
}

// Latency returns how long the answer to the nth request takes.
func (st *Stage) Latency(instance, prompt, n int) time.Duration {
	l := st.s.latenciesOf(instance, prompt)
	for range n {
		l.next()
	}
	return l.next()
}

func (st *Stage) NextRead(instance, prompt int, from time.Duration) time.Duration {
	return st.s.readsOf(instance, prompt).next(from)
}

func (st *Stage) See(at, age time.Duration) { st.w.audience.see(at, age) }
func (st *Stage) Fail()                     { st.w.audience.fail(0) }
func (st *Stage) Result(p Policy) *Result   { return newResult(st.w, p) }

// Ages returns how many reads got a prompt of each age in seconds.
func (r *Result) Ages() []int { return r.ages }

// LastRead returns the last read of a prompt at the moment now or earlier.
func LastRead(s Scenario, instance, prompt int, now time.Duration) time.Duration {
	return s.readsOf(instance, prompt).last(now)
}

// Ranked returns the indexes of keys in the order of a ranking.
func Ranked(keys []time.Duration) []int {
	var r ranking
	for k, key := range keys {
		r.insert(k, key)
	}
	out := make([]int, 0, len(keys))
	for k := r.pop(); k != none; k = r.pop() {
		out = append(out, k)
	}
	return out
}

// Queue is a queue of prompts.
type Queue struct{ q queue }

func (q *Queue) Push(k int)          { q.q.push(k) }
func (q *Queue) Become(other *Queue) { q.q.become(&other.q) }

// Pop returns the first, -1 if there is none.
func (q *Queue) Pop() int { return q.q.pop() }

// Room returns how many prompts fit in without more memory.
func (q *Queue) Room() int { return cap(q.q.prompts) }
