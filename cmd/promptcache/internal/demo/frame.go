package demo

import "fmt"

// introduce says who is in the story.
func (t *teller) introduce(s *scene) {
	address := s.registry.Address()
	if s.fake != nil {
		address = fmt.Sprintf("a fake %s at %s, %v away", s.registry.Title(), s.fake.URL(), latency)
	}
	t.print("%s\n\n", t.style.Bold("promptcache demo: a prompt's way from the registry into an HTTP handler"))
	t.print("registry  %s\n", t.style.Clean(address))
	t.print("prompt    %s\n", t.style.Clean(s.prompt))
	t.print("service   %s, its handler calls cache.GetOrFetch\n", s.service.base)
}

// conclude says how it ended.
func (t *teller) conclude(r Report) {
	good := 0
	for _, step := range r.Steps {
		if step.OK {
			good++
		}
	}
	why := ""
	for _, l := range r.LeftOut {
		if l.Why != why {
			why = l.Why
			t.print("\nLeft out, because %s:\n", why)
		}
		t.print("    %s\n", l.Title)
	}
	verdict := fmt.Sprintf("%d of %d steps as expected", good, len(r.Steps))
	if r.OK {
		verdict = t.style.Good(verdict)
	} else {
		verdict = t.style.Bad(verdict)
	}
	t.print("\n%s, in %.1f s.\n", verdict, r.Seconds)
}
