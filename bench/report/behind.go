package report

import (
	"fmt"
	"strings"
)

// Behind says, a sentence for each column in which a ranked row is ahead of
// ours, which ones are and by how much. A lead within the spread of the two is
// said to be that. It is empty where ours is first, or not in the table.
func (t Table) Behind() []string {
	ours := t.ours()
	if ours == nil {
		return nil
	}
	var sentences []string
	for i, column := range t.Columns {
		if column.Unranked || i >= len(ours.Cells) || ours.Cells[i].Figure == nil {
			continue
		}
		if ahead := t.ahead(i, ours.Cells[i]); len(ahead) > 0 {
			sentences = append(sentences, fmt.Sprintf("%s, %s: %s has %s; ahead of it: %s.",
				t.Title, column.Name, ours.Name, with(Number(ours.Cells[i].Figure.Median), column.Unit), strings.Join(ahead, ", ")))
		}
	}
	return sentences
}

func (t Table) ours() *Row {
	for i := range t.Rows {
		if t.Rows[i].Ours {
			return &t.Rows[i]
		}
	}
	return nil
}

func (t Table) ahead(i int, ours Cell) []string {
	var ahead []string
	for _, row := range t.Rows {
		if row.Ours || row.Unranked || i >= len(row.Cells) || row.Cells[i].Figure == nil {
			continue
		}
		theirs := *row.Cells[i].Figure
		first := theirs.Median < ours.Figure.Median
		if t.Columns[i].MoreIsBetter {
			first = theirs.Median > ours.Figure.Median
		}
		if !first {
			continue
		}
		lead := fmt.Sprintf("%s (%s", row.Name, with(Number(theirs.Median), t.Columns[i].Unit))
		if theirs.Overlaps(*ours.Figure) {
			lead += ", within the spread"
		}
		ahead = append(ahead, lead+")")
	}
	return ahead
}

func with(number, unit string) string {
	if unit == "" {
		return number
	}
	return number + " " + unit
}
