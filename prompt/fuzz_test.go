package prompt_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/prompt"
)

// fuzzSyntax fuzzes one syntax; check looks at what came of a template.
func fuzzSyntax(f *testing.F, syntax prompt.Syntax, check func(t *testing.T, template, value, got string)) {
	f.Helper()
	for _, table := range []string{"langfuse-python.json", "langfuse-js.json", "langchain-fstring.json"} {
		for _, c := range readTable[oracle](f, table) {
			f.Add(c.Template, "v{{a}}{a}", `[1,null,{"a":"<"}]`)
		}
	}
	f.Add("{{>/etc/hostname}}", "", "{")
	f.Fuzz(func(t *testing.T, template, value, raw string) {
		vars := prompt.Vars{"a": value, "b": []any{value, nil, true, 1.5}, "o": map[string]any{"a": value}}
		if json.Valid([]byte(raw)) {
			vars["list"] = json.RawMessage(raw)
		}
		p, err := prompt.New(prompt.Spec{Text: template, Syntax: syntax})
		require.Equal(t, err == nil, prompt.Check(template, syntax) == nil)
		if err != nil {
			return
		}
		b, err := json.Marshal(p)
		require.NoError(t, err)
		var back *prompt.Prompt
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, p, back)

		c, err := p.Compile(vars)
		strict, strictErr := p.CompileStrict(vars)
		if err != nil {
			require.Equal(t, prompt.Compiled{}, c)
			require.Error(t, strictErr)
			return
		}
		if strictErr == nil {
			require.Equal(t, c, strict)
		} else {
			require.ErrorIs(t, strictErr, prompt.ErrMissing)
		}
		again, err := back.Compile(vars)
		require.NoError(t, err)
		require.Equal(t, c, again)
		if check != nil {
			check(t, template, value, c.Text)
		}
	})
}

func FuzzLangfuse(f *testing.F) {
	fuzzSyntax(f, prompt.SyntaxLangfuse, func(t *testing.T, template, value, got string) {
		if !strings.Contains(template, "{{") || !strings.Contains(template, "}}") {
			require.Equal(t, template, got)
		}
		before, rest, _ := strings.Cut(template, "{{")
		if after, ok := strings.CutPrefix(rest, "a}}"); ok && !strings.Contains(after, "{{") {
			require.Equal(t, before+value+after, got)
		}
	})
}

func FuzzFString(f *testing.F) {
	fuzzSyntax(f, prompt.SyntaxFString, func(t *testing.T, template, value, got string) {
		doubled := strings.NewReplacer("{", "{{", "}", "}}").Replace(template)
		c, err := prompt.New(prompt.Spec{Text: doubled + "{a}", Syntax: prompt.SyntaxFString})
		require.NoError(t, err)
		out, err := c.Compile(prompt.Vars{"a": value})
		require.NoError(t, err)
		require.Equal(t, template+value, out.Text)
		if !strings.ContainsAny(template, "{}") {
			require.Equal(t, template, got)
		}
	})
}

func FuzzMustache(f *testing.F) {
	fuzzSyntax(f, prompt.SyntaxMustache, func(t *testing.T, template, _, got string) {
		if !strings.Contains(template, "{{") {
			require.Equal(t, template, got)
		}
	})
}

func FuzzMustacheJS(f *testing.F) { fuzzSyntax(f, prompt.SyntaxMustacheJS, nil) }

func FuzzPromptJSON(f *testing.F) {
	for _, spec := range []prompt.Spec{everything(), {Text: "{{a}}"}, {Messages: []prompt.Message{}}} {
		b, err := json.Marshal(newPrompt(f, spec))
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add([]byte(`{"kind":"chat","syntax":"literal","messages":[{"message":{"role":"u","content":[{"type":"image_url","image_url":{}}]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p prompt.Prompt
		if p.UnmarshalJSON(data) != nil {
			require.Equal(t, prompt.Prompt{}, p)
			return
		}
		first, err := json.Marshal(p)
		require.NoError(t, err)
		var back prompt.Prompt
		require.NoError(t, json.Unmarshal(first, &back))
		second, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
		require.Equal(t, p.Variables(), back.Variables())
		_, _ = p.Compile(prompt.Vars{"a": "A"})
	})
}
