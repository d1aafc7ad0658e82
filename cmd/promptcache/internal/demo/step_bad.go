package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// badPrompt: what the service's own check refuses is not served; the last good
// prompt stays.
func badPrompt(ctx context.Context, s *scene, t *teller) error {
	t.say(`An edit makes it "Welcome, whoever you are.", without %s. The service has wrapped its source with Validate, which refuses that.`, s.variable)
	since, edited := s.journal.now(), time.Now()
	good, ok := s.cache.Get(s.prompt)
	if !ok {
		return errors.New("the prompt is not cached")
	}
	if _, err := s.edit("Welcome, whoever you are."); err != nil {
		return err
	}
	err := t.await(ctx, fmt.Sprintf("event %q", promptcache.EventRejected), "says why", func() (string, bool) {
		e, ok := s.journal.find(since, promptcache.EventRejected, s.prompt)
		if !ok {
			return "no such event", false
		}
		fetch, ok := errors.AsType[*promptcache.FetchError](e.Err)
		if !ok {
			return e.Err.Error(), false
		}
		return fetch.Err.Error(), true
	})
	if err != nil {
		return err
	}
	rejected, _ := s.journal.find(since, promptcache.EventRejected, s.prompt)
	t.show("from the edit to its rejection", ms(rejected.At.Sub(edited)))
	served, _ := s.cache.Get(s.prompt)
	t.verdict("prompt served", "the very same object", sameOrNot(served == good), served == good)
	a := s.service.get(ctx, s.prompt)
	t.expect("answer to a request", aPrompt, a.String())
	t.expect("revision that readers get", short(good.Revision()), a.revision)
	return nil
}
