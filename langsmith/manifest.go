package langsmith

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/promptcache/promptcache-go/prompt"
)

const (
	maxManifestDepth    = 16 // prompts in prompts, sequences and bindings
	maxManifestProblems = 20 // that one error names
)

// manifestReader reads a manifest, LangChain's serialization of a prompt, into
// the Spec of a neutral one. It goes on after a problem, to name them all.
type manifestReader struct {
	spec     prompt.Spec
	config   manifestConfig
	problems []error
	more     int // problems beyond those
}

// readManifest returns what the manifest says of a prompt.
func readManifest(manifest json.RawMessage) (prompt.Spec, manifestConfig, error) {
	r := manifestReader{}
	if bytes.Contains(manifest, []byte(`"__lc_escaped__":`)) {
		r.unsupported("", "plain data that LangChain escaped with __lc_escaped__")
	}
	r.root(manifest, "", 0)
	if r.more > 0 {
		r.problems = append(r.problems, fmt.Errorf("and %d more problems", r.more))
	}
	return r.spec, r.config, errors.Join(r.problems...)
}

// problem notes err with its place in the manifest.
func (r *manifestReader) problem(path string, err error) {
	switch {
	case err == nil:
	case len(r.problems) == maxManifestProblems:
		r.more++
	case path == "":
		r.problems = append(r.problems, err)
	default:
		r.problems = append(r.problems, fmt.Errorf("%s: %w", path, err))
	}
}

func (r *manifestReader) unsupported(path, format string, args ...any) {
	r.problem(path, fmt.Errorf("%w: %s", prompt.ErrUnsupported, fmt.Sprintf(format, args...)))
}

func (r *manifestReader) invalid(path, format string, args ...any) {
	r.problem(path, fmt.Errorf("%w: %s", prompt.ErrInvalid, fmt.Sprintf(format, args...)))
}

// manifestNode is one object of a manifest.
type manifestNode struct {
	LC     int                        `json:"lc"`
	Type   string                     `json:"type"` // constructor, secret or not_implemented
	ID     []string                   `json:"id"`   // the path of a class, which has changed in time; only its end is looked at
	Kwargs map[string]json.RawMessage `json:"kwargs"`

	path string
}

// class returns the name of the class that the node is one of.
func (n *manifestNode) class() string { return n.ID[len(n.ID)-1] }

// at returns the path of an argument.
func (n *manifestNode) at(argument string) string { return join(n.path, "kwargs."+argument) }

func join(path, end string) string {
	if path == "" {
		return end
	}
	return path + "." + end
}

// has reports whether the node has the argument, and it is not null.
func (n *manifestNode) has(argument string) bool {
	raw := n.Kwargs[argument]
	return len(raw) > 0 && string(raw) != "null"
}

// node reads raw as the node of an object that can be made; nil if it is not.
func (r *manifestReader) node(raw json.RawMessage, path string) *manifestNode {
	n := manifestNode{path: path}
	if err := json.Unmarshal(raw, &n); err != nil || n.LC != 1 || len(n.ID) == 0 {
		r.invalid(path, `it is not an object of LangChain's serialization, {"lc":1,"type":…,"id":[…],"kwargs":{…}}`)
		return nil
	}
	if n.Type != "constructor" {
		r.unsupported(path, "%.60q is of type %.40q; want a constructor", n.class(), n.Type)
		return nil
	}
	return &n
}

// take reads an argument into a value, and leaves it alone if there is none.
func (r *manifestReader) take(n *manifestNode, argument string, into any) {
	if !n.has(argument) {
		return
	}
	err := json.Unmarshal(n.Kwargs[argument], into)
	if err != nil && !errors.Is(err, prompt.ErrInvalid) {
		err = fmt.Errorf("%w: it is not %s", prompt.ErrInvalid, wanted(into))
	}
	r.problem(n.at(argument), err)
}

// wanted says in words what a pointer takes.
func wanted(into any) string {
	switch into.(type) {
	case *string, **string:
		return "a string"
	case *bool:
		return "true or false"
	case *int:
		return "a whole number"
	case *map[string]json.RawMessage:
		return "an object"
	}
	return "a list of the right things"
}

// root reads the prompt as a whole, or the sequence of it and a model.
func (r *manifestReader) root(raw json.RawMessage, path string, depth int) {
	n := r.node(raw, path)
	if n == nil {
		return
	}
	switch class := n.class(); class {
	case "ChatPromptTemplate":
		r.chat(n, depth)
	case "StructuredPrompt":
		r.chat(n, depth)
		r.structured(n)
	case "PromptTemplate":
		r.spec.Kind = prompt.KindText
		r.spec.Text, r.spec.Syntax = r.template(n)
		r.partials(n)
	case "RunnableSequence":
		r.sequence(n, depth)
	default:
		r.unsupported(path, "a prompt of class %.60q", class)
	}
}

