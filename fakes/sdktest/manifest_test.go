package sdktest_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/langsmith"
)

// manifestRow is a prompt of LangSmith and its variables. LangChain and we make
// the same of it, but for what the row says.
type manifestRow struct {
	name      string
	manifest  string
	variables string // an object, as JSON, placeholders too; "" is none

	want string // what both make of it: a text, or messages as JSON, or fails

	langChain string // what LangChain makes of it instead, if why is set
	why       string // the row of docs/semantics.md that says so
}

// family is one of the two families of paths that a class of LangChain has been
// serialized with.
type family int

const (
	old  family = iota // the package langchain, as it once was
	core               // the package langchain_core, and those of the models
)

// paths are the paths of classes, by family.
var paths = map[string][2]string{
	"ChatPromptTemplate":          {"langchain/prompts/chat", "langchain_core/prompts/chat"},
	"StructuredPrompt":            {"langchain_core/prompts/structured", "langchain_core/prompts/structured"},
	"PromptTemplate":              {"langchain/prompts/prompt", "langchain_core/prompts/prompt"},
	"ImagePromptTemplate":         {"langchain/prompts/image", "langchain_core/prompts/image"},
	"DictPromptTemplate":          {"langchain_core/prompts/dict", "langchain_core/prompts/dict"},
	"SystemMessagePromptTemplate": {"langchain/prompts/chat", "langchain_core/prompts/chat"},
	"HumanMessagePromptTemplate":  {"langchain/prompts/chat", "langchain_core/prompts/chat"},
	"AIMessagePromptTemplate":     {"langchain/prompts/chat", "langchain_core/prompts/chat"},
	"ChatMessagePromptTemplate":   {"langchain/prompts/chat", "langchain_core/prompts/chat"},
	"MessagesPlaceholder":         {"langchain/prompts/chat", "langchain_core/prompts/chat"},
	"SystemMessage":               {"langchain/schema", "langchain_core/messages"},
	"HumanMessage":                {"langchain/schema", "langchain_core/messages"},
	"AIMessage":                   {"langchain/schema", "langchain_core/messages"},
	"AIMessageChunk":              {"langchain/schema", "langchain_core/messages"},
	"ToolMessage":                 {"langchain/schema", "langchain_core/messages"},
	"FunctionMessage":             {"langchain/schema", "langchain_core/messages"},
	"ChatMessage":                 {"langchain/schema", "langchain_core/messages"},
	"RunnableSequence":            {"langchain/schema/runnable", "langchain_core/runnables"},
	"RunnableBinding":             {"langchain/schema/runnable", "langchain_core/runnables"},
	"ChatOpenAI":                  {"langchain/chat_models/openai", "langchain_openai/chat_models"},
}

// node returns an object of LangChain's serialization; kwargs are JSON without
// the outer braces.
func (f family) node(class, kwargs string) string {
	id := asJSON(append(strings.Split(paths[class][f], "/"), class))
	return `{"lc":1,"type":"constructor","id":` + id + `,"kwargs":{` + kwargs + `}}`
}

// asJSON encodes texts and lists of them, which cannot fail.
func asJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// names returns names that are separated by spaces as a list in JSON.
func names(list string) string { return asJSON(strings.Fields(list)) }

// chat returns a ChatPromptTemplate; variables are separated by spaces.
func (f family) chat(variables string, messages ...string) string {
	return f.node("ChatPromptTemplate", `"input_variables":`+names(variables)+`,"messages":[`+strings.Join(messages, ",")+`]`)
}

// mustacheChat returns a ChatPromptTemplate whose templates are mustache.
func (f family) mustacheChat(variables string, messages ...string) string {
	return f.node("ChatPromptTemplate", `"template_format":"mustache","input_variables":`+names(variables)+`,"messages":[`+strings.Join(messages, ",")+`]`)
}

var fields = regexp.MustCompile(`\{([^{}]*)\}`)

// text returns a PromptTemplate of f-string; more is JSON of other arguments,
// with a comma first.
func (f family) text(template, more string) string {
	var variables []string
	for _, match := range fields.FindAllStringSubmatch(strings.NewReplacer("{{", "", "}}", "").Replace(template), -1) {
		if !slices.Contains(variables, match[1]) && !strings.Contains(more, `"partial_variables":{"`+match[1]+`"`) {
			variables = append(variables, match[1])
		}
	}
	return f.node("PromptTemplate", `"input_variables":`+asJSON(append([]string{}, variables...))+`,"template_format":"f-string","template":`+asJSON(template)+more)
}

