package langsmith_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/prompt"
)

// commitOf returns a commit with a manifest, as if by a registry.
func commitOf(tb testing.TB, manifest string) *langsmith.PromptCommit {
	tb.Helper()
	var c langsmith.PromptCommit
	require.NoError(tb, json.Unmarshal([]byte(`{"owner":"-","repo":"al","commit_hash":"`+fullHash+`","manifest":`+manifest+`}`), &c))
	return &c
}

func promptOf(tb testing.TB, manifest string) *prompt.Prompt {
	tb.Helper()
	p, err := commitOf(tb, manifest).Prompt()
	require.NoError(tb, err)
	return p
}

// constructor returns the node of a class, whose path is one of the families that occur.
func constructor(class, kwargs string) string {
	families := []string{`"langchain_core","prompts","chat"`, `"langchain","prompts","chat"`, `"langchain","schema","runnable","base"`, `"langchain_core","messages"`}
	return fmt.Sprintf(`{"lc":1,"type":"constructor","id":[%s,"%s"],"kwargs":%s}`, families[len(class)%len(families)], class, kwargs)
}

func chatOf(messages ...string) string {
	return constructor("ChatPromptTemplate", `{"messages":[`+strings.Join(messages, ",")+`]}`)
}

func textOf(template string) string {
	return constructor("PromptTemplate", `{"template":`+template+`}`)
}

func messageOf(class, template string) string {
	return constructor(class, `{"prompt":`+textOf(template)+`}`)
}

// partsOf is a message of the user with a list of templates.
func partsOf(parts ...string) string {
	return constructor("HumanMessagePromptTemplate", `{"prompt":[`+strings.Join(parts, ",")+`]}`)
}

// compiled returns what a manifest compiles to, as JSON.
func compiled(t *testing.T, manifest string, vars prompt.Vars) string {
	t.Helper()
	c, err := promptOf(t, manifest).Compile(vars)
	require.NoError(t, err)
	b, err := json.Marshal(c)
	require.NoError(t, err)
	return string(b)
}

// langchain-manifests.json has prompts that @langchain/core 1.2.13 serialized,
// and what it made of them.
func TestManifestsOfLangChain(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "langchain-manifests.json"))
	require.NoError(t, err)
	var table []struct {
		Name     string
		Manifest json.RawMessage
		Vars     prompt.Vars
		Text     *string
		Messages json.RawMessage
		Error    bool
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	require.NoError(t, d.Decode(&table))
	require.Greater(t, len(table), 10)
	for _, tt := range table {
		t.Run(tt.Name, func(t *testing.T) {
			c, err := promptOf(t, string(tt.Manifest)).Compile(tt.Vars)
			if tt.Error {
				require.ErrorIs(t, err, prompt.ErrMissing)
				return
			}
			require.NoError(t, err)
			if tt.Text != nil {
				require.Equal(t, prompt.KindText, c.Kind)
				require.Equal(t, *tt.Text, c.Text)
				return
			}
			got, err := json.Marshal(c)
			require.NoError(t, err)
			require.JSONEq(t, string(tt.Messages), string(got))
		})
	}
}

