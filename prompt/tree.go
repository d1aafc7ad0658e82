package prompt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// maxTreeDepth bounds the nesting of JSON that is kept.
const maxTreeDepth = 100

// tree is a JSON value whose strings are templates; the names of its fields and
// all else stay as they are.
type tree struct {
	raw      json.RawMessage // a value without templates
	template *template       // a string
	names    []string        // of an object's fields
	elements []tree          // of a list, or the values of an object's fields
	list     bool
}

// parseTree reads raw, which is valid JSON.
func parseTree(raw json.RawMessage, syntax Syntax) (tree, error) {
	if deeper(raw, maxTreeDepth) {
		return tree{}, fmt.Errorf("%w: it is nested more than %d deep", ErrTooLarge, maxTreeDepth)
	}
	return readTree(raw, syntax)
}

func readTree(raw json.RawMessage, syntax Syntax) (tree, error) {
	switch raw = bytes.TrimSpace(raw); raw[0] {
	case '"':
		return readString(raw, syntax)
	case '[':
		return readList(raw, syntax)
	case '{':
		return readObject(raw, syntax)
	}
	return tree{raw: raw}, nil
}

func readString(raw json.RawMessage, syntax Syntax) (tree, error) {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return tree{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	t, err := parse(text, syntax)
	return tree{template: &t}, err
}

func readList(raw json.RawMessage, syntax Syntax) (tree, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return tree{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	out := tree{list: true}
	var problems []error
	for i, element := range list {
		e, err := readTree(element, syntax)
		if err != nil {
			problems = append(problems, at(fmt.Sprintf("[%d]", i), err))
		}
		out.elements = append(out.elements, e)
	}
	return out, errors.Join(problems...)
}

func readObject(raw json.RawMessage, syntax Syntax) (tree, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return tree{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	var out tree
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		e, err := readTree(fields[name], syntax)
		if err != nil {
			problems = append(problems, at(fmt.Sprintf("%.40q", name), err))
		}
		out.names = append(out.names, name)
		out.elements = append(out.elements, e)
	}
	return out, errors.Join(problems...)
}

// deeper reports whether lists and objects are nested more than limit deep in raw.
func deeper(raw []byte, limit int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > limit {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// render returns the value with its strings compiled.
func (t tree) render(s *state) json.RawMessage {
	var b bytes.Buffer
	t.renderTo(&b, s)
	return b.Bytes()
}

func (t tree) renderTo(b *bytes.Buffer, s *state) {
	if t.template != nil {
		b.WriteString(quoteJSON(t.template.render(s)))
		return
	}
	if t.raw != nil {
		s.take(len(t.raw))
		b.Write(t.raw)
		return
	}
	delimiters := "{}"
	if t.list {
		delimiters = "[]"
	}
	b.WriteByte(delimiters[0])
	for i, element := range t.elements {
		if i > 0 {
			b.WriteByte(',')
		}
		if !t.list {
			b.WriteString(quoteJSON(t.names[i]))
			b.WriteByte(':')
		}
		element.renderTo(b, s)
	}
	b.WriteByte(delimiters[1])
}

func (t tree) variables() []string {
	if t.template != nil {
		return t.template.variables()
	}
	var names []string
	for _, element := range t.elements {
		names = append(names, element.variables()...)
	}
	return names
}
