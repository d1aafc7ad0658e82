package sim

import "time"

// never is the moment that does not come.
const never time.Duration = 1<<63 - 1

// What the hashes of one prompt of one instance are for.
const (
	forReads uint64 = iota
	forLatency
)

// reads are the moments at which one instance reads one of its prompts: first
// when it loads it, then once in each span of length gap, at a moment of it
// that only a hash knows. So any of them is found without the ones before it.
type reads struct {
	first, gap time.Duration
	key        uint64
}

func (s *Scenario) readsOf(instance, prompt int) reads {
	return reads{
		first: time.Duration(prompt+1) * s.LoadGap,
		gap:   s.ReadGap,
		key:   mix(s.Seed, forReads, uint64(instance), uint64(prompt)), //nolint:gosec // neither is negative
	}
}

// in returns the read in span n, which is 1 or more.
func (r reads) in(n int64) time.Duration {
	return time.Duration(n)*r.gap + below(r.gap, mix(r.key, uint64(n))) //nolint:gosec // n is not negative
}

// next returns the first read at the moment from or later.
func (r reads) next(from time.Duration) time.Duration {
	switch {
	case from == never:
		return never
	case from <= r.first:
		return r.first
	}
	n := max(1, int64(from/r.gap))
	if at := r.in(n); at >= from {
		return at
	}
	return r.in(n + 1)
}

// last returns the last read at the moment now or earlier; there has been one.
func (r reads) last(now time.Duration) time.Duration {
	n := int64(now / r.gap)
	if n >= 1 {
		if at := r.in(n); at <= now {
			return at
		}
	}
	if n >= 2 {
		return r.in(n - 1)
	}
	return r.first
}

// latencyOf returns how long the answer takes to an instance's nth request for
// a prompt.
func (s *Scenario) latencyOf(instance, prompt, n int) time.Duration {
	h := mix(s.Seed, forLatency, uint64(instance), uint64(prompt), uint64(n)) //nolint:gosec // none is negative
	return s.Latency + below(s.Latency/2+1, h)
}
