package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/parallel"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/promptdiff"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/promptcache"
)

// diffCmd is `promptcache diff`.
type diffCmd struct {
	A        string   `arg:"" help:"The old side: a snapshot; REGISTRY:KEY, one prompt; REGISTRY:, those prompts of the registry that the other side has; or registry:, each of them from its own."`
	B        string   `arg:"" help:"The new side, likewise."`
	Keys     []string `arg:"" optional:"" name:"key" help:"Only these prompts."`
	Brief    bool     `short:"q" help:"Print only which prompts differ, and in what."`
	ExitCode bool     `help:"Exit with 3 if there are differences."`
	JSON     bool     `name:"json" help:"Print one JSON document and nothing else."`

	sourceFlags

	Timeout time.Duration `default:"2m" help:"The longest that it may take; ${default} if not given."`
}

// Help is shown below the summary; see kong.HelpProvider.
func (diffCmd) Help() string {
	return `Examples:

    promptcache diff old.json new.json
    promptcache diff prompts.json registry:              what a pull --update would change
    promptcache diff prompts.json langfuse: greeting --exit-code
    promptcache diff langsmith:greeting:production langsmith:greeting:staging
    promptcache diff prompts.json langfuse:greeting@staging greeting

What is compared is what prompts say: messages, or the text, variables and
placeholders, config, schema. Two of them that say the same and have other revisions
differ in nothing but the revision. A prompt that cannot be read is compared by its
JSON. Nothing is printed if there is no difference.

A prompt that one side does not have was added or removed. A registry is asked only
for the prompts that the other side has.

--json prints an object: a, b, differ and prompts, of which each has: key, other_key
(in b), change (same, changed, added, removed), parts (what differs), revision_a,
revision_b, added_variables and removed_variables (* marks a placeholder's), diff
(the unified diff) and error (why it could not be fetched).

` + exitStatuses
}

// comparison is what was found out about one prompt.
type comparison struct {
	Key              string          `json:"key"`
	OtherKey         string          `json:"other_key"`
	Change           promptdiff.Kind `json:"change"`
	Parts            []string        `json:"parts"`
	RevisionA        string          `json:"revision_a"`
	RevisionB        string          `json:"revision_b"`
	AddedVariables   []string        `json:"added_variables"`
	RemovedVariables []string        `json:"removed_variables"`
	Diff             string          `json:"diff"`
	Error            string          `json:"error"`

	err error
}

// Run compares.
func (c diffCmd) Run(ctx context.Context, std streams) error {
	ctx, cancel, err := within(ctx, c.Timeout)
	if err != nil {
		return err
	}
	defer cancel()
	sources, err := c.sources(std.getenv)
	if err != nil {
		return err
	}
	sources.many = true
	pairs, err := comparing{c, sources}.pairs(ctx)
	if err != nil {
		return err
	}
	comparisons := make([]comparison, 0, len(pairs))
	parallel.Each(8, pairs, func(p pair) comparison { return p.compare(ctx) }, func(_ pair, found comparison) {
		comparisons = append(comparisons, found)
	})
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return c.print(std, comparisons)
}

// comparing is a diff that is under way.
type comparing struct {
	diffCmd

	sources *sources
}

// pair is one prompt of both sides, or one of each.
type pair struct {
	key, other string // what it is called in a and in b
	a, b       fetchSide
}

// fetchSide gets one side of a pair, nil if it does not have the prompt.
type fetchSide func(context.Context) (*promptdiff.Side, error)

// compare compares the two.
func (p pair) compare(ctx context.Context) comparison {
	c := comparison{Key: p.key, OtherKey: p.other, Parts: []string{}, AddedVariables: []string{}, RemovedVariables: []string{}}
	a, errA := p.a(ctx)
	b, errB := p.b(ctx)
	if err := errors.Join(errA, errB); err != nil {
		c.Error, c.err = err.Error(), err
		return c
	}
	d := promptdiff.Compare(a, b)
	c.Change, c.Diff = d.Kind, d.Unified
	c.Parts = append(c.Parts, d.Parts...)
	c.AddedVariables = append(c.AddedVariables, d.AddedVariables...)
	c.RemovedVariables = append(c.RemovedVariables, d.RemovedVariables...)
	if a != nil {
		c.RevisionA = a.Revision
	}
	if b != nil {
		c.RevisionB = b.Revision
	}
	return c
}

// side is one of the two that are compared, as it was given.
type side struct {
	text     string
	snapshot *registry.Snapshot // of a file
	registry string             // of REGISTRY: and REGISTRY:KEY
	key      string             // of REGISTRY:KEY
}

// eachRegistry is the name that stands for the registry of each prompt.
const eachRegistry = "registry"