func TestManifest(t *testing.T) {
	placeholder := constructor("MessagesPlaceholder", `{"variable_name":"history","n_messages":1}`)
	tests := []struct {
		name, manifest string
		vars           prompt.Vars
		want           string
	}{
		{
			"roles, id families mixed",
			chatOf(messageOf("SystemMessagePromptTemplate", `"s {a}"`), messageOf("HumanMessagePromptTemplate", `"h"`), messageOf("AIMessagePromptTemplate", `"a"`),
				constructor("ChatMessagePromptTemplate", `{"role":"boss","prompt":`+textOf(`"c"`)+`}`)),
			prompt.Vars{"a": "A"},
			`[{"role":"system","content":"s A"},{"role":"user","content":"h"},{"role":"assistant","content":"a"},{"role":"boss","content":"c"}]`,
		},
		{
			"literal messages",
			chatOf(constructor("SystemMessageChunk", `{"content":"{x}"}`), constructor("HumanMessage", `{"content":["t",{"type":"image_url","image_url":"{u}"}],"name":"Ada"}`),
				constructor("AIMessage", `{"content":null,"tool_calls":[{"name":"f","args":{"n":9007199254740993},"id":"1","type":"tool_call"},{"name":"g","args":null,"id":null}],"invalid_tool_calls":[]}`),
				constructor("ToolMessage", `{"content":"r","tool_call_id":"1","status":"success"}`), constructor("FunctionMessage", `{"content":"r","name":"f"}`),
				constructor("ChatMessage", `{"content":"c","role":"boss"}`)),
			nil,
			`[{"role":"system","content":"{x}"},{"role":"user","name":"Ada","content":[{"type":"text","text":"t"},{"type":"image_url","image_url":{"url":"{u}"}}]},
			{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"n\":9007199254740993}"}},
				{"id":"","type":"function","function":{"name":"g","arguments":"{}"}}]},
			{"role":"tool","content":"r","tool_call_id":"1"},{"role":"function","content":"r","name":"f"},{"role":"boss","content":"c"}]`,
		},
		{
			"additional_kwargs",
			chatOf(constructor("SystemMessage", `{"content":"s","additional_kwargs":{"__openai_role__":"developer","refusal":null}}`),
				constructor("AIMessage", `{"content":"","additional_kwargs":{"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}],"name":"n","audio":{"id":"x"}}}`),
				constructor("AIMessage", `{"content":"","tool_calls":[{"name":"f","args":{},"id":"1"}],"additional_kwargs":{"tool_calls":[{"id":"1"}]}}`),
				constructor("AIMessagePromptTemplate", `{"prompt":`+textOf(`"x"`)+`,"additional_kwargs":{"function_call":{"name":"f","arguments":"{}"},"tool_calls":[]}}`)),
			nil,
			`[{"role":"developer","content":"s"},
			{"role":"assistant","content":"","name":"n","audio":{"id":"x"},"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},
			{"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},
			{"role":"assistant","content":"x","function_call":{"name":"f","arguments":"{}"}}]`,
		},
		{
			"n_messages",
			chatOf(placeholder),
			prompt.Vars{"history": []prompt.Message{{Role: "user", Content: "1"}, {Role: "user", Content: "{2}"}}},
			`[{"role":"user","content":"{2}"}]`,
		},
		{
			"parts",
			chatOf(partsOf(
				constructor("PromptTemplate", `{"template":"{a}","additional_content_fields":{"type":"text","text":"{a}","cache_control":{"type":"ephemeral","n":[1]}}}`),
				constructor("ImagePromptTemplate", `{"template":{"url":"{{u}}","detail":"{{a}}"},"template_format":"mustache","input_variables":["u"]}`),
				constructor("ImagePromptTemplate", `{"template":{},"input_variables":["url"]}`),
				constructor("ImagePromptTemplate", `{"template":{"url":""},"input_variables":["url"],"template_format":"mustache"}`),
				constructor("DictPromptTemplate", `{"template":{"type":"file","file":{"id":"{a}","list":["{a}",1,null]}}}`),
				constructor("DictPromptTemplate", `{"template":{"cachePoint":{"type":"{a}"}}}`))),
			prompt.Vars{"a": "A", "u": "https://host/u", "url": "https://host/url"},
			`[{"role":"user","content":[{"type":"text","text":"A","cache_control":{"type":"ephemeral","n":[1]}},
			{"type":"image_url","image_url":{"url":"https://host/u","detail":"A"}},{"type":"image_url","image_url":{"url":"https://host/url"}},
			{"type":"image_url","image_url":{"url":"https://host/url"}},
			{"type":"file","file":{"id":"A","list":["A",1,null]}},{"cachePoint":{"type":"A"}}]}]`,
		},
		{"no parts", chatOf(partsOf()), nil, `[{"role":"user","content":[]}]`},
		{"a prompt in a prompt", chatOf(chatOf(messageOf("HumanMessagePromptTemplate", `"{a}"`)), messageOf("HumanMessagePromptTemplate", `"b"`)), prompt.Vars{"a": "A"}, `[{"role":"user","content":"A"},{"role":"user","content":"b"}]`},
		{"no messages", chatOf(), nil, `[]`},
		{"a text", constructor("PromptTemplate", `{"template":"{{a}}","template_format":"mustache"}`), prompt.Vars{"a": []int{1}}, `[{"role":"user","content":"[1]"}]`},
		{
			"partial variables",
			constructor("ChatPromptTemplate", `{"partial_variables":{"a":"A","b":{"k":1},"history":[`+constructor("AIMessage", `{"content":"hi {x}"}`)+`]},
				"messages":[`+placeholder+`,`+constructor("SystemMessagePromptTemplate", `{"prompt":`+constructor("PromptTemplate", `{"template":"{a} {b} {c} {d}","partial_variables":{"c":null,"a":"A"}}`)+`}`)+`]}`),
			prompt.Vars{"d": "D"},
			`[{"role":"assistant","content":"hi {x}"},{"role":"system","content":"A {\"k\":1}  D"}]`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.JSONEq(t, tt.want, compiled(t, tt.manifest, tt.vars)) })
	}
}

