package report

import (
	"fmt"
	"strings"
)

// Document is everything that one run found.
type Document struct {
	// Facts are what a reader needs to repeat the run, in their order: machine,
	// versions, date, command.
	Facts []Fact
	// Method says how to read the figures.
	Method string
	// Summaries are tables about the others, and stand before them.
	Summaries []Table
	Tables    []Table
	// Missing says what was not measured, and why; a sentence each.
	Missing []string
}

// Fact is one line of a document's head.
type Fact struct{ Name, Value string }

// Markdown returns the document, with the summaries and what ours is behind in
// before the tables.
func (d Document) Markdown() string {
	var b strings.Builder
	b.WriteString("# Benchmarks\n\n")
	b.WriteString(d.Method + "\n\n")
	for _, fact := range d.Facts {
		fmt.Fprintf(&b, "- %s: %s\n", fact.Name, fact.Value)
	}
	for _, t := range d.Summaries {
		b.WriteString("\n" + strings.TrimPrefix(t.Markdown(), "#"))
	}
	b.WriteString("\n## Where this cache is not first\n\n")
	behind := make([]string, 0, len(d.Tables))
	for _, t := range d.Tables {
		behind = append(behind, t.Behind()...)
	}
	if len(behind) == 0 {
		behind = []string{"Nowhere in the tables of this run."}
	}
	writeList(&b, behind)
	if len(d.Missing) > 0 {
		b.WriteString("\n## Not measured\n\n")
		writeList(&b, d.Missing)
	}
	b.WriteString("\n## Tables\n")
	for _, t := range d.Tables {
		b.WriteString("\n" + t.Markdown())
	}
	return b.String()
}

func writeList(b *strings.Builder, sentences []string) {
	for _, s := range sentences {
		fmt.Fprintf(b, "- %s\n", s)
	}
}
