package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/pull"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/promptcache"
)

// pullCmd is `promptcache pull`.
type pullCmd struct {
	Keys        []string `arg:"" optional:"" name:"key" help:"Prompts, as get takes them."`
	Output      string   `short:"o" required:"" placeholder:"FILE" help:"The snapshot that is written."`
	All         bool     `help:"Fetch all prompts of the registry, of each the version that it serves if no other is asked for."`
	Update      bool     `xor:"existing" help:"Refresh the prompts that FILE has, and keep them."`
	Replace     bool     `xor:"existing" help:"Replace FILE, with what was fetched and nothing else."`
	Prune       bool     `help:"With --update, remove from FILE what the registry says does not exist."`
	KeepGoing   bool     `short:"k" help:"Write what could be fetched if not everything can."`
	Routed      bool     `help:"Write keys with schemes, for caches of several registries. So it is if KEYs are of several."`
	Concurrency int      `short:"j" default:"8" placeholder:"N" help:"How many are fetched at once; ${default} if not given."`
	ExitCode    bool     `help:"Exit with 3 if the snapshot was changed."`
	JSON        bool     `name:"json" help:"Print one JSON document and nothing else."`

	sourceFlags

	Timeout time.Duration `default:"10m" help:"The longest that all of it may take; ${default} if not given."`
}

// Help is shown below the summary; see kong.HelpProvider.
func (pullCmd) Help() string {
	return `Examples:

    promptcache pull greeting assistant:production -o prompts.json
    promptcache pull --all --from langfuse -o prompts.json
    promptcache pull --update -o prompts.json
    promptcache pull --update --all --exit-code --json -o prompts.json
    promptcache pull langsmith:greeting langfuse:farewell file:mails/bye -o prompts.json

A snapshot of one registry's prompts has its own format: for a cache of that
package, and LangSmith's for its own SDKs, too. One of several registries, or with
--routed, is for a cache of promptcache.Route with the schemes langsmith, langfuse
and file.

Nothing is lost: a FILE that is there is left alone unless --update or --replace
says what is to become of it; it is replaced whole or not at all, and never with an
empty one. If a prompt cannot be fetched, nothing is written; with --keep-going all
others are, and with --update what FILE had of it stays. The exit status is 1 in
both cases. A FILE with entries that cannot be read, or are of another workspace, is
not updated. Ctrl-C leaves it as it was.

If nothing has changed, FILE is written nevertheless: its prompts are younger then.

What became of each prompt is printed, a line each: added, changed, unchanged,
removed. On a terminal there is a progress bar instead of the unchanged ones. What
failed is said on stderr.

--json prints an object: file, format, routed, written, changed, prompts (how many
the file has, if it was written), counts (added, changed, unchanged, removed,
failed), results (key, outcome, revision, old_revision, error, problem: why it
cannot be compiled) and left_out (key and reason: prompts that --all found and that
cannot be fetched).

Credentials come from the environment or from --env-file, and are never shown; see
promptcache get --help. PROMPTCACHE_FILES is the directory of file: keys.

` + exitStatuses
}

// Run pulls.
func (c pullCmd) Run(ctx context.Context, std streams) error {
	ctx, cancel, err := within(ctx, c.Timeout)
	if err != nil {
		return err
	}
	defer cancel()
	if err := c.check(); err != nil {
		return usageError{err}
	}
	old, err := c.old()
	if err != nil {
		return err
	}
	sources, err := c.sources(std.getenv)
	if err != nil {
		return err
	}
	sources.many = true
	p := pulling{pullCmd: c, std: std, sources: sources, old: old, prompts: make(map[string]opened)}
	if err := p.collect(ctx); err != nil {
		return err
	}
	return p.run(ctx)
}

// check says what is wrong with the flags.
func (c pullCmd) check() error {
	switch {
	case len(c.Keys) == 0 && !c.All && !c.Update:
		return errors.New("which prompts? Say KEY..., --all, or --update for those that FILE has")
	case c.Prune && !c.Update:
		return errors.New("--prune is for --update")
	case c.Concurrency < 1:
		return fmt.Errorf("--concurrency is %d; want 1 or more", c.Concurrency)
	}
	return nil
}

// old returns the snapshot that is there, nil if there is none.
func (c pullCmd) old() (*registry.Snapshot, error) {
	old, err := registry.ReadSnapshot(c.Output)
	missing := errors.Is(err, fs.ErrNotExist)
	_, unreadable := errors.AsType[*fs.PathError](err)
	switch {
	case missing && c.Update && len(c.Keys) == 0 && !c.All:
		return nil, usageError{advised(plain(err), "say which prompts to pull, and the file is made")}
	case missing:
		return nil, nil
	case unreadable:
		return nil, plain(err)
	case !c.Update && !c.Replace:
		return nil, usageError{fmt.Errorf("%s is there already; say --update to refresh it, or --replace", c.Output)}
	case err != nil && c.Replace && errors.Is(err, promptcache.ErrSnapshot):
		return nil, nil
	case err != nil:
		return nil, plain(err)
	}
	return old, nil
}

// pulling is a pull that is under way.
type pulling struct {
	pullCmd

	std     streams
	sources *sources
	old     *registry.Snapshot
	// prompts are what is fetched, by their full keys, and keys these in their
	// order.
	prompts map[string]opened
	keys    []string
	leftOut []leftOut
	made    *registry.Cache // of which the file is made
}