func TestManifestNames(t *testing.T) {
	p := promptOf(t, chatOf(messageOf("SystemMessagePromptTemplate", `"{b} {a}"`), constructor("MessagesPlaceholder", `{"variable_name":"h","optional":true,"n_messages":2}`)))
	require.Equal(t, []string{"b", "a"}, p.Variables())
	require.Equal(t, []prompt.Placeholder{{Name: "h", Optional: true, Limit: 2}}, p.Placeholders())
	require.Equal(t, "al", p.Name())
	require.Equal(t, fullHash, p.Revision())
	require.False(t, p.Immutable())
	require.Equal(t, prompt.SyntaxFString, p.Syntax())
	require.Nil(t, p.Config())
	require.Nil(t, p.Schema())
	require.Equal(t, prompt.SyntaxMustache, promptOf(t, constructor("ChatPromptTemplate", `{"template_format":"mustache","messages":[]}`)).Syntax())

	c := fetched(t, "acme/al:"+fullHash+"?model", strings.Replace(rich, `{"n": 9007199254740993, "s": "<&>\u2028", "f": 1.50}`, chatOf(), 1))
	p, err := c.Prompt()
	require.NoError(t, err)
	require.Equal(t, "acme/al", p.Name())
	require.True(t, p.Immutable())
	require.JSONEq(t, string(c.Manifest()), string(p.Raw()))
	require.JSONEq(t, `{"provider":"ChatOpenAI","settings":{"seed":9007199254740993}}`, string(p.Config()))
	require.Contains(t, string(p.Config()), "9007199254740993")
}

