package prompt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Kind says what a prompt is.
type Kind string

// The kinds of prompts.
const (
	KindText Kind = "text" // one text
	KindChat Kind = "chat" // a list of messages
)

// Spec is what a [Prompt] is made of. [New] copies it.
type Spec struct {
	Name      string // what the prompt is called; shown in errors
	Revision  string // names the content, for a cache; see promptcache.FetchFunc
	Immutable bool   // the prompt can never change under the key it was fetched by
	Validator string // what its source needs to ask whether it has changed, such as an ETag; only the source can read it

	// Kind is KindChat if there are Messages and KindText if not, unless it is set.
	Kind     Kind
	Text     string    // of KindText: the template
	Messages []Message // of KindChat: templates and placeholders

	// Syntax is how templates are read that do not say it themselves.
	// Empty is SyntaxLangfuse.
	Syntax Syntax

	// Partials are values for variables and placeholders that the caller of
	// Compile gives none for.
	Partials Vars

	Config json.RawMessage // the model's settings, any JSON; nil if there are none
	Schema json.RawMessage // the JSON schema of the answer that is asked for; nil if there is none
	Raw    json.RawMessage // the prompt as its registry sent it; nil if there is none
}

// New returns the prompt that s describes, its templates read and checked. All
// problems come back in one error, each with its place, such as
// messages[2].parts[0].text.
func New(s Spec) (*Prompt, error) {
	b := builder{}
	p := b.prompt(s)
	if b.more > 0 {
		b.problems = append(b.problems, fmt.Errorf("and %d more problems", b.more))
	}
	if err := errors.Join(b.problems...); err != nil {
		if s.Name != "" {
			return nil, fmt.Errorf("prompt: %.80q cannot be made: %w", s.Name, err)
		}
		return nil, err
	}
	return p, nil
}

// maxProblems bounds what one error names: a Spec may come from elsewhere.
const maxProblems = 20

// builder makes a Prompt and collects what is wrong with its Spec.
type builder struct {
	problems []error
	more     int // problems beyond those
}

func (b *builder) problem(path string, err error) {
	switch {
	case err == nil:
	case len(b.problems) == maxProblems:
		b.more++
	default:
		b.problems = append(b.problems, at(path, err))
	}
}

func (b *builder) invalid(path, format string, args ...any) {
	b.problem(path, fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...)))
}

func (b *builder) prompt(s Spec) *Prompt {
	p := &Prompt{
		name:      b.text("name", s.Name),
		revision:  b.text("revision", s.Revision),
		immutable: s.Immutable,
		validator: b.text("validator", s.Validator),
		kind:      s.Kind,
		syntax:    s.Syntax,
		config:    b.json("config", s.Config),
		schema:    b.json("schema", s.Schema),
		raw:       b.json("raw", s.Raw),
	}
	if p.kind == "" {
		p.kind = KindText
		if s.Messages != nil {
			p.kind = KindChat
		}
	}
	if p.syntax == "" {
		p.syntax = SyntaxLangfuse
	}
	_, err := parse("", p.syntax)
	b.problem("syntax", err)
	switch {
	case p.kind == KindText && s.Messages != nil:
		b.invalid("messages", "a text prompt has none")
	case p.kind == KindText:
		p.source = b.text("text", s.Text)
		p.text = b.template("text", s.Text, p.syntax)
	case p.kind == KindChat && s.Text != "":
		b.invalid("text", "a chat prompt has none")
	case p.kind == KindChat:
		for i, m := range s.Messages {
			p.items = append(p.items, b.item(fmt.Sprintf("messages[%d]", i), m, p.syntax))
		}
	default:
		b.invalid("kind", "%.40q; want %q or %q", string(p.kind), KindText, KindChat)
	}
	p.collectNames()
	b.partials(p, s.Partials)
	return p
}

func (b *builder) template(path, source string, syntax Syntax) template {
	t, err := parse(b.text(path, source), syntax)
	b.problem(path, err)
	return t
}

// text checks that s survives as JSON.
func (b *builder) text(path, s string) string {
	if !utf8.ValidString(s) {
		b.problem(path, errNotUTF8)
	}
	return s
}

// json returns raw compact, in memory of its own; nil for an empty one.
func (b *builder) json(path string, raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil || !utf8.Valid(raw) {
		b.invalid(path, "it is not JSON in UTF-8")
		return nil
	}
	return bytes.Clone(compact.Bytes())
}

func (b *builder) fields(path string, fields map[string]json.RawMessage) map[string]json.RawMessage {
	if len(fields) == 0 {
		return nil
	}
	out := make(map[string]json.RawMessage, len(fields))
	for _, name := range sortedNames(fields) {
		b.text(path, name)
		out[name] = b.json(path+"."+name, fields[name])
		if out[name] == nil {
			out[name] = json.RawMessage("null")
		}
	}
	return out
}

// partials reduces the values, or reads them as messages where p has a
// placeholder of that name.
func (b *builder) partials(p *Prompt, given Vars) {
	if len(given) == 0 {
		return
	}
	p.variables = slices.DeleteFunc(p.variables, func(name string) bool {
		_, ok := given[name]
		return ok
	})
	p.partials = make(map[string]any, len(given))
	r := reducer{work: maxWork}
	for _, name := range sortedNames(given) {
		path := "partials." + b.text("partials", name)
		var err error
		if p.hasPlaceholder(name) {
			var messages []Message
			messages, err = toMessages(given[name])
			p.partials[name] = public(messages)
		} else {
			p.partials[name], err = r.reduce(given[name], 0)
		}
		b.problem(path, err)
	}
}
