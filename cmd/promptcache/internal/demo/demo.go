// Package demo shows what a cache of prompts does, with a registry, an HTTP
// service and real requests, and checks every step of it.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
	"github.com/promptcache/promptcache-go/promptcache"
)

// Config is what a run of the demo can be given. The zero Config tells the
// whole story with a fake registry, to nobody.
type Config struct {
	// Registry is the kind of registry, one of registry.Names. Empty is LangSmith.
	Registry string
	// Prompt is a prompt of a real registry, its key without a scheme. Empty is one of a fake registry in
	// this process; the fields that are about the real one are then ignored.
	Prompt string
	// Endpoint is the real registry's address. Empty is what the environment
	// says; see registry.Settings.
	Endpoint string
	// AllowPublic permits a Prompt of a named owner.
	AllowPublic bool
	// Getenv reads the environment. nil is os.Getenv.
	Getenv func(name string) string
	// Version is put into the report.
	Version string
	// Out is where the story is told. nil tells nobody.
	Out io.Writer
	// Style is how it looks there.
	Style term.Style
	// StepTimeout bounds each step. 0 is 15 seconds.
	StepTimeout time.Duration
	// Wrap, if not nil, is put around the cache's fetches, so that a test can
	// see a step fail.
	Wrap func(promptcache.FetchFunc[registry.Value]) promptcache.FetchFunc[registry.Value]
}

// chapter is a step as it is written; a [Step] is what has become of it.
type chapter struct {
	name, title string
	scripted    bool // it has the registry do what only the fake can be told to
	play        func(ctx context.Context, s *scene, t *teller) error
}

// story is all of it, in the order in which it is told: a step builds on what
// the ones before it have left in the cache.
var story = []chapter{
	{"cold-fetch", "The first reader fetches, and only the first", false, coldFetch},
	{"hits", "Every other read is a hit", false, hits},
	{"edit", "An edit in the registry arrives in the background", true, edit},
	{"slow-registry", "A slow registry delays no reader", false, slowRegistry},
	{"outage", "The registry goes down, the last good prompt is served", true, outage},
	{"recovery", "The registry comes back with a newer prompt", true, recovery},
	{"bad-prompt", "A bad edit is kept out", true, badPrompt},
	{"stop", "Stop and Shutdown leave no goroutine", false, stop},
	{"offline", "Another process goes on without a network", false, offline},
}

// errUnmet ends a step that cannot go on after a check has failed; the check
// has said why.
var errUnmet = errors.New("the rest of this step could not be tried")

// Run tells the story and returns what it has found. A step that fails is in
// the report and is no error; a step that cannot be finished ends the story,
// and the rest is left out. The error says that the story could not begin, that
// ctx has ended, or that Out could not be written to. Nothing is left running.
func Run(ctx context.Context, cfg Config) (Report, error) {
	if cfg.Out == nil {
		cfg.Out = io.Discard
	}
	if cfg.StepTimeout == 0 {
		cfg.StepTimeout = stepTimeout
	}
	t := &teller{out: cfg.Out, style: cfg.Style}
	began := time.Now()
	s, err := newScene(ctx, cfg, t)
	if err != nil {
		return Report{}, err
	}
	defer s.close(ctx)

	r := Report{Version: cfg.Version, Kind: s.registry.Name(), Registry: "fake", Prompt: s.prompt, OK: true, Steps: []Step{}, LeftOut: []LeftOut{}}
	if s.fake == nil {
		r.Registry = s.registry.Address()
	}
	t.introduce(s)
	r.tell(ctx, cfg.StepTimeout, s, t)
	r.Seconds = time.Since(began).Seconds()
	t.conclude(r)
	if err := t.close(); err != nil {
		return r, fmt.Errorf("write the demo's output: %w", err)
	}
	if ctx.Err() != nil {
		return r, fmt.Errorf("the demo was interrupted: %w", context.Cause(ctx))
	}
	return r, nil
}

// tell plays the story in s, no step of it longer than limit.
func (r *Report) tell(ctx context.Context, limit time.Duration, s *scene, t *teller) {
	var chapters []chapter
	for _, c := range story {
		if c.scripted && s.fake == nil {
			r.LeftOut = append(r.LeftOut, LeftOut{c.name, c.title, "it needs a registry that can be told what to do"})
			continue
		}
		chapters = append(chapters, c)
	}
	for i, c := range chapters {
		t.begin(c, i+1, len(chapters))
		step, err := play(ctx, limit, c, s, t)
		r.Steps = append(r.Steps, step)
		r.OK = r.OK && step.OK
		if err == nil {
			continue
		}
		why := fmt.Sprintf("step %q could not be finished", c.name)
		for _, rest := range chapters[i+1:] {
			r.LeftOut = append(r.LeftOut, LeftOut{rest.name, rest.title, why})
		}
		return
	}
}

// play plays one step.
func play(ctx context.Context, limit time.Duration, c chapter, s *scene, t *teller) (Step, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := c.play(limited, s, t)
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	return t.end(err), err
}
