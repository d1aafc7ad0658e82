package main

import (
	"cmp"
	"fmt"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/pull"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/show"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
)

// pullReport is what `promptcache pull --json` prints.
type pullReport struct {
	File    string               `json:"file"`
	Format  string               `json:"format"`
	Routed  bool                 `json:"routed"`
	Written bool                 `json:"written"`
	Changed bool                 `json:"changed"`
	Prompts int                  `json:"prompts"`
	Counts  map[pull.Outcome]int `json:"counts"`
	Results []pullResult         `json:"results"`
	LeftOut []leftOut            `json:"left_out"`
}

// pullResult is what became of one prompt.
type pullResult struct {
	Key         string       `json:"key"`
	Outcome     pull.Outcome `json:"outcome"`
	Revision    string       `json:"revision"`
	OldRevision string       `json:"old_revision"`
	Error       string       `json:"error"`
	Problem     string       `json:"problem"`
}

// pullView shows a pull while it is under way.
type pullView struct {
	std   streams
	json  bool
	style term.Style // of stdout
	bar   *term.Bar

	all, done    int
	results      []pullResult
	firstFailure pull.Result
	err          error // of the first write that failed
}

func newPullView(std streams, json bool, all int) *pullView {
	v := &pullView{std: std, json: json, style: term.StyleOf(std.out, std.getenv), all: all, results: []pullResult{}}
	v.bar = term.NewBar(std.err, term.StyleOf(std.err, std.getenv))
	v.bar.Draw(0, all, "")
	return v
}

// result takes note of what became of a prompt, and shows it.
func (v *pullView) result(r pull.Result) {
	row := pullResult{Key: r.Key, Outcome: r.Outcome}
	if r.Value != nil {
		row.Revision = r.Value.Revision()
		if _, err := r.Value.Prompt(); err != nil {
			row.Problem = err.Error()
		}
	}
	if r.Old != nil {
		row.OldRevision = r.Old.Facts.Revision
		if r.Old.Value != nil {
			row.OldRevision = r.Old.Value.Revision()
		}
	}
	if r.Outcome != pull.Removed {
		v.done++
	}
	v.bar.Clear()
	if r.Err != nil {
		row.Error = r.Err.Error()
		if v.firstFailure.Err == nil {
			v.firstFailure = r
		}
		say(v.std, "promptcache: error:", row.Error)
	}
	if row.Problem != "" {
		say(v.std, "promptcache: note:", fmt.Sprintf("%s was pulled, but cannot be compiled: %s", r.Key, row.Problem))
	}
	v.results = append(v.results, row)
	v.line(row)
	v.bar.Draw(v.done, v.all, r.Key)
}

// line prints what became of a prompt, unless nothing became of it and somebody
// is watching.
func (v *pullView) line(row pullResult) {
	if v.json || row.Outcome == pull.Failed || v.style.Terminal() && row.Outcome == pull.Unchanged {
		return
	}
	text := fmt.Sprintf("%-9s  %s", row.Outcome, term.OneLine(row.Key))
	revision := show.Short(cmp.Or(row.Revision, row.OldRevision))
	if row.Outcome == pull.Changed {
		revision = show.Short(row.OldRevision) + " -> " + show.Short(row.Revision)
	}
	text += "  " + v.style.Dim(term.OneLine(revision))
	v.print(v.painted(row.Outcome, text))
}

// painted colours the outcome.
func (v *pullView) painted(o pull.Outcome, text string) string {
	colours := map[pull.Outcome]term.Colour{pull.Added: term.Green, pull.Changed: term.Yellow, pull.Removed: term.Magenta}
	colour, ok := colours[o]
	if !ok {
		return text
	}
	return v.style.In(colour, string(o)) + text[len(o):]
}

func (v *pullView) print(line string) {
	if _, err := fmt.Fprintln(v.std.out, line); err != nil && v.err == nil {
		v.err = fmt.Errorf("print what was pulled: %w", err)
	}
}

// end prints what came of all of it.
func (v *pullView) end(p *pulling, report pull.Report) error {
	if v.json {
		return v.document(p, report)
	}
	for _, left := range p.leftOut {
		say(v.std, "promptcache: note:", fmt.Sprintf("%s was left out: %s", left.Key, left.Reason))
	}
	if report.Written {
		v.print(fmt.Sprintf("%s: %s, %d added, %d changed, %d unchanged, %d removed", term.OneLine(p.Output), prompts(report.Prompts),
			report.Counts[pull.Added], report.Counts[pull.Changed], report.Counts[pull.Unchanged], report.Counts[pull.Removed]))
	}
	return v.err
}

func prompts(n int) string {
	if n == 1 {
		return "1 prompt"
	}
	return fmt.Sprintf("%d prompts", n)
}

func (v *pullView) document(p *pulling, report pull.Report) error {
	d := pullReport{
		File: p.Output, Format: p.made.Format(), Routed: p.made.Routed(), Written: report.Written, Changed: report.Changed(), Prompts: report.Prompts,
		Counts: make(map[pull.Outcome]int), Results: v.results, LeftOut: append([]leftOut{}, p.leftOut...),
	}
	for _, o := range []pull.Outcome{pull.Added, pull.Changed, pull.Unchanged, pull.Removed, pull.Failed} {
		d.Counts[o] = report.Counts[o]
	}
	return show.JSON(v.std.out, d)
}
