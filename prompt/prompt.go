package prompt

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Prompt is a prompt of any registry, its templates read and ready to compile.
// It cannot be changed: every accessor returns a copy of what could be, so one
// Prompt may be shared by any number of goroutines. Make one with [New] or from
// JSON.
type Prompt struct {
	name      string
	revision  string
	immutable bool
	validator string
	kind      Kind
	syntax    Syntax
	source    string   // of KindText
	text      template // of KindText
	items     []item   // of KindChat
	partials  map[string]any
	config    json.RawMessage
	schema    json.RawMessage
	raw       json.RawMessage

	variables    []string
	placeholders []Placeholder
}

// Name returns what the prompt is called, "" if it has no name.
func (p *Prompt) Name() string { return p.name }

// Revision names the content; see promptcache.FetchFunc.
func (p *Prompt) Revision() string { return p.revision }

// Immutable reports whether the prompt can never change under the key it was
// fetched by; see promptcache.FetchFunc.
func (p *Prompt) Immutable() bool { return p.immutable }

// Validator returns what the prompt's source needs to ask whether the prompt has
// changed, such as an ETag, "" if there is nothing. It is no part of the content,
// and only the source can read it.
func (p *Prompt) Validator() string { return p.validator }

// Kind returns whether the prompt is a text or a chat; "" for the zero Prompt.
func (p *Prompt) Kind() Kind { return p.kind }

// Syntax returns how templates of the prompt are read that do not say it themselves.
func (p *Prompt) Syntax() Syntax { return p.syntax }

// Text returns the template of a text prompt, "" for a chat.
func (p *Prompt) Text() string { return p.source }

// Messages returns a copy of the templates and placeholders of a chat prompt,
// each with its Syntax; nil for a text.
func (p *Prompt) Messages() []Message {
	if p.kind != KindChat {
		return nil
	}
	out := make([]Message, len(p.items))
	for i, it := range p.items {
		out[i] = it.message.clone()
	}
	return out
}

// Variables returns the names that the templates need values for, each once, in
// order of appearance, without those that have partials. Of a mustache template
// these are the names outside of sections, and the sections'; of a dotted name
// the first part. Placeholders are not among them.
func (p *Prompt) Variables() []string { return slices.Clone(p.variables) }

// Placeholders returns the places that are filled with messages, each name once,
// in order of appearance, those with partials too.
func (p *Prompt) Placeholders() []Placeholder { return slices.Clone(p.placeholders) }

// Partials returns a copy of the values that Compile takes for what its caller
// gives no value for: nil, bool, string, json.Number, []any and map[string]any
// of those, and []Message for placeholders.
func (p *Prompt) Partials() Vars {
	if p.partials == nil {
		return nil
	}
	out := make(Vars, len(p.partials))
	for name, v := range p.partials {
		out[name] = public(v)
	}
	return out
}

// Config returns a copy of the model's settings, nil if there are none.
func (p *Prompt) Config() json.RawMessage { return bytes.Clone(p.config) }

// Schema returns a copy of the JSON schema of the answer that is asked for, nil
// if there is none.
func (p *Prompt) Schema() json.RawMessage { return bytes.Clone(p.schema) }

// Raw returns a copy of the prompt as its registry sent it, without
// insignificant space; nil if it is not known.
func (p *Prompt) Raw() json.RawMessage { return bytes.Clone(p.raw) }

// Spec returns a copy of what the prompt is made of, from which to make a
// variant with New.
func (p *Prompt) Spec() Spec {
	return Spec{
		Name:      p.name,
		Revision:  p.revision,
		Immutable: p.immutable,
		Validator: p.validator,
		Kind:      p.kind,
		Text:      p.source,
		Messages:  p.Messages(),
		Syntax:    p.syntax,
		Partials:  p.Partials(),
		Config:    p.Config(),
		Schema:    p.Schema(),
		Raw:       p.Raw(),
	}
}

// public returns a copy of a partial in types that users know. Messages are those
// within the package too.
func public(v any) any {
	switch v := v.(type) {
	case number:
		return json.Number(v.text)
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = public(element)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, element := range v {
			out[name] = public(element)
		}
		return out
	case []Message:
		out := make([]Message, len(v))
		for i, m := range v {
			out[i] = m.clone()
		}
		return out
	}
	return v
}

func (p *Prompt) hasPlaceholder(name string) bool {
	return slices.ContainsFunc(p.placeholders, func(known Placeholder) bool { return known.Name == name })
}

// collectNames sets the variables, those with partials too, and the placeholders.
func (p *Prompt) collectNames() {
	p.addVariables(p.text.variables())
	for _, it := range p.items {
		if placeholder := it.message.Placeholder; placeholder != nil {
			if !p.hasPlaceholder(placeholder.Name) {
				p.placeholders = append(p.placeholders, *placeholder)
			}
			continue
		}
		p.addVariables(it.content.variables())
		for _, part := range it.parts {
			p.addVariables(part.text.variables())
			p.addVariables(part.url.variables())
			p.addVariables(part.detail.variables())
			for _, name := range sortedNames(part.extra) {
				p.addVariables(part.extra[name].variables())
			}
		}
	}
}

func (p *Prompt) addVariables(names []string) {
	for _, name := range names {
		if !slices.Contains(p.variables, name) {
			p.variables = append(p.variables, name)
		}
	}
}
