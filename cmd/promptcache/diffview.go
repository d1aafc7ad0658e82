package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/promptdiff"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/show"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
)

// diffReport is what `promptcache diff --json` prints.
type diffReport struct {
	A       string       `json:"a"`
	B       string       `json:"b"`
	Differ  bool         `json:"differ"`
	Prompts []comparison `json:"prompts"`
}

// print prints what was found out, and returns the error that the exit status is
// of.
func (c diffCmd) print(std streams, found []comparison) error {
	report := diffReport{A: c.A, B: c.B, Prompts: found}
	failed, advice := 0, ""
	for _, f := range found {
		switch {
		case f.Error != "":
			failed++
			say(std, "promptcache: error:", f.Error)
			if a, ok := errors.AsType[advisedError](f.err); ok {
				advice = cmp.Or(advice, a.advice)
			}
		case f.Change != promptdiff.Same:
			report.Differ = true
		}
	}
	write := c.readable
	if c.JSON {
		write = func(std streams, report diffReport) error { return show.JSON(std.out, report) }
	}
	if err := write(std, report); err != nil {
		return err
	}
	switch {
	case failed > 0:
		return advised(fmt.Errorf("%d of %s could not be compared", failed, prompts(len(found))), advice)
	case c.ExitCode && report.Differ:
		return errChanged
	}
	return nil
}

// readable prints the differences for people.
func (c diffCmd) readable(std streams, report diffReport) error {
	style := term.StyleOf(std.out, std.getenv)
	var b strings.Builder
	for _, f := range report.Prompts {
		if f.Error != "" || f.Change == promptdiff.Same {
			continue
		}
		for _, line := range style.Fold(term.OneLine(f.heading()), 0) {
			b.WriteString(style.Bold(line) + "\n")
		}
		if !c.Brief {
			writeDiff(&b, style, f.Diff)
		}
	}
	if _, err := fmt.Fprint(std.out, b.String()); err != nil {
		return fmt.Errorf("print the differences: %w", err)
	}
	return nil
}

// heading says which prompt differs, and in what.
func (f comparison) heading() string {
	key := f.Key
	if f.OtherKey != f.Key {
		key += " " + f.OtherKey
	}
	heading := fmt.Sprintf("%s: %s", key, f.Change)
	if f.Change != promptdiff.Changed {
		return heading
	}
	notes := []string{strings.Join(f.Parts, ", ")}
	for _, name := range f.AddedVariables {
		notes = append(notes, "+"+name)
	}
	for _, name := range f.RemovedVariables {
		notes = append(notes, "-"+name)
	}
	if notes[0] == "revision" {
		notes = append(notes, fmt.Sprintf("%s -> %s", cmp.Or(show.Short(f.RevisionA), "none"), cmp.Or(show.Short(f.RevisionB), "none")))
	}
	return heading + ": " + strings.Join(notes, " ")
}

// writeDiff writes a unified diff, in colours on a terminal. Lines of prompts that
// do not fit there are broken, with their sign before each piece.
func writeDiff(b *strings.Builder, style term.Style, unified string) {
	heading := true // --- and +++ are no changes before the first @@
	for line := range strings.Lines(unified) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			line = " "
		}
		heading = heading && line[0] != '@'
		paint := func(text string) string { return text }
		switch {
		case heading:
			paint = style.Dim
		case line[0] == '@':
			paint = func(text string) string { return style.In(term.Cyan, text) }
		case line[0] == '+':
			paint = func(text string) string { return style.In(term.Green, text) }
		case line[0] == '-':
			paint = func(text string) string { return style.In(term.Red, text) }
		}
		pieces, sign := style.Fold(line[1:], 1), line[:1]
		if heading {
			pieces, sign = []string{line}, ""
		}
		for _, piece := range pieces {
			b.WriteString(paint(sign+piece) + "\n")
		}
	}
}
