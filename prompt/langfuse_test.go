package prompt_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/prompt"
)

func TestLangfuseText(t *testing.T) {
	vars := prompt.Vars{"a": "A", "b": "B", "nothing": nil, "html": `<b>&"'`, "nested": "{{a}}", "n": 7}
	tests := []struct{ name, template, want string }{
		{"one", "x {{a}} y", "x A y"},
		{"several", "{{a}}{{b}}-{{n}}", "AB-7"},
		{"repeated", "{{a}} {{a}} {{a}}", "A A A"},
		{"missing stays", "{{name}} {{ name }}", "{{name}} {{ name }}"},
		{"nil is empty", "[{{nothing}}]", "[]"},
		{"white space is trimmed", "{{ a }}{{\n\tb\u00a0}}", "AB"},
		{"single braces", "{a} { } {{a} }", "{a} { } {{a} }"},
		{"JSON in double braces", `{{"k": 1}} {"k": "{{a}}"}`, `{{"k": 1}} {"k": "A"}`},
		{"unmatched opening", "{{a}} {{b", "A {{b"},
		{"unmatched closing", "{{a}} b}} }}", "A b}} }}"},
		{"starts with }}", "}} {{a}}", "}} A"},
		{"case-sensitive", "{{A}} {{a}}", "{{A}} A"},
		{"not escaped", "{{html}}", `<b>&"'`},
		{"not expanded again", "{{nested}}", "{{a}}"},
		{"the first }} closes", "{{{a}}}", "{{{a}}}"},
		{"sections are text", "{{#a}}x{{/a}}{{^a}}{{>a}}{{! c}}{{&a}}", "{{#a}}x{{/a}}{{^a}}{{>a}}{{! c}}{{&a}}"},
		{"empty name", "{{}} {{ }}", "{{}} {{ }}"},
		{"empty template", "", ""},
	}
	for _, tt := range tests {
		t.Run("LF-17 "+tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, text(t, prompt.SyntaxLangfuse, tt.template, vars))
			require.Equal(t, tt.want, text(t, "", tt.template, vars), "it is the default")
		})
	}
	t.Run("LF-17 extra variables are ignored, unusable ones too", func(t *testing.T) {
		require.Equal(t, "A", text(t, "", "{{a}}", prompt.Vars{"a": "A", "extra": func() {}}))
	})
	t.Run("LF-17 no variables at all", func(t *testing.T) {
		require.Equal(t, "{{a}} b", text(t, "", "{{a}} b", nil))
	})
}

func TestLangfuseNames(t *testing.T) {
	p := newPrompt(t, prompt.Spec{Text: `{{b}} {{ a }} {{b}} {{"k": 1}} {{#s}} {{}} {{é_1.x-y}} {{two words}}`})
	require.Equal(t, []string{"b", "a", "é_1.x-y"}, p.Variables())
}

func TestLangfuseStrictText(t *testing.T) {
	p := newPrompt(t, prompt.Spec{Text: `{{"k": 1}} {{#s}} {{}} {{two words}} {{a}} {{b}}`})
	c, err := p.CompileStrict(prompt.Vars{"a": nil, "b": "B", "two words": 2})
	require.NoError(t, err, "what does not look like a name is text")
	require.Equal(t, `{{"k": 1}} {{#s}} {{}} 2  B`, c.Text, "but is replaced if there is a value of that name")
	_, err = p.CompileStrict(nil)
	require.EqualError(t, err, `prompt: compile: missing variables: "a", "b"`)
}

// Langfuse's JavaScript SDK passes placeholders apart from variables.
type chatCase struct {
	Name         string
	Prompt       []prompt.Message
	Vars         prompt.Vars
	Placeholders map[string]any
	Want         json.RawMessage
}

func TestLangfuseChatAsTheirSDK(t *testing.T) {
	for _, c := range readTable[chatCase](t, "langfuse-js-chat.json") {
		t.Run("LF-18 "+c.Name, func(t *testing.T) {
			vars := prompt.Vars{}
			for _, given := range []map[string]any{c.Vars, c.Placeholders} {
				for name, v := range given {
					vars[name] = v
				}
			}
			compiled, err := newPrompt(t, prompt.Spec{Messages: c.Prompt, Syntax: prompt.SyntaxMustacheJS}).Compile(vars)
			require.NoError(t, err)
			got, err := json.Marshal(compiled)
			require.NoError(t, err)
			require.JSONEq(t, string(c.Want), string(got))
		})
	}
}

