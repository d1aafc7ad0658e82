package show_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/show"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
	"github.com/promptcache/promptcache-go/prompt"
)

func chat(t *testing.T) *prompt.Prompt {
	t.Helper()
	p, err := prompt.New(prompt.Spec{
		Name: "all", Revision: "7", Immutable: true,
		Messages: []prompt.Message{
			{Role: "system", Content: "Be {{mood}}.\r\nAlways.\n\n\tThe end."},
			{Placeholder: &prompt.Placeholder{Name: "history", Optional: true, Limit: 3}},
			{Placeholder: &prompt.Placeholder{Name: "more"}},
			{Role: "user", Name: "ada", Parts: []prompt.Part{
				{Text: "look at {{what}}"},
				{ImageURL: "https://pictures.example/{{what}}.png", Detail: "low"},
				{Type: "input_audio", Extra: map[string]json.RawMessage{"input_audio": json.RawMessage(`{"format":"wav"}`)}},
			}},
			{Role: "assistant", NoContent: true, ToolCalls: json.RawMessage(`[{"id":"call_1"}]`)},
			{Role: "tool", ToolCallID: "call_1", Content: "42"},
			{Role: "critic", Content: "\x1b[31mred\u202e", Extra: map[string]json.RawMessage{"b": json.RawMessage("2"), "a": json.RawMessage("1")}},
		},
		Config: json.RawMessage(`{"model":"m"}`), Schema: json.RawMessage(`{"type":"object"}`),
	})
	require.NoError(t, err)
	return p
}

func TestReadable(t *testing.T) {
	d := described(chat(t))
	d.Key, d.Address = "langfuse:all", "https://registry.example"
	d.Details = []show.Detail{{"labels", "production"}, {"tags", ""}}
	var out strings.Builder
	require.NoError(t, show.Readable(&out, term.Style{}, d))
	require.Equal(t, `langfuse:all
  registry      https://registry.example
  revision      7
  labels        production
  kind          chat, syntax langfuse
  variables     mood, what
  placeholders  history (optional, the last 3), more
  config        {"model":"m"}
  schema        {"type":"object"}

system
  Be {{mood}}.
  Always.

  `+"\t"+`The end.

placeholder history (optional, the last 3)

placeholder more

user ada
  look at {{what}}
  image https://pictures.example/{{what}}.png low
  input_audio {"format":"wav"}

assistant
  tool_calls [{"id":"call_1"}]

tool answers call_1
  42

critic
  \x1b[31mred\u202e
  a 1
  b 2
`, out.String())
}

func TestReadableOnATerminal(t *testing.T) {
	d := described(chat(t))
	d.Key = "langfuse:all"
	require.NoError(t, d.Compile(chat(t), prompt.Vars{"what": strings.Repeat("very ", 10) + "far", "more": nil}, false))
	var out strings.Builder
	require.NoError(t, show.Readable(&out, term.Fancy(40), d))
	text := out.String()
	for _, want := range []string{
		"\x1b[1mlangfuse:all\x1b[0m\n",
		"  \x1b[2mkind\x1b[0m          chat, syntax langfuse,\n                compiled\n",
		"  \x1b[33mmissing\x1b[0m       mood\n",
		"\x1b[1;35msystem\x1b[0m\n  Be {{mood}}.\n",
		"\x1b[1;36muser\x1b[0m \x1b[2mada\x1b[0m\n  look at very very very very very very\n  very very very very far\n",
		"\x1b[1;32massistant\x1b[0m\n  \x1b[2mtool_calls\x1b[0m [{\"id\":\"call_1\"}]\n",
		"\x1b[1;33mtool\x1b[0m \x1b[2manswers call_1\x1b[0m\n",
		"\x1b[1;34mcritic\x1b[0m\n  \\x1b[31mred\\u202e\n",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "placeholder ")
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "pictures") {
			require.LessOrEqual(t, term.Columns(uncoloured(line)), 41, line)
		}
	}
}