// leftOut is a prompt that --all has found and that is not fetched.
type leftOut struct {
	Key    string `json:"key"`
	Reason string `json:"reason"`
}

// collect finds out which prompts are to be fetched.
func (p *pulling) collect(ctx context.Context) error {
	preferred := ""
	if p.Update && p.old != nil {
		preferred = p.old.Registry
		for _, e := range p.old.Entries {
			if e.Registry == "" {
				return fmt.Errorf("%s: nothing says which registry %.100q is in, so it cannot be refreshed", p.Output, e.Key)
			}
			o, err := p.sources.in(ctx, e.Registry, strings.TrimPrefix(e.Key, e.Registry+":"))
			if err != nil {
				return fmt.Errorf("%s: %w", p.Output, err)
			}
			p.add(o)
		}
	}
	for _, key := range p.Keys {
		o, err := p.sources.prompt(ctx, key, preferred)
		if err != nil {
			return err
		}
		p.add(o)
	}
	if p.All {
		return p.list(ctx, preferred)
	}
	return nil
}

// add takes up a prompt, if it is a new one.
func (p *pulling) add(o opened) {
	key := o.fullKey()
	if _, known := p.prompts[key]; !known {
		p.prompts[key] = o
		p.keys = append(p.keys, key)
	}
}

// list takes up all prompts of a registry.
func (p *pulling) list(ctx context.Context, preferred string) error {
	name := cmp.Or(p.From, preferred)
	if name == "" {
		var err error
		if name, err = registry.Default(p.sources.getenv); err != nil {
			return usageError{err}
		}
	}
	reg, err := p.sources.registry(name)
	if err != nil {
		return err
	}
	for info, err := range reg.List(ctx) {
		if err != nil {
			o := opened{Registry: reg, getenv: p.sources.getenv}
			return advised(fmt.Errorf("list the prompts of %s: %w", name, plain(err)), o.Advice(ctx, "", err, o.getenv))
		}
		reason := info.Unserved
		if err := reg.Check(info.Key); reason == "" && err != nil {
			reason = plain(cause(err)).Error()
		}
		if reason != "" {
			p.leftOut = append(p.leftOut, leftOut{name + ":" + info.Key, reason})
			continue
		}
		p.add(opened{Registry: reg, key: info.Key, getenv: p.sources.getenv})
	}
	return nil
}

// cache returns the cache of which the file is made.
func (p *pulling) cache() (*registry.Cache, error) {
	var of []*registry.Registry
	var names []string
	for _, key := range p.keys {
		if o := p.prompts[key]; !slices.Contains(names, o.Name()) {
			of, names = append(of, o.Registry), append(names, o.Name())
		}
	}
	slices.Sort(names)
	routed := p.Routed || len(of) > 1
	if p.Update && p.old != nil {
		if routed && !p.old.Routed && len(p.old.Entries) > 0 {
			return nil, usageError{fmt.Errorf("%s has prompts of %s alone, in the format of that; for keys of several registries pull another file, or say --replace", p.Output, p.old.Registry)}
		}
		routed = routed || p.old.Routed
	}
	if len(of) == 0 {
		return nil, errors.New("there is nothing to fetch; " + p.Output + " was not written")
	}
	if routed {
		return registry.RoutedCache(of, p.Timeout)
	}
	return of[0].NewCache(p.Timeout)
}

// run fetches the prompts and writes the file.
func (p *pulling) run(ctx context.Context) error {
	var err error
	if p.made, err = p.cache(); err != nil {
		return err
	}
	view := newPullView(p.std, p.JSON, len(p.keys))
	report, err := pull.Job{
		Path: p.Output, Cache: p.made, Old: p.old, Update: p.Update, Prune: p.Prune, KeepGoing: p.KeepGoing,
		Keys: p.keys, Concurrency: p.Concurrency,
		Each: func(r pull.Result) {
			if r.Err != nil {
				r.Err = p.prompts[r.Key].said(r.Err)
			}
			view.result(r)
		},
	}.Run(ctx)
	view.bar.Clear()
	if err != nil {
		return p.notWritten(err)
	}
	if err := view.end(p, report); err != nil {
		return err
	}
	return p.verdict(ctx, report, view.firstFailure)
}

// notWritten says why the file is as it was.
func (p *pulling) notWritten(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	err = fmt.Errorf("%s is as it was: %w", p.Output, plain(err))
	switch {
	case errors.Is(err, promptcache.ErrOtherSource):
		return advised(err, "pull into another file, or say --replace")
	case errors.Is(err, promptcache.ErrEmptySnapshot):
		return advised(err, "nothing would be left of it; if that is right, remove it")
	}
	return err
}

// verdict returns the error that the exit status is of.
func (p *pulling) verdict(ctx context.Context, report pull.Report, failure pull.Result) error {
	failed := report.Counts[pull.Failed]
	if failed == 0 {
		if p.ExitCode && report.Changed() {
			return errChanged
		}
		return nil
	}
	why := fmt.Sprintf("%d of %s could not be fetched", failed, prompts(len(p.keys)))
	if !report.Written {
		why += "; " + p.Output + " was not written"
	}
	o := p.prompts[failure.Key]
	advice := o.Advice(ctx, o.key, failure.Err, o.getenv)
	if ctx.Err() != nil {
		advice = fmt.Sprintf("--timeout %v was too short for it", p.Timeout)
	}
	if advice == "" && !report.Written && failed < len(p.keys) {
		advice = "--keep-going writes the others"
	}
	return advised(errors.New(why), advice)
}