func TestManifestModel(t *testing.T) {
	model := `{"lc":1,"type":"constructor","id":["langchain","chat_models","openai","ChatOpenAI"],"kwargs":{"temperature":0.70,"seed":9007199254740993,
		"openai_api_key":{"lc":1,"type":"secret","id":["OPENAI_API_KEY"]}}}`
	const settings = `"provider":"ChatOpenAI","id":["langchain","chat_models","openai","ChatOpenAI"],"settings":{"temperature":0.70,"seed":9007199254740993,"openai_api_key":{"lc":1,"type":"secret","id":["OPENAI_API_KEY"]}}`
	structured := constructor("StructuredPrompt", `{"messages":[],"schema_":{"title":"answer"},"structured_output_kwargs":{"method":"json_mode"},"method":"json_schema"}`)
	sequence := func(first, last string) string {
		return constructor("RunnableSequence", `{"first":`+first+`,"middle":[],"last":`+last+`}`)
	}
	binding := func(bound, kwargs string) string {
		return constructor("RunnableBinding", `{"bound":`+bound+`,"kwargs":`+kwargs+`,"config":{}}`)
	}
	tests := []struct{ name, manifest, config, schema string }{
		{"the model itself", sequence(chatOf(), model), `{` + settings + `}`, ""},
		{"a binding", sequence(chatOf(), binding(model, `{"tools":[{"type":"function"}]}`)), `{` + settings + `,"bound":{"tools":[{"type":"function"}]}}`, ""},
		{"a binding of a binding", sequence(chatOf(), binding(binding(model, `{"a":1,"b":1}`), `{"a":2}`)), `{` + settings + `,"bound":{"a":2,"b":1}}`, ""},
		{"a model that LangChain could not write", sequence(chatOf(), `{"lc":1,"type":"not_implemented","id":["own","Model"],"repr":"Model()"}`), `{"provider":"Model","id":["own","Model"]}`, ""},
		{"structured", structured, `{"structured_output":{"method":"json_mode"},"method":"json_schema"}`, `{"title":"answer"}`},
		{"structured, with a model", sequence(structured, model), `{` + settings + `,"structured_output":{"method":"json_mode"},"method":"json_schema"}`, `{"title":"answer"}`},
		{"JavaScript's schema", constructor("StructuredPrompt", `{"messages":[],"schema":{"title":"js"}}`), "", `{"title":"js"}`},
		{"no schema", constructor("StructuredPrompt", `{"messages":[],"schema_":null}`), "", ""},
		{"a sequence without a model", constructor("RunnableSequence", `{"first":`+chatOf()+`}`), "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := promptOf(t, tt.manifest)
			for want, got := range map[string]json.RawMessage{tt.config: p.Config(), tt.schema: p.Schema()} {
				if want == "" {
					continue
				}
				require.JSONEq(t, want, string(got))
			}
			require.Equal(t, tt.config == "", p.Config() == nil)
			require.Equal(t, tt.schema == "", p.Schema() == nil)
			if strings.Contains(tt.config, "9007199254740993") {
				require.Contains(t, string(p.Config()), "9007199254740993", "every digit")
			}
		})
	}
	t.Run("secrets are not resolved", func(t *testing.T) {
		t.Setenv("OPENAI_API_KEY", "resolved")
		require.NotContains(t, string(promptOf(t, sequence(chatOf(), model)).Config()), "resolved")
	})
}