func uncoloured(line string) string {
	for {
		before, after, found := strings.Cut(line, "\x1b[")
		if !found {
			return line
		}
		_, rest, _ := strings.Cut(after, "m")
		line = before + rest
	}
}

func TestJSON(t *testing.T) {
	d := described(chat(t))
	require.NoError(t, d.Compile(chat(t), prompt.Vars{"mood": "<kind>", "what": "it"}, false))
	var out strings.Builder
	require.NoError(t, show.JSON(&out, d))
	require.NotContains(t, out.String(), "\x1b")
	require.NotContains(t, out.String(), "\u202e")
	require.Contains(t, out.String(), "Be <kind>.")
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(out.String()), &got))
	require.Equal(t, []any{"more"}, got["missing"])
	require.Equal(t, true, got["compiled"])
	require.Equal(t, true, got["immutable"])
	require.Equal(t, map[string]any{"model": "m"}, got["config"])
	require.Equal(t, []any{
		map[string]any{"name": "history", "optional": true, "limit": 3.0},
		map[string]any{"name": "more", "optional": false, "limit": 0.0},
	}, got["placeholders"])
	messages := got["messages"].([]any)
	require.Equal(t, map[string]any{"type": "placeholder", "name": "more"}, messages[1])
	require.Equal(t, "\x1b[31mred\u202e", messages[5].(map[string]any)["content"], "escapes are the same text")
	require.NotContains(t, got, "text")
}

func TestNothingIsNull(t *testing.T) {
	p, err := prompt.New(prompt.Spec{Kind: prompt.KindChat})
	require.NoError(t, err)
	for _, compile := range []bool{false, true} {
		d := described(p)
		if compile {
			require.NoError(t, d.Compile(p, nil, true))
		}
		var out strings.Builder
		require.NoError(t, show.JSON(&out, d))
		for _, list := range []string{"variables", "placeholders", "missing", "messages"} {
			require.Contains(t, out.String(), `"`+list+`": []`)
		}
		require.Contains(t, out.String(), `"config": null`)
	}
}

func TestText(t *testing.T) {
	p, err := prompt.New(prompt.Spec{Text: "Hello {{name}}", Revision: "1"})
	require.NoError(t, err)
	d := described(p)
	require.Equal(t, "Hello {{name}}", *d.Text)
	require.Equal(t, []prompt.Message{{Role: "user", Content: "Hello {{name}}"}}, d.Messages)
	require.NoError(t, d.Compile(p, prompt.Vars{"name": "Ada"}, true))
	require.Equal(t, "Hello Ada", *d.Text)
	require.Equal(t, []prompt.Message{{Role: "user", Content: "Hello Ada"}}, d.Messages)
	var out strings.Builder
	require.NoError(t, show.Readable(&out, term.Style{}, d))
	require.True(t, strings.HasSuffix(out.String(), "\n\nHello Ada\n"), out.String())
}

func TestCompileFailsWhole(t *testing.T) {
	p, err := prompt.New(prompt.Spec{Text: "Hello {name}", Syntax: prompt.SyntaxFString})
	require.NoError(t, err)
	for _, strict := range []bool{false, true} {
		d := described(p)
		require.ErrorIs(t, d.Compile(p, nil, strict), prompt.ErrMissing)
		require.False(t, d.Compiled)
		require.Equal(t, "Hello {name}", *d.Text)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWritesThatFail(t *testing.T) {
	require.ErrorContains(t, show.Readable(full{}, term.Style{}, described(chat(t))), "no space left")
	require.ErrorContains(t, show.JSON(full{}, 1), "no space left")
	require.ErrorContains(t, show.JSON(&strings.Builder{}, func() {}), "unsupported type")
}

// described returns the document of a prompt.
func described(p *prompt.Prompt) show.Document {
	var d show.Document
	d.Describe(p)
	return d
}
