package prompt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/prompt"
)

func TestFString(t *testing.T) {
	vars := prompt.Vars{"a": "A", "b": 1.5, "nothing": nil, "list": []any{1, "<x>", nil}, "nested": "{a}", "two words": "2"}
	tests := []struct{ name, template, want string }{
		{"variables", "{a}{b}-{a}", "A1.5-A"},
		{"double braces", "{{a}} {{{a}}} }}{{", "{a} {A} }{"},
		{"nil is empty", "[{nothing}]", "[]"},
		{"a list is JSON", "{list}", `[1,"<x>",null]`},
		{"not expanded again", "{nested}", "{a}"},
		{"a name with a space", "{two words}", "2"},
		{"JSON, its braces doubled", `{{"k": {{"v": "{a}"}}}}`, `{"k": {"v": "A"}}`},
		{"nothing to replace", "x {{}}", "x {}"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, text(t, prompt.SyntaxFString, tt.template, vars))
		})
	}
}

func TestFStringRefusals(t *testing.T) {
	tests := []struct {
		template string
		want     error
		says     string
	}{
		{"{", prompt.ErrSyntax, "{ without }"},
		{"x {a", prompt.ErrSyntax, "{ without }"},
		{"}", prompt.ErrSyntax, "single }"},
		{"{a}}", prompt.ErrSyntax, "single }"},
		{"{a{b}}", prompt.ErrSyntax, "{ inside {a{b}"},
		{"{}", prompt.ErrUnsupported, "a positional field"},
		{"{0}", prompt.ErrUnsupported, "a positional field"},
		{"{a.b}", prompt.ErrUnsupported, "attribute or index access"},
		{"{a.__class__}", prompt.ErrUnsupported, "attribute or index access"},
		{"{a[0]}", prompt.ErrUnsupported, "attribute or index access"},
		{"{a!r}", prompt.ErrUnsupported, "a conversion"},
		{"{a:>10}", prompt.ErrUnsupported, "a format spec"},
		{`{"k": 1}`, prompt.ErrUnsupported, "a format spec"},
	}
	for _, tt := range tests {
		t.Run(tt.template, func(t *testing.T) {
			_, err := prompt.New(prompt.Spec{Text: tt.template, Syntax: prompt.SyntaxFString})
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, "text: ")
			require.ErrorContains(t, err, tt.says)
			require.ErrorIs(t, prompt.Check(tt.template, prompt.SyntaxFString), tt.want)
		})
	}
}

func TestFStringMissing(t *testing.T) {
	p := newPrompt(t, prompt.Spec{Syntax: prompt.SyntaxFString, Messages: []prompt.Message{
		{Role: "system", Content: "{b} {a} {b} {c}"},
		{Placeholder: &prompt.Placeholder{Name: "history"}},
		{Placeholder: &prompt.Placeholder{Name: "more", Optional: true}},
	}})
	for _, compile := range []func(prompt.Vars) (prompt.Compiled, error){p.Compile, p.CompileStrict} {
		_, err := compile(prompt.Vars{"c": ""})
		var missing *prompt.MissingError
		require.ErrorAs(t, err, &missing)
		require.Equal(t, []string{"b", "a"}, missing.Variables)
		require.Equal(t, []string{"history"}, missing.Placeholders)
		require.EqualError(t, err, `prompt: compile: missing variables: "b", "a"; unfilled placeholders: "history"`)
	}
	t.Run("together with a value that cannot be used", func(t *testing.T) {
		_, err := p.Compile(prompt.Vars{"c": func() {}, "history": nil})
		require.ErrorIs(t, err, prompt.ErrMissing)
		require.ErrorIs(t, err, prompt.ErrVariable)
	})
}

func TestPlaceholdersOfLangSmith(t *testing.T) {
	p := newPrompt(t, prompt.Spec{Syntax: prompt.SyntaxFString, Messages: []prompt.Message{
		{Placeholder: &prompt.Placeholder{Name: "history", Limit: 2}},
		{Placeholder: &prompt.Placeholder{Name: "more", Optional: true}},
	}})
	m := func(content string) prompt.Message { return prompt.Message{Role: "user", Content: content} }
	c, err := p.CompileStrict(prompt.Vars{"history": []prompt.Message{m("1"), m("{2}"), m("{")}})
	require.NoError(t, err)
	require.Equal(t, []prompt.Message{m("{2}"), m("{")}, c.Messages, "the last two, which are no templates")
	c, err = p.Compile(prompt.Vars{"history": nil, "more": []prompt.Message{m("m")}})
	require.NoError(t, err)
	require.Equal(t, []prompt.Message{m("m")}, c.Messages)
}