func TestLangfuseChat(t *testing.T) {
	chat := newPrompt(t, prompt.Spec{Name: "chat", Messages: []prompt.Message{
		{Role: "system", Content: "You speak {{lang}}."},
		{Placeholder: &prompt.Placeholder{Name: "history"}},
		{Role: "user", Content: "{{q}}"},
	}})
	compile := func(t *testing.T, vars prompt.Vars) []prompt.Message {
		t.Helper()
		c, err := chat.Compile(vars)
		require.NoError(t, err)
		require.Equal(t, prompt.KindChat, c.Kind)
		require.Empty(t, c.Text)
		return c.Messages
	}
	system, question := prompt.Message{Role: "system", Content: "You speak Go."}, prompt.Message{Role: "user", Content: "why?"}
	call := prompt.Message{Role: "assistant", NoContent: true, ToolCalls: json.RawMessage(`[{"id":"1"}]`)}
	result := prompt.Message{
		Role: "tool", Content: "in Go", ToolCallID: "1", Name: "f",
		Extra: map[string]json.RawMessage{"cache_control": json.RawMessage(`{"type":"ephemeral"}`)},
	}
	t.Run("LF-18 variables apply, also in what fills the placeholder, whose other fields are kept", func(t *testing.T) {
		templated := result
		templated.Content = "in {{lang}}"
		got := compile(t, prompt.Vars{"lang": "Go", "q": "why?", "history": []prompt.Message{call, templated}})
		require.Equal(t, []prompt.Message{system, call, result, question}, got)
	})
	t.Run("LF-18 the same from JSON", func(t *testing.T) {
		var history []any
		require.NoError(t, json.Unmarshal([]byte(`[{"role":"assistant","content":null,"tool_calls":[{"id":"1"}]},
			{"type":"chatmessage","role":"tool","content":"in {{lang}}","tool_call_id":"1","name":"f","cache_control":{"type":"ephemeral"}}]`), &history))
		require.Equal(t, []prompt.Message{system, call, result, question}, compile(t, prompt.Vars{"lang": "Go", "q": "why?", "history": history}))
	})
	t.Run("LF-18 an empty list removes it", func(t *testing.T) {
		for _, empty := range []any{[]prompt.Message{}, []any{}, nil, []map[string]any{}} {
			require.Equal(t, []prompt.Message{system, question}, compile(t, prompt.Vars{"lang": "Go", "q": "why?", "history": empty}))
		}
	})
	t.Run("LF-18 absent leaves it", func(t *testing.T) {
		got := compile(t, prompt.Vars{"lang": "Go", "q": "why?"})
		require.Equal(t, []prompt.Message{system, {Placeholder: &prompt.Placeholder{Name: "history"}}, question}, got)
		b, err := json.Marshal(got[1])
		require.NoError(t, err)
		require.JSONEq(t, `{"type":"placeholder","name":"history"}`, string(b))
	})
	t.Run("LF-18 strict reports both", func(t *testing.T) {
		c, err := chat.CompileStrict(prompt.Vars{"q": nil})
		require.Equal(t, prompt.Compiled{}, c)
		var missing *prompt.MissingError
		require.ErrorAs(t, err, &missing)
		require.ErrorIs(t, err, prompt.ErrMissing)
		require.Equal(t, &prompt.MissingError{Prompt: "chat", Variables: []string{"lang"}, Placeholders: []string{"history"}}, missing)
		require.EqualError(t, err, `prompt: compile "chat": missing variables: "lang"; unfilled placeholders: "history"`)
	})
	t.Run("LF-18 strict leaves alone what others wrote", func(t *testing.T) {
		c, err := chat.CompileStrict(prompt.Vars{"lang": "Go", "q": "why?", "history": []prompt.Message{{Role: "user", Content: "{{what}} {{"}}})
		require.NoError(t, err)
		require.Equal(t, "{{what}} {{", c.Messages[1].Content)
	})
	t.Run("a placeholder that is not to be expanded", func(t *testing.T) {
		s := chat.Spec()
		s.Messages[1].Syntax = prompt.SyntaxLiteral
		c, err := newPrompt(t, s).Compile(prompt.Vars{"lang": "Go", "history": []prompt.Message{{Role: "user", Content: "{{lang}}"}}})
		require.NoError(t, err)
		require.Equal(t, "{{lang}}", c.Messages[1].Content)
	})
}

func TestWhatCannotFillAPlaceholder(t *testing.T) {
	chat := newPrompt(t, prompt.Spec{Name: "chat", Syntax: prompt.SyntaxMustacheJS, Messages: []prompt.Message{
		{Placeholder: &prompt.Placeholder{Name: "history"}},
	}})
	for name, v := range map[string]any{
		"text":                 "hello",
		"bytes":                []byte("[]"),
		"one message":          prompt.Message{Role: "user"},
		"a pointer to one":     &prompt.Message{Role: "user"},
		"a compiled prompt":    prompt.Compiled{},
		"a number":             1,
		"a func":               func() {},
		"a list of strings":    []string{"hello"},
		"no role":              []map[string]any{{"content": "x"}},
		"no role in a Message": []prompt.Message{{Content: "x"}},
		"a placeholder":        []prompt.Message{{Placeholder: &prompt.Placeholder{Name: "x"}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := chat.Compile(prompt.Vars{"history": v})
			require.ErrorIs(t, err, prompt.ErrVariable)
			require.ErrorContains(t, err, `prompt: compile "chat": placeholder "history"`)
		})
	}
	t.Run("a malformed template", func(t *testing.T) {
		_, err := chat.Compile(prompt.Vars{"history": []prompt.Message{{Role: "user", Content: "{{#a}}"}}})
		require.ErrorIs(t, err, prompt.ErrSyntax)
	})
}
