package sim

import "time"

// registry answers requests and counts them.
type registry struct {
	s         *Scenario
	perSecond []int                                // requests
	refused   []int                                // those of them that were over the limit
	last      turn                                 // the last request that is served in this minute
	nth       int                                  // requests so far of that instance at that moment
	heard     func(instance int, at time.Duration) // told of each request, if there is one
}

// turn is a request's place among all: by its moment, then by the instance,
// then by the order in which that asks.
type turn struct {
	at       time.Duration
	instance int
	nth      int // from 1 on
}

// open is the last turn where there is none.
var open = turn{at: never}

func newRegistry(s *Scenario) *registry {
	seconds := int((s.Duration + time.Second - 1) / time.Second)
	return &registry{s: s, perSecond: make([]int, seconds), refused: make([]int, seconds), last: open}
}

// serve has the registry serve up to a turn and refuse what comes after it in
// the same minute.
func (r *registry) serve(last turn) { r.last, r.nth = last, 0 }

// answer is what a request comes to.
type answer struct {
	ok         bool
	limited    bool          // refused as one too many, else it failed
	retryAfter time.Duration // in whole seconds, as HTTP has it; 0 if nothing was said
}

// limiting reports whether it says when to ask again, to those who would wait
// for so long.
func (a answer) limiting(patience time.Duration) bool {
	return a.limited && min(a.retryAfter, patience) > 0
}

// ask has the registry answer a request that an instance makes at the moment
// at.
func (r *registry) ask(instance int, at time.Duration) answer {
	second := int(at / time.Second)
	r.perSecond[second]++
	if r.heard != nil {
		r.heard(instance, at)
	}
	if o := r.s.outage(at); o != nil {
		a := answer{limited: o.Limited}
		if o.RetryAfter {
			a.retryAfter = wholeSeconds(o.To - at)
		}
		return a
	}
	if r.over(instance, at) {
		r.refused[second]++
		return answer{limited: true, retryAfter: wholeSeconds(at.Truncate(time.Minute) + time.Minute - at)}
	}
	return answer{ok: true}
}

// over reports whether a request comes after the last that is served.
func (r *registry) over(instance int, at time.Duration) bool {
	switch {
	case at != r.last.at:
		return at > r.last.at
	case instance != r.last.instance:
		return instance > r.last.instance
	}
	r.nth++
	return r.nth > r.last.nth
}

func wholeSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

// add adds what another registry has counted.
func (r *registry) add(other *registry) {
	for i := range r.perSecond {
		r.perSecond[i] += other.perSecond[i]
		r.refused[i] += other.refused[i]
	}
}
