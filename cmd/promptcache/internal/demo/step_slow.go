package demo

import "context"

// slowRegistry: while a refetch is under way and does not end, readers are
// served as if there were none. The answer is held back until they all are: so
// the check is that they are served at all, whatever the machine's speed.
func slowRegistry(ctx context.Context, s *scene, t *teller) error {
	t.say("%d readers ask at the same time; first with the registry left alone.", manyReaders)
	_, _ = s.service.burst(ctx, s.prompt, manyReaders, 1) // connects
	calm, fails := s.service.burst(ctx, s.prompt, manyReaders, 1)
	t.expect("failed requests, before", "none", failures(len(calm), fails))
	t.showLatencies("before", calm)

	t.say("The prompt is marked stale, and the registry's answer to the refetch is held back until all of them have asked again.")
	release := s.wire.hold(s.prompt)
	defer release()
	s.markStale()
	if err := s.awaitRefetch(ctx, t); err != nil {
		return err
	}
	held, before := s.wire.heldBack(s.prompt), s.wire.requestsFor(s.prompt)
	during, fails := s.service.burst(ctx, s.prompt, manyReaders, 1)
	after := s.wire.requestsFor(s.prompt)
	t.expect("failed requests, during the refetch", "none", failures(len(during), fails))
	t.check("requests to the registry", count(held+after-before, "requests"), exactly(1, "requests"))
	t.showLatencies("during the refetch", during)

	release()
	err := t.await(ctx, "prompt after the refetch", "fresh", func() (string, bool) {
		e, ok := s.cache.Lookup(s.prompt)
		switch {
		case !ok:
			return "not cached", false
		case e.LastError != nil:
			return e.LastError.Error(), false
		case e.Stale:
			return "stale", false
		}
		return "fresh", true
	})
	t.show("the refetch", ms(s.wire.latest(s.prompt)))
	return err
}

// awaitRefetch waits until the registry has been asked for the prompt, and its
// answer is held back.
func (s *scene) awaitRefetch(ctx context.Context, t *teller) error {
	return t.await(ctx, "refetch in the background", "under way", func() (string, bool) {
		if s.wire.heldBack(s.prompt) == 0 {
			return "none", false
		}
		return "under way", true
	})
}

func (t *teller) showLatencies(when string, l latencies) {
	t.show("median, "+when, ms(l.median()))
	t.show("99 of 100, "+when, ms(l.percentile(99)))
	t.show("slowest, "+when, ms(l.slowest()))
}
