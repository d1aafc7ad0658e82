package prompt

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Syntax says how a template is read.
type Syntax string

// The syntaxes. Values are never escaped and never read as templates again, in
// any of them. The package documentation has their differences in a table.
const (
	// SyntaxLangfuse replaces {{name}} as Langfuse's Python SDK does: one scan
	// from left to right; the first }} closes; the name is trimmed; a name
	// without a value stays as it stands. Sections are text. It is the default.
	SyntaxLangfuse Syntax = "langfuse"
	// SyntaxMustacheJS is what Langfuse's JavaScript SDK does: mustache.js
	// without escaping, values written as JavaScript's String writes them.
	SyntaxMustacheJS Syntax = "mustache.js"
	// SyntaxMustache is LangSmith's mustache: read like SyntaxMustacheJS, but
	// lists and maps are written as JSON.
	SyntaxMustache Syntax = "mustache"
	// SyntaxFString is LangSmith's f-string: {name}, with {{ and }} for single
	// braces, and nothing else. A name without a value is an error.
	SyntaxFString Syntax = "f-string"
	// SyntaxLiteral is text in which nothing is replaced.
	SyntaxLiteral Syntax = "literal"
)

// Check reports what is wrong with a template: an error that matches ErrSyntax,
// ErrUnsupported, ErrTooLarge or, for what is not UTF-8 and for an unknown
// syntax, ErrInvalid. [New] checks
// all templates of a Spec.
func Check(template string, syntax Syntax) error {
	if !utf8.ValidString(template) {
		return errNotUTF8
	}
	_, err := parse(template, syntax)
	return err
}

// expandsPlaceholders reports whether the messages that fill a placeholder are
// templates too, and a placeholder without messages stays: Langfuse's rules.
func (s Syntax) expandsPlaceholders() bool {
	return s == SyntaxLangfuse || s == SyntaxMustacheJS
}

// program is a template with something to replace, ready to run.
type program interface {
	// render appends the text to b. What goes wrong it leaves in b.
	render(b *buffer)
	// variables returns the names that it needs, in order, repeated ones too.
	variables() []string
}

// template is a parsed template: a program, or text if there is nothing to replace.
type template struct {
	text    string
	program program
}

func parse(source string, syntax Syntax) (template, error) {
	switch syntax {
	case SyntaxLangfuse:
		return parseLangfuse(source), nil
	case SyntaxFString:
		return parseFString(source)
	case SyntaxMustache, SyntaxMustacheJS:
		return parseMustache(source, syntax)
	case SyntaxLiteral:
		return template{text: source}, nil
	}
	return template{}, fmt.Errorf("%w: syntax %.40q; want %q, %q, %q, %q or %q", ErrInvalid, string(syntax),
		SyntaxLangfuse, SyntaxMustacheJS, SyntaxMustache, SyntaxFString, SyntaxLiteral)
}

func (t template) render(s *state) string {
	if t.program == nil {
		s.take(len(t.text))
		return t.text
	}
	b := buffer{state: s}
	b.Grow(len(t.text))
	t.program.render(&b)
	return b.String()
}

func (t template) variables() []string {
	if t.program == nil {
		return nil
	}
	return t.program.variables()
}

// segment is a run of text, or a variable between two of them.
type segment struct {
	text string // of a variable: the tag as it stands in the template
	name string // "" for text
}

// excerpt is what is shown of a template in an error.
func excerpt(s string) string {
	if len(s) > 40 {
		s = strings.ToValidUTF8(s[:40], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}
