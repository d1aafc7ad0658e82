package fakelangsmith

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

// Message is one message of a chat prompt.
type Message struct {
	// Role is system, human (or user), ai (or assistant), placeholder, or any
	// other role, which becomes a chat message of that role. The Template of a
	// placeholder is the name of the variable that brings its messages.
	Role string
	// Template is the text.
	Template string
	// Format is f-string, mustache or jinja2. Empty means f-string.
	Format string
}

// Model is the model that a prompt is stored with.
type Model struct {
	// Class is LangChain's name of it, such as ChatOpenAI.
	Class string
	// Config is what it is called with, such as {"model": "gpt-4o-mini",
	// "temperature": 0}.
	Config map[string]any
}

// node is one object of LangChain's serialization.
type node struct {
	LC     int            `json:"lc"`
	Type   string         `json:"type"`
	ID     []string       `json:"id"`
	Kwargs map[string]any `json:"kwargs"`
}

func constructor(kwargs map[string]any, id ...string) node {
	return node{LC: 1, Type: "constructor", ID: id, Kwargs: kwargs}
}

// Text is the manifest of an f-string text prompt.
func Text(template string) json.RawMessage {
	return fakeserver.Encode(promptTemplate(template, ""))
}

// Chat is the manifest of a chat prompt.
func Chat(messages ...Message) json.RawMessage {
	nodes := make([]node, 0, len(messages))
	variables := []string{}
	for _, m := range messages {
		nodes = append(nodes, m.node())
		if m.Role != "placeholder" {
			variables = append(variables, templateVariables(m.Template, m.Format)...)
		}
	}
	slices.Sort(variables)
	return fakeserver.Encode(constructor(map[string]any{
		"messages":          nodes,
		"input_variables":   slices.Compact(variables),
		"partial_variables": map[string]any{},
	}, "langchain", "prompts", "chat", "ChatPromptTemplate"))
}

// WithModel is the manifest of a prompt with a model: a RunnableSequence of the
// two. It fails if the prompt is not JSON or the model's Config cannot be JSON.
func WithModel(prompt json.RawMessage, m Model) (json.RawMessage, error) {
	model := constructor(m.Config, "langchain", "chat_models", m.Class)
	bound := constructor(map[string]any{"bound": model, "kwargs": map[string]any{}}, "langchain", "schema", "runnable", "RunnableBinding")
	manifest, err := json.Marshal(constructor(map[string]any{"first": prompt, "middle": []any{}, "last": bound},
		"langchain", "schema", "runnable", "RunnableSequence"))
	if err != nil {
		return nil, fmt.Errorf("fakelangsmith: manifest with model %s: %w", m.Class, err)
	}
	return manifest, nil
}

func (m Message) node() node {
	classes := map[string]string{
		"system": "SystemMessagePromptTemplate",
		"human":  "HumanMessagePromptTemplate", "user": "HumanMessagePromptTemplate",
		"ai": "AIMessagePromptTemplate", "assistant": "AIMessagePromptTemplate",
	}
	if m.Role == "placeholder" {
		return constructor(map[string]any{"variable_name": m.Template, "optional": true}, "langchain", "prompts", "chat", "MessagesPlaceholder")
	}
	kwargs := map[string]any{"prompt": promptTemplate(m.Template, m.Format)}
	class, known := classes[m.Role]
	if !known {
		class = "ChatMessagePromptTemplate"
		kwargs["role"] = m.Role
	}
	return constructor(kwargs, "langchain", "prompts", "chat", class)
}

func promptTemplate(template, format string) node {
	if format == "" {
		format = "f-string"
	}
	return constructor(map[string]any{
		"template":          template,
		"template_format":   format,
		"input_variables":   templateVariables(template, format),
		"partial_variables": map[string]any{},
	}, "langchain", "prompts", "prompt", "PromptTemplate")
}

var (
	fStringVariable  = regexp.MustCompile(`\{([^{}]+)\}`)
	mustacheVariable = regexp.MustCompile(`\{\{\{?\s*[&#^]?\s*([\w.]+)`)
)

// templateVariables lists the variables of a template, sorted, as a manifest's
// input_variables do. A jinja2 template is not read: its variables are its own
// affair.
func templateVariables(template, format string) []string {
	pattern := fStringVariable
	switch format {
	case "mustache":
		pattern = mustacheVariable
	case "jinja2":
		return []string{}
	default:
		template = strings.NewReplacer("{{", "", "}}", "").Replace(template)
	}
	names := []string{}
	for _, match := range pattern.FindAllStringSubmatch(template, -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sequence is what a manifest says about its model.
type sequence struct {
	prompt   json.RawMessage // the manifest itself, or the first member of a RunnableSequence
	config   json.RawMessage // the model's kwargs; null without a model
	provider *string         // the model's class; nil without a model
}

// splitModel parts a manifest, which is a JSON object, into the prompt and the
// model.
func splitModel(manifest json.RawMessage) sequence {
	type serialized struct {
		ID     []string                   `json:"id"`
		Kwargs map[string]json.RawMessage `json:"kwargs"`
	}
	read := func(raw json.RawMessage) (class string, kwargs map[string]json.RawMessage) {
		var n serialized
		if json.Unmarshal(raw, &n) != nil || len(n.ID) == 0 {
			return "", nil
		}
		return n.ID[len(n.ID)-1], n.Kwargs
	}
	whole := sequence{prompt: manifest, config: json.RawMessage("null")}
	class, kwargs := read(manifest)
	if class != "RunnableSequence" || kwargs["first"] == nil {
		return whole
	}
	split := sequence{prompt: kwargs["first"], config: whole.config}
	class, kwargs = read(kwargs["last"])
	if class == "RunnableBinding" {
		class, kwargs = read(kwargs["bound"])
	}
	if class != "" {
		split.provider = &class
		split.config = fakeserver.Encode(kwargs)
	}
	return split
}
