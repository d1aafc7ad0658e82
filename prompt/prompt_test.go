package prompt_test

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/prompt"
)

// everything is a Spec that sets everything.
func everything() prompt.Spec {
	return prompt.Spec{
		Name: "name", Revision: "r1", Immutable: true, Validator: `W/"1"`, Kind: prompt.KindChat, Syntax: prompt.SyntaxMustache,
		Messages: []prompt.Message{
			{Role: "system", Content: "{{a}} <&> {{#s}}x{{/s}}", Syntax: prompt.SyntaxMustache},
			{Placeholder: &prompt.Placeholder{Name: "history", Optional: true, Limit: 3}, Syntax: prompt.SyntaxLiteral},
			{Role: "assistant", NoContent: true, ToolCalls: json.RawMessage(`[{"id":"1","n":9007199254740993}]`), Syntax: prompt.SyntaxLiteral},
			{
				Role: "tool", Content: "{b}", Name: "f", ToolCallID: "1", Syntax: prompt.SyntaxFString,
				Extra: map[string]json.RawMessage{"type": json.RawMessage(`"special"`), "x": json.RawMessage(`null`)},
			},
			{Role: "user", Syntax: prompt.SyntaxMustache, Parts: []prompt.Part{
				{Type: prompt.TextPart, Text: "{c}", Syntax: prompt.SyntaxFString},
				{Type: prompt.ImagePart, ImageURL: "{{u}}", Detail: "low", Syntax: prompt.SyntaxMustache},
				{Type: prompt.ImagePart, Syntax: prompt.SyntaxMustache, Extra: map[string]json.RawMessage{"image_url": json.RawMessage(`{"url":"{{u}}","format":"png"}`)}},
				{Type: "file", Syntax: prompt.SyntaxMustache, Extra: map[string]json.RawMessage{"file": json.RawMessage(`{"id":"{{u}}"}`)}},
				{Syntax: prompt.SyntaxMustache, Extra: map[string]json.RawMessage{"cachePoint": json.RawMessage(`{}`)}},
			}},
			{Role: "user", Parts: []prompt.Part{}, Syntax: prompt.SyntaxLiteral},
		},
		Partials: prompt.Vars{
			"a": "A", "n": json.Number("1.50"), "l": []any{nil, true, map[string]any{"k": json.Number("1")}},
			"history": []prompt.Message{{Role: "user", Content: "before"}},
		},
		Config: json.RawMessage(`{"temperature":0.70}`),
		Schema: json.RawMessage(`{"type":"object"}`),
		Raw:    json.RawMessage(`[1]`),
	}
}

var everythingVars = prompt.Vars{"s": true, "b": "B", "c": "C", "u": "https://host/i.png"}

func TestAccessors(t *testing.T) {
	p := newPrompt(t, everything())
	require.Equal(t, everything(), p.Spec())
	require.Equal(t, "name", p.Name())
	require.Equal(t, "r1", p.Revision())
	require.True(t, p.Immutable())
	require.Equal(t, `W/"1"`, p.Validator())
	require.Equal(t, prompt.SyntaxMustache, p.Syntax())
	require.Empty(t, p.Text())
	require.Equal(t, []string{"s", "b", "c", "u"}, p.Variables())
	require.Equal(t, []prompt.Placeholder{{Name: "history", Optional: true, Limit: 3}}, p.Placeholders())

	text := newPrompt(t, prompt.Spec{Text: "{{b}}"})
	require.Equal(t, "{{b}}", text.Text())
	require.Nil(t, text.Messages())
	require.Nil(t, text.Partials())
	require.Nil(t, text.Config())
	require.False(t, text.Immutable())
	require.Equal(t, prompt.SyntaxLangfuse, text.Syntax())
	require.Equal(t, prompt.Spec{Kind: prompt.KindText, Text: "{{b}}", Syntax: prompt.SyntaxLangfuse}, text.Spec())
}

