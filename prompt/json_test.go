package prompt_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/prompt"
)

func TestPromptJSON(t *testing.T) {
	for name, spec := range map[string]prompt.Spec{
		"everything":   everything(),
		"a text":       {Name: "t", Text: "{{a}} \u2028<", Partials: prompt.Vars{"n": math.Pi}},
		"an empty one": {},
		"no messages":  {Messages: []prompt.Message{}},
		"a long history": {Messages: []prompt.Message{{Placeholder: &prompt.Placeholder{Name: "h"}}}, Partials: prompt.Vars{"h": []map[string]any{
			{"role": "assistant", "content": nil, "tool_calls": []any{}}, {"role": "user", "content": []any{"text", map[string]any{"type": "text", "text": "{{x}}"}}},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPrompt(t, spec)
			first, err := json.Marshal(p)
			require.NoError(t, err)
			byValue, err := json.Marshal(*p)
			require.NoError(t, err)
			require.Equal(t, string(first), string(byValue))
			var back *prompt.Prompt
			require.NoError(t, json.Unmarshal(first, &back))
			require.Equal(t, p, back)
			second, err := json.Marshal(back)
			require.NoError(t, err)
			require.Equal(t, string(first), string(second))
			want, err := p.Compile(everythingVars)
			require.NoError(t, err)
			got, err := back.Compile(everythingVars)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
	t.Run("the shape", func(t *testing.T) {
		b, err := json.Marshal(newPrompt(t, prompt.Spec{Name: "n", Revision: "7", Syntax: prompt.SyntaxFString, Messages: []prompt.Message{
			{Role: "system", Content: "{a}"},
			{Placeholder: &prompt.Placeholder{Name: "h", Limit: 2}},
			{Role: "user", Parts: []prompt.Part{{Text: "{{b}}", Syntax: prompt.SyntaxMustache}}},
		}, Partials: prompt.Vars{"a": 1}, Config: json.RawMessage(`{}`)}))
		require.NoError(t, err)
		require.JSONEq(t, `{"name":"n","revision":"7","kind":"chat","syntax":"f-string","messages":[
			{"message":{"role":"system","content":"{a}"},"syntax":"f-string"},
			{"placeholder":{"name":"h","limit":2},"syntax":"literal"},
			{"message":{"role":"user","content":[{"type":"text","text":"{{b}}"}]},"part_syntaxes":["mustache"],"syntax":"f-string"}],
			"partials":{"a":1},"config":{}}`, string(b))
	})
	t.Run("the zero Prompt has none", func(t *testing.T) {
		_, err := json.Marshal(prompt.Prompt{})
		require.ErrorIs(t, err, prompt.ErrInvalid)
	})
}

func TestPromptJSONProblems(t *testing.T) {
	tests := []struct {
		in   string
		want error
	}{
		{`[]`, prompt.ErrInvalid},
		{`{`, prompt.ErrInvalid},
		{`{}`, prompt.ErrInvalid},
		{`null`, prompt.ErrInvalid},
		{`{"kind":"text","syntax":"literal","text":"x","later":1}`, prompt.ErrInvalid},
		{`{"kind":"text","syntax":"literal","text":"x"} {}`, prompt.ErrInvalid},
		{`{"kind":"text","syntax":"f-string","text":"{"}`, prompt.ErrSyntax},
		{`{"kind":"text","syntax":"jinja2","text":""}`, prompt.ErrInvalid},
		{`{"kind":"text","syntax":"literal","messages":[]}`, prompt.ErrInvalid},
		{`{"kind":"chat","syntax":"literal","messages":[{}]}`, prompt.ErrInvalid},
		{`{"kind":"chat","syntax":"literal","messages":[{"message":{"role":"u"},"placeholder":{"name":"h"}}]}`, prompt.ErrInvalid},
		{`{"kind":"chat","syntax":"literal","messages":[{"message":{"type":"placeholder","name":"h"}}]}`, prompt.ErrInvalid},
		{`{"kind":"chat","syntax":"literal","messages":[{"message":{"role":"u","content":[]},"part_syntaxes":["literal"]}]}`, prompt.ErrInvalid},
		{`{"kind":"chat","syntax":"literal","messages":[{"message":{"content":"no role"}}]}`, prompt.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			var p prompt.Prompt
			require.ErrorIs(t, p.UnmarshalJSON([]byte(tt.in)), tt.want)
			require.Equal(t, prompt.Prompt{}, p)
		})
	}
}

func TestMessageJSON(t *testing.T) {
	tests := []struct {
		name, in, out string // out is in if it is empty
	}{
		{"plain", `{"role":"user","content":"x <&>"}`, ""},
		{"types that say nothing", `{"type":"chatmessage","role":"user","content":"x"}`, `{"role":"user","content":"x"}`},
		{"another one", `{"type":"message","role":"user","content":"x"}`, `{"role":"user","content":"x"}`},
		{"null", `{"type":null,"role":"user","content":"x","name":null,"tool_calls":null,"tool_call_id":null}`, `{"role":"user","content":"x"}`},
		{"a type that says something", `{"type":"special","role":"user","content":"x"}`, ""},
		{"no content", `{"role":"assistant","tool_calls":[{"id":"1","function":{"arguments":"{\"n\":1}"}}]}`, `{"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"arguments":"{\"n\":1}"}}]}`},
		{"unknown fields", `{"role":"tool","content":"x","name":"f","tool_call_id":"1","a":9007199254740993,"b":{"c":[1.50]}}`, ""},
		{"a placeholder", `{"type":"placeholder","name":"h"}`, ""},
		{"parts", `{"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"u","detail":"low"}},{"type":"file","file":{"id":1}},{"cachePoint":{}}]}`, ""},
		{"short parts", `{"role":"user","content":["x",{"type":"image_url","image_url":"u"}]}`, `{"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"u"}}]}`},
		{"parts with more", `{"role":"user","content":[{"type":"text","text":"x","cache_control":{}},{"type":"image_url","image_url":{"url":"u","more":1}}]}`, ""},
		{"no parts", `{"role":"user","content":[]}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var m prompt.Message
			require.NoError(t, json.Unmarshal([]byte(tt.in), &m))
			b, err := json.Marshal(m)
			require.NoError(t, err)
			if tt.out == "" {
				tt.out = tt.in
			}
			require.JSONEq(t, tt.out, string(b))
			var again prompt.Message
			require.NoError(t, json.Unmarshal(b, &again))
			second, err := json.Marshal(again)
			require.NoError(t, err)
			require.Equal(t, string(b), string(second))
		})
	}
	for _, wrong := range []string{
		`[]`, `null`, `"x"`, `{}`, `{"role":1}`, `{"role":"","content":"x"}`, `{"role":"u","content":1}`, `{"role":"u","content":{}}`,
		`{"role":"u","content":[1]}`, `{"role":"u","content":[null]}`, `{"role":"u","content":[{"type":1}]}`, `{"role":"u","content":[{"type":""}]}`,
		`{"role":"u","content":[{"type":"text"}]}`, `{"role":"u","content":[{"type":"text","text":null}]}`, `{"role":"u","content":[{"type":"image_url"}]}`,
		`{"role":"u","name":[]}`, `{"role":"u","tool_call_id":1}`, `{"type":"placeholder","name":1}`, `{"type":"placeholder","name":"h","role":"u"}`,
	} {
		t.Run(wrong, func(t *testing.T) {
			m := prompt.Message{Role: "before"}
			require.ErrorIs(t, json.Unmarshal([]byte(wrong), &m), prompt.ErrInvalid)
			require.Equal(t, prompt.Message{Role: "before"}, m)
		})
	}
	t.Run("what cannot be written is said", func(t *testing.T) {
		for _, m := range []prompt.Message{
			{Role: "u", ToolCalls: json.RawMessage("{")},
			{Role: "u", Extra: map[string]json.RawMessage{"x": json.RawMessage("{")}},
			{Role: "u", Parts: []prompt.Part{{Extra: map[string]json.RawMessage{"x": json.RawMessage("{")}}}},
		} {
			_, err := json.Marshal(m)
			require.ErrorIs(t, err, prompt.ErrInvalid)
		}
	})
	t.Run("fields of its own come first", func(t *testing.T) {
		b, err := json.Marshal(prompt.Message{Role: "u", Extra: map[string]json.RawMessage{"role": json.RawMessage(`"x"`), "b": nil, "a": json.RawMessage("1")}})
		require.NoError(t, err)
		require.Equal(t, `{"role":"u","content":"","a":1,"b":null}`, string(b)) //nolint:testifylint // the very bytes
		b, err = json.Marshal(prompt.Compiled{})
		require.NoError(t, err)
		require.Equal(t, "[]", string(b))
		b, err = json.Marshal(prompt.Part{Extra: map[string]json.RawMessage{}})
		require.NoError(t, err)
		require.Equal(t, "{}", string(b))
	})
}

func TestJSONWithoutHTMLEscapes(t *testing.T) {
	c := prompt.Compiled{Kind: prompt.KindChat, Messages: []prompt.Message{
		{Role: "user", Content: "<a> & b"},
		{Role: "user", Parts: []prompt.Part{{Text: "<c>"}}},
	}}
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	require.NoError(t, enc.Encode(c))
	require.Equal(t, `[{"role":"user","content":"<a> & b"},{"role":"user","content":[{"type":"text","text":"<c>"}]}]`+"\n", out.String()) //nolint:testifylint // the very bytes

	escaped, err := json.Marshal(c)
	require.NoError(t, err)
	require.Contains(t, string(escaped), `\u003ca\u003e \u0026 b`, "json.Marshal escapes, as it does anything")
}
