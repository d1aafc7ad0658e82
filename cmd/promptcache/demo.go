package main

import (
	"context"
	"errors"
	"io"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/demo"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/show"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
	"github.com/promptcache/promptcache-go/langsmith"
)

// demoCmd is `promptcache demo`.
type demoCmd struct {
	Prompt      string `arg:"" optional:"" help:"Prompt of a real registry, as get takes it. Without it a fake registry is started in this process."`
	Registry    string `placeholder:"NAME" help:"langsmith or langfuse. Else it is the one that PROMPT begins with, or langsmith."`
	Endpoint    string `placeholder:"URL" help:"The real registry's address; else what the environment says."`
	AllowPublic bool   `help:"Permit LangSmith's prompts of a named owner, which others publish."`
	JSON        bool   `name:"json" help:"Print one JSON document and nothing else."`
}

// Help is shown below the summary; see kong.HelpProvider.
func (demoCmd) Help() string {
	return `Examples:

    promptcache demo                           all steps, with a fake LangSmith; takes 6 seconds
    promptcache demo --registry langfuse       the same with a fake Langfuse
    promptcache demo --json                    the same for programs
    promptcache demo greeting:production       with a prompt of your LangSmith
    promptcache demo langfuse:support/triage   with a prompt of your Langfuse

With a prompt, the registry is asked with the credentials of the environment:
LANGSMITH_API_KEY (and LANGSMITH_WORKSPACE_ID, if the key needs it), or
LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY; LANGSMITH_ENDPOINT and
LANGFUSE_BASE_URL are the addresses. It is only read, so the steps that change
it, or take it down, are left out.

The last step runs the program once more, as a process that has the prompts from a
snapshot and no network (on Linux a network namespace of its own, where users may
make one).

Colours are used on a terminal, unless NO_COLOR is set.

` + exitStatuses
}

// Run runs the demo.
func (c demoCmd) Run(ctx context.Context, std streams) error {
	if c.Prompt == "" && (c.Endpoint != "" || c.AllowPublic) {
		return usageError{errors.New("--endpoint and --allow-public are for a real registry; say which prompt of it: promptcache demo --endpoint URL PROMPT")}
	}
	name, prompt, err := registry.Split(c.Prompt, c.Registry)
	if err != nil {
		return usageError{err}
	}
	cfg := demo.Config{
		Registry:    name,
		Prompt:      prompt,
		Endpoint:    c.Endpoint,
		AllowPublic: c.AllowPublic,
		Getenv:      std.getenv,
		Version:     version(),
		Out:         std.out,
		Style:       term.StyleOf(std.out, std.getenv),
	}
	if c.JSON {
		cfg.Out, cfg.Style = io.Discard, term.Style{}
	}
	report, err := demo.Run(ctx, cfg)
	if err != nil && report.Steps == nil {
		return c.explain(ctx, err)
	}
	if c.JSON {
		err = errors.Join(err, show.JSON(std.out, report))
	}
	if err == nil && !report.OK {
		err = errFailed
	}
	return err
}

// offlineCmd is what `promptcache demo` runs as another process.
type offlineCmd struct{}

// Run reads its errand from stdin.
func (offlineCmd) Run(ctx context.Context, std streams) error {
	return demo.Offline(ctx, std.in, std.out)
}

// explain says what to do about a demo that could not begin.
func (c demoCmd) explain(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return err
	case errors.Is(err, langsmith.ErrPublicPrompt):
		err = advised(err, "--allow-public permits it")
	}
	return usageError{err}
}
