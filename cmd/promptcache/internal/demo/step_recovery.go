package demo

import (
	"context"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// recovery: once the registry is back, its newest prompt is served without
// anybody's doing, and the log says once that the outage is over.
func recovery(ctx context.Context, s *scene, t *teller) error {
	text := s.greet("Welcome,")
	t.say("While it was away the greeting became %q. Now it is back.", text)
	revision, err := s.edit(text)
	if err != nil {
		return err
	}
	since := s.journal.now()
	readers := s.service.startReaders(ctx, s.prompt)
	defer readers.stop()
	if err := s.fake.Up(); err != nil {
		return err
	}
	back := time.Now()
	if err := t.awaitRevision(ctx, readers, revision); err != nil {
		return err
	}
	seen, _ := readers.saw(revision)
	t.show("from its return to the first reader", ms(seen.Sub(back)))
	t.show("of that, the registry", ms(s.wire.latest(s.prompt)))
	err = t.await(ctx, "state of the cache", "healthy", func() (string, bool) {
		state := s.cache.Status().State
		return state.String(), state == promptcache.StateHealthy
	})
	if err != nil {
		return err
	}
	readers.stop()
	t.expect("failed requests", "none", failures(len(readers.times), readers.fails))
	t.show("requests meanwhile", count(len(readers.times), "requests"))
	t.awaitLogged(ctx, s, since, noLongerStale)
	return nil
}
