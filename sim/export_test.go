package sim

import "time"

// Traced is Run that also returns when each instance made its requests. There
// must be no limit.
func Traced(s Scenario, p Policy) (*Result, [][]time.Duration) {
	w := newWorld(&s, p.ttl())
	asked := make([][]time.Duration, s.Instances)
	for id := range asked {
		w.registry.heard = func(at time.Duration) { asked[id] = append(asked[id], at) }
		w.alone(p.start(w, id), id)
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

func NewStage(s Scenario, ttl time.Duration) *Stage { return &Stage{&s, newWorld(&s, ttl)} }

func (st *Stage) Ask(at time.Duration) Answer {
	a := st.w.registry.ask(at)
	return Answer{a.ok, a.limited, a.retryAfter}
}

func (st *Stage) Latency(instance, prompt, n int) time.Duration {
	return st.s.latencyOf(instance, prompt, n)
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
