package demo

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// stop: after Stop and Shutdown nothing runs any more, a refetch that was under
// way included, and what is cached can still be read.
func stop(ctx context.Context, s *scene, t *teller) error {
	t.say("A refetch is under way when the service ends.")
	release := s.wire.hold(s.prompt)
	defer release()
	s.markStale()
	if err := s.awaitRefetch(ctx, t); err != nil {
		return err
	}
	t.show("goroutines of the cache and the source", count(len(goroutinesOfOurs()), "goroutines"))

	if err := s.service.shutdown(ctx); err != nil {
		return fmt.Errorf("shut down the HTTP service: %w", err)
	}
	began := time.Now()
	s.cache.Stop()
	t.show("Stop, which cancels it", ms(time.Since(began)))
	if err := s.cache.Shutdown(ctx); err != nil {
		return err
	}
	s.wire.close()
	_, cached := s.cache.Get(s.prompt)
	t.expect("prompt can still be read", "true", strconv.FormatBool(cached))
	s.awaitNoGoroutines(ctx, t)
	return nil
}

// awaitNoGoroutines gives goroutines that have done their work a moment to end,
// and checks that there are no more than before there was a cache.
func (s *scene) awaitNoGoroutines(ctx context.Context, t *teller) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	stacks := goroutinesOfOurs()
	for len(stacks) > s.goroutines && pause(ctx, nil, lookEvery) {
		stacks = goroutinesOfOurs()
	}
	more := max(len(stacks)-s.goroutines, 0)
	t.check("goroutines more than before", count(more, "goroutines"), exactly(0, "goroutines"))
	if more > 0 {
		t.say("One of them: %s", stacks[0])
	}
}
