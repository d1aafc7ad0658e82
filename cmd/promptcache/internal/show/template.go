package show

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
	"github.com/promptcache/promptcache-go/prompt"
)

// Template prints what a prompt says, for comparison with another one: one thing
// a line, JSON in one order, and nothing about where it comes from. It returns
// the error of the first write that failed.
func Template(w io.Writer, p *prompt.Prompt) error {
	page := &page{out: w}
	var d Document
	d.Describe(p)
	page.line("kind: " + string(d.Kind))
	page.line("syntax: " + string(d.Syntax))
	for _, name := range d.Variables {
		page.line("variable: " + term.OneLine(name))
	}
	for _, place := range d.Placeholders {
		page.line("placeholder: " + term.OneLine(place.describe()))
	}
	partials := p.Partials()
	for _, name := range slices.Sorted(maps.Keys(partials)) {
		value, _ := json.Marshal(partials[name]) // it has come from JSON
		page.json("partial "+name, value)
	}
	if string(d.Config) != "{}" { // which says as much as none
		page.json("config", d.Config)
	}
	page.json("schema", d.Schema)
	if d.Text != nil {
		page.line("")
		page.text(*d.Text, 0)
		return page.done()
	}
	for _, m := range p.Messages() {
		page.line("")
		page.message(m)
		if m.Syntax != d.Syntax && m.Placeholder == nil {
			page.field("syntax", string(m.Syntax))
		}
	}
	return page.done()
}

// json prints JSON over several lines, unless there is none.
func (p *page) json(name string, raw json.RawMessage) {
	if raw == nil {
		return
	}
	p.line(term.OneLine(name) + ":")
	for line := range strings.SplitSeq(Sorted(raw), "\n") {
		p.line(strings.Repeat(" ", textIndent) + term.SafeJSON(line))
	}
}

// Sorted returns a JSON document over several lines, with the members of its
// objects in the order of their names and its numbers as they are. What is no
// JSON it returns as it is.
func Sorted(raw json.RawMessage) string {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return string(raw)
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return string(raw)
	}
	return strings.TrimSuffix(text.String(), "\n")
}
