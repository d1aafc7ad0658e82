package langsmith

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/promptcache/promptcache-go/prompt"
)

// templatePart reads one part of a message that is more than text.
func (r *manifestReader) templatePart(m *prompt.Message, raw json.RawMessage, path string) {
	n := r.node(raw, path)
	if n == nil {
		return
	}
	var part prompt.Part
	switch n.class() {
	case "PromptTemplate":
		part.Type = prompt.TextPart
		part.Text, part.Syntax = r.template(n)
		r.fields(n, &part, "type", "text")
	case "ImagePromptTemplate":
		part = r.image(n)
		r.fields(n, &part, "type", "image_url")
	case "DictPromptTemplate":
		part = r.dict(n)
	default:
		r.unsupported(path, "class %.60q in a message", n.class())
		return
	}
	r.partials(n)
	m.Parts = append(m.Parts, part)
}

// fields reads what a part has beside its template, such as cache_control. No
// part of it is a template.
func (r *manifestReader) fields(n *manifestNode, part *prompt.Part, known ...string) {
	var fields map[string]json.RawMessage
	r.take(n, "additional_content_fields", &fields)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if slices.Contains(known, name) {
			continue
		}
		raw := fields[name]
		var decoded any
		if json.Unmarshal(raw, &decoded) != nil || hasBraces(decoded) {
			r.unsupported(n.at("additional_content_fields."+fmt.Sprintf("%.60s", name)), "braces in it")
			continue
		}
		if part.Extra == nil {
			part.Extra = map[string]json.RawMessage{}
		}
		part.Extra[name] = raw
	}
}

// hasBraces reports whether a string somewhere in v, decoded JSON, has a brace.
func hasBraces(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.ContainsAny(v, "{}")
	case []any:
		return slices.ContainsFunc(v, hasBraces)
	case map[string]any:
		for _, element := range v {
			if hasBraces(element) {
				return true
			}
		}
	}
	return false
}

func (r *manifestReader) image(n *manifestNode) prompt.Part {
	part := prompt.Part{Type: prompt.ImagePart, Syntax: r.format(n)}
	var fields map[string]json.RawMessage
	r.take(n, "template", &fields)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		path := n.at("template." + fmt.Sprintf("%.60s", name))
		var text string
		if name != "url" && name != "detail" {
			r.unsupported(path, "an image by anything but its URL, such as a file of this machine")
			continue
		}
		if json.Unmarshal(fields[name], &text) != nil {
			r.invalid(path, "it is not a string")
			continue
		}
		r.problem(path, prompt.Check(text, part.Syntax))
		if name == "url" {
			part.ImageURL = text
			continue
		}
		part.Detail = text
	}
	if part.ImageURL == "" {
		part.ImageURL = r.implicitURL(n, part.Syntax)
	}
	return part
}

// implicitURL returns the template of an image that has none: its URL is then the
// variable called url.
func (r *manifestReader) implicitURL(n *manifestNode, syntax prompt.Syntax) string {
	var variables []string
	r.take(n, "input_variables", &variables)
	switch {
	case !slices.Contains(variables, "url"):
		r.invalid(n.at("template.url"), "it is missing")
		return "missing"
	case syntax == prompt.SyntaxMustache:
		return "{{url}}"
	}
	return "{url}"
}

// dict reads a part of any type; the strings in it are templates.
func (r *manifestReader) dict(n *manifestNode) prompt.Part {
	syntax := r.format(n)
	part := prompt.Part{Type: prompt.TextPart, Syntax: syntax}
	path := n.at("template")
	if !n.has("template") {
		r.invalid(path, "it is missing")
		return part
	}
	if err := json.Unmarshal(n.Kwargs["template"], &part); err != nil {
		r.problem(path, err)
		return part
	}
	part.Syntax = syntax
	if strings.ContainsAny(part.Type, "{}") {
		r.unsupported(path+".type", "a type that is a template")
	}
	texts := prompt.Spec{Messages: []prompt.Message{{Role: "user", Syntax: syntax, Parts: []prompt.Part{part}}}}
	if _, err := prompt.New(texts); err != nil {
		r.problem(path, fmt.Errorf("it cannot be a part of a message: %w", err))
	}
	return part
}
