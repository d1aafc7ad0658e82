package show

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
	"github.com/promptcache/promptcache-go/prompt"
)

// The columns of what is printed: the names of the header's rows, and the texts
// of messages.
const (
	nameWidth  = 14
	textIndent = 2
)

// page prints a document. It keeps the first error of a write.
type page struct {
	out   io.Writer
	style term.Style
	err   error
}

// Readable prints d for people: a header, and then the messages. It returns the
// error of the first write that failed.
func Readable(w io.Writer, style term.Style, d Document) error {
	p := &page{out: w, style: style}
	p.header(d)
	if d.Text != nil {
		p.line("")
		p.text(*d.Text, 0)
		return p.done()
	}
	for _, m := range d.Messages {
		p.line("")
		p.message(m)
	}
	return p.done()
}

func (p *page) done() error {
	if p.err != nil {
		return fmt.Errorf("print the prompt: %w", p.err)
	}
	return nil
}

// line prints text that is fit to be shown.
func (p *page) line(text string) {
	if _, err := fmt.Fprintln(p.out, text); p.err == nil {
		p.err = err
	}
}

// header prints what is known of the prompt, a row each, without those that have
// nothing to say.
func (p *page) header(d Document) {
	p.line(p.style.Bold(term.OneLine(d.Key)))
	p.row("registry", d.Address)
	p.row("revision", d.Revision)
	for _, detail := range d.Details {
		p.row(detail.Name, detail.Text)
	}
	kind := fmt.Sprintf("%s, syntax %s", d.Kind, d.Syntax)
	if d.Compiled {
		kind += ", compiled"
	}
	p.row("kind", kind)
	p.row("variables", strings.Join(d.Variables, ", "))
	p.row("placeholders", placeholders(d.Placeholders))
	p.warning("missing", strings.Join(d.Missing, ", "))
	p.row("config", string(d.Config))
	p.row("schema", string(d.Schema))
}

func (p *page) row(name, text string) { p.rowIn(p.style.Dim, name, text) }

func (p *page) warning(name, text string) {
	p.rowIn(func(s string) string { return p.style.In(term.Yellow, s) }, name, text)
}

func (p *page) rowIn(paint func(string) string, name, text string) {
	if text == "" {
		return
	}
	label := paint(name) + strings.Repeat(" ", max(nameWidth-len(name), 1))
	for _, line := range p.style.Fold(term.Visible(text), textIndent+nameWidth) {
		p.line(strings.Repeat(" ", textIndent) + label + line)
		label = strings.Repeat(" ", nameWidth)
	}
}

func placeholders(all []Placeholder) string {
	texts := make([]string, len(all))
	for i, place := range all {
		texts[i] = place.describe()
	}
	return strings.Join(texts, ", ")
}

// describe returns the name, and what is special about the placeholder.
func (place Placeholder) describe() string {
	var notes []string
	if place.Optional {
		notes = append(notes, "optional")
	}
	if place.Limit > 0 {
		notes = append(notes, fmt.Sprintf("the last %d", place.Limit))
	}
	if len(notes) == 0 {
		return place.Name
	}
	return fmt.Sprintf("%s (%s)", place.Name, strings.Join(notes, ", "))
}

// roleColours are those of the roles that every provider has.
var roleColours = map[string]term.Colour{
	"system":    term.Magenta,
	"developer": term.Magenta,
	"user":      term.Cyan,
	"assistant": term.Green,
	"tool":      term.Yellow,
}

func (p *page) message(m prompt.Message) {
	if m.Placeholder != nil {
		p.line(p.style.Heading(term.Yellow, "placeholder") + " " + term.OneLine(Placeholder(*m.Placeholder).describe()))
		return
	}
	colour, ok := roleColours[m.Role]
	if !ok {
		colour = term.Blue
	}
	heading := p.style.Heading(colour, term.OneLine(m.Role))
	if m.Name != "" {
		heading += " " + p.style.Dim(term.OneLine(m.Name))
	}
	if m.ToolCallID != "" {
		heading += " " + p.style.Dim("answers "+term.OneLine(m.ToolCallID))
	}
	p.line(heading)
	if len(m.Parts) == 0 && m.Content != "" {
		p.text(m.Content, textIndent)
	}
	for _, part := range m.Parts {
		p.part(part)
	}
	p.field("tool_calls", string(m.ToolCalls))
	for _, name := range slices.Sorted(maps.Keys(m.Extra)) {
		p.field(name, string(m.Extra[name]))
	}
}

func (p *page) part(part prompt.Part) {
	if part.Text != "" {
		p.text(part.Text, textIndent)
	}
	if part.ImageURL != "" {
		p.field("image", strings.TrimSpace(part.ImageURL+" "+part.Detail))
	}
	for _, name := range slices.Sorted(maps.Keys(part.Extra)) {
		p.field(name, string(part.Extra[name]))
	}
}

// field prints something of a message that is not its text.
func (p *page) field(name, text string) {
	if text == "" {
		return
	}
	label := p.style.Dim(term.OneLine(name)) + " "
	for _, line := range p.style.Fold(term.Visible(text), textIndent+term.Columns(name)+1) {
		p.line(strings.Repeat(" ", textIndent) + label + line)
		label = ""
	}
}

// text prints a text of the prompt.
func (p *page) text(text string, indent int) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for _, line := range p.style.Fold(term.Visible(text), indent) {
		if line != "" {
			line = strings.Repeat(" ", indent) + line
		}
		p.line(line)
	}
}

// Header prints a name, and rows of what is known of it, without those that have
// nothing to say. It returns the error of the first write that failed.
func Header(w io.Writer, style term.Style, name string, rows []Detail) error {
	p := &page{out: w, style: style}
	p.line(style.Bold(term.OneLine(name)))
	for _, row := range rows {
		p.row(row.Name, row.Text)
	}
	return p.done()
}

// Findings prints whether something is as it should be, and a line for each thing
// that is to be said of it. It returns the error of the first write that failed.
func Findings(w io.Writer, style term.Style, ok bool, summary string, lines []string) error {
	p := &page{out: w, style: style}
	p.line(style.Mark(ok) + " " + term.OneLine(summary))
	for _, text := range lines {
		for _, line := range style.Fold(term.Visible(text), textIndent) {
			p.line(strings.Repeat(" ", textIndent) + line)
		}
	}
	return p.done()
}
