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
	hash       uint64 // of whose they are
}

func (s *Scenario) readsOf(instance, prompt int) reads {
	return reads{
		first: time.Duration(prompt+1) * s.LoadGap,
		gap:   s.ReadGap,
		hash:  mix(mix(s.Seed, forReads, uint64(instance), uint64(prompt))), //nolint:gosec // neither is negative
	}
}

// in returns the read in span n, which is 1 or more.
func (r reads) in(n int64) time.Duration {
	return time.Duration(n)*r.gap + below(r.gap, mixIn(r.hash, uint64(n))) //nolint:gosec // n is not negative
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

// latencies are how long the answers take to one instance's requests for one
// of its prompts.
type latencies struct {
	shortest time.Duration
	hash     uint64 // of whose they are
	asked    uint64 // requests so far
}

func (s *Scenario) latenciesOf(instance, prompt int) latencies {
	return latencies{
		shortest: s.Latency,
		hash:     mix(s.Seed, forLatency, uint64(instance), uint64(prompt)), //nolint:gosec // neither is negative
	}
}

// next returns how long the answer to the next request takes.
func (l *latencies) next() time.Duration {
	h := mixIn(l.hash, l.asked)
	l.asked++
	return l.shortest + below(l.shortest/2+1, h)
}
