package sim

import "time"

// registry answers requests and counts them. Where there is a limit it must be
// asked in the order of time.
type registry struct {
	s         *Scenario
	perSecond []int                  // requests
	refused   []int                  // those of them that were over the limit
	served    int                    // requests served in this minute
	minute    time.Duration          // when it began
	heard     func(at time.Duration) // told of each request, if there is one
}

func newRegistry(s *Scenario) *registry {
	seconds := int((s.Duration + time.Second - 1) / time.Second)
	return &registry{s: s, perSecond: make([]int, seconds), refused: make([]int, seconds)}
}

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

// ask has the registry answer a request that is made at the moment at.
func (r *registry) ask(at time.Duration) answer {
	second := int(at / time.Second)
	r.perSecond[second]++
	if r.heard != nil {
		r.heard(at)
	}
	for _, o := range r.s.Outages {
		if at < o.From || at >= o.To {
			continue
		}
		a := answer{limited: o.Limited}
		if o.RetryAfter {
			a.retryAfter = wholeSeconds(o.To - at)
		}
		return a
	}
	if r.s.Limit == 0 {
		return answer{ok: true}
	}
	if minute := at.Truncate(time.Minute); minute != r.minute {
		r.minute, r.served = minute, 0
	}
	if r.served == r.s.Limit {
		r.refused[second]++
		return answer{limited: true, retryAfter: wholeSeconds(r.minute + time.Minute - at)}
	}
	r.served++
	return answer{ok: true}
}

func wholeSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

// add adds what another registry without a limit has counted.
func (r *registry) add(other *registry) {
	for i := range r.perSecond {
		r.perSecond[i] += other.perSecond[i]
	}
}
