package promptdiff_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/promptdiff"
	"github.com/promptcache/promptcache-go/prompt"
)

// registryValue is a prompt as registries' prompts are.
type registryValue struct {
	p   *prompt.Prompt
	err error
}

func (v registryValue) Revision() string                { return "r" }
func (v registryValue) Immutable() bool                 { return false }
func (v registryValue) Prompt() (*prompt.Prompt, error) { return v.p, v.err }
func (v registryValue) MarshalJSON() ([]byte, error)    { return []byte(`{"b":1,"a":2}`), nil }

func sideOf(t *testing.T, s prompt.Spec) *promptdiff.Side {
	t.Helper()
	p, err := prompt.New(s)
	require.NoError(t, err)
	return &promptdiff.Side{Label: "x.json", Key: "langfuse:a", Revision: s.Revision, Value: registryValue{p: p}}
}

func TestCompareNamesWhatDiffers(t *testing.T) {
	chat := func(change func(*prompt.Spec)) prompt.Spec {
		s := prompt.Spec{
			Kind: prompt.KindChat, Syntax: prompt.SyntaxLangfuse, Revision: "1",
			Messages: []prompt.Message{{Role: "system", Content: "Be {{mood}}."}, {Placeholder: &prompt.Placeholder{Name: "history"}}},
			Config:   json.RawMessage(`{"model":"m","seed":9007199254740993}`),
			Schema:   json.RawMessage(`{"type":"object"}`),
			Partials: prompt.Vars{"language": "English"},
		}
		change(&s)
		return s
	}
	for name, tt := range map[string]struct {
		change  func(*prompt.Spec)
		parts   []string
		added   []string
		removed []string
		shows   string
	}{
		"nothing":      {func(*prompt.Spec) {}, nil, nil, nil, ""},
		"order":        {func(s *prompt.Spec) { s.Config = json.RawMessage(`{"seed":9007199254740993, "model":"m"}`) }, nil, nil, nil, ""},
		"revision":     {func(s *prompt.Spec) { s.Revision = "2" }, []string{"revision"}, nil, nil, ""},
		"config":       {func(s *prompt.Spec) { s.Config = json.RawMessage(`{"model":"m","seed":9007199254740992}`) }, []string{"config"}, nil, nil, "+    \"seed\": 9007199254740992"},
		"no config":    {func(s *prompt.Spec) { s.Config = nil }, []string{"config"}, nil, nil, "-    \"model\": \"m\","},
		"schema":       {func(s *prompt.Spec) { s.Schema = json.RawMessage(`{"type":"array"}`) }, []string{"schema"}, nil, nil, "+    \"type\": \"array\""},
		"partials":     {func(s *prompt.Spec) { s.Partials = prompt.Vars{"language": "French"} }, []string{"partials"}, nil, nil, "+  \"French\""},
		"message":      {func(s *prompt.Spec) { s.Messages[0].Content = "Be very {{mood}}." }, []string{"messages"}, nil, nil, "+  Be very {{mood}}."},
		"role":         {func(s *prompt.Spec) { s.Messages[0].Role = "user" }, []string{"messages"}, nil, nil, "+user"},
		"line ends":    {func(s *prompt.Spec) { s.Messages[0].Content = "Be {{mood}}.\r\n" }, []string{"messages"}, nil, nil, ""},
		"syntax":       {func(s *prompt.Spec) { s.Messages[0].Syntax = prompt.SyntaxLiteral }, []string{"messages", "variables"}, nil, []string{"mood"}, "+  syntax literal"},
		"variables":    {func(s *prompt.Spec) { s.Messages[0].Content = "Be {{tone}}." }, []string{"messages", "variables"}, []string{"tone"}, []string{"mood"}, "+variable: tone"},
		"placeholders": {func(s *prompt.Spec) { s.Messages = s.Messages[:1] }, []string{"messages", "placeholders"}, nil, []string{"history*"}, "-placeholder: history"},
	} {
		t.Run(name, func(t *testing.T) {
			d := promptdiff.Compare(sideOf(t, chat(func(*prompt.Spec) {})), sideOf(t, chat(tt.change)))
			require.Equal(t, tt.parts, d.Parts)
			require.ElementsMatch(t, tt.added, d.AddedVariables)
			require.ElementsMatch(t, tt.removed, d.RemovedVariables)
			if tt.parts == nil {
				require.Equal(t, promptdiff.Same, d.Kind)
				require.Empty(t, d.Unified)
				return
			}
			require.Equal(t, promptdiff.Changed, d.Kind)
			require.Contains(t, d.Unified, tt.shows)
		})
	}
}

func TestCompareShowsWhatCannotBeSeen(t *testing.T) {
	text := func(s string) *promptdiff.Side {
		return sideOf(t, prompt.Spec{Kind: prompt.KindText, Syntax: prompt.SyntaxLangfuse, Text: s})
	}
	d := promptdiff.Compare(text("a\nb"), text("a\r\nb"))
	require.Equal(t, []string{"text"}, d.Parts)
	require.Contains(t, d.Unified, `+  "text": "a\r\nb"`)
}

func TestCompareWithNothing(t *testing.T) {
	side := sideOf(t, prompt.Spec{Kind: prompt.KindText, Syntax: prompt.SyntaxLangfuse, Text: "Hi {{name}}", Revision: "0123456789abcdef0123"})
	require.Equal(t, promptdiff.Difference{Kind: promptdiff.Same}, promptdiff.Compare(nil, nil))
	d := promptdiff.Compare(nil, side)
	require.Equal(t, promptdiff.Added, d.Kind)
	require.Equal(t, []string{"name"}, d.AddedVariables)
	require.Contains(t, d.Unified, "--- /dev/null\n+++ x.json langfuse:a 0123456789ab\n")
	require.Contains(t, d.Unified, "+Hi {{name}}\n")
	d = promptdiff.Compare(side, nil)
	require.Equal(t, promptdiff.Removed, d.Kind)
	require.Equal(t, []string{"name"}, d.RemovedVariables)
	require.Contains(t, d.Unified, "-Hi {{name}}\n")
}

func TestCompareWhatCannotBeRead(t *testing.T) {
	wrong := &promptdiff.Side{Label: "a", Key: "langsmith:j", Value: registryValue{err: prompt.ErrUnsupported}}
	broken := &promptdiff.Side{Label: "b", Key: "langsmith:j", Raw: json.RawMessage(`{"a":2, "b":3}`)}
	same := &promptdiff.Side{Label: "b", Key: "langsmith:j", Raw: json.RawMessage(`{"a":2,"b":1}`)}
	require.Equal(t, promptdiff.Same, promptdiff.Compare(wrong, same).Kind)
	d := promptdiff.Compare(wrong, broken)
	require.Equal(t, []string{"raw"}, d.Parts)
	require.Contains(t, d.Unified, "-  \"b\": 1\n+  \"b\": 3\n")
	rubbish := &promptdiff.Side{Label: "b", Key: "langsmith:j", Raw: json.RawMessage(`rubbish`)}
	require.Contains(t, promptdiff.Compare(broken, rubbish).Unified, "+rubbish\n")
}
