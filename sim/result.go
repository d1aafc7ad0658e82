package sim

import (
	"math"
	"slices"
	"time"
)

// Result is what came of a fleet in a scenario.
type Result struct {
	// Policy is the name of the fleet's.
	Policy string
	// Scenario is the one it went through.
	Scenario Scenario

	// Requests and Refused are, for each second, how many requests the registry
	// got, and how many of them it refused for its limit.
	Requests, Refused []int

	// Reads is how many reads were looked at, those of the first thousand
	// instances. StaleReads of them got a prompt older than the TTL, FailedReads
	// got none.
	Reads, StaleReads, FailedReads int
	// Oldest is the oldest prompt that a reader got.
	Oldest time.Duration
	// BackAfter is the time from the end of the last outage until no reader gets
	// a prompt from before it: 0 if none did, negative if some still do at the end
	// or there was no outage.
	BackAfter time.Duration

	ages   []int   // reads by the age in seconds of what they got
	minute [][]int // the same for each minute, in steps of ageSpan
}

func newResult(w *world, p Policy) *Result {
	r := &Result{
		Policy:      p.Name(),
		Scenario:    *w.s,
		Requests:    w.registry.perSecond,
		Refused:     w.registry.refused,
		Reads:       w.audience.reads,
		StaleReads:  w.audience.stale,
		FailedReads: w.audience.errors,
		Oldest:      w.audience.oldest,
		ages:        w.audience.ages,
		minute:      w.audience.perMinute,
	}
	switch to := w.audience.recovery(); {
	case to == never || w.audience.backAt == never:
		r.BackAfter = -1
	case w.audience.backAt > to:
		r.BackAfter = w.audience.backAt - to
	}
	return r
}

// Age returns the age, to within a second below, that the given share of the
// reads that got a prompt did not exceed; 0 if there was none.
func (r *Result) Age(share float64) time.Duration {
	return time.Duration(quantile(r.ages, share)) * time.Second
}

// AgeInMinute is Age for the reads of one minute, to within five seconds.
func (r *Result) AgeInMinute(minute int, share float64) time.Duration {
	return time.Duration(quantile(r.minute[minute], share)) * ageSpan
}

// quantile returns the first index of counts up to which lies the given share
// of all that is counted; 0 if nothing is.
func quantile(counts []int, share float64) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	rank, seen := int(math.Ceil(share*float64(total))), 0
	for i, n := range counts {
		if seen += n; n > 0 && seen >= rank {
			return i
		}
	}
	return 0
}

// Rate is how many requests the seconds of a time have.
type Rate struct {
	Total    int
	Peak     int // in the busiest second
	P99      int // 99 % of the seconds have no more
	Mean     float64
	PeakTime time.Duration // when the busiest second began
}

// Rate returns the rate of requests from one moment up to another, exclusive,
// each rounded down to a second.
func (r *Result) Rate(from, to time.Duration) Rate {
	seconds := r.Requests[from/time.Second : to/time.Second]
	var out Rate
	if len(seconds) == 0 {
		return out
	}
	for i, n := range seconds {
		out.Total += n
		if n > out.Peak {
			out.Peak, out.PeakTime = n, from.Truncate(time.Second)+time.Duration(i)*time.Second
		}
	}
	out.Mean = float64(out.Total) / float64(len(seconds))
	sorted := slices.Sorted(slices.Values(seconds))
	out.P99 = sorted[int(math.Ceil(0.99*float64(len(sorted))))-1]
	return out
}
