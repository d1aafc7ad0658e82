package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/show"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/vars"
	"github.com/promptcache/promptcache-go/prompt"
)

// getCmd is `promptcache get`.
type getCmd struct {
	Key      string   `arg:"" help:"The prompt: langsmith:[owner/]name[:version], langfuse:name[@label|#version], file:path, or one of these without the scheme."`
	Var      []string `sep:"none" placeholder:"NAME=TEXT" help:"Value of a variable, to compile the prompt with; NAME:=JSON for what is not a text, such as a placeholder's messages. May be repeated."`
	VarsFile string   `placeholder:"FILE" help:"JSON object of values; - is stdin. --var comes before it."`
	Strict   bool     `help:"Compile, and fail if any value is missing."`
	JSON     bool     `name:"json" xor:"form" help:"Print one JSON document with all that is known of the prompt."`
	Messages bool     `xor:"form" help:"Print the compiled messages alone, a JSON array in the shape of OpenAI's chat API."`
	Raw      bool     `xor:"form" help:"Print the registry's own JSON."`
	Snapshot string   `placeholder:"FILE" help:"Take the prompt from a snapshot. No registry is asked."`

	sourceFlags

	Timeout time.Duration `default:"30s" help:"The longest that it may take; ${default} if not given."`
}

// Help is shown below the summary; see kong.HelpProvider.
func (getCmd) Help() string {
	return `Examples:

    promptcache get langsmith:greeting:production
    promptcache get langfuse:support/triage@staging
    promptcache get greeting --var name=Ada --var 'tone=very polite'
    promptcache get chat --var 'history:=[{"role":"user","content":"Hi"}]' --messages
    promptcache get greeting --vars-file vars.json --strict --json
    promptcache get greeting --raw --env-file .env
    promptcache get file:mails/bye --endpoint prompts
    promptcache get greeting --snapshot prompts.json --var name=Ada

Without values the templates are printed, and with --var, --vars-file, --strict or
--messages the compiled prompt. A value that is missing is treated as the registry's
own SDK does, and is listed as missing; --strict makes it an error.

After NAME= comes the value, as it is: it is never taken for the name of a file,
so it may be what somebody else has typed.

--json prints an object: key, registry, address, fetched_at (of a snapshot), name, revision, immutable, kind
(text or chat), syntax, variables, placeholders (name, optional, limit), compiled,
missing, text (of a text prompt), messages (in the shape of OpenAI's chat API; a
text is one message of the user; a placeholder that is not filled is
{"type":"placeholder","name":...}), config and schema (null if there is none).

Credentials come from the environment or from --env-file, and are never shown:
LANGSMITH_API_KEY (and LANGSMITH_WORKSPACE_ID, if the key needs it), or
LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY. Addresses: LANGSMITH_ENDPOINT,
LANGFUSE_BASE_URL. PROMPTCACHE_FILES is the directory of file: keys, in which
mails/bye is the file mails/bye.yaml, .yml, .json or .txt.

Colours are used on a terminal, unless NO_COLOR is set.

` + exitStatuses
}

// Run prints the prompt.
func (c getCmd) Run(ctx context.Context, std streams) error {
	values, err := c.values(std)
	if err != nil {
		return usageError{err}
	}
	get := c.fromRegistry
	if c.Snapshot != "" {
		get = c.fromSnapshot
	}
	got, err := get(ctx, std)
	if err != nil {
		return err
	}
	if c.Raw {
		return show.JSON(std.out, got.raw)
	}
	d := got.document
	p, err := got.value.Prompt()
	if err != nil {
		return advised(fmt.Errorf("%s cannot be read: %w", d.Key, err), "--raw prints it as the registry has it")
	}
	d.Describe(p)
	if values != nil || c.Strict || c.Messages {
		if err := d.Compile(p, values, c.Strict); err != nil {
			return c.cannotCompile(d.Key, err)
		}
		if note := unused(p, values); note != "" {
			say(std, "promptcache: note:", note)
		}
	}
	return c.print(std, d)
}

// gotten is a prompt, from wherever it comes.
type gotten struct {
	value    registry.Value
	raw      json.RawMessage
	document show.Document // what is known beside the prompt itself
}