func TestManifestRefusals(t *testing.T) {
	human := func(kwargs string) string { return chatOf(constructor("HumanMessagePromptTemplate", kwargs)) }
	deep := chatOf()
	for range 20 {
		deep = chatOf(deep)
	}
	bindings := `{"lc":1,"type":"constructor","id":["M"],"kwargs":{}}`
	for range 20 {
		bindings = constructor("RunnableBinding", `{"bound":`+bindings+`}`)
	}
	tests := []struct {
		name, manifest string
		want           error
		path           string
	}{
		{"not a node", `{}`, prompt.ErrInvalid, `"al": prompt: invalid: it is not an object of LangChain's serialization`},
		{"another version", `{"lc":2,"type":"constructor","id":["ChatPromptTemplate"]}`, prompt.ErrInvalid, "it is not an object of"},
		{"no id", `{"lc":1,"type":"constructor","id":[]}`, prompt.ErrInvalid, "it is not an object of"},
		{"not implemented", `{"lc":1,"type":"not_implemented","id":["a","Own"]}`, prompt.ErrUnsupported, `"Own" is of type "not_implemented"`},
		{"a secret", chatOf(`{"lc":1,"type":"secret","id":["KEY"]}`), prompt.ErrUnsupported, `kwargs.messages[0]: prompt: unsupported: "KEY" is of type "secret"`},
		{"an unknown prompt", constructor("FewShotPromptTemplate", `{}`), prompt.ErrUnsupported, `a prompt of class "FewShotPromptTemplate"`},
		{"an unknown message", chatOf(chatOf(constructor("RemoveMessage", `{}`))), prompt.ErrUnsupported, `kwargs.messages[0].kwargs.messages[0]: prompt: unsupported: class "RemoveMessage"`},
		{"an unknown template", human(`{"prompt":` + constructor("PipelinePromptTemplate", `{}`) + `}`), prompt.ErrUnsupported, `kwargs.messages[0].kwargs.prompt: prompt: unsupported: class "PipelinePromptTemplate"`},
		{"an unknown part", chatOf(partsOf(constructor("Own", `{}`))), prompt.ErrUnsupported, `kwargs.messages[0].kwargs.prompt[0]: prompt: unsupported: class "Own"`},
		{
			"jinja2", chatOf(messageOf("SystemMessagePromptTemplate", `""`), human(`{"prompt":`+constructor("PromptTemplate", `{"template":"{{ x }}","template_format":"jinja2"}`)+`}`)),
			prompt.ErrUnsupported, `kwargs.messages[1].kwargs.messages[0].kwargs.prompt.kwargs.template_format: prompt: unsupported: jinja2`,
		},
		{"another format", constructor("PromptTemplate", `{"template":"x","template_format":"go"}`), prompt.ErrUnsupported, `kwargs.template_format: prompt: unsupported: "go"`},
		{"the chat's format", constructor("ChatPromptTemplate", `{"messages":[],"template_format":"jinja2"}`), prompt.ErrUnsupported, `kwargs.template_format: `},
		{"a malformed template", chatOf(messageOf("HumanMessagePromptTemplate", `"{"`)), prompt.ErrSyntax, "kwargs.messages[0].kwargs.prompt.kwargs.template: "},
		{"attribute access", chatOf(messageOf("HumanMessagePromptTemplate", `"{a.__class__}"`)), prompt.ErrUnsupported, "kwargs.messages[0].kwargs.prompt.kwargs.template: "},
		{"a partial", constructor("PromptTemplate", `{"template":"{{>/etc/hostname}}","template_format":"mustache"}`), prompt.ErrUnsupported, "kwargs.template: "},
		{"no template", constructor("PromptTemplate", `{}`), prompt.ErrInvalid, "kwargs.template: prompt: invalid: it is missing"},
		{"a template that is no text", constructor("PromptTemplate", `{"template":1}`), prompt.ErrInvalid, "kwargs.template: prompt: invalid: it is not a string"},
		{"no messages", constructor("ChatPromptTemplate", `{}`), prompt.ErrInvalid, "kwargs.messages: prompt: invalid: it is missing"},
		{"messages that are no list", constructor("ChatPromptTemplate", `{"messages":{}}`), prompt.ErrInvalid, "kwargs.messages: prompt: invalid: it is not a list"},
		{"a message that is none", chatOf(`["system","x"]`), prompt.ErrInvalid, "kwargs.messages[0]: "},
		{"no prompt in a message", human(`{}`), prompt.ErrInvalid, "kwargs.messages[0].kwargs.prompt: "},
		{"a part that is no node", chatOf(partsOf(`"x"`)), prompt.ErrInvalid, "kwargs.messages[0].kwargs.prompt[0]: "},
		{"a placeholder without a name", chatOf(constructor("MessagesPlaceholder", `{"optional":true}`)), prompt.ErrInvalid, "kwargs.messages[0].kwargs.variable_name: "},
		{"a placeholder's optional", chatOf(constructor("MessagesPlaceholder", `{"variable_name":"h","optional":"x"}`)), prompt.ErrInvalid, "kwargs.messages[0].kwargs.optional: prompt: invalid: it is not true or false"},
		{"a placeholder's limit", chatOf(constructor("MessagesPlaceholder", `{"variable_name":"h","n_messages":-1}`)), prompt.ErrInvalid, "kwargs.messages[0].kwargs.n_messages: "},
		{"a limit that is no number", chatOf(constructor("MessagesPlaceholder", `{"variable_name":"h","n_messages":1.5}`)), prompt.ErrInvalid, "it is not a whole number"},
		{"no role", chatOf(constructor("ChatMessage", `{"content":"x"}`)), prompt.ErrInvalid, "kwargs.messages[0].kwargs.role: "},
		{"content", chatOf(constructor("HumanMessage", `{"content":1}`)), prompt.ErrInvalid, "kwargs.messages[0].kwargs.content: prompt: invalid: it is not a string"},
		{"content parts", chatOf(constructor("HumanMessage", `{"content":[{"type":"text"}]}`)), prompt.ErrInvalid, "kwargs.messages[0].kwargs.content: prompt: invalid: a text part has no text"},
		{"tool calls", chatOf(constructor("AIMessage", `{"content":"","tool_calls":{}}`)), prompt.ErrInvalid, "kwargs.messages[0].kwargs.tool_calls: "},
		{"tool calls of OpenAI", chatOf(constructor("AIMessage", `{"content":"","additional_kwargs":{"tool_calls":{}}}`)), prompt.ErrInvalid, "messages[0].tool_calls: "},
		{"invalid tool calls", chatOf(constructor("AIMessage", `{"content":"","invalid_tool_calls":[{}]}`)), prompt.ErrUnsupported, "kwargs.messages[0].kwargs.invalid_tool_calls: "},
		{"another role", chatOf(constructor("AIMessage", `{"content":"","additional_kwargs":{"__openai_role__":1}}`)), prompt.ErrInvalid, "additional_kwargs.__openai_role__: "},
		{"another name", chatOf(constructor("AIMessage", `{"content":"","additional_kwargs":{"name":1}}`)), prompt.ErrInvalid, "additional_kwargs.name: "},
		{"a second content", chatOf(constructor("AIMessage", `{"content":"","additional_kwargs":{"content":"x"}}`)), prompt.ErrUnsupported, "additional_kwargs.content: "},
		{"additional_kwargs", chatOf(constructor("AIMessage", `{"content":"","additional_kwargs":[]}`)), prompt.ErrInvalid, "additional_kwargs: prompt: invalid: it is not an object"},
		{"an image from a file", chatOf(partsOf(constructor("ImagePromptTemplate", `{"template":{"path":"/etc/passwd"}}`))), prompt.ErrUnsupported, "kwargs.messages[0].kwargs.prompt[0].kwargs.template.path: "},
		{"an image without a URL", chatOf(partsOf(constructor("ImagePromptTemplate", `{"template":{"detail":"low"}}`))), prompt.ErrInvalid, "kwargs.messages[0].kwargs.prompt[0].kwargs.template.url: prompt: invalid: it is missing"},
		{"an image's URL", chatOf(partsOf(constructor("ImagePromptTemplate", `{"template":{"url":1}}`))), prompt.ErrInvalid, "kwargs.template.url: prompt: invalid: it is not a string"},
		{"an image's template", chatOf(partsOf(constructor("ImagePromptTemplate", `{"template":{"url":"{"}}`))), prompt.ErrSyntax, "kwargs.template.url: "},
		{"a dict without a template", chatOf(partsOf(constructor("DictPromptTemplate", `{}`))), prompt.ErrInvalid, "kwargs.messages[0].kwargs.prompt[0].kwargs.template: "},
		{"a dict that is none", chatOf(partsOf(constructor("DictPromptTemplate", `{"template":1}`))), prompt.ErrInvalid, "kwargs.messages[0].kwargs.prompt[0].kwargs.template: "},
		{"a dict's type", chatOf(partsOf(constructor("DictPromptTemplate", `{"template":{"type":"{t}"}}`))), prompt.ErrUnsupported, "kwargs.template.type: "},
		{"a dict's template", chatOf(partsOf(constructor("DictPromptTemplate", `{"template":{"type":"x","x":["{"]}}`))), prompt.ErrSyntax, "kwargs.messages[0].kwargs.prompt[0].kwargs.template: "},
		{"a template beside a part", chatOf(partsOf(constructor("PromptTemplate", `{"template":"x","additional_content_fields":{"a":{"b":["\u007bx}"]}}}`))), prompt.ErrUnsupported, "additional_content_fields.a: "},
		{"steps between", constructor("RunnableSequence", `{"first":`+chatOf()+`,"middle":[{}],"last":{}}`), prompt.ErrUnsupported, "kwargs.middle: prompt: unsupported: 1 steps"},
		{"a sequence in a sequence", constructor("RunnableSequence", `{"first":`+constructor("RunnableSequence", `{}`)+`}`), prompt.ErrUnsupported, "kwargs.first: prompt: unsupported: a sequence in a sequence"},
		{"no prompt in a sequence", constructor("RunnableSequence", `{}`), prompt.ErrInvalid, "kwargs.first: "},
		{"no model", constructor("RunnableSequence", `{"first":`+chatOf()+`,"last":{"lc":1,"type":"secret","id":["x"]}}`), prompt.ErrInvalid, "kwargs.last: prompt: invalid: it is not a model"},
		{"no bound model", constructor("RunnableSequence", `{"first":`+chatOf()+`,"last":`+constructor("RunnableBinding", `{}`)+`}`), prompt.ErrInvalid, "kwargs.last.kwargs.bound: "},
		{"a schema that is a class", constructor("StructuredPrompt", `{"messages":[],"schema_":{"lc":1,"type":"not_implemented","id":["x"]}}`), prompt.ErrUnsupported, "kwargs.schema_: "},
		{"a partial that is a function", constructor("ChatPromptTemplate", `{"messages":[],"partial_variables":{"now":{"lc":1,"type":"not_implemented","id":["f"]}}}`), prompt.ErrUnsupported, "kwargs.partial_variables.now: "},
		{"partial messages of another class", constructor("ChatPromptTemplate", `{"messages":[],"partial_variables":{"h":[`+constructor("Own", `{}`)+`]}}`), prompt.ErrUnsupported, `kwargs.partial_variables.h[0]: prompt: unsupported: class "Own"`},
		{"partial messages and other things", constructor("ChatPromptTemplate", `{"messages":[],"partial_variables":{"h":[`+constructor("AIMessage", `{"content":""}`)+`,1]}}`), prompt.ErrInvalid, `kwargs.partial_variables.h[1]: `},
		{
			"two values of a partial", constructor("ChatPromptTemplate", `{"partial_variables":{"a":1},"messages":[`+constructor("HumanMessagePromptTemplate", `{"prompt":`+constructor("PromptTemplate", `{"template":"","partial_variables":{"a":2}}`)+`}`)+`]}`),
			prompt.ErrUnsupported, "kwargs.messages[0].kwargs.prompt.kwargs.partial_variables.a: ",
		},
		{"escaped data", constructor("ChatPromptTemplate", `{"messages":[],"partial_variables":{"a":{"__lc_escaped__":{"lc":1}}}}`), prompt.ErrUnsupported, "__lc_escaped__"},
		{"prompts in prompts", deep, prompt.ErrTooLarge, "nested more than 16 deep"},
		{"bindings of bindings", constructor("RunnableSequence", `{"first":`+chatOf()+`,"last":`+bindings+`}`), prompt.ErrTooLarge, "bindings are nested more than 16 deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := commitOf(t, tt.manifest).Prompt()
			require.Nil(t, p)
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, tt.path)
			require.ErrorContains(t, err, `langsmith: the manifest of "al": `)
		})
	}
	t.Run("all at once, and not more than can be read", func(t *testing.T) {
		bad := make([]string, 100)
		for i := range bad {
			bad[i] = messageOf("HumanMessagePromptTemplate", `"{"`)
		}
		_, err := commitOf(t, chatOf(bad...)).Prompt()
		require.ErrorContains(t, err, "kwargs.messages[3].")
		require.ErrorContains(t, err, "and 80 more problems")
		require.Less(t, len(err.Error()), 10000)
	})
}

