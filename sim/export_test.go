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
	s     *Scenario
	w     *world
	limit limiter
}

func NewStage(s Scenario, ttl time.Duration) *Stage {
	st := &Stage{s: &s, w: newWorld(&s, ttl)}
	st.limit.registry = st.w.registry
	return st
}

// Ask has the registry answer a request; it must be asked in the order of time.
func (st *Stage) Ask(at time.Duration) Answer {
	st.limit.before(at)
	a := st.w.registry.ask(0, at)
	return Answer{a.ok, a.limited, a.retryAfter}
}

// limiter has a registry that is asked in the order of time count what it
// serves in each minute.
type limiter struct {
	registry *registry
	minute   time.Duration // when it began
	served   int           // requests in it
}

// before must come before a request at the moment at.
func (l *limiter) before(at time.Duration) {
	r := l.registry
	if r.s.Limit == 0 || r.s.outage(at) != nil {
		return
	}
	if minute := at.Truncate(time.Minute); minute != l.minute {
		l.minute, l.served = minute, 0
		r.serve(open)
	}
	if l.served++; l.served > r.s.Limit {
		r.serve(turn{at: -1})
	}
}

// OneByOne is Run by the rule itself: whoever is next does what it does, and the
// registry counts.
func OneByOne(s Scenario, p Policy) *Result {
	w := newWorld(&s, p.ttl())
	limit := limiter{registry: w.registry}
	w.registry.heard = func(_ int, at time.Duration) { limit.before(at) }
	switch p := p.(type) {
	case Background:
		oneByOne(w, p.start)
	case SerialScan:
		oneByOne(w, p.start)
	case OnRead:
		oneByOne(w, p.start)
	}
	w.registry.heard = nil
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
