package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/demo"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
	"github.com/promptcache/promptcache-go/langsmith"
)

// demoCmd is `promptcache demo`.
type demoCmd struct {
	Prompt      string `arg:"" optional:"" help:"Prompt of a real registry: [owner/]name[:version]. Without it a fake registry is started in this process."`
	Endpoint    string `placeholder:"URL" help:"The real registry's address; else what LANGSMITH_ENDPOINT says."`
	AllowPublic bool   `help:"Permit a prompt of a named owner, which others publish."`
	JSON        bool   `name:"json" help:"Print one JSON document and nothing else."`
}

// Help is shown below the summary; see kong.HelpProvider.
func (demoCmd) Help() string {
	return `Examples:

    promptcache demo                       all steps, with a fake registry; takes 6 seconds
    promptcache demo --json                the same for programs
    promptcache demo greeting:production   with a prompt of LangSmith

With a prompt, the registry is asked with the credentials of LANGSMITH_API_KEY
(and LANGSMITH_WORKSPACE_ID, if the key needs it). It is only read, so the steps
that change it, or take it down, are left out.

Colours are used on a terminal, unless NO_COLOR is set.

Exit status: 0 if every step went as expected, 1 if one did not, 2 if the
arguments or settings are wrong, 130 if it was interrupted.`
}

// Run runs the demo.
func (c demoCmd) Run(ctx context.Context, std streams) error {
	if c.Prompt == "" && (c.Endpoint != "" || c.AllowPublic) {
		return usageError{errors.New("--endpoint and --allow-public are for a real registry; say which prompt of it: promptcache demo --endpoint URL PROMPT")}
	}
	cfg := demo.Config{
		Prompt:      c.Prompt,
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
		err = errors.Join(err, printJSON(std.out, report))
	}
	if err == nil && !report.OK {
		err = errFailed
	}
	return err
}

// explain says what to do about a demo that could not begin.
func (c demoCmd) explain(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return err
	case errors.Is(err, langsmith.ErrPublicPrompt):
		err = fmt.Errorf("%w (here: --allow-public)", err)
	}
	return usageError{err}
}

func printJSON(w io.Writer, report demo.Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(report); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}
