package prompt

import (
	"encoding/json"
	"fmt"
)

// item is a message or a placeholder of a chat prompt, ready to compile.
type item struct {
	message Message // as it was given, its Syntax filled in
	content template
	parts   []parsedPart
}

type parsedPart struct {
	text, url, detail template
	extra             map[string]tree
}

func (b *builder) item(path string, m Message, syntax Syntax) item {
	out := item{message: m.clone()}
	if m.Placeholder != nil {
		b.placeholder(path, &out.message, syntax)
		return out
	}
	if m.Syntax == "" {
		out.message.Syntax = syntax
	}
	if m.Role == "" {
		b.invalid(path+".role", "it is empty")
	}
	b.text(path+".role", m.Role)
	b.text(path+".name", m.Name)
	b.text(path+".tool_call_id", m.ToolCallID)
	out.message.ToolCalls = b.json(path+".tool_calls", m.ToolCalls)
	if raw := out.message.ToolCalls; raw != nil && raw[0] != '[' {
		b.invalid(path+".tool_calls", "it is not a JSON array")
	}
	out.message.Extra = b.fields(path, m.Extra)
	for _, own := range []string{"role", "content", "name", "tool_calls", "tool_call_id"} {
		if _, ok := m.Extra[own]; ok {
			b.invalid(path, "Extra has %q, which has a field of its own", own)
		}
	}
	if kind := m.Extra["type"]; isMessageType(kind) || isPlaceholderType(kind) {
		b.invalid(path, "Extra has a type, %.40s, that says what a Message is anyway", kind)
	}
	if m.Content != "" && (m.Parts != nil || m.NoContent) || m.Parts != nil && m.NoContent {
		b.invalid(path, "it has more than one of Content, Parts and NoContent")
	}
	out.content = b.template(path+".content", m.Content, out.message.Syntax)
	for i := range out.message.Parts {
		out.parts = append(out.parts, b.part(fmt.Sprintf("%s.parts[%d]", path, i), &out.message.Parts[i], out.message.Syntax))
	}
	return out
}

func (b *builder) placeholder(path string, m *Message, syntax Syntax) {
	if m.Placeholder.Name == "" {
		b.invalid(path+".placeholder", "it has no name")
	}
	b.text(path+".placeholder", m.Placeholder.Name)
	if m.Placeholder.Limit < 0 {
		b.invalid(path+".placeholder", "its limit is %d", m.Placeholder.Limit)
	}
	if m.Role != "" || m.Content != "" || m.Parts != nil || m.NoContent || m.Name != "" ||
		m.ToolCalls != nil || m.ToolCallID != "" || m.Extra != nil {
		b.invalid(path, "a placeholder has no fields of a message")
	}
	if m.Syntax == "" {
		m.Syntax = SyntaxLiteral
		if syntax.expandsPlaceholders() {
			m.Syntax = syntax
		}
	}
	_, err := parse("", m.Syntax)
	b.problem(path+".syntax", err)
}

func (b *builder) part(path string, p *Part, syntax Syntax) parsedPart {
	p.Type = p.kind()
	if p.Syntax == "" {
		p.Syntax = syntax
	}
	b.text(path+".type", p.Type)
	p.Extra = b.fields(path, p.Extra)
	if p.Type != TextPart && p.Text != "" {
		b.invalid(path+".text", "a part of type %.40q has none", p.Type)
	}
	if p.Type != ImagePart && (p.ImageURL != "" || p.Detail != "") {
		b.invalid(path+".image_url", "a part of type %.40q has none", p.Type)
	}
	if p.Type == ImagePart && p.ImageURL == "" && p.Extra[ImagePart] == nil {
		b.invalid(path+".image_url", "it is empty")
	}
	for _, own := range []string{"type", map[string]string{TextPart: "text", ImagePart: "image_url"}[p.Type]} {
		if _, ok := p.Extra[own]; ok && (own != ImagePart || p.ImageURL != "") {
			b.invalid(path, "Extra has %q, which has a field of its own", own)
		}
	}
	out := parsedPart{
		text:   b.template(path+".text", p.Text, p.Syntax),
		url:    b.template(path+".image_url.url", p.ImageURL, p.Syntax),
		detail: b.template(path+".image_url.detail", p.Detail, p.Syntax),
	}
	for name, raw := range p.Extra {
		t, err := parseTree(raw, p.Syntax)
		b.problem(path+"."+name, err)
		if out.extra == nil {
			out.extra = map[string]tree{}
		}
		out.extra[name] = t
	}
	return out
}

// compile appends the message, or what fills the placeholder, to out.
func (it *item) compile(s *state, out []Message, syntax Syntax) []Message {
	if it.message.Placeholder != nil {
		return it.fill(s, out, syntax)
	}
	m := it.message
	m.Parts = nil
	m = m.clone()
	m.Syntax = ""
	m.Content = it.content.render(s)
	if it.message.Parts == nil {
		return append(out, m)
	}
	m.Parts = make([]Part, 0, len(it.parts))
	for i := range it.parts {
		part := it.parts[i].compile(s, it.message.Parts[i].Type)
		if part.Type == TextPart && part.Text == "" && it.message.Parts[i].Syntax != SyntaxLiteral {
			continue // as LangChain does: providers refuse empty parts
		}
		if part.Type == ImagePart && part.ImageURL == "" && part.Extra[ImagePart] == nil && len(s.missed.Variables) == 0 {
			s.fail(fmt.Errorf("%w: the URL of an image (parts[%d] of a message of the %s) is empty", ErrVariable, i, m.Role))
		}
		m.Parts = append(m.Parts, part)
	}
	return append(out, m)
}

func (p *parsedPart) compile(s *state, kind string) Part {
	out := Part{Type: kind, Text: p.text.render(s), ImageURL: p.url.render(s), Detail: p.detail.render(s)}
	if p.extra != nil {
		out.Extra = make(map[string]json.RawMessage, len(p.extra))
		for _, name := range sortedNames(p.extra) {
			out.Extra[name] = p.extra[name].render(s)
		}
	}
	return out
}
