package promptfs_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
	"github.com/promptcache/promptcache-go/promptfs"
)

const everything = `
# everything that a file can say
revision: v3
syntax: mustache
messages:
  - role: system
    content: Answer in {{language}}.
    name: guide
  - placeholder: history
    optional: true
    limit: 4
    syntax: literal
  - role: user
    syntax: f-string
    content:
      - Look at {what}
      - type: image_url
        image_url: {url: "{{picture}}", detail: low}
        syntax: mustache
      - type: input_audio
        input_audio: {data: "{audio}"}
  - role: assistant
    content: null
    tool_calls: [{id: c1, type: function, function: {name: f, arguments: "{}"}}]
  - role: tool
    tool_call_id: c1
    content: "done"
    extra: {cache_control: {type: ephemeral}}
partials:
  language: English
  history: [{role: user, content: earlier}]
config: {model: m, seed: 9007199254740993, temperature: 0.10, day: 2026-01-02, off: ~}
schema: {type: object}
`

func TestEverythingInYAML(t *testing.T) {
	p := fetched(t, "p.yaml", everything)
	s := p.Spec()
	require.Equal(t, "p", s.Name)
	require.Equal(t, prompt.KindChat, s.Kind)
	require.Equal(t, prompt.SyntaxMustache, s.Syntax)
	require.False(t, s.Immutable)
	require.Regexp(t, `^v3\+[0-9a-f]{16}$`, s.Revision)
	require.JSONEq(t, `{"model":"m","seed":9007199254740993,"temperature":0.10,"day":"2026-01-02","off":null}`, string(s.Config))
	require.Contains(t, string(s.Config), `"seed":9007199254740993,"temperature":0.10`, "numbers as they are written")
	require.JSONEq(t, `{"type":"object"}`, string(s.Schema))
	require.Equal(t, []prompt.Placeholder{{Name: "history", Optional: true, Limit: 4}}, p.Placeholders())
	require.Equal(t, []string{"what", "picture", "audio"}, p.Variables())
	require.Equal(t, prompt.SyntaxLiteral, s.Messages[1].Syntax)
	compiled, err := p.CompileStrict(prompt.Vars{"what": "this", "picture": "https://p", "audio": "QQ"})
	require.NoError(t, err)
	sent, err := json.Marshal(compiled.Messages)
	require.NoError(t, err)
	require.JSONEq(t, `[
		{"role":"system","content":"Answer in English.","name":"guide"},
		{"role":"user","content":"earlier"},
		{"role":"user","content":[{"type":"text","text":"Look at this"},
			{"type":"image_url","image_url":{"url":"https://p","detail":"low"}},
			{"type":"input_audio","input_audio":{"data":"QQ"}}]},
		{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
		{"role":"tool","content":"done","tool_call_id":"c1","cache_control":{"type":"ephemeral"}}]`, string(sent))
}

