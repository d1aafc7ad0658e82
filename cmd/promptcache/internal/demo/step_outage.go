package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// What the cache logs at the beginning and the end of an outage.
const (
	servingStale   = "serving stale prompt"
	noLongerStale  = "no longer serving stale prompts"
	cachedPrompts  = 2                      // each is refetched on its own
	betweenSamples = 600 * time.Millisecond // of the age
)

// outage: with the registry gone, readers get the last good prompt, the log
// says so once, and the registry is not asked more often than backoff allows.
func outage(ctx context.Context, s *scene, t *teller) error {
	good, _ := s.cache.Get(s.prompt)
	readers := s.service.startReaders(ctx, s.prompt)
	defer readers.stop()
	since, asked, began := s.journal.now(), s.wire.requests(), time.Now()

	t.say("The registry refuses connections from now on. %d readers go on. The log tells of it once, at the first prompt that is stale.", fewReaders)
	s.fake.Down()
	err := t.await(ctx, "state of the cache", "down", func() (string, bool) {
		status := s.cache.Status()
		return status.State.String(), status.State == promptcache.StateDown && status.ServingStale == cachedPrompts
	})
	if err != nil {
		return err
	}
	if err := s.watchAge(ctx, t); err != nil {
		return err
	}

	readers.stop()
	lasted, attempts := time.Since(began), s.wire.requests()-asked
	served, _ := s.cache.Get(s.prompt)
	t.verdict("prompt served", "the very same object", sameOrNot(served == good), served == good)
	t.expect("failed requests", "none", failures(len(readers.times), readers.fails))
	t.show("requests meanwhile", count(len(readers.times), "requests"))
	t.show("slowest request", ms(readers.times.slowest()))
	t.show("the outage so far", ms(lasted))
	bound := cachedPrompts * mostAttempts(lasted, hurriedBackoffMin, hurriedBackoffMax)
	t.check("attempts to reach the registry", count(attempts, "requests"), atMost(bound, "requests"))
	t.show("prompts served stale", count(s.cache.Status().ServingStale, "prompts"))
	t.awaitLogged(ctx, s, since, servingStale)
	return nil
}

// awaitLogged checks that the cache has logged a message once since then. It
// logs what it has done a moment after it has done it.
func (t *teller) awaitLogged(ctx context.Context, s *scene, since mark, message string) {
	n := s.journal.logged(since, message)
	for n == 0 && pause(ctx, nil, lookEvery) {
		n = s.journal.logged(since, message)
	}
	t.check(fmt.Sprintf("logged %q", message), count(n, "lines"), exactly(1, "lines"))
}

// watchAge takes three samples of the age of what is served.
func (s *scene) watchAge(ctx context.Context, t *teller) error {
	var ages []time.Duration
	return t.await(ctx, "its age, as Lookup tells it", "grows", func() (string, bool) {
		e, ok := s.cache.Lookup(s.prompt)
		if !ok {
			return "not cached", false
		}
		if n := len(ages); n == 0 || e.Age >= ages[n-1]+betweenSamples {
			ages = append(ages, e.Age)
		}
		texts := make([]string, len(ages))
		for i, age := range ages {
			texts[i] = ms(age).String()
		}
		return strings.Join(texts, ", "), len(ages) == 3 && e.Stale
	})
}

func sameOrNot(same bool) string {
	if same {
		return "the very same object"
	}
	return "another object"
}
