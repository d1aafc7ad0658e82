package prompt_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/prompt"
)

func TestSpecProblems(t *testing.T) {
	message := func(m prompt.Message) prompt.Spec { return prompt.Spec{Messages: []prompt.Message{m}} }
	part := func(p prompt.Part) prompt.Spec {
		return message(prompt.Message{Role: "user", Parts: []prompt.Part{p}})
	}
	raw := func(name, v string) map[string]json.RawMessage {
		return map[string]json.RawMessage{name: json.RawMessage(v)}
	}
	tests := []struct {
		name string
		spec prompt.Spec
		want error
		says string
	}{
		{"text and messages", prompt.Spec{Text: "x", Messages: []prompt.Message{}}, prompt.ErrInvalid, "text: prompt: invalid: a chat prompt has none"},
		{"messages of a text", prompt.Spec{Kind: prompt.KindText, Messages: []prompt.Message{}}, prompt.ErrInvalid, "messages: "},
		{"kind", prompt.Spec{Kind: "poem"}, prompt.ErrInvalid, `kind: prompt: invalid: "poem"; want "text" or "chat"`},
		{"syntax", prompt.Spec{Syntax: "jinja2"}, prompt.ErrInvalid, `syntax "jinja2"`},
		{"a message's syntax", message(prompt.Message{Role: "user", Syntax: "x"}), prompt.ErrInvalid, "messages[0].content: "},
		{"a template", message(prompt.Message{Role: "user", Content: "{", Syntax: prompt.SyntaxFString}), prompt.ErrSyntax, "messages[0].content: "},
		{"role", message(prompt.Message{Content: "x"}), prompt.ErrInvalid, "messages[0].role: "},
		{"UTF-8", prompt.Spec{Text: "\xff"}, prompt.ErrInvalid, "text: prompt: invalid: it is not UTF-8"},
		{"config", prompt.Spec{Config: json.RawMessage("{")}, prompt.ErrInvalid, "config: "},
		{"schema", prompt.Spec{Schema: json.RawMessage("\"\xff\"")}, prompt.ErrInvalid, "schema: "},
		{"raw", prompt.Spec{Raw: json.RawMessage("x")}, prompt.ErrInvalid, "raw: "},
		{"tool calls", message(prompt.Message{Role: "assistant", ToolCalls: json.RawMessage("{}")}), prompt.ErrInvalid, "messages[0].tool_calls: "},
		{"extra role", message(prompt.Message{Role: "user", Extra: raw("role", `"x"`)}), prompt.ErrInvalid, `Extra has "role"`},
		{"extra type", message(prompt.Message{Role: "user", Extra: raw("type", `"message"`)}), prompt.ErrInvalid, "Extra has a type"},
		{"extra placeholder", message(prompt.Message{Role: "user", Extra: raw("type", `"placeholder"`)}), prompt.ErrInvalid, "Extra has a type"},
		{"extra that is no JSON", message(prompt.Message{Role: "user", Extra: raw("x", `{`)}), prompt.ErrInvalid, "messages[0].x: "},
		{"content twice", message(prompt.Message{Role: "user", Content: "x", Parts: []prompt.Part{}}), prompt.ErrInvalid, "more than one of"},
		{"content and none", message(prompt.Message{Role: "user", Content: "x", NoContent: true}), prompt.ErrInvalid, "more than one of"},
		{"parts and none", message(prompt.Message{Role: "user", Parts: []prompt.Part{}, NoContent: true}), prompt.ErrInvalid, "more than one of"},
		{"a placeholder without a name", message(prompt.Message{Placeholder: &prompt.Placeholder{}}), prompt.ErrInvalid, "messages[0].placeholder: "},
		{"a placeholder's limit", message(prompt.Message{Placeholder: &prompt.Placeholder{Name: "h", Limit: -1}}), prompt.ErrInvalid, "its limit is -1"},
		{"a placeholder with a role", message(prompt.Message{Role: "user", Placeholder: &prompt.Placeholder{Name: "h"}}), prompt.ErrInvalid, "no fields of a message"},
		{"a placeholder's syntax", message(prompt.Message{Syntax: "x", Placeholder: &prompt.Placeholder{Name: "h"}}), prompt.ErrInvalid, "messages[0].syntax: "},
		{"text of an image", part(prompt.Part{Type: prompt.ImagePart, ImageURL: "u", Text: "x"}), prompt.ErrInvalid, "messages[0].parts[0].text: "},
		{"image of a text", part(prompt.Part{Type: prompt.TextPart, Detail: "low"}), prompt.ErrInvalid, "messages[0].parts[0].image_url: "},
		{"an image without a URL", part(prompt.Part{Type: prompt.ImagePart}), prompt.ErrInvalid, "messages[0].parts[0].image_url: "},
		{"two texts", part(prompt.Part{Text: "x", Extra: raw("text", `"x"`)}), prompt.ErrInvalid, `Extra has "text"`},
		{"two types", part(prompt.Part{Text: "x", Extra: raw("type", `"x"`)}), prompt.ErrInvalid, `Extra has "type"`},
		{"two URLs", part(prompt.Part{ImageURL: "x", Extra: raw("image_url", `"x"`)}), prompt.ErrInvalid, `Extra has "image_url"`},
		{"a template in a part", part(prompt.Part{Text: "{", Syntax: prompt.SyntaxFString}), prompt.ErrSyntax, "messages[0].parts[0].text: "},
		{
			"a template deep in a part", part(prompt.Part{Type: "x", Syntax: prompt.SyntaxFString, Extra: raw("x", `{"a":[1,"{"]}`)}),
			prompt.ErrSyntax, `messages[0].parts[0].x: "a": [1]: `,
		},
		{
			"a part that is nested too deep", part(prompt.Part{Type: "x", Extra: raw("x", strings.Repeat("[", 200)+strings.Repeat("]", 200))}),
			prompt.ErrTooLarge, "nested more than 100 deep",
		},
		{"a partial", prompt.Spec{Partials: prompt.Vars{"f": func() {}}}, prompt.ErrVariable, "partials.f: "},
		{
			"a partial for a placeholder",
			prompt.Spec{Messages: []prompt.Message{{Placeholder: &prompt.Placeholder{Name: "h"}}}, Partials: prompt.Vars{"h": "x"}},
			prompt.ErrVariable, "partials.h: ",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := prompt.New(tt.spec)
			require.Nil(t, p)
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, tt.says)
			tt.spec.Name = "greeting"
			_, err = prompt.New(tt.spec)
			require.ErrorContains(t, err, `prompt: "greeting" cannot be made: `)
		})
	}
	t.Run("all at once, and not more than can be read", func(t *testing.T) {
		_, err := prompt.New(prompt.Spec{Syntax: "x", Config: json.RawMessage("x"), Messages: make([]prompt.Message, 100)})
		require.ErrorContains(t, err, "config: ")
		require.ErrorContains(t, err, "messages[3].role: ")
		require.ErrorContains(t, err, "more problems")
		require.Less(t, len(err.Error()), 5000)
	})
}