// sequence reads a prompt with the model that it is for.
func (r *manifestReader) sequence(n *manifestNode, depth int) {
	if depth > 0 {
		r.unsupported(n.path, "a sequence in a sequence")
		return
	}
	var middle []json.RawMessage
	if r.take(n, "middle", &middle); len(middle) > 0 {
		r.unsupported(n.at("middle"), "%d steps between the prompt and the model", len(middle))
	}
	r.root(n.Kwargs["first"], n.at("first"), depth+1)
	if n.has("last") {
		r.model(n.Kwargs["last"], n.at("last"))
	}
}

// chat reads a ChatPromptTemplate, the messages of one inside another too.
func (r *manifestReader) chat(n *manifestNode, depth int) {
	if depth > maxManifestDepth {
		r.problem(n.path, fmt.Errorf("%w: prompts are nested more than %d deep", prompt.ErrTooLarge, maxManifestDepth))
		return
	}
	if r.spec.Messages == nil {
		r.spec.Kind = prompt.KindChat
		r.spec.Messages = []prompt.Message{}
		r.spec.Syntax = prompt.SyntaxFString
		if n.has("template_format") {
			r.spec.Syntax = r.format(n)
		}
	}
	if !n.has("messages") {
		r.invalid(n.at("messages"), "it is missing")
	}
	var messages []json.RawMessage
	r.take(n, "messages", &messages)
	r.partials(n)
	for i, raw := range messages {
		path := fmt.Sprintf("%s[%d]", n.at("messages"), i)
		entry := r.node(raw, path)
		if entry == nil {
			continue
		}
		if class := entry.class(); class == "ChatPromptTemplate" {
			r.chat(entry, depth+1)
			continue
		}
		if m, ok := r.message(entry); ok {
			r.spec.Messages = append(r.spec.Messages, m)
		}
	}
}

// structured reads what a StructuredPrompt has beyond its messages.
func (r *manifestReader) structured(n *manifestNode) {
	for _, argument := range []string{"schema_", "schema"} { // Python's name and JavaScript's
		if !n.has(argument) {
			continue
		}
		if isNode(n.Kwargs[argument]) {
			r.unsupported(n.at(argument), "a schema that is a class; want JSON schema")
			return
		}
		r.spec.Schema = n.Kwargs[argument]
		break
	}
	if n.has("structured_output_kwargs") {
		r.config.StructuredOutput = n.Kwargs["structured_output_kwargs"]
	}
	r.take(n, "method", &r.config.Method)
}

// template reads a PromptTemplate: its text and how that is read.
func (r *manifestReader) template(n *manifestNode) (string, prompt.Syntax) {
	var text *string
	r.take(n, "template", &text)
	if text == nil {
		if !n.has("template") {
			r.invalid(n.at("template"), "it is missing")
		}
		return "", prompt.SyntaxLiteral
	}
	syntax := r.format(n)
	r.problem(n.at("template"), prompt.Check(*text, syntax))
	return *text, syntax
}

// format reads how a node's templates are read. It is SyntaxLiteral after a problem.
func (r *manifestReader) format(n *manifestNode) prompt.Syntax {
	format := "f-string"
	r.take(n, "template_format", &format)
	switch format {
	case "f-string":
		return prompt.SyntaxFString
	case "mustache":
		return prompt.SyntaxMustache
	case "jinja2":
		r.unsupported(n.at("template_format"), "jinja2: such a template can run code; write it as f-string or mustache")
	default:
		r.unsupported(n.at("template_format"), "%.40q; want f-string or mustache", format)
	}
	return prompt.SyntaxLiteral
}

// partials reads the values that a prompt brings for some of its variables.
func (r *manifestReader) partials(n *manifestNode) {
	var values map[string]json.RawMessage
	r.take(n, "partial_variables", &values)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		path := n.at("partial_variables") + "." + fmt.Sprintf("%.60s", name)
		value, ok := r.partial(values[name], path)
		if !ok {
			continue
		}
		if r.spec.Partials == nil {
			r.spec.Partials = prompt.Vars{}
		}
		if old, ok := r.spec.Partials[name]; ok && !sameJSON(old, value) {
			r.unsupported(path, "another value than elsewhere in the prompt")
		}
		r.spec.Partials[name] = value
	}
}

// partial reads one value: plain JSON, or messages for a placeholder.
func (r *manifestReader) partial(raw json.RawMessage, path string) (any, bool) {
	if isNode(raw) {
		r.unsupported(path, "a value that is not plain JSON")
		return nil, false
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || !slices.ContainsFunc(list, isNode) {
		return raw, true
	}
	messages := make([]prompt.Message, 0, len(list))
	for i, element := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		n := r.node(element, at)
		if n == nil {
			return nil, false
		}
		m, ok := r.literal(n)
		if !ok {
			r.unsupported(at, "class %.60q among messages", n.class())
			return nil, false
		}
		m.Syntax = ""
		messages = append(messages, m)
	}
	return messages, true
}

// isNode reports whether raw is an object of LangChain's serialization.
func isNode(raw json.RawMessage) bool {
	var n struct{ LC json.RawMessage }
	return json.Unmarshal(raw, &n) == nil && n.LC != nil
}

func sameJSON(a, b any) bool {
	left, err := json.Marshal(a)
	if err != nil {
		return false
	}
	right, err := json.Marshal(b)
	return err == nil && string(left) == string(right)
}
