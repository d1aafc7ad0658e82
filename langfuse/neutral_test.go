package langfuse_test

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/prompt"
)

func TestNeutralText(t *testing.T) {
	p := fetched(t, "greeting#3", text)
	n, err := p.Prompt()
	require.NoError(t, err)
	require.Equal(t, "greeting", n.Name())
	require.Equal(t, p.Revision(), n.Revision())
	require.True(t, n.Immutable())
	require.Equal(t, prompt.KindText, n.Kind())
	require.Equal(t, prompt.SyntaxLangfuse, n.Syntax())
	require.Equal(t, []string{"name"}, n.Variables())
	require.Equal(t, `{"seed":9007199254740993}`, string(n.Config()))
	require.JSONEq(t, `{"name":"greeting","version":3,"type":"text","prompt":"Hello {{name}}","config":{"seed":9007199254740993},
		"labels":["production","latest"],"tags":["a"],"commitMessage":"shorter","resolutionGraph":null}`, string(n.Raw()))
	compiled, err := n.Compile(prompt.Vars{"name": "Ada"})
	require.NoError(t, err)
	require.Equal(t, "Hello Ada", compiled.Text)
}

func TestNeutralChat(t *testing.T) {
	for what, answer := range map[string]string{
		"as it is": chat,
		"a placeholder with a field that is not known": with(chat, `"name":"history"`, `"name":"history","later":1`),
	} {
		t.Run(what, func(t *testing.T) {
			n, err := fetched(t, "greeting", answer).Prompt()
			require.NoError(t, err)
			require.Nil(t, n.Config(), "null is no config")
			require.Equal(t, []string{"mood", "question"}, n.Variables())
			require.Equal(t, []prompt.Placeholder{{Name: "history"}}, n.Placeholders())
			compiled, err := n.Compile(prompt.Vars{
				"mood": "kind", "question": "why?", "history": []prompt.Message{{Role: "user", Content: "hi"}},
			})
			require.NoError(t, err)
			sent, err := json.Marshal(compiled.Messages)
			require.NoError(t, err)
			require.JSONEq(t, `[{"role":"system","content":"Be kind"},{"role":"user","content":"hi"},
				{"role":"assistant","content":"","name":"bot","tool_calls":[{"id":9007199254740993}]},
				{"role":"user","content":"<why?>"}]`, string(sent))
		})
	}
	t.Run("an empty chat", func(t *testing.T) {
		n, err := fetched(t, "greeting", with(text, `"type":"text"`, `"type":"chat"`, `"Hello {{name}}"`, "[]")).Prompt()
		require.NoError(t, err)
		require.Equal(t, prompt.KindChat, n.Kind())
	})
}

func TestNeutralIsMadeOnce(t *testing.T) {
	for _, answer := range []string{text, with(chat, `[{"id": 9007199254740993}]`, `{}`)} {
		p := fetched(t, "greeting", answer)
		first, firstErr := p.Prompt()
		var readers sync.WaitGroup
		for range 8 {
			readers.Go(func() {
				n, err := p.Prompt()
				if n != first || err != firstErr {
					t.Error("another one")
				}
			})
		}
		readers.Wait()
	}
}

func TestNeutralProblems(t *testing.T) {
	for what, tt := range map[string]struct{ answer, want string }{
		"tool calls that are no list": {with(chat, `[{"id": 9007199254740993}]`, `{}`), "tool_calls"},
		"a name that is no string":    {with(chat, `"name":"bot"`, `"name":1`), "message 3"},
	} {
		t.Run(what, func(t *testing.T) {
			p := fetched(t, "greeting", tt.answer)
			n, err := p.Prompt()
			require.Nil(t, n)
			require.ErrorIs(t, err, prompt.ErrInvalid)
			require.ErrorContains(t, err, `langfuse: "greeting"`)
			require.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("the zero Prompt", func(t *testing.T) {
		var p langfuse.Prompt
		_, err := p.Prompt()
		require.ErrorContains(t, err, "the zero Prompt cannot be compiled")
	})
}
