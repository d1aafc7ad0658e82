// Package target has what this project's cache is to reach beside the others,
// and judges what was measured by it. The report and the gate read the same
// numbers, those of targets.go.
package target

import (
	"fmt"
	"maps"

	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
)

// Target is one figure and its limit.
type Target struct {
	// Name says what is measured, and is what the suite calls its figure.
	Name string
	// Limit is what the figure may be at most, itself included.
	Limit float64
	// AtLeast turns Limit around: what the figure must be.
	AtLeast bool
	// Unit is what the figure is in: "×" for how many times as long as the
	// other one, "ns", "B". It may be empty.
	Unit string
	// Gate is the limit in package gate, which has room for the noise of a busy
	// machine. 0 means that the gate leaves it alone.
	Gate float64
	// Elsewhere says what checks a target that no figure of the suite can. It
	// is empty for the others.
	Elsewhere string
	// Why is the reason, where one is known, that a target is missed. It is
	// told when it is.
	Why string
}

// Met reports whether v is within the limit. NaN is not.
func (t Target) Met(v float64) bool {
	if t.AtLeast {
		return v >= t.Limit
	}
	return v <= t.Limit
}

// limit is the limit as it stands in a table.
func (t Target) limit() string {
	if t.Elsewhere != "" {
		return "–"
	}
	sign := "≤"
	if t.AtLeast {
		sign = "≥"
	}
	text := sign + " " + report.Number(t.Limit)
	if t.Unit != "" {
		text += " " + t.Unit
	}
	return text
}

// Measured are figures by the names that targets call them by. The suite
// measures some that no target names.
type Measured map[string]rounds.Summary

// Add puts the figures of others among these; a name that both have is theirs.
func (m Measured) Add(others Measured) { maps.Copy(m, others) }

// Verdict is one target and what was measured of it.
type Verdict struct {
	Target Target
	// Figure is nil if it was not measured.
	Figure *rounds.Summary
}

// Judge returns a verdict for each target, in their order.
func Judge(targets []Target, measured Measured) []Verdict {
	out := make([]Verdict, len(targets))
	for i, t := range targets {
		out[i].Target = t
		if figure, ok := measured[t.Name]; ok {
			out[i].Figure = &figure
		}
	}
	return out
}

// Met reports whether the figure is within the limit; false without a figure.
func (v Verdict) Met() bool { return v.Figure != nil && v.Target.Met(v.Figure.Median) }

// String is the verdict in words. It says so if other rounds would have decided
// otherwise.
func (v Verdict) String() string {
	if v.Figure == nil {
		if v.Target.Elsewhere != "" {
			return v.Target.Elsewhere
		}
		return "not measured"
	}
	text, limit := "met", v.Target.Limit
	if !v.Met() {
		text = "**missed**"
		if limit != 0 {
			text += fmt.Sprintf(", %s × the limit", report.Number(v.Figure.Median/limit))
		}
		if v.Target.Why != "" {
			text += ", for " + v.Target.Why
		}
	}
	if v.Target.Met(v.Figure.Low) != v.Target.Met(v.Figure.High) {
		text += ", the limit is within the spread"
	}
	return text
}

// Table is the verdicts as a table of the report, with their sum before it.
func Table(verdicts []Verdict) report.Table {
	t := report.Table{
		Title: "Targets", Subject: "target",
		Columns: []report.Column{{Name: "limit"}, {Name: "measured"}, {Name: "verdict"}},
	}
	met, measured := 0, 0
	for _, v := range verdicts {
		cells := []report.Cell{report.Text("%s", v.Target.limit()), {}, report.Text("%s", v)}
		if v.Figure != nil {
			measured++
			if v.Met() {
				met++
			}
			cells[1] = report.Figure(*v.Figure)
		}
		t.Rows = append(t.Rows, report.Row{Name: v.Target.Name, Cells: cells})
	}
	t.Intro = fmt.Sprintf("Of %d targets %d were measured in this run, and %d of them met.", len(verdicts), measured, met)
	return t
}