func TestPromptIsReadOnce(t *testing.T) {
	for _, manifest := range []string{chatOf(), `{}`} {
		c := commitOf(t, manifest)
		first, firstErr := c.Prompt()
		var readers sync.WaitGroup
		for range 8 {
			readers.Go(func() {
				p, err := c.Prompt()
				if p != first || err != firstErr {
					t.Error("another prompt")
				}
			})
		}
		readers.Wait()
		require.NotEqual(t, first == nil, firstErr == nil)
	}
	t.Run("by many at once", func(t *testing.T) {
		c := commitOf(t, chatOf())
		prompts := make([]*prompt.Prompt, 8)
		var readers sync.WaitGroup
		for i := range prompts {
			readers.Go(func() { prompts[i], _ = c.Prompt() })
		}
		readers.Wait()
		for _, p := range prompts {
			require.NotNil(t, p)
			require.Same(t, prompts[0], p)
		}
	})
	t.Run("a zero commit has none", func(t *testing.T) {
		_, err := new(langsmith.PromptCommit).Prompt()
		require.ErrorIs(t, err, prompt.ErrInvalid)
	})
	c := commitOf(t, chatOf())
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = c.Prompt() }), "NoAlloc after the first")
}

func FuzzManifest(f *testing.F) {
	data, err := os.ReadFile(filepath.Join("testdata", "langchain-manifests.json"))
	require.NoError(f, err)
	var table []struct{ Manifest json.RawMessage }
	require.NoError(f, json.Unmarshal(data, &table))
	for _, c := range table {
		f.Add([]byte(c.Manifest))
	}
	for _, seed := range []string{
		chatOf(constructor("AIMessage", `{"content":"","tool_calls":[{"name":"f","args":{},"id":"1"}],"additional_kwargs":{"x":1}}`)),
		constructor("RunnableSequence", `{"first":`+chatOf()+`,"last":`+constructor("RunnableBinding", `{"bound":{"lc":1,"type":"constructor","id":["M"],"kwargs":{}},"kwargs":{"a":1}}`)+`}`),
		constructor("ChatPromptTemplate", `{"partial_variables":{"a":1,"h":[]},"messages":[`+constructor("MessagesPlaceholder", `{"variable_name":"h"}`)+`]}`),
		`{}`, `{"lc":1,"type":"constructor","id":["StructuredPrompt"],"kwargs":{"messages":[],"schema":1}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, manifest []byte) {
		whole := append(append([]byte(`{"owner":"-","repo":"al","commit_hash":"a","manifest":`), manifest...), '}')
		var c langsmith.PromptCommit
		if json.Unmarshal(whole, &c) != nil {
			return
		}
		p, err := c.Prompt()
		if err != nil {
			require.Nil(t, p)
			require.Less(t, len(err.Error()), 100_000)
			return
		}
		b, err := json.Marshal(p)
		require.NoError(t, err)
		var back *prompt.Prompt
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, p.Variables(), back.Variables())
		vars := prompt.Vars{}
		for _, name := range p.Variables() {
			vars[name] = "v"
		}
		for _, placeholder := range p.Placeholders() {
			vars[placeholder.Name] = nil
		}
		_, err = p.Compile(vars)
		require.NotErrorIs(t, err, prompt.ErrMissing)
	})
}
