package demo

import (
	"context"
	"time"
)

// slowestGet is far more than a Get takes, so that the check says something
// about the cache and nothing about the machine.
const slowestGet = 50 * time.Microsecond

// hits: reads of a cached prompt take nanoseconds and ask nobody.
func hits(ctx context.Context, s *scene, t *teller) error {
	t.say("The prompt is cached, and fresh for %v (the default TTL).", *s.cache.Config().TTL)
	before := s.wire.requests()

	const requests = 200
	times, fails := s.service.burst(ctx, s.prompt, 1, requests)
	t.expect("failed requests", "none", failures(requests, fails))
	t.show("request through the handler, median", ms(times.median()))

	t.check("cache.Get, median", ns(s.timeGet()), below(ns(float64(slowestGet))))
	t.check("requests to the registry", count(s.wire.requests()-before, "requests"), exactly(0, "requests"))
	return ctx.Err()
}

// timeGet returns how many nanoseconds a Get takes: the median of batches.
func (s *scene) timeGet() float64 {
	const batches, size = 51, 1000 // short, so that few are interrupted
	times := make([]time.Duration, batches)
	for i := range times {
		began := time.Now()
		for range size {
			s.cache.Get(s.prompt)
		}
		times[i] = time.Since(began)
	}
	return float64(sorted(times).median()) / size
}
