package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/show"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
)

// inspectCmd is `promptcache inspect`.
type inspectCmd struct {
	File string `arg:"" help:"The snapshot."`
	Key  string `arg:"" optional:"" help:"One of its prompts; without it, what is known of the file."`
	From string `placeholder:"REGISTRY" help:"Registry of a KEY without a scheme, if the file has several."`
	JSON bool   `name:"json" help:"Print one JSON document and nothing else."`
}

// Help is shown below the summary; see kong.HelpProvider.
func (inspectCmd) Help() string {
	return `Examples:

    promptcache inspect prompts.json
    promptcache inspect prompts.json assistant
    promptcache inspect prompts.json assistant --json

The file is verified first. Of a bare file, such as LangSmith's SDKs write, nothing
is known of sources, ages and checksums. promptcache get --snapshot compiles a prompt
of it.

--json prints an object. Of a file: file, layout (the version of the layout; 0 of a
bare file), format, routed, created_at (null of a bare file), sha256, size_bytes (of
all prompts), prompts (how many), sources, oldest and newest (when the prompts were
fetched, or null). Of a prompt: entry, what ls has of it, and prompt, what get has of
it, null if it cannot be read.

` + exitStatuses
}

// snapshotFacts is what `promptcache inspect --json` prints of a file.
type snapshotFacts struct {
	File      string     `json:"file"`
	Layout    int        `json:"layout"`
	Format    string     `json:"format"`
	Routed    bool       `json:"routed"`
	CreatedAt *time.Time `json:"created_at"`
	SHA256    string     `json:"sha256"`
	SizeBytes int        `json:"size_bytes"`
	Prompts   int        `json:"prompts"`
	Sources   []string   `json:"sources"`
	Oldest    *time.Time `json:"oldest"`
	Newest    *time.Time `json:"newest"`
}

// promptFacts is what `promptcache inspect --json` prints of a prompt.
type promptFacts struct {
	Entry  listing        `json:"entry"`
	Prompt *show.Document `json:"prompt"`
}

// Run prints what is known.
func (c inspectCmd) Run(std streams) error {
	s, err := readSnapshot(c.File)
	if err != nil {
		return err
	}
	if c.Key != "" {
		return c.prompt(std, s)
	}
	facts := factsOf(c.File, s)
	if c.JSON {
		return show.JSON(std.out, facts)
	}
	return show.Header(std.out, term.StyleOf(std.out, std.getenv), c.File, facts.rows(std.now()))
}

// prompt prints one prompt.
func (c inspectCmd) prompt(std streams, s *registry.Snapshot) error {
	e, err := s.Find(c.Key, c.From)
	if missing, ok := errors.AsType[*registry.NotInSnapshotError](err); ok {
		return advised(fmt.Errorf("%s: %w", c.File, err), missing.Advice())
	}
	if err != nil {
		return usageError{err}
	}
	facts := promptFacts{Entry: listingOf(e, std.now())}
	if facts.Entry.Problem == "" {
		d := documentOf(e, std.now())
		p, err := e.Value.Prompt()
		if err != nil {
			return err
		}
		d.Describe(p)
		facts.Prompt = &d
	}
	switch {
	case c.JSON:
		return show.JSON(std.out, facts)
	case facts.Prompt == nil:
		return show.Header(std.out, term.StyleOf(std.out, std.getenv), e.Key, facts.Entry.rows())
	}
	facts.Prompt.Details = append(facts.Prompt.Details, facts.Entry.rows()...)
	return show.Readable(std.out, term.StyleOf(std.out, std.getenv), *facts.Prompt)
}

// rows returns what only a snapshot knows of a prompt.
func (l listing) rows() []show.Detail {
	rows := []show.Detail{{Name: "source", Text: l.Source}, {Name: "size", Text: size(l.SizeBytes)}}
	if l.Immutable {
		rows = append(rows, show.Detail{Name: "immutable", Text: "yes: the key never means another content"})
	}
	if l.Stale {
		rows = append(rows, show.Detail{Name: "stale", Text: "yes: it was marked, and not fetched since"})
	}
	return append(rows, show.Detail{Name: "problem", Text: l.Problem})
}

// factsOf returns what is known of a file.
func factsOf(path string, s *registry.Snapshot) snapshotFacts {
	f := snapshotFacts{
		File: path, Layout: s.Version, Format: s.Format, Routed: s.Routed, SHA256: s.Checksum,
		Prompts: len(s.Entries), Sources: []string{},
	}
	if !s.CreatedAt.IsZero() {
		f.CreatedAt = &s.CreatedAt
	}
	for _, e := range s.Entries {
		f.SizeBytes += len(e.Facts.Value)
		if source := e.Facts.Source; source != "" && !slices.Contains(f.Sources, source) {
			f.Sources = append(f.Sources, source)
		}
		at := e.Facts.FetchedAt
		if at.IsZero() {
			continue
		}
		if f.Oldest == nil || at.Before(*f.Oldest) {
			f.Oldest = &at
		}
		if f.Newest == nil || at.After(*f.Newest) {
			f.Newest = &at
		}
	}
	slices.Sort(f.Sources)
	return f
}

// rows returns it for people.
func (f snapshotFacts) rows(now time.Time) []show.Detail {
	when := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return fmt.Sprintf("%s, %s ago", t.Format(time.RFC3339), age(now.Sub(*t)))
	}
	format := f.Format
	switch {
	case f.Layout == 0:
		format += ", a bare file: nothing says how old it is, and nothing verifies it"
	case f.Routed:
		format += ", of several registries: keys have schemes"
	}
	return []show.Detail{
		{Name: "format", Text: format},
		{Name: "created", Text: when(f.CreatedAt)},
		{Name: "prompts", Text: fmt.Sprintf("%d, %s", f.Prompts, size(f.SizeBytes))},
		{Name: "sources", Text: strings.Join(f.Sources, "\n")},
		{Name: "oldest", Text: when(f.Oldest)},
		{Name: "newest", Text: when(f.Newest)},
		{Name: "sha256", Text: f.SHA256},
	}
}
