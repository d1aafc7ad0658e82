package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/watch"
)

// watchCmd is `promptcache watch`.
type watchCmd struct {
	Keys     []string      `arg:"" name:"key" help:"Prompts, as get takes them."`
	Interval time.Duration `default:"30s" help:"How often each prompt is fetched; ${default} if not given."`
	Brief    bool          `short:"q" help:"Print no diffs."`
	JSON     bool          `name:"json" help:"Print JSON, one object a line for each event, and nothing else."`

	sourceFlags
}

// Help is shown below the summary; see kong.HelpProvider.
func (watchCmd) Help() string {
	return `Examples:

    promptcache watch greeting assistant:production
    promptcache watch langsmith:greeting langfuse:support/triage --interval 5s
    promptcache watch greeting --json | jq -r 'select(.event=="changed").diff'

The prompts are held in a cache that refreshes them, as it does in a service, and
what happens to them is printed as it happens:

    found       it was fetched for the first time, or again after it was removed
    changed     another one came, with the diff
    removed     the registry says, and said twice, that it does not exist any more
    failed      it could not be fetched; the last good one is still served
    stale       nor could it since, and what is served is older than it should be
    recovered   it was fetched again
    state       a registry is healthy, or degraded: some of its prompts fail

After failures a prompt is fetched less often, once a minute at least. One that the
registry refuses at the beginning (there is no such prompt, it may not be read) ends
the command; an outage does not.

--json prints an object for each of these: time, event, registry, key (with its
scheme; "" for state), revision (of what is served; "" for nothing), old_revision,
age_seconds (of what is served), error, parts, added_variables, removed_variables
and diff (of changed, as diff prints them), state (healthy or degraded), failing and
prompts (numbers of prompts of the registry).

Ctrl-C, or SIGTERM, is how it ends, with exit status 0.

Credentials come from the environment or from --env-file, and are never shown; see
promptcache get --help. PROMPTCACHE_FILES is the directory of file: keys.

Colours are used on a terminal, unless NO_COLOR is set.

` + exitStatuses
}

// Run follows the prompts.
func (c watchCmd) Run(ctx context.Context, std streams) error {
	if c.Interval < watch.MinInterval {
		return usageError{fmt.Errorf("--interval is %v; want %v or more", c.Interval, watch.MinInterval)}
	}
	sources, err := c.sources(std.getenv)
	if err != nil {
		return err
	}
	sources.many = true
	prompts := make(map[string]opened)
	cfg := watch.Config{Interval: c.Interval}
	for _, key := range c.Keys {
		o, err := sources.prompt(ctx, key, "")
		if err != nil {
			return err
		}
		if _, known := prompts[o.fullKey()]; !known {
			prompts[o.fullKey()] = o
			cfg.Prompts = append(cfg.Prompts, watch.Prompt{Registry: o.Registry, Key: o.key})
		}
	}
	view := newWatchView(c, std, prompts)
	cfg.Tell = view.tell
	err = watch.Run(ctx, cfg)
	if problem, ok := errors.AsType[*watch.PromptError](err); ok {
		return prompts[problem.Key].explain(ctx, problem.Err)
	}
	if err == nil {
		view.end()
	}
	return err
}