// mustache returns a PromptTemplate of mustache.
func (f family) mustache(variables, template string) string {
	return f.node("PromptTemplate", `"input_variables":`+names(variables)+`,"template_format":"mustache","template":`+asJSON(template))
}

// message returns a template of a message of a class such as Human.
func (f family) message(class, template string) string {
	return f.node(class+"MessagePromptTemplate", `"prompt":`+template)
}

func (f family) system(template string) string { return f.message("System", f.text(template, "")) }
func (f family) human(template string) string  { return f.message("Human", f.text(template, "")) }
func (f family) ai(template string) string     { return f.message("AI", f.text(template, "")) }

// parts returns a human message of parts.
func (f family) parts(list ...string) string {
	return f.message("Human", "["+strings.Join(list, ",")+"]")
}

// image returns a part; template is an object as JSON.
func (f family) image(variables, template string) string {
	return f.node("ImagePromptTemplate", `"input_variables":`+names(variables)+`,"template_format":"f-string","template":`+template)
}

// dict returns a part of any type; template is an object as JSON.
func (f family) dict(template string) string {
	return f.node("DictPromptTemplate", `"template_format":"f-string","template":`+template)
}

func (f family) placeholder(name, more string) string {
	return f.node("MessagesPlaceholder", `"variable_name":`+asJSON(name)+more)
}

// withModel returns a prompt with its model, as it is pulled with it.
func (f family) withModel(manifest string) string {
	secret := `{"lc":1,"type":"secret","id":["OPENAI_API_KEY"]}`
	model := f.node("ChatOpenAI", `"model":"gpt-4o-mini","temperature":0.5,"openai_api_key":`+secret)
	binding := f.node("RunnableBinding", `"bound":`+model+`,"kwargs":{"tools":[{"type":"function","function":{"name":"f"}}]}`)
	return f.node("RunnableSequence", `"first":`+manifest+`,"last":`+binding)
}

// formatByUs reads and compiles the row's manifest, and returns it in the form of
// a row's want.
func formatByUs(t *testing.T, r manifestRow) string {
	t.Helper()
	var commit langsmith.PromptCommit
	require.NoError(t, json.Unmarshal(encode(t, map[string]any{
		"owner": "-", "repo": "p", "commit_hash": strings.Repeat("a", 64), "manifest": json.RawMessage(r.manifest),
	}), &commit))
	p, err := commit.Prompt()
	if err != nil {
		t.Log(err)
		return fails
	}
	compiled, err := p.Compile(decodeVars(t, values(r.variables)))
	switch {
	case err != nil:
		t.Log(err)
		return fails
	case p.Text() != "":
		return compiled.Text
	}
	return string(encode(t, compiled))
}

// formatByThem returns what LangChain made of a row, in the form of its want.
func formatByThem(t *testing.T, r rendered) string {
	t.Helper()
	if r.Error != "" {
		t.Log(r.Error)
		return fails
	}
	var made struct {
		Text     *string         `json:"text"`
		Messages json.RawMessage `json:"messages"`
	}
	require.NoError(t, json.Unmarshal(r.Result, &made))
	if made.Text != nil {
		return *made.Text
	}
	return string(made.Messages)
}

// TestFormatAsLangChain loads manifests and formats them with @langchain/core,
// as LangSmith's users do, and with ours.
func TestFormatAsLangChain(t *testing.T) {
	inputs := make([]any, len(manifestRows))
	for i, r := range manifestRows {
		require.True(t, json.Valid([]byte(r.manifest)), r.name)
		inputs[i] = map[string]any{"manifest": json.RawMessage(r.manifest), "variables": values(r.variables)}
	}
	results := renderByThem(t, inputs)
	for i, r := range manifestRows {
		t.Run(r.name, func(t *testing.T) {
			theirs := r.want
			if r.why != "" {
				theirs = r.langChain
				require.NotEqual(t, r.want, theirs, "no divergence")
			}
			requireOutcome(t, theirs, formatByThem(t, results[i]["langchain"]), "@langchain/core")
			requireOutcome(t, r.want, formatByUs(t, r), "ours")
		})
	}
}
