package prompt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Message is one message of a chat. In a [Spec] its texts are templates; from
// Compile they come as they are to be sent. It is a plain value: whoever has one
// may change it, and no Prompt is affected.
//
// As JSON it has the shape of OpenAI's chat API, which most providers read.
type Message struct {
	Role       string          // system, user, assistant, tool, …
	Content    string          // the text, if there are no Parts
	Parts      []Part          // text and images, instead of Content
	NoContent  bool            // the content is null: the message only has ToolCalls
	Name       string          // the author's name
	ToolCalls  json.RawMessage // the calls of an assistant's message, a JSON array; nil if there are none
	ToolCallID string          // the call that a tool's message answers

	// Extra has the fields that have no place above, as they are. They are sent
	// too, after the others.
	Extra map[string]json.RawMessage

	// Placeholder makes this no message, but the place for some. Compile leaves
	// one in its result only where the registry's rules say so.
	Placeholder *Placeholder

	// Syntax is how the texts are read, Spec.Syntax if it is empty. Of a
	// Placeholder it is how the contents of the messages that fill it are read;
	// if empty, they are not templates but with Langfuse's syntaxes. Compiled
	// messages have none.
	Syntax Syntax
}

// Placeholder is a place in a chat prompt that is filled with messages.
type Placeholder struct {
	Name     string // of the variable that has the messages
	Optional bool   // it may be left unfilled, and goes then
	Limit    int    // only the last so many messages are taken; 0 takes all
}

// clone returns a copy that shares nothing that can change.
func (m Message) clone() Message {
	m.Parts = slices.Clone(m.Parts)
	for i := range m.Parts {
		m.Parts[i].Extra = cloneFields(m.Parts[i].Extra)
	}
	m.ToolCalls = bytes.Clone(m.ToolCalls)
	m.Extra = cloneFields(m.Extra)
	if m.Placeholder != nil {
		placeholder := *m.Placeholder
		m.Placeholder = &placeholder
	}
	return m
}

func cloneFields(fields map[string]json.RawMessage) map[string]json.RawMessage {
	if fields == nil {
		return nil
	}
	out := make(map[string]json.RawMessage, len(fields))
	for name, raw := range fields {
		out[name] = bytes.Clone(raw)
	}
	return out
}

// MarshalJSON returns the message in the shape of OpenAI's chat API: role,
// content (a string, an array of parts, or null), name, tool_calls,
// tool_call_id, then Extra. A placeholder becomes {"type":"placeholder","name":…}.
func (m Message) MarshalJSON() ([]byte, error) {
	var o object
	if m.Placeholder != nil {
		o.add("type", "placeholder")
		o.add("name", m.Placeholder.Name)
		return o.bytes(nil)
	}
	o.add("role", m.Role)
	switch {
	case m.NoContent:
		o.add("content", nil)
	case m.Parts != nil:
		o.add("content", m.Parts)
	default:
		o.add("content", m.Content)
	}
	if m.Name != "" {
		o.add("name", m.Name)
	}
	if m.ToolCalls != nil {
		o.add("tool_calls", m.ToolCalls)
	}
	if m.ToolCallID != "" {
		o.add("tool_call_id", m.ToolCallID)
	}
	return o.bytes(m.Extra)
}

// UnmarshalJSON reads a message in the shape of OpenAI's chat API, or one of
// Langfuse's, with or without a type, or a placeholder. Fields that it does not
// know it keeps in Extra.
func (m *Message) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return fmt.Errorf("%w: a message is a JSON object: %w", ErrInvalid, err)
	}
	if fields == nil {
		return fmt.Errorf("%w: null is not a message", ErrInvalid)
	}
	read := Message{}
	var problems []error
	take := func(name string, into any) {
		raw, ok := fields[name]
		delete(fields, name)
		if ok {
			if err := json.Unmarshal(raw, into); err != nil {
				problems = append(problems, fmt.Errorf("%w: a message's %s: %w", ErrInvalid, name, err))
			}
		}
	}
	if kind := fields["type"]; isMessageType(kind) {
		delete(fields, "type")
	} else if isPlaceholderType(kind) {
		read.Placeholder = &Placeholder{}
		take("name", &read.Placeholder.Name)
		delete(fields, "type")
		for name := range fields {
			problems = append(problems, fmt.Errorf("%w: a placeholder has a type and a name, not %.40q", ErrInvalid, name))
		}
		return assign(m, read, problems)
	}
	content := bytes.TrimSpace(fields["content"])
	switch {
	case len(content) == 0 || string(content) == "null":
		read.NoContent = true
		delete(fields, "content")
	case content[0] == '[':
		take("content", &read.Parts)
	default:
		take("content", &read.Content)
	}
	take("role", &read.Role)
	take("name", &read.Name)
	take("tool_call_id", &read.ToolCallID)
	take("tool_calls", &read.ToolCalls)
	if read.Role == "" {
		problems = append(problems, fmt.Errorf("%w: a message has no role", ErrInvalid))
	}
	if string(read.ToolCalls) == "null" {
		read.ToolCalls = nil
	}
	if len(fields) > 0 {
		read.Extra = fields
	}
	return assign(m, read, problems)
}

func assign[T any](to *T, read T, problems []error) error {
	if err := errors.Join(problems...); err != nil {
		return err
	}
	*to = read
	return nil
}

// isMessageType reports whether a type says no more than that this is a message.
func isMessageType(raw json.RawMessage) bool {
	switch string(bytes.TrimSpace(raw)) {
	case "null", `"message"`, `"chatmessage"`:
		return true
	}
	return false
}

func isPlaceholderType(raw json.RawMessage) bool {
	return string(bytes.TrimSpace(raw)) == `"placeholder"`
}

// object is a JSON object in the making, its fields in order.
type object struct {
	buf bytes.Buffer
	own map[string]bool
	err error
}

func (o *object) add(name string, value any) {
	raw, err := marshal(value)
	if err != nil {
		o.err = errors.Join(o.err, fmt.Errorf("%w: field %.40q: %w", ErrInvalid, name, err))
		return
	}
	if o.own == nil {
		o.own = map[string]bool{}
		o.buf.WriteByte('{')
	} else {
		o.buf.WriteByte(',')
	}
	o.own[name] = true
	o.buf.WriteString(quoteJSON(name))
	o.buf.WriteByte(':')
	o.buf.Write(raw)
}

// marshal is json.Marshal that leaves < > and & as they are, so that whoever
// encodes with SetEscapeHTML(false) gets prompts as they are written.
func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// bytes returns the object with the extra fields, sorted, that are not in it yet.
func (o *object) bytes(extra map[string]json.RawMessage) ([]byte, error) {
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if !o.own[name] {
			o.add(name, extra[name])
		}
	}
	if o.own == nil {
		o.buf.WriteByte('{')
	}
	o.buf.WriteByte('}')
	return o.buf.Bytes(), o.err
}
