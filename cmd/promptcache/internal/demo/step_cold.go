package demo

import "context"

const coldReaders = 100

// coldFetch: the first request for a prompt waits for the registry, and however
// many come at once, the registry is asked once.
func coldFetch(ctx context.Context, s *scene, t *teller) error {
	t.say("Nothing is cached yet, so the first request waits for the registry.")
	first := s.service.get(ctx, s.prompt)
	t.expect("answer to the first request", aPrompt, first.String())
	if first.err != nil {
		return errUnmet
	}
	begun := s.wire.requestsFor(s.prompt)
	t.check("requests to the registry", count(begun, "requests"), exactly(1, "requests"))
	t.show("first request", ms(first.took))
	t.show("of that, the registry", ms(s.wire.latest(s.prompt)))

	t.say("%d requests come at once for a prompt that is not cached.", coldReaders)
	s.cache.Invalidate(s.second)
	before := s.wire.requestsFor(s.second)
	_, fails := s.service.burst(ctx, s.second, coldReaders, 1)
	after := s.wire.requestsFor(s.second)
	t.expect("failed requests of the crowd", "none", failures(coldReaders, fails))
	t.check("requests to the registry for the crowd", count(after-before, "requests"), exactly(1, "requests"))
	return nil
}