func TestKinds(t *testing.T) {
	require.Equal(t, prompt.KindText, newPrompt(t, prompt.Spec{}).Kind())
	require.Equal(t, prompt.KindChat, newPrompt(t, prompt.Spec{Messages: []prompt.Message{}}).Kind())
	c, err := newPrompt(t, prompt.Spec{Kind: prompt.KindChat}).Compile(nil)
	require.NoError(t, err)
	require.Equal(t, prompt.Compiled{Kind: prompt.KindChat, Messages: []prompt.Message{}}, c)
	c, err = newPrompt(t, prompt.Spec{Text: "Hi {{a}}"}).Compile(prompt.Vars{"a": "A"})
	require.NoError(t, err)
	require.Equal(t, prompt.Compiled{Kind: prompt.KindText, Text: "Hi A", Messages: []prompt.Message{{Role: "user", Content: "Hi A"}}}, c)
	_, err = new(prompt.Prompt).Compile(nil)
	require.ErrorIs(t, err, prompt.ErrInvalid)
}

func TestPartials(t *testing.T) {
	greeting := []prompt.Message{{Role: "user", Content: "hello"}}
	p := newPrompt(t, prompt.Spec{
		Syntax: prompt.SyntaxFString,
		Messages: []prompt.Message{
			{Placeholder: &prompt.Placeholder{Name: "history"}},
			{Role: "user", Content: "{a} {b}"},
		},
		Partials: prompt.Vars{"a": map[string]int{"n": 1}, "history": greeting, "unused": nil},
	})
	require.Equal(t, []string{"b"}, p.Variables())
	require.Equal(t, []prompt.Placeholder{{Name: "history"}}, p.Placeholders())
	require.Equal(t, prompt.Vars{"a": map[string]any{"n": json.Number("1")}, "history": greeting, "unused": nil}, p.Partials())
	c, err := p.CompileStrict(prompt.Vars{"b": "B"})
	require.NoError(t, err)
	require.Equal(t, []prompt.Message{greeting[0], {Role: "user", Content: `{"n":1} B`}}, c.Messages)
	c, err = p.CompileStrict(prompt.Vars{"a": nil, "b": "B", "history": nil})
	require.NoError(t, err)
	require.Equal(t, []prompt.Message{{Role: "user", Content: " B"}}, c.Messages, "the caller's values count")
}

