package sdktest_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/prompt"
)

// fails is what a row expects of what refuses it.
const fails = "(fails)"

// compileRow is a prompt of Langfuse and its variables. The two SDKs and our
// SyntaxMustacheJS make the same of it, and so does our default syntax, but for
// what the row says.
type compileRow struct {
	name         string
	text         string // the template of a text prompt
	chat         string // or the elements of a chat prompt, as JSON
	variables    string // an object, as JSON; "" is none
	placeholders string // the same

	want string // what all of them make of it: a text, or messages as JSON, or fails

	sdk    string // what the SDKs make of it instead, "" if they are not different
	v3     string // what v3 makes of it, if that differs from v5
	sdkWhy string // the row of docs/semantics.md that says so

	python    string // what our default syntax makes of it, "" if that is not different
	pythonWhy string // the row of docs/semantics.md that says so
}

// prompt returns the row's prompt as the registry serves it.
func (r compileRow) prompt(t *testing.T) json.RawMessage {
	t.Helper()
	kind, content := "chat", json.RawMessage(r.chat)
	if r.chat == "" {
		kind = "text"
		content = encode(t, r.text)
	}
	return encode(t, map[string]any{
		"name": "p", "version": 1, "type": kind, "prompt": content,
		"config": map[string]any{}, "labels": []string{"production"}, "tags": []string{},
	})
}

// values returns variables or placeholders as JSON.
func values(object string) json.RawMessage {
	if object == "" {
		return json.RawMessage("{}")
	}
	return json.RawMessage(object)
}

// vars returns the values of the row as our Compile takes them: placeholders and
// variables are one there, numbers keep their digits.
func (r compileRow) vars(t *testing.T) prompt.Vars {
	t.Helper()
	vars := prompt.Vars{}
	for _, object := range []string{r.variables, r.placeholders} {
		maps.Copy(vars, decodeVars(t, values(object)))
	}
	return vars
}

func decodeVars(t *testing.T, object json.RawMessage) prompt.Vars {
	t.Helper()
	vars := prompt.Vars{}
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	require.NoError(t, d.Decode(&vars), string(object))
	return vars
}

func encode(t *testing.T, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return raw
}

// compileByUs compiles the row's prompt with a syntax, and returns it in the
// form of a row's want.
func compileByUs(t *testing.T, r compileRow, syntax prompt.Syntax) string {
	t.Helper()
	var fetched langfuse.Prompt
	require.NoError(t, json.Unmarshal(r.prompt(t), &fetched))
	p, err := fetched.Prompt()
	require.NoError(t, err)
	if syntax != p.Syntax() {
		spec := p.Spec()
		spec.Syntax = syntax
		for i := range spec.Messages {
			spec.Messages[i].Syntax = "" // which was the prompt's
		}
		if p, err = prompt.New(spec); err != nil {
			return fails
		}
	}
	compiled, err := p.Compile(r.vars(t))
	switch {
	case err != nil:
		return fails
	case r.chat == "":
		return compiled.Text
	}
	return string(encode(t, compiled))
}

// rendered is what one official package made of a prompt.
type rendered struct {
	Result json.RawMessage `json:"result"`
	Error  string          `json:"error"`
}

// outcome returns it in the form of a row's want.
func (r rendered) outcome(t *testing.T) string {
	t.Helper()
	if r.Error != "" {
		return fails
	}
	require.NotEmpty(t, r.Result)
	if r.Result[0] != '"' {
		return string(r.Result)
	}
	var text string
	require.NoError(t, json.Unmarshal(r.Result, &text))
	return text
}

// renderByThem renders rows with the official packages, in one process.
func renderByThem(t *testing.T, rows []any) []map[string]rendered {
	t.Helper()
	stdout, err := run(t, string(encode(t, rows)), nil, "render.js")
	require.NoError(t, err, stdout)
	results := make([]map[string]rendered, 0, len(rows))
	for line := range strings.Lines(stdout) {
		var result map[string]rendered
		require.NoError(t, json.Unmarshal([]byte(line), &result), line)
		results = append(results, result)
	}
	require.Len(t, results, len(rows))
	return results
}

// requireOutcome compares two texts, lists of messages or failures.
func requireOutcome(t *testing.T, want, got, who string) {
	t.Helper()
	if strings.HasPrefix(want, "[{") && json.Valid([]byte(want)) && got != fails {
		require.JSONEq(t, want, got, who)
		return
	}
	require.Equal(t, want, got, who)
}

// TestCompileAsLangfuse compiles with both of Langfuse's JavaScript SDKs, and
// with our two syntaxes for its prompts.
func TestCompileAsLangfuse(t *testing.T) {
	rows := slices.Concat(textRows, chatRows)
	inputs := make([]any, len(rows))
	for i, r := range rows {
		inputs[i] = map[string]any{"prompt": r.prompt(t), "variables": values(r.variables), "placeholders": values(r.placeholders)}
	}
	results := renderByThem(t, inputs)
	for i, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			v5 := r.want
			if r.sdkWhy != "" {
				v5 = r.sdk
				require.NotEqual(t, r.want, v5, "no divergence")
			}
			v3 := v5
			if r.v3 != "" {
				v3 = r.v3
			}
			python := r.want
			if r.pythonWhy != "" {
				python = r.python
				require.NotEqual(t, r.want, python, "no divergence")
			}
			requireOutcome(t, v5, results[i]["v5"].outcome(t), "@langfuse/client: "+results[i]["v5"].Error)
			requireOutcome(t, v3, results[i]["v3"].outcome(t), "langfuse: "+results[i]["v3"].Error)
			requireOutcome(t, r.want, compileByUs(t, r, prompt.SyntaxMustacheJS), "our "+string(prompt.SyntaxMustacheJS))
			requireOutcome(t, python, compileByUs(t, r, prompt.SyntaxLangfuse), "our "+string(prompt.SyntaxLangfuse))
		})
	}
}
