// Package report writes what was measured as Markdown, and says in words where
// this project's cache is not the first.
package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/promptcache/promptcache-go/bench/rounds"
)

// Table is one table of figures or statements.
type Table struct {
	Title string
	// Intro says what was measured and how. It may be empty.
	Intro string
	// Subject heads the first column, such as "cache".
	Subject string
	Columns []Column
	Rows    []Row
}

// Column is one thing that was measured of every row.
type Column struct {
	Name string
	// Unit is what figures are in: "ns", "B", "%". It is added to the name.
	Unit string
	// Ratio adds a column with how many times our figure each figure is.
	Ratio bool
	// MoreIsBetter turns around what it is to be behind.
	MoreIsBetter bool
	// Unranked figures are not compared in words.
	Unranked bool
}

// Row is one subject's cells, one for each column.
type Row struct {
	Name string
	// Ours marks the row that all others are compared with: the first such one.
	Ours bool
	// Unranked rows, such as limits and variants of ours, are not compared in
	// words.
	Unranked bool
	Cells    []Cell
}

// Cell is a figure or a text. The zero Cell is shown as "–": not measured, or
// of no meaning for this row.
type Cell struct {
	// Figure is what was measured, with its spread.
	Figure *rounds.Summary
	// Ratio is how many times our figure it is, 0 if that is not known.
	Ratio float64
	// Text is shown in place of a figure, or after it.
	Text string
}

// Figure is a cell with a figure.
func Figure(s rounds.Summary) Cell { return Cell{Figure: &s} }

// Text is a cell with a text.
func Text(format string, args ...any) Cell { return Cell{Text: fmt.Sprintf(format, args...)} }

// Compared is a column's cells for the results of one comparison, whose base is
// ours.
func Compared(results []rounds.Result, base rounds.Result) ([]Cell, error) {
	cells := make([]Cell, len(results))
	for i, r := range results {
		ratio, err := rounds.Ratio(r, base)
		if err != nil {
			return nil, err
		}
		cells[i] = Figure(rounds.Summarize(r.Samples))
		cells[i].Ratio = ratio.Median
	}
	return cells, nil
}

// Markdown returns the table with its heading.
func (t Table) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", t.Title)
	if t.Intro != "" {
		fmt.Fprintf(&b, "%s\n\n", t.Intro)
	}
	header, rule := []string{t.Subject}, []string{"---"}
	for _, column := range t.Columns {
		header, rule = append(header, column.heading()), append(rule, "---:")
		if column.Ratio {
			header, rule = append(header, "× ours"), append(rule, "---:")
		}
	}
	writeRow(&b, header)
	writeRow(&b, rule)
	for _, row := range t.Rows {
		name := row.Name
		if row.Ours && !row.Unranked {
			name = "**" + name + "**"
		}
		line := []string{name}
		for i, column := range t.Columns {
			var cell Cell
			if i < len(row.Cells) {
				cell = row.Cells[i]
			}
			line = append(line, cell.String())
			if column.Ratio {
				line = append(line, cell.ratio())
			}
		}
		writeRow(&b, line)
	}
	return b.String()
}

func (c Column) heading() string {
	if c.Unit == "" {
		return c.Name
	}
	return c.Name + ", " + c.Unit
}

func writeRow(b *strings.Builder, cells []string) {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

// String is the cell as it stands in a table.
func (c Cell) String() string {
	switch {
	case c.Figure == nil && c.Text == "":
		return "–"
	case c.Figure == nil:
		return c.Text
	}
	s := Number(c.Figure.Median)
	if c.Figure.Low != c.Figure.High {
		s += fmt.Sprintf(" (%s–%s)", Number(c.Figure.Low), Number(c.Figure.High))
	}
	if c.Text != "" {
		s += " " + c.Text
	}
	return s
}

func (c Cell) ratio() string {
	if c.Ratio == 0 {
		return "–"
	}
	return Number(c.Ratio)
}

// Number is v with three digits, or all of them if it is a whole number or has
// more before the point, and then with commas.
func Number(v float64) string {
	size := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return "–"
	case size >= 999.5:
		return thousands(int64(math.Round(v)))
	case size >= 99.95, v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	case size >= 9.995:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

func thousands(v int64) string {
	digits := strconv.FormatInt(v, 10)
	sign := ""
	if v < 0 {
		sign, digits = "-", digits[1:]
	}
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, groups...), ",")
}
