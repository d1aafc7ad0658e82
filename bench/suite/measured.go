package suite

import (
	"math"

	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
)

// result returns the one of this name, which is among them.
func result(results []rounds.Result, name string) rounds.Result {
	for _, r := range results {
		if r.Name == name {
			return r
		}
	}
	return rounds.Result{Name: name}
}

// figureOf returns the figure in the first column whose name is column, of the row
// name; NaN throughout if there is none.
func figureOf(t report.Table, name, column string) rounds.Summary {
	for i, c := range t.Columns {
		if c.Name != column {
			continue
		}
		for _, row := range t.Rows {
			if row.Name == name && row.Cells[i].Figure != nil {
				return *row.Cells[i].Figure
			}
		}
	}
	return rounds.Exact(math.NaN())
}

// times multiplies a summary by a positive factor.
func times(s rounds.Summary, factor float64) rounds.Summary {
	return rounds.Summary{Median: s.Median * factor, Low: s.Low * factor, High: s.High * factor}
}