// fromRegistry asks the registry.
func (c getCmd) fromRegistry(ctx context.Context, std streams) (gotten, error) {
	ctx, cancel, err := within(ctx, c.Timeout)
	if err != nil {
		return gotten{}, err
	}
	defer cancel()
	sources, err := c.sources(std.getenv)
	if err != nil {
		return gotten{}, err
	}
	from, err := sources.prompt(ctx, c.Key, "")
	if err != nil {
		return gotten{}, err
	}
	value, raw, err := from.FetchRaw(ctx, from.key)
	if err != nil {
		return gotten{}, from.failed(ctx, c.Timeout, err)
	}
	d := show.Document{Key: from.fullKey(), Registry: from.Name(), Address: from.Address()}
	d.Details = detailsOf(from.Name(), value)
	return gotten{value, raw, d}, nil
}

// fromSnapshot looks into the file.
func (c getCmd) fromSnapshot(_ context.Context, std streams) (gotten, error) {
	if c.Endpoint != "" || c.AllowPublic || c.EnvFile != "" {
		return gotten{}, usageError{errors.New("--endpoint, --allow-public and --env-file are for a registry; with --snapshot none is asked")}
	}
	e, err := findIn(c.Snapshot, c.Key, c.From)
	if err != nil {
		return gotten{}, err
	}
	return gotten{e.Value, e.Facts.Value, documentOf(e, std.now())}, nil
}

// detailsOf returns what one registry knows of a prompt, for people.
func detailsOf(name string, v registry.Value) []show.Detail {
	all := registry.Details(name, v)
	details := make([]show.Detail, 0, len(all))
	for _, detail := range all {
		details = append(details, show.Detail(detail))
	}
	return details
}

// values returns what the prompt is compiled with, nil for nothing.
func (c getCmd) values(std streams) (prompt.Vars, error) {
	if c.Raw && (len(c.Var) > 0 || c.VarsFile != "" || c.Strict) {
		return nil, errors.New("--raw prints what the registry has, which cannot be compiled; leave out --raw, or --var, --vars-file and --strict")
	}
	return vars.Parse(c.Var, c.VarsFile, std.in)
}

// print prints d in the form that was asked for.
func (c getCmd) print(std streams, d show.Document) error {
	switch {
	case c.JSON:
		return show.JSON(std.out, d)
	case c.Messages:
		return show.JSON(std.out, d.Messages)
	}
	return show.Readable(std.out, term.StyleOf(std.out, std.getenv), d)
}

// cannotCompile returns an error of Compile for people: other values would mend
// it, unless it is the prompt that is too large or malformed.
func (c getCmd) cannotCompile(key string, err error) error {
	err = fmt.Errorf("%s cannot be compiled: %w", key, err)
	missing, lacks := errors.AsType[*prompt.MissingError](err)
	switch {
	case lacks && len(missing.Variables) > 0:
		return usageError{advised(err, fmt.Sprintf("--var %s=TEXT", missing.Variables[0]))}
	case lacks:
		return usageError{advised(err, fmt.Sprintf(`--var '%s:=[{"role":"user","content":"…"}]'`, missing.Placeholders[0]))}
	case errors.Is(err, prompt.ErrVariable):
		return usageError{err}
	}
	return err
}

// unused says which values the prompt has no use for, which often are typing
// errors. A mustache may use names that are not listed, in its sections.
func unused(p *prompt.Prompt, values prompt.Vars) string {
	if p.Syntax() == prompt.SyntaxMustache || p.Syntax() == prompt.SyntaxMustacheJS {
		return ""
	}
	known := p.Variables()
	for _, place := range p.Placeholders() {
		known = append(known, place.Name)
	}
	for name := range p.Partials() {
		known = append(known, name)
	}
	var strangers []string
	for name := range values {
		if !slices.Contains(known, name) {
			strangers = append(strangers, name)
		}
	}
	slices.Sort(strangers)
	if len(strangers) == 0 {
		return ""
	}
	has := "has no variables"
	if len(known) > 0 {
		has = "has " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("the prompt does not use %s; it %s", strings.Join(strangers, ", "), has)
}

// failed returns the error of a fetch for people.
func (o opened) failed(ctx context.Context, limit time.Duration, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return advised(o.explain(ctx, err), fmt.Sprintf("--timeout %v was too short for it", limit))
	}
	return o.explain(ctx, err)
}
