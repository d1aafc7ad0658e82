package langsmith

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/promptcache/promptcache-go/prompt"
)

// templateRoles are the roles of the classes of templates for one message. A
// ChatMessagePromptTemplate names its role itself.
var templateRoles = map[string]string{
	"SystemMessagePromptTemplate": "system",
	"HumanMessagePromptTemplate":  "user",
	"AIMessagePromptTemplate":     "assistant",
	"ChatMessagePromptTemplate":   "",
}

// messageRoles are the same for messages that are no templates.
var messageRoles = map[string]string{
	"SystemMessage":   "system",
	"HumanMessage":    "user",
	"AIMessage":       "assistant",
	"ToolMessage":     "tool",
	"FunctionMessage": "function",
	"ChatMessage":     "",
}

// message reads an entry of a chat prompt's list.
func (r *manifestReader) message(n *manifestNode) (prompt.Message, bool) {
	class := n.class()
	if class == "MessagesPlaceholder" {
		return r.placeholder(n)
	}
	if role, ok := templateRoles[class]; ok {
		return r.templateMessage(n, role)
	}
	if m, ok := r.literal(n); ok {
		return m, true
	}
	r.unsupported(n.path, "class %.60q among messages", class)
	return prompt.Message{}, false
}

func (r *manifestReader) placeholder(n *manifestNode) (prompt.Message, bool) {
	var p prompt.Placeholder
	r.take(n, "variable_name", &p.Name)
	r.take(n, "optional", &p.Optional)
	r.take(n, "n_messages", &p.Limit)
	if p.Name == "" {
		r.invalid(n.at("variable_name"), "it is missing")
	}
	if p.Limit < 0 {
		r.invalid(n.at("n_messages"), "it is %d", p.Limit)
	}
	return prompt.Message{Placeholder: &p, Syntax: prompt.SyntaxLiteral}, true
}

func (r *manifestReader) templateMessage(n *manifestNode, role string) (prompt.Message, bool) {
	m := prompt.Message{Role: role, Syntax: prompt.SyntaxFString}
	r.role(n, &m)
	raw := n.Kwargs["prompt"]
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && list != nil {
		m.Parts = []prompt.Part{}
		for i, part := range list {
			r.templatePart(&m, part, fmt.Sprintf("%s[%d]", n.at("prompt"), i))
		}
	} else if t := r.node(raw, n.at("prompt")); t != nil {
		if t.class() != "PromptTemplate" {
			r.unsupported(t.path, "class %.60q in a message", t.class())
			return m, false
		}
		m.Content, m.Syntax = r.template(t)
		r.partials(t)
	}
	r.additional(n, &m)
	return m, true
}

// role sets the role that a message of its own role names.
func (r *manifestReader) role(n *manifestNode, m *prompt.Message) {
	if m.Role != "" {
		return
	}
	if r.take(n, "role", &m.Role); m.Role == "" {
		r.invalid(n.at("role"), "it is missing")
	}
}

// literal reads a message that is no template, and returns false if n is none.
func (r *manifestReader) literal(n *manifestNode) (prompt.Message, bool) {
	role, ok := messageRoles[strings.TrimSuffix(n.class(), "Chunk")]
	if !ok {
		return prompt.Message{}, false
	}
	m := prompt.Message{Role: role, Syntax: prompt.SyntaxLiteral}
	r.role(n, &m)
	content := bytes.TrimSpace(n.Kwargs["content"])
	switch {
	case len(content) == 0 || string(content) == "null":
		m.NoContent = true
	case content[0] == '[':
		m.Parts = []prompt.Part{}
		r.take(n, "content", &m.Parts)
	default:
		r.take(n, "content", &m.Content)
	}
	r.take(n, "name", &m.Name)
	r.take(n, "tool_call_id", &m.ToolCallID)
	r.toolCalls(n, &m)
	r.additional(n, &m)
	return m, true
}

// toolCall is a call of a tool as LangChain has it.
type toolCall struct {
	ID   *string         `json:"id"`
	Name string          `json:"name"`
	Args json.RawMessage `json:"args"`
}

// openAICall is the same as OpenAI's chat API has it.
type openAICall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

func (r *manifestReader) toolCalls(n *manifestNode, m *prompt.Message) {
	var broken []json.RawMessage
	if r.take(n, "invalid_tool_calls", &broken); len(broken) > 0 {
		r.unsupported(n.at("invalid_tool_calls"), "calls that could not be read")
	}
	var calls []toolCall
	if r.take(n, "tool_calls", &calls); len(calls) == 0 {
		return
	}
	out := make([]openAICall, len(calls))
	for i, call := range calls {
		out[i].Type = "function"
		out[i].Function.Name = call.Name
		out[i].Function.Arguments = "{}"
		if len(call.Args) > 0 && string(call.Args) != "null" {
			out[i].Function.Arguments = string(call.Args)
		}
		if call.ID != nil {
			out[i].ID = *call.ID
		}
	}
	m.ToolCalls = r.encode(n.at("tool_calls"), out)
}

// encode returns v as JSON.
func (r *manifestReader) encode(path string, v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		r.invalid(path, "it cannot be written again: %v", err)
		return nil
	}
	return bytes.TrimSpace(b.Bytes())
}

// additional reads a message's additional_kwargs, which go to the model's API as
// they are.
func (r *manifestReader) additional(n *manifestNode, m *prompt.Message) {
	var fields map[string]json.RawMessage
	r.take(n, "additional_kwargs", &fields)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		raw := fields[name]
		if string(raw) == "null" {
			continue
		}
		switch name {
		case "tool_calls":
			if m.ToolCalls == nil && string(raw) != "[]" {
				m.ToolCalls = raw
			}
		case "__openai_role__":
			if json.Unmarshal(raw, &m.Role) != nil {
				r.invalid(n.at("additional_kwargs."+name), "it is not a string")
			}
		case "name":
			if m.Name == "" && json.Unmarshal(raw, &m.Name) != nil {
				r.invalid(n.at("additional_kwargs."+name), "it is not a string")
			}
		case "role", "content", "tool_call_id", "type":
			r.unsupported(n.at("additional_kwargs."+name), "a second %s", name)
		default:
			if m.Extra == nil {
				m.Extra = map[string]json.RawMessage{}
			}
			m.Extra[name] = raw
		}
	}
}