// side reads what was given for a side.
func (c comparing) side(text string) (side, error) {
	scheme, key, found := strings.Cut(text, ":")
	isRegistry := slices.Contains(registry.Names(), scheme)
	switch {
	case found && scheme == eachRegistry && key == "", found && isRegistry:
		return side{text: text, registry: scheme, key: key}, nil
	}
	s, err := readSnapshot(text)
	return side{text: text, snapshot: s}, err
}

// pairs returns what is to be compared, in the order of the keys.
func (c comparing) pairs(ctx context.Context) ([]pair, error) {
	a, err := c.side(c.A)
	if err != nil {
		return nil, err
	}
	b, err := c.side(c.B)
	if err != nil {
		return nil, err
	}
	switch {
	case a.key != "" || b.key != "":
		return c.onePair(ctx, a, b)
	case a.snapshot == nil && b.snapshot == nil:
		return nil, usageError{fmt.Errorf("%s and %s do not say which prompts; compare a registry with a snapshot, or REGISTRY:KEY with another one", c.A, c.B)}
	}
	keys, err := c.keys(a, b)
	if err != nil {
		return nil, err
	}
	pairs := make([]pair, 0, len(keys))
	for _, key := range keys {
		p := pair{key: key, other: key}
		if p.a, err = c.fetch(ctx, a, key); err != nil {
			return nil, err
		}
		if p.b, err = c.fetch(ctx, b, key); err != nil {
			return nil, err
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// onePair returns the pair of a prompt of a registry, and what it is compared
// with.
func (c comparing) onePair(ctx context.Context, a, b side) ([]pair, error) {
	if len(c.Keys) > 1 || len(c.Keys) == 1 && a.key != "" && b.key != "" {
		return nil, usageError{errors.New("both sides are one prompt by now; leave out the KEYs")}
	}
	keys := [2]string{a.text, b.text}
	for i, s := range []side{a, b} {
		other := []side{b, a}[i]
		switch {
		case s.key != "":
		case s.snapshot == nil:
			return nil, usageError{fmt.Errorf("%s does not say which prompt; want %sKEY", s.text, s.text)}
		default:
			keys[i] = other.text
			e, err := s.snapshot.Find(cmp.Or(strings.Join(c.Keys, ""), other.text), c.From)
			if _, missing := errors.AsType[*registry.NotInSnapshotError](err); err != nil && (!missing || len(c.Keys) > 0) {
				return nil, fmt.Errorf("%s: %w", s.text, err)
			}
			if err == nil {
				keys[i] = e.Key
			}
		}
	}
	p := pair{key: keys[0], other: keys[1]}
	var err error
	if p.a, err = c.fetch(ctx, a, keys[0]); err != nil {
		return nil, err
	}
	p.b, err = c.fetch(ctx, b, keys[1])
	return []pair{p}, err
}

// keys returns the keys of the snapshots, or those that were asked for.
func (c comparing) keys(a, b side) ([]string, error) {
	all := make(map[string]bool)
	var problem error
	for _, s := range []side{a, b} {
		if s.snapshot == nil {
			continue
		}
		for _, e := range s.snapshot.Entries {
			all[e.Key] = len(c.Keys) == 0
		}
	}
	for _, key := range c.Keys {
		problem = usageError{fmt.Errorf("%.100s is in neither side", key)}
		for _, s := range []side{a, b} {
			if s.snapshot == nil {
				continue
			}
			if e, err := s.snapshot.Find(key, c.From); err == nil {
				all[e.Key], problem = true, nil
			}
		}
		if problem != nil {
			return nil, problem
		}
	}
	wanted := func(s side, key string) bool {
		return s.snapshot != nil || s.registry == eachRegistry || strings.HasPrefix(key, s.registry+":")
	}
	maps.DeleteFunc(all, func(key string, asked bool) bool { return !asked || !wanted(a, key) || !wanted(b, key) })
	return slices.Sorted(maps.Keys(all)), nil
}

// fetch returns what gets the prompt of a full key from a side.
func (c comparing) fetch(ctx context.Context, from side, key string) (fetchSide, error) {
	if from.snapshot != nil {
		var found *promptdiff.Side
		if e, ok := from.snapshot.Entry(key); ok {
			found = promptdiff.SideOf(from.text, e)
		}
		return func(context.Context) (*promptdiff.Side, error) { return found, nil }, nil
	}
	name, rest, err := registry.Split(key, "")
	if err != nil || name == "" {
		return nil, fmt.Errorf("nothing says which registry %.100q is in", key)
	}
	o, err := c.sources.in(ctx, name, rest)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (*promptdiff.Side, error) {
		v, err := o.Fetch(ctx, o.key)
		switch {
		case errors.Is(err, promptcache.ErrNotFound) && from.key == "":
			return nil, nil
		case err != nil:
			return nil, o.failed(ctx, c.Timeout, err)
		}
		return &promptdiff.Side{Label: o.Address(), Key: o.fullKey(), Revision: v.Revision(), Value: v}, nil
	}, nil
}
