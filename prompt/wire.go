package prompt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// wirePrompt is a Prompt as JSON.
type wirePrompt struct {
	Name      string          `json:"name,omitempty"`
	Revision  string          `json:"revision,omitempty"`
	Immutable bool            `json:"immutable,omitempty"`
	Validator string          `json:"validator,omitempty"`
	Kind      Kind            `json:"kind"`
	Syntax    Syntax          `json:"syntax"`
	Text      *string         `json:"text,omitempty"`
	Messages  []wireMessage   `json:"messages,omitzero"`
	Partials  map[string]any  `json:"partials,omitempty"`
	Config    json.RawMessage `json:"config,omitempty"`
	Schema    json.RawMessage `json:"schema,omitempty"`
	Raw       json.RawMessage `json:"raw,omitempty"`
}

// wireMessage is one entry of a chat prompt as JSON: a message's own JSON under
// message, or a placeholder, and the syntax.
type wireMessage struct {
	Message     *Message         `json:"message,omitempty"`
	Syntaxes    []Syntax         `json:"part_syntaxes,omitempty"` // of the parts, where they are not the message's
	Placeholder *wirePlaceholder `json:"placeholder,omitempty"`
	Syntax      Syntax           `json:"syntax"`
}

type wirePlaceholder struct {
	Name     string `json:"name"`
	Optional bool   `json:"optional,omitempty"`
	Limit    int    `json:"limit,omitempty"`
}

// MarshalJSON returns the prompt as an object that UnmarshalJSON reads:
//
//	name, revision   strings, left out if empty
//	immutable        true, or left out
//	validator        a string, left out if empty
//	kind             "text" or "chat"
//	syntax           the Syntax of the prompt
//	text             of a text: its template
//	messages         of a chat: a list of {"message":…,"syntax":…}, the message
//	                 as [Message] has it in JSON, with "part_syntaxes" if its
//	                 parts differ from it; and of
//	                 {"placeholder":{"name","optional","limit"},"syntax":…}
//	partials         an object of values; of a placeholder a list of messages
//	config, schema,  any JSON, left out if there is none
//	raw
func (p Prompt) MarshalJSON() ([]byte, error) {
	if p.kind == "" {
		return nil, fmt.Errorf("%w: the zero Prompt has no JSON", ErrInvalid)
	}
	w := wirePrompt{
		Name: p.name, Revision: p.revision, Immutable: p.immutable, Validator: p.validator, Kind: p.kind, Syntax: p.syntax,
		Partials: p.Partials(), Config: p.config, Schema: p.schema, Raw: p.raw,
	}
	if p.kind == KindText {
		w.Text = &p.source
		return json.Marshal(w)
	}
	w.Messages = make([]wireMessage, len(p.items))
	for i := range p.items {
		m := &p.items[i].message
		w.Messages[i].Syntax = m.Syntax
		if m.Placeholder != nil {
			converted := wirePlaceholder(*m.Placeholder)
			w.Messages[i].Placeholder = &converted
			continue
		}
		w.Messages[i].Message = m
		w.Messages[i].Syntaxes = partSyntaxes(m)
	}
	return json.Marshal(w)
}

func partSyntaxes(m *Message) []Syntax {
	out := make([]Syntax, len(m.Parts))
	differ := false
	for i, part := range m.Parts {
		out[i] = part.Syntax
		differ = differ || part.Syntax != m.Syntax
	}
	if !differ {
		return nil
	}
	return out
}

// UnmarshalJSON reads what MarshalJSON wrote, and checks it as [New] does. It
// changes nothing on failure, and it fails for a Prompt that holds something
// already, because others may be reading it. A field that it does not know is an
// error: a later version may have meant something by it.
func (p *Prompt) UnmarshalJSON(data []byte) error {
	if p.kind != "" {
		return fmt.Errorf("%w: a Prompt cannot be changed; decode into a new one", ErrInvalid)
	}
	var w wirePrompt
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(&w); err != nil {
		return fmt.Errorf("%w: decode prompt: %w", ErrInvalid, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: decode prompt: something follows it", ErrInvalid)
	}
	s := Spec{
		Name: w.Name, Revision: w.Revision, Immutable: w.Immutable, Validator: w.Validator, Kind: w.Kind, Syntax: w.Syntax,
		Partials: w.Partials, Config: w.Config, Schema: w.Schema, Raw: w.Raw,
	}
	if w.Kind == "" {
		return fmt.Errorf("%w: decode prompt: it has no kind", ErrInvalid)
	}
	if w.Text != nil {
		s.Text = *w.Text
	}
	if w.Kind == KindChat || w.Messages != nil {
		s.Messages = make([]Message, len(w.Messages))
	}
	for i, m := range w.Messages {
		var err error
		if s.Messages[i], err = m.message(); err != nil {
			return fmt.Errorf("decode prompt: messages[%d]: %w", i, err)
		}
	}
	made, err := New(s)
	if err != nil {
		return fmt.Errorf("decode prompt: %w", err)
	}
	*p = *made
	return nil
}

func (w wireMessage) message() (Message, error) {
	if (w.Message == nil) == (w.Placeholder == nil) {
		return Message{}, fmt.Errorf("%w: it is not one of a message and a placeholder", ErrInvalid)
	}
	if w.Placeholder != nil {
		placeholder := Placeholder(*w.Placeholder)
		return Message{Placeholder: &placeholder, Syntax: w.Syntax}, nil
	}
	m := *w.Message
	m.Syntax = w.Syntax
	if m.Placeholder != nil || w.Syntaxes != nil && len(w.Syntaxes) != len(m.Parts) {
		return Message{}, fmt.Errorf("%w: its message does not fit the rest", ErrInvalid)
	}
	for i, syntax := range w.Syntaxes {
		m.Parts[i].Syntax = syntax
	}
	return m, nil
}
