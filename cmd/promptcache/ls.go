package main

import (
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/show"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
)

// lsCmd is `promptcache ls`.
type lsCmd struct {
	File string `arg:"" help:"The snapshot."`
	JSON bool   `name:"json" help:"Print one JSON document: an array of prompts."`
}

// Help is shown below the summary; see kong.HelpProvider.
func (lsCmd) Help() string {
	return `Examples:

    promptcache ls prompts.json
    promptcache ls prompts.json --json | jq -r '.[].key'

The file is verified first: its checksum, and that it says all that it must. The
prompts come in the file's order, the least recently used first. AGE is the time
since a prompt was fetched, - if the file does not say; SIZE is that of its JSON.
A placeholder stands with a * among the variables. A prompt that cannot be read
has ! there, and why.

--json prints an array of objects: key, registry, source, revision, fetched_at
(null if the file does not say), age_seconds (likewise), size_bytes, immutable,
stale, variables, placeholders and problem ("" if there is none).

` + exitStatuses
}

// listing is a prompt as `promptcache ls --json` lists it.
type listing struct {
	Key          string     `json:"key"`
	Registry     string     `json:"registry"`
	Source       string     `json:"source"`
	Revision     string     `json:"revision"`
	FetchedAt    *time.Time `json:"fetched_at"`
	AgeSeconds   *int64     `json:"age_seconds"`
	SizeBytes    int        `json:"size_bytes"`
	Immutable    bool       `json:"immutable"`
	Stale        bool       `json:"stale"`
	Variables    []string   `json:"variables"`
	Placeholders []string   `json:"placeholders"`
	Problem      string     `json:"problem"`
}

// listingOf returns what is to be said of an entry.
func listingOf(e registry.Entry, now time.Time) listing {
	l := listing{
		Key: e.Key, Registry: e.Registry, Source: e.Facts.Source, Revision: e.Facts.Revision,
		SizeBytes: len(e.Facts.Value), Immutable: e.Facts.Immutable, Stale: e.Facts.Stale,
		Variables: []string{}, Placeholders: []string{},
	}
	if at := e.Facts.FetchedAt; !at.IsZero() {
		seconds := int64(e.Age(now) / time.Second)
		l.FetchedAt, l.AgeSeconds = &at, &seconds
	}
	if e.Err != nil {
		l.Problem = e.Err.Error()
		return l
	}
	l.Revision, l.Immutable = e.Value.Revision(), e.Value.Immutable()
	p, err := e.Value.Prompt()
	if err != nil {
		l.Problem = err.Error()
		return l
	}
	l.Variables = append(l.Variables, p.Variables()...)
	for _, place := range p.Placeholders() {
		l.Placeholders = append(l.Placeholders, place.Name)
	}
	return l
}

// row returns the cells of the table.
func (l listing) row() []string {
	text := l.needs()
	if l.Problem != "" {
		text = "! " + l.Problem
	}
	return []string{l.Key, show.Short(l.Revision), l.age(), size(l.SizeBytes), text}
}

// age returns how old it is, for people.
func (l listing) age() string {
	if l.AgeSeconds == nil {
		return "-"
	}
	return age(time.Duration(*l.AgeSeconds) * time.Second)
}

// needs names the variables, and the placeholders with "*".
func (l listing) needs() string {
	needs := append([]string{}, l.Variables...)
	for _, name := range l.Placeholders {
		needs = append(needs, name+"*")
	}
	return strings.Join(needs, ", ")
}

// Run prints the list.
func (c lsCmd) Run(std streams) error {
	s, err := readSnapshot(c.File)
	if err != nil {
		return err
	}
	now := std.now()
	listings := make([]listing, len(s.Entries))
	rows := make([][]string, len(s.Entries))
	for i, e := range s.Entries {
		listings[i] = listingOf(e, now)
		rows[i] = listings[i].row()
	}
	if c.JSON {
		return show.JSON(std.out, listings)
	}
	style := term.StyleOf(std.out, std.getenv)
	return style.Table(std.out, []string{"KEY", "REVISION", "AGE", "SIZE", "VARIABLES"}, rows)
}
