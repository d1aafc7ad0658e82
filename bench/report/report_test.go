package report_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
)

func spread(median, low, high float64) report.Cell {
	return report.Figure(rounds.Summary{Median: median, Low: low, High: high})
}

func hits() report.Table {
	slow := spread(42.31, 41, 44)
	slow.Ratio = 2.1
	return report.Table{
		Title: "Hits", Intro: "All of them.", Subject: "cache",
		Columns: []report.Column{
			{Name: "one goroutine", Unit: "ns", Ratio: true},
			{Name: "hit ratio", Unit: "%", MoreIsBetter: true},
			{Name: "allocations", Unranked: true},
			{Name: "says"},
		},
		Rows: []report.Row{
			{Name: "ours", Ours: true, Cells: []report.Cell{spread(20.1, 19, 21), spread(60, 60, 60), spread(9, 9, 9), report.Text("%d of %d", 1, 2)}},
			{Name: "ours, otherwise", Ours: true, Unranked: true, Cells: []report.Cell{spread(1, 1, 1)}},
			{Name: "slow", Cells: []report.Cell{slow, spread(70, 70, 70), spread(0, 0, 0), report.Text("a|b")}},
			{Name: "quick", Cells: []report.Cell{spread(19.5, 19, 20), spread(50, 50, 50), {}, {}}},
			{Name: "limit", Unranked: true, Cells: []report.Cell{spread(3, 3, 3)}},
		},
	}
}

func TestMarkdown(t *testing.T) {
	require.Equal(t, `### Hits

All of them.

| cache | one goroutine, ns | × ours | hit ratio, % | allocations | says |
| --- | ---: | ---: | ---: | ---: | ---: |
| **ours** | 20.1 (19–21) | – | 60 | 9 | 1 of 2 |
| ours, otherwise | 1 | – | – | – | – |
| slow | 42.3 (41–44) | 2.10 | 70 | 0 | a\|b |
| quick | 19.5 (19–20) | – | 50 | – | – |
| limit | 3 | – | – | – | – |
`, hits().Markdown())
}

func TestBehindNamesWhoIsAhead(t *testing.T) {
	require.Equal(t, []string{
		"Hits, one goroutine: ours has 20.1 ns; ahead of it: quick (19.5 ns, within the spread).",
		"Hits, hit ratio: ours has 60 %; ahead of it: slow (70 %).",
	}, hits().Behind())

	first := hits()
	first.Rows = first.Rows[:2]
	require.Empty(t, first.Behind())

	without := hits()
	without.Rows = without.Rows[2:]
	require.Empty(t, without.Behind(), "ours is not in the table")
}

func TestDocument(t *testing.T) {
	doc := report.Document{
		Method: "Medians.",
		Facts:  []report.Fact{{"CPU", "one"}},
		Tables: []report.Table{hits()},
	}
	text := doc.Markdown()
	require.Contains(t, text, "# Benchmarks\n\nMedians.\n\n- CPU: one\n\n## Where this cache is not first\n\n- Hits, one goroutine")
	require.NotContains(t, text, "Not measured")
	require.Contains(t, text, "\n## Tables\n\n### Hits\n")

	doc.Tables, doc.Missing = nil, []string{"The clients: no Node."}
	text = doc.Markdown()
	require.Contains(t, text, "- Nowhere in the tables of this run.\n")
	require.Contains(t, text, "## Not measured\n\n- The clients: no Node.\n")
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", 1.5: "1.50", 9.994: "9.99", 9.996: "10.0", 12.34: "12.3", 99.96: "100", 123.4: "123", 999.6: "1,000",
		1234.5: "1,235", 1e6: "1,000,000", -12345: "-12,345", 0.004: "0.00", math.NaN(): "–", -1: "-1",
	} {
		require.Equal(t, want, report.Number(v), v)
	}
}

func TestCompared(t *testing.T) {
	base := rounds.Result{Name: "ours", Samples: []float64{10, 20}}
	cells, err := report.Compared([]rounds.Result{base, {Name: "a", Samples: []float64{20, 40}}}, base)
	require.NoError(t, err)
	require.InDelta(t, 1, cells[0].Ratio, 0)
	require.InDelta(t, 2, cells[1].Ratio, 0)
	require.InDelta(t, 30, cells[1].Figure.Median, 0)

	_, err = report.Compared([]rounds.Result{{Name: "b"}}, base)
	require.ErrorContains(t, err, "not of one comparison")
}