func TestFormats(t *testing.T) {
	tests := []struct {
		name, file, content string
		want                prompt.Spec
	}{
		{"text", "p.txt", "Hello {{name}}\n", prompt.Spec{Text: "Hello {{name}}"}},
		{"text with another line break", "p.txt", "Hello\r\n\r\n", prompt.Spec{Text: "Hello\r\n"}},
		{"text without a line break", "p.txt", "Hello\r", prompt.Spec{Text: "Hello\r"}},
		{"no text", "p.txt", "", prompt.Spec{}},
		{"a byte order mark", "p.txt", "\ufeffHello", prompt.Spec{Text: "Hello"}},
		{"JSON", "p.json", `{"text":"a \u00e9 \ud83d\ude00 <b>","config":{"n":1.50}}`, prompt.Spec{Text: "a é 😀 <b>", Config: json.RawMessage(`{"n":1.50}`)}},
		{"JSON with a byte order mark", "p.json", "\ufeff{\"text\":\"\"}", prompt.Spec{}},
		{"a block of YAML", "p.yml", "text: |\n  a\n  b\n", prompt.Spec{Text: "a\nb\n"}},
		{"YAML that is JSON", "p.yaml", `{"text": "a"}`, prompt.Spec{Text: "a"}},
		{"words that are no booleans", "p.yaml", "text: yes", prompt.Spec{Text: "yes"}},
		{"quoted numbers are text", "p.yaml", `text: "12"`, prompt.Spec{Text: "12"}},
		{"a tag that says what it is", "p.yaml", `text: !!str 12`, prompt.Spec{Text: "12"}},
		{"an alias", "p.yaml", "config: {a: &x [1, {b: true}], b: *x, c: *x}\ntext: t", prompt.Spec{Text: "t", Config: json.RawMessage(`{"a":[1,{"b":true}],"b":[1,{"b":true}],"c":[1,{"b":true}]}`)}},
		{"empty things", "p.yaml", "text: t\nconfig: {a: [], b: {}, c: '', d: }", prompt.Spec{Text: "t", Config: json.RawMessage(`{"a":[],"b":{},"c":"","d":null}`)}},
		{"booleans", "p.yaml", "text: t\nconfig: [True, false]", prompt.Spec{Text: "t", Config: json.RawMessage(`[true,false]`)}},
		{"numbers of partials", "p.yaml", "text: t\npartials: {n: 9007199254740993}", prompt.Spec{
			Text: "t", Partials: prompt.Vars{"n": json.Number("9007199254740993")},
		}},
		{"an empty chat", "p.json", `{"messages":[]}`, prompt.Spec{Kind: prompt.KindChat, Messages: []prompt.Message{}}},
		{"null is the content", "p.yaml", "messages: [{role: assistant, tool_calls: []}]", prompt.Spec{
			Messages: []prompt.Message{{Role: "assistant", NoContent: true, ToolCalls: json.RawMessage("[]")}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := fetched(t, tt.file, tt.content)
			tt.want.Name, tt.want.Revision = "p", p.Revision()
			want, err := prompt.New(tt.want)
			require.NoError(t, err)
			require.Equal(t, want.Spec(), p.Spec())
			require.NotEmpty(t, p.Revision())
		})
	}
}

func TestDefaultSyntax(t *testing.T) {
	src, err := promptfs.New(tree(map[string]string{"a.txt": "{x}", "b.yaml": "text: '{x}'", "c.yaml": "text: '{x}'\nsyntax: literal"}),
		promptfs.Config{Syntax: prompt.SyntaxFString})
	require.NoError(t, err)
	for key, variables := range map[string][]string{"a": {"x"}, "b": {"x"}, "c": nil} {
		p, err := src.Fetch(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, variables, p.Variables(), key)
	}
}

func TestStoredPrompts(t *testing.T) {
	for _, stored := range []prompt.Spec{
		{Name: "elsewhere", Revision: "r1", Immutable: true, Validator: "v", Text: "{{a}}", Raw: json.RawMessage(`{"k":1}`)},
		fetched(t, "p.yaml", everything).Spec(),
	} {
		made, err := prompt.New(stored)
		require.NoError(t, err)
		data, err := json.Marshal(made)
		require.NoError(t, err)
		for _, file := range []string{"p.json", "p.yaml"} {
			p := fetched(t, file, string(data))
			want := made.Spec()
			require.True(t, strings.HasPrefix(p.Revision(), want.Revision+"+"), p.Revision())
			want.Name, want.Revision, want.Immutable, want.Validator = "p", p.Revision(), false, ""
			require.Equal(t, want, p.Spec())
		}
	}
}

func TestRevisions(t *testing.T) {
	base := fetched(t, "p.yaml", "text: Hello\nconfig: {a: 1}").Revision()
	for name, tt := range map[string]struct {
		file, content string
		same          bool
	}{
		"a comment":      {"p.yaml", "# greets\ntext: Hello\nconfig: {a: 1}", true},
		"another layout": {"p.yml", "text: \"Hello\"\nconfig:\n    a: 1\n", true},
		"JSON":           {"p.json", `{"text":"Hello","config":{"a":1}}`, true},
		"the text":       {"p.yaml", "text: Hullo\nconfig: {a: 1}", false},
		"the config":     {"p.yaml", "text: Hello\nconfig: {a: 2}", false},
		"a type":         {"p.yaml", "text: Hello\nconfig: {a: '1'}", false},
		"the syntax":     {"p.yaml", "text: Hello\nconfig: {a: 1}\nsyntax: f-string", false},
	} {
		require.Equal(t, tt.same, base == fetched(t, tt.file, tt.content).Revision(), name)
	}
	require.NotEqual(t, fetched(t, "p.txt", `{"text":"a"}`).Revision(), fetched(t, "p.json", `{"text":"a"}`).Revision())
	src, err := promptfs.New(tree(map[string]string{"p.yaml": "text: Hello\nconfig: {a: 1}"}), promptfs.Config{Syntax: prompt.SyntaxLiteral})
	require.NoError(t, err)
	p, err := src.Fetch(t.Context(), "p")
	require.NoError(t, err)
	require.NotEqual(t, base, p.Revision(), "the default syntax is how it is read")
}

func TestUnusableFiles(t *testing.T) {
	deep := strings.Repeat("[", 200)
	many := "text: t\nconfig:\n" + strings.Repeat("- 1\n", 100_001)
	tests := []struct {
		name, file, content string
		want                []string
	}{
		{"an unknown field", "p.yaml", "text: a\n\ntxt: b", []string{"p.yaml:3: the field \"txt\" is not known; want one of config, messages, partials, revision, schema, syntax, text"}},
		{"an unknown field of a message", "p.json", "{\"messages\":[\n{\"role\":\"user\",\n\"contnt\":\"a\"}]}", []string{
			`p.json:3: messages[0]: the field "contnt" is not known`, `p.json:2: messages[0]: there is no content`,
		}},
		{"an unknown field of a placeholder", "p.yaml", "messages:\n- placeholder: a\n  optinal: true", []string{`p.yaml:3: messages[0]: the field "optinal"`}},
		{"no prompt", "p.yaml", "config: {}", []string{"p.yaml:1: there is no prompt; want a text, or messages"}},
		{"two prompts", "p.yaml", "text: a\nmessages: []", []string{"there are a text and messages"}},
		{"a list", "p.json", "\n[]", []string{"p.json:2: the file is a list; want an object"}},
		{"a number for a text", "p.yaml", "text: 5", []string{"p.yaml:1: text: it is a number; want a string, in quotes"}},
		{"a list for a text", "p.yaml", "text: []", []string{"text: it is a list; want a string"}},
		{"messages that are none", "p.yaml", "messages: a", []string{"messages: it is a string; want a list"}},
		{"a message that is none", "p.yaml", "messages:\n- a", []string{"p.yaml:2: messages[0]: it is a string; want an object"}},
		{"no role", "p.yaml", "messages:\n- content: a", []string{"p.yaml:2: messages[0]: there is no role"}},
		{"content of a wrong type", "p.yaml", "messages:\n- role: user\n  content: 1", []string{"p.yaml:3: messages[0].content: it is a number; want a string, a list of parts, or null"}},
		{"a part that is none", "p.yaml", "messages:\n- role: user\n  content:\n  - a\n  - 1", []string{"p.yaml:5: messages[0].content[1]: ", "a part is a JSON object or a string"}},
		{"a part without a text", "p.yaml", "messages: [{role: user, content: [{type: text, txt: a}]}]", []string{"a text part has no text"}},
		{"a syntax of a part", "p.yaml", "messages: [{role: user, content: [{type: text, text: a, syntax: x}]}]", []string{`messages[0].content[0].syntax: `, `syntax "x"`}},
		{"an unknown syntax", "p.yaml", "text: a\nsyntax: jinja2", []string{"p.yaml:2: syntax: ", `"jinja2"`}},
		{"optional", "p.yaml", "messages: [{placeholder: a, optional: 1}]", []string{"messages[0].optional: it is a number; want true or false"}},
		{"a limit", "p.yaml", "messages: [{placeholder: a, limit: -1}, {placeholder: a, limit: '1'}]", []string{"messages[0].limit: want a whole number", "messages[1].limit"}},
		{"extra", "p.yaml", "messages: [{role: user, content: a, extra: []}]", []string{"messages[0].extra: it is a list; want an object"}},
		{"extra that is no extra", "p.yaml", "messages:\n- role: user\n  content: a\n  extra: {name: b}", []string{`p.yaml:2: messages[0]: `, `"name"`}},
		{"partials", "p.yaml", "text: a\npartials: []", []string{"p.yaml:2: partials: it is a list; want an object"}},
		{"a partial that is no messages", "p.yaml", "messages: [placeholder: h]\npartials:\n  h: 5", []string{"p.yaml:3: partials.h: "}},
		{"a template", "p.yaml", "syntax: f-string\nmessages:\n- role: user\n  content: a\n- role: user\n  content: '{'", []string{"p.yaml:6: messages[1].content: "}},
		{"a template of a part", "p.yaml", "syntax: f-string\nmessages:\n- role: user\n  content:\n  - a\n  - '{'", []string{"p.yaml:6: messages[0].parts[1].text: "}},
		{"a field twice, in YAML", "p.yaml", "text: a\nconfig:\n  a: 1\n  a: 2", []string{`p.yaml:4: the field "a" is there twice`}},
		{"a field twice, in JSON", "p.json", "{\"text\":\"a\",\n\"text\":\"b\"}", []string{`p.json:2: the field "text" is there twice`}},
		{"a kind", "p.yaml", "kind: text\ntxt: a", []string{"p.yaml:1: it has a kind, and is not what prompt.Prompt.MarshalJSON writes"}},
		{"empty YAML", "p.yaml", "# nothing", []string{"p.yaml:1: the file is empty"}},
		{"empty JSON", "p.json", "", []string{"p.json:1: the file ends where more is expected"}},
		{"half of some JSON", "p.json", "{\"text\":\n\"a\"", []string{"p.json:2: the file ends where more is expected"}},
		{"broken JSON", "p.json", "{\"text\":\n\"a\",\n}", []string{"p.json:3: invalid character '}'"}},
		{"a number too many", "p.json", "{\"text\":\"a\"}\n1", []string{"p.json:2: something follows the value"}},
		{"broken YAML", "p.yaml", "text: a\n\tb: c", []string{"p.yaml:2: ", "a tab character"}},
		{"two documents", "p.yaml", "text: a\n---\ntext: b", []string{"p.yaml:2: a second document begins"}},
		{"a broken second document", "p.yaml", "text: a\n---\n\t", []string{"p.yaml:3: "}},
		{"a merge key", "p.yaml", "text: a\nconfig:\n  a: &a {b: 1}\n  <<: *a", []string{"p.yaml:4: merge keys are not supported"}},
		{"a name that is no string", "p.yaml", "text: a\nconfig: {1: a}", []string{`p.yaml:2: the name of a field, "1", is not a string`}},
		{"a name that is a list", "p.yaml", "text: a\nconfig: {[a]: a}", []string{"is not a string"}},
		{"a tag", "p.yaml", "text: !x a", []string{`the tag "!x" is not supported`}},
		{"a tag of a list", "p.yaml", "text: a\nconfig: !x []", []string{`the tag "!x" is not supported`}},
		{"binary", "p.yaml", "text: !!binary YQ==", []string{`"!!binary"`}},
		{"numbers that JSON does not know", "p.yaml", "text: a\nconfig: 0x10", []string{`the number is "0x10"`}},
		{"infinity", "p.yaml", "text: a\nconfig: .inf", []string{`the number is ".inf"`}},
		{"an odd boolean", "p.yaml", "text: a\nconfig: !!bool yes", []string{`the boolean is "yes"`}},
		{"not UTF-8", "p.txt", "a\nb\xff", []string{"p.txt:2: it is not UTF-8"}},
		{"deep JSON", "p.json", `{"config":` + deep, []string{"p.json:1: it is nested more than 100 deep"}},
		{"deep YAML", "p.yaml", "config: " + deep + strings.Repeat("]", 200), []string{"p.yaml:1: it is nested more than 100 deep"}},
		{"many values", "p.yaml", many, []string{"the file has more than 100000 values"}},
		{"an alias of itself", "p.yaml", "text: a\nconfig: &x [*x]", []string{"it is nested more than 100 deep"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fe := fails(t, newSource(t, map[string]string{tt.file: tt.content}), "p", promptcache.KindInvalid)
			for _, want := range tt.want {
				require.ErrorContains(t, fe, want)
			}
			require.Less(t, len(fe.Error()), 5000)
		})
	}
}

func TestManyProblems(t *testing.T) {
	fe := fails(t, newSource(t, map[string]string{"p.yaml": "messages:\n" + strings.Repeat("- {rol: a}\n", 30)}), "p", promptcache.KindInvalid)
	require.ErrorContains(t, fe, "p.yaml: and 70 more problems")
	require.Equal(t, 20, strings.Count(fe.Error(), "messages["))
	fe = fails(t, newSource(t, map[string]string{"p.yaml": "syntax: f-string\nmessages:\n" + strings.Repeat("- {role: a, content: '{'}\n", 30)}), "p", promptcache.KindInvalid)
	require.ErrorContains(t, fe, "and 10 more problems")
	require.ErrorIs(t, fe, prompt.ErrSyntax)
}

func TestAliasBombs(t *testing.T) {
	var lists, texts strings.Builder
	lists.WriteString("text: t\nconfig:\n  a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n")
	texts.WriteString("text: t\nconfig:\n  a0: &a0 " + strings.Repeat("x", 100_000) + "\n")
	for i := range 9 {
		aliases := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ",")
		fmt.Fprintf(&lists, "  a%d: &a%d [%s]\n", i+1, i+1, aliases)
		fmt.Fprintf(&texts, "  a%d: &a%d [%s]\n", i+1, i+1, aliases)
	}
	fe := fails(t, newSource(t, map[string]string{"p.yaml": lists.String()}), "p", promptcache.KindInvalid)
	require.ErrorContains(t, fe, "the file has more than 100000 values")
	fe = fails(t, newSource(t, map[string]string{"p.yaml": texts.String()}), "p", promptcache.KindInvalid)
	require.ErrorContains(t, fe, "the values have more than 16777216 bytes")
}
