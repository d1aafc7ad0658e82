package term

import (
	"fmt"
	"io"
	"strings"
)

// gap is between the columns of a table.
const gap = "  "

// Table prints rows under a heading, in columns that are as wide as they need to
// be. On a terminal the last column is cut where the line ends, with "…" if that
// can be shown. What the cells have is made visible. It returns the error of the
// first write that failed.
func (s Style) Table(w io.Writer, heading []string, rows [][]string) error {
	widths := make([]int, len(heading))
	for _, row := range append([][]string{heading}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], Columns(oneLine(cell)))
		}
	}
	var err error
	line := func(row []string, paint func(string) string) {
		var b strings.Builder
		left := s.Width()
		for i, cell := range row {
			text := oneLine(cell)
			if i == len(row)-1 {
				b.WriteString(s.shortened(text, left))
				break
			}
			b.WriteString(text + strings.Repeat(" ", widths[i]-Columns(text)) + gap)
			left -= widths[i] + len(gap)
		}
		if _, failed := fmt.Fprintln(w, paint(strings.TrimRight(b.String(), " "))); err == nil {
			err = failed
		}
	}
	line(heading, s.Dim)
	for _, row := range rows {
		line(row, func(text string) string { return text })
	}
	if err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	return nil
}

// shortened returns text, cut to so many columns on a terminal.
func (s Style) shortened(text string, columns int) string {
	if !s.Terminal() || Columns(text) <= columns {
		return text
	}
	mark := "…"
	if !s.fancy {
		mark = "..."
	}
	kept := 0
	for i, r := range text {
		if kept += columnsOf(r); kept > max(columns-Columns(mark), 0) {
			return text[:i] + mark
		}
	}
	return text
}

// oneLine returns a cell as it may be shown.
func oneLine(cell string) string {
	return Visible(strings.Join(strings.Fields(cell), " "))
}