func TestParts(t *testing.T) {
	p := newPrompt(t, prompt.Spec{Syntax: prompt.SyntaxFString, Messages: []prompt.Message{{Role: "user", Parts: []prompt.Part{
		{Text: "see {what}"},
		{Text: "{nothing}"},
		{Text: "", Syntax: prompt.SyntaxLiteral},
		{ImageURL: "https://host/{what}.png", Detail: "{detail}", Extra: map[string]json.RawMessage{"cache_control": json.RawMessage(`{"type": "{what}"}`)}},
		{Type: "input_audio", Extra: map[string]json.RawMessage{"input_audio": json.RawMessage(`{"data": "{data}", "{k}": [1.50, true, "x{{}}", []]}`)}},
		{Extra: map[string]json.RawMessage{"cachePoint": json.RawMessage(`{"type":"default"}`)}},
		{Text: "{{what}}", Syntax: prompt.SyntaxLangfuse},
	}}}})
	require.Equal(t, []string{"what", "nothing", "detail", "data"}, p.Variables())
	c, err := p.Compile(prompt.Vars{"what": "a<b", "nothing": "", "detail": "high", "data": "AA\"A"})
	require.NoError(t, err)
	b, err := json.Marshal(c)
	require.NoError(t, err)
	require.JSONEq(t, `[{"role":"user","content":[
		{"type":"text","text":"see a<b"},
		{"type":"text","text":""},
		{"type":"image_url","image_url":{"url":"https://host/a<b.png","detail":"high"},"cache_control":{"type":"a<b"}},
		{"type":"input_audio","input_audio":{"data":"AA\"A","{k}":[1.50,true,"x{}",[]]}},
		{"cachePoint":{"type":"default"}},
		{"type":"text","text":"a<b"}
	]}]`, string(b))
	require.Contains(t, string(b), "1.50", "the digits")

	t.Run("an image without a URL is an error", func(t *testing.T) {
		p := newPrompt(t, prompt.Spec{Syntax: prompt.SyntaxMustache, Messages: []prompt.Message{{Role: "user", Parts: []prompt.Part{{ImageURL: "{{u}}"}}}}})
		_, err := p.Compile(nil)
		require.ErrorIs(t, err, prompt.ErrVariable)
		require.ErrorContains(t, err, "the URL of an image")
		_, err = p.CompileStrict(nil)
		require.ErrorIs(t, err, prompt.ErrMissing)
		require.NotErrorIs(t, err, prompt.ErrVariable, "one problem is not reported twice")
	})
	t.Run("all parts gone", func(t *testing.T) {
		p := newPrompt(t, prompt.Spec{Messages: []prompt.Message{{Role: "user", Parts: []prompt.Part{{Text: ""}}}}})
		c, err := p.Compile(nil)
		require.NoError(t, err)
		b, err := json.Marshal(c.Messages[0])
		require.NoError(t, err)
		require.JSONEq(t, `{"role":"user","content":[]}`, string(b))
	})
}
