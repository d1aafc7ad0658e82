package demo

import (
	"bytes"
	"errors"
	"net/http"
	"time"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/langsmith"
)

// latency is how long the fake takes to answer. It is long so that a request
// that waited for it stands out, also on a busy machine.
const latency = 400 * time.Millisecond

// The fake's prompts: the greeting is edited under its tag.
const (
	greetingName = "greeting"
	greetingTag  = "production"
	greeting     = greetingName + ":" + greetingTag
	farewell     = "farewell"
)

// connect makes the source, over the registry that cfg names or else over a
// fake one, and sets the keys.
func (s *scene) connect(cfg Config) error {
	settings := langsmith.Config{
		Endpoint:       cfg.Endpoint,
		AllowPublic:    cfg.AllowPublic,
		Getenv:         cfg.Getenv,
		HTTPClient:     &http.Client{Transport: s.wire},
		Retries:        new(0),          // each fetch is one request: the cache's own backoff is on show
		AttemptTimeout: 2 * stepTimeout, // a step holds answers back for as long as it likes
	}
	if cfg.Prompt != "" {
		return s.use(settings, cfg.Prompt)
	}
	if err := s.startFake(); err != nil {
		return err
	}
	settings.Endpoint = s.fake.URL()
	settings.APIKey = langsmith.NewSecret(fakelangsmith.DefaultKey)
	settings.Getenv = func(string) string { return "" }
	s.prompt, s.second = greeting, farewell
	var err error
	s.src, err = langsmith.New(settings)
	return err
}

// use makes the source over a real registry, if it may be asked for the prompt.
func (s *scene) use(settings langsmith.Config, prompt string) error {
	var err error
	if s.src, err = langsmith.New(settings); err != nil {
		return err
	}
	if err := s.src.Check(prompt); err != nil {
		return err
	}
	s.prompt, err = langsmith.Canonical(prompt)
	s.second = s.prompt
	return err
}

// startFake starts a registry and puts two prompts into it.
func (s *scene) startFake() error {
	var err error
	if s.fake, err = fakelangsmith.Start(fakelangsmith.Config{}); err != nil {
		return err
	}
	_, slow := s.fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Slow, Delay: latency})
	_, first := s.edit("Hello {name}.")
	_, second := s.fake.PushText(farewell, "Goodbye {name}.")
	return errors.Join(slow, first, second)
}

// edit changes the greeting in the fake, as an editor does, and returns its
// new revision.
func (s *scene) edit(text string) (revision string, err error) {
	return s.fake.Push(greetingName, fakelangsmith.Commit{
		Manifest: fakelangsmith.Text(text),
		Tags:     []string{greetingTag},
	})
}

// mustGreet is the check that keeps bad prompts out: whoever is greeted is
// greeted by name.
func mustGreet(_ string, prompt *langsmith.PromptCommit) error {
	if !bytes.Contains(prompt.Manifest(), []byte("{name}")) {
		return errors.New("the template does not use {name}")
	}
	return nil
}
