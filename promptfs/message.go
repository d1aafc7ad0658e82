package promptfs

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/promptcache/promptcache-go/prompt"
)

func (f *form) messages(path string, n *node) {
	if n.kind != isList {
		f.problem(n.line, path, "it is %v; want a list", n.kind)
		return
	}
	f.spec.Kind = prompt.KindChat
	f.spec.Messages = make([]prompt.Message, len(n.list))
	for i, element := range n.list {
		inner := fmt.Sprintf("%s[%d]", path, i)
		f.place(inner, element)
		switch {
		case element.kind != isObject:
			f.problem(element.line, inner, "it is %v; want an object", element.kind)
		case element.field("placeholder") != nil:
			f.placeholder(inner, element, &f.spec.Messages[i])
		default:
			f.message(inner, element, &f.spec.Messages[i])
		}
	}
}

func (f *form) placeholder(path string, n *node, m *prompt.Message) {
	m.Placeholder = &prompt.Placeholder{}
	f.object(path, n, map[string]func(path string, n *node){
		"placeholder": func(path string, n *node) { m.Placeholder.Name = f.string(path, n) },
		"syntax":      func(path string, n *node) { m.Syntax = f.syntax(path, n) },
		"optional": func(path string, n *node) {
			if n.kind != isBool {
				f.problem(n.line, path, "it is %v; want true or false", n.kind)
			}
			m.Placeholder.Optional = n.text == "true"
		},
		"limit": func(path string, n *node) {
			limit, err := strconv.Atoi(n.text)
			if n.kind != isNumber || err != nil || limit < 0 {
				f.problem(n.line, path, "want a whole number, 0 or more")
			}
			m.Placeholder.Limit = limit
		},
	})
}

func (f *form) message(path string, n *node, m *prompt.Message) {
	if n.field("role") == nil {
		f.problem(n.line, path, "there is no role (and no placeholder)")
	}
	if n.field("content") == nil {
		m.NoContent = true
		if n.field("tool_calls") == nil {
			f.problem(n.line, path, "there is no content")
		}
	}
	f.object(path, n, map[string]func(path string, n *node){
		"role":         func(path string, n *node) { m.Role = f.string(path, n) },
		"content":      func(_ string, n *node) { f.content(path, n, m) },
		"name":         func(path string, n *node) { m.Name = f.string(path, n) },
		"tool_calls":   func(_ string, n *node) { m.ToolCalls = n.json() },
		"tool_call_id": func(path string, n *node) { m.ToolCallID = f.string(path, n) },
		"syntax":       func(path string, n *node) { m.Syntax = f.syntax(path, n) },
		"extra": func(inner string, n *node) {
			if n.kind != isObject {
				f.problem(n.line, inner, "it is %v; want an object", n.kind)
			}
			m.Extra = make(map[string]json.RawMessage, len(n.fields))
			for _, field := range n.fields {
				f.place(path+"."+field.name, field.value)
				m.Extra[field.name] = field.value.json()
			}
		},
	})
}

// content reads what a message says; path is the message's.
func (f *form) content(path string, n *node, m *prompt.Message) {
	switch n.kind {
	case isNull:
		m.NoContent = true
	case isText:
		m.Content = n.text
	case isList:
		m.Parts = make([]prompt.Part, len(n.list))
		for i, element := range n.list {
			inner := fmt.Sprintf("%s.parts[%d]", path, i) // what prompt.New calls it
			f.place(inner, element)
			f.part(fmt.Sprintf("%s.content[%d]", path, i), element, &m.Parts[i])
		}
	default:
		f.problem(n.line, path+".content", "it is %v; want a string, a list of parts, or null", n.kind)
	}
}

// part reads a part: its syntax, and the rest as OpenAI's chat API has it.
func (f *form) part(path string, n *node, p *prompt.Part) {
	rest := *n
	rest.fields = nil
	var syntax prompt.Syntax
	for _, field := range n.fields {
		if field.name == "syntax" {
			syntax = f.syntax(path+".syntax", field.value)
			continue
		}
		rest.fields = append(rest.fields, field)
	}
	if err := json.Unmarshal(rest.json(), p); err != nil {
		f.problem(n.line, path, "%v", err)
	}
	p.Syntax = syntax
}
