package demo

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
)

// latency is how long the fake takes to answer. It is long so that a request
// that waited for it stands out, also on a busy machine.
const latency = 400 * time.Millisecond

// connect opens the registry that cfg names, or else a fake one, and sets the
// keys.
func (s *scene) connect(cfg Config) error {
	cast, err := castOf(cmp.Or(cfg.Registry, defaultRegistry))
	if err != nil {
		return err
	}
	s.wire, s.codec = newWire(cast.keyOf), cast.codec
	settings := registry.Settings{
		Endpoint:       cfg.Endpoint,
		AllowPublic:    cfg.AllowPublic,
		Getenv:         cfg.Getenv,
		Transport:      s.wire,
		Retries:        new(0),          // each fetch is one request: the cache's own backoff is on show
		AttemptTimeout: 2 * stepTimeout, // a step holds answers back for as long as it likes
	}
	if cfg.Prompt != "" {
		return s.use(cast, settings, cfg.Prompt)
	}
	if err := s.startFake(cast); err != nil {
		return err
	}
	settings.Endpoint, settings.AllowPublic = s.fake.URL(), false
	settings.Getenv = func(name string) string { return cast.environment[name] }
	s.prompt, s.second = cast.greeting, farewellName
	s.registry, err = registry.Open(cast.registry, settings)
	return err
}

// use opens a real registry, if it may be asked for the prompt.
func (s *scene) use(cast cast, settings registry.Settings, prompt string) error {
	var err error
	if s.registry, err = registry.Open(cast.registry, settings); err != nil {
		return err
	}
	if err := s.registry.Check(prompt); err != nil {
		return err
	}
	s.prompt, err = s.registry.Canonical(prompt)
	s.second = s.prompt
	return err
}

// startFake starts a registry and puts two prompts into it.
func (s *scene) startFake(cast cast) error {
	started, err := cast.start()
	if err != nil {
		return err
	}
	s.fake, s.variable = started, cast.variable
	_, first := s.edit(s.greet("Hello"))
	return errors.Join(s.fake.slow(latency), first, s.fake.push(farewellName, s.greet("Goodbye")))
}

// edit changes the greeting in the fake, as an editor does, and returns its new
// revision, shortened.
func (s *scene) edit(text string) (revision string, err error) {
	revision, err = s.fake.edit(text)
	return short(revision), err
}

// greet returns a template that begins with these words, and uses the variable.
func (s *scene) greet(words string) string { return words + " " + s.variable + "." }

// mustGreet is the check that keeps bad prompts out: whoever is greeted is
// greeted by name.
func mustGreet(_ string, v registry.Value) error {
	p, err := v.Prompt()
	if err != nil {
		return err
	}
	if !slices.Contains(p.Variables(), nameVariable) {
		return errors.New("the template does not use the variable name")
	}
	return nil
}