func TestSyntaxesArePassedOn(t *testing.T) {
	chat := []prompt.Message{{Role: "user", Content: "x", Parts: nil}, {Placeholder: &prompt.Placeholder{Name: "h"}}, {Role: "user", Parts: []prompt.Part{{Text: "x"}}}}
	for syntax, ofPlaceholder := range map[prompt.Syntax]prompt.Syntax{
		"": prompt.SyntaxLangfuse, prompt.SyntaxMustacheJS: prompt.SyntaxMustacheJS,
		prompt.SyntaxMustache: prompt.SyntaxLiteral, prompt.SyntaxFString: prompt.SyntaxLiteral, prompt.SyntaxLiteral: prompt.SyntaxLiteral,
	} {
		p := newPrompt(t, prompt.Spec{Syntax: syntax, Messages: chat})
		got := p.Messages()
		require.Equal(t, p.Syntax(), got[0].Syntax)
		require.Equal(t, ofPlaceholder, got[1].Syntax)
		require.Equal(t, p.Syntax(), got[2].Parts[0].Syntax)
	}
	require.Equal(t, "{{a}} {b} {{#s}}", text(t, prompt.SyntaxLiteral, "{{a}} {b} {{#s}}", prompt.Vars{"a": "A"}))
}

func TestPromptCannotBeChanged(t *testing.T) {
	spec := everything()
	p := newPrompt(t, spec)
	want, err := json.Marshal(newPrompt(t, everything()))
	require.NoError(t, err)
	check := func(t *testing.T) {
		t.Helper()
		got, err := json.Marshal(p)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
		c, err := p.Compile(everythingVars)
		require.NoError(t, err)
		require.Equal(t, "A <&> x", c.Messages[0].Content)
		require.Equal(t, "before", c.Messages[1].Content)
	}
	scribble := func(messages []prompt.Message) {
		for i := range messages {
			m := &messages[i]
			m.Role, m.Content = "changed", "changed"
			clear(m.ToolCalls)
			for _, raw := range m.Extra {
				clear(raw)
			}
			clear(m.Extra)
			for j := range m.Parts {
				for _, raw := range m.Parts[j].Extra {
					clear(raw)
				}
				clear(m.Parts[j].Extra)
				m.Parts[j].Text = "changed"
			}
			if m.Placeholder != nil {
				*m.Placeholder = prompt.Placeholder{}
			}
		}
	}
	scribbleSpec := func(s prompt.Spec) {
		scribble(s.Messages)
		clear(s.Config)
		clear(s.Schema)
		clear(s.Raw)
		if l, ok := s.Partials["l"].([]any); ok {
			clear(l[2].(map[string]any))
			clear(l)
		}
		scribble(s.Partials["history"].([]prompt.Message))
		clear(s.Partials)
	}
	t.Run("NB-33 not through what it was made of", func(t *testing.T) {
		scribbleSpec(spec)
		check(t)
	})
	t.Run("NB-33 not by its readers", func(t *testing.T) {
		var readers sync.WaitGroup
		for range 8 {
			readers.Go(func() {
				scribbleSpec(p.Spec())
				scribble(p.Messages())
				clear(p.Variables())
				clear(p.Placeholders())
				clear(p.Config())
				clear(p.Schema())
				clear(p.Raw())
				clear(p.Partials())
				for _, compile := range []func(prompt.Vars) (prompt.Compiled, error){p.Compile, p.CompileStrict} {
					c, err := compile(everythingVars)
					if err != nil {
						t.Error(err)
					}
					scribble(c.Messages)
				}
				b, err := p.MarshalJSON()
				if err != nil {
					t.Error(err)
				}
				clear(b)
			})
		}
		readers.Wait()
		check(t)
	})
	t.Run("NB-33 nor by decoding something else into it", func(t *testing.T) {
		require.ErrorContains(t, json.Unmarshal([]byte(`{"kind":"text","syntax":"literal","text":"x"}`), p), "decode into a new one")
		check(t)
	})
	t.Run("NB-33 what fills a placeholder stays its giver's", func(t *testing.T) {
		given := []prompt.Message{{Role: "user", Content: "x", Extra: map[string]json.RawMessage{"k": json.RawMessage(`1`)}}}
		c, err := p.Compile(prompt.Vars{"history": given, "b": "", "c": "", "u": "u"})
		require.NoError(t, err)
		scribble(c.Messages)
		require.Equal(t, []prompt.Message{{Role: "user", Content: "x", Extra: map[string]json.RawMessage{"k": json.RawMessage(`1`)}}}, given)
	})
}
