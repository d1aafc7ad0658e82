package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// How the cache is set for the rest of the story, so that it lasts seconds.
const (
	hurriedTTL        = time.Second
	hurriedInterval   = 200 * time.Millisecond
	hurriedBackoffMin = 200 * time.Millisecond
	hurriedBackoffMax = 800 * time.Millisecond
)

// edit: what is changed in the registry is served soon, and no request waits
// for it.
func edit(ctx context.Context, s *scene, t *teller) error {
	if err := s.hurry(t); err != nil {
		return err
	}
	since, old := s.journal.now(), s.revision()
	readers := s.service.startReaders(ctx, s.prompt)
	defer readers.stop()

	text := s.greet("Good day,")
	t.say("%q becomes %q in the registry, while %d readers go on. One that waited for the registry would wait %v.",
		s.greet("Hello"), text, fewReaders, latency)
	edited := time.Now()
	revision, err := s.edit(text)
	if err != nil {
		return err
	}
	if err := t.awaitRevision(ctx, readers, revision); err != nil {
		return err
	}
	seen, _ := readers.saw(revision)
	t.show("from the edit to its first reader", ms(seen.Sub(edited)))
	t.awaitEvent(ctx, s, since, promptcache.EventChanged, short(old)+" -> "+revision)

	readers.stop()
	t.expect("failed requests", "none", failures(len(readers.times), readers.fails))
	t.show("requests meanwhile", count(len(readers.times), "requests"))
	t.show("request, median", ms(readers.times.median()))
	t.show("answer of the registry", ms(s.wire.latest(s.prompt)))
	t.check("slowest request", ms(readers.times.slowest()), below(ms(latency/2+3*readers.stall)))
	return nil
}

// hurry sets the cache to short times.
func (s *scene) hurry(t *teller) error {
	cfg := s.cache.Config()
	t.say("From here on the TTL is %v and the refresher looks every %v (so far: %v and %v). Configure applies at once.",
		hurriedTTL, hurriedInterval, *cfg.TTL, cfg.RefreshInterval)
	cfg.TTL = new(hurriedTTL)
	cfg.RefreshInterval = hurriedInterval
	cfg.BackoffMin, cfg.BackoffMax = hurriedBackoffMin, hurriedBackoffMax
	return s.cache.Configure(cfg)
}

// awaitRevision waits until a reader has been served this revision.
func (t *teller) awaitRevision(ctx context.Context, r *readers, revision string) error {
	return t.await(ctx, "revision that readers get", revision, func() (string, bool) {
		if _, ok := r.saw(revision); ok {
			return revision, true
		}
		return r.latest(), false
	})
}

// awaitEvent waits for an event about the prompt, and shows what it says.
func (t *teller) awaitEvent(ctx context.Context, s *scene, since mark, kind promptcache.EventKind, says string) {
	_ = t.await(ctx, fmt.Sprintf("event %q", kind), says, func() (string, bool) {
		e, ok := s.journal.find(since, kind, s.prompt)
		if !ok {
			return "no such event", false
		}
		seen := short(e.OldRevision) + " -> " + short(e.NewRevision)
		return seen, seen == says
	})
}
