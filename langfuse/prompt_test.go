package langfuse_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/langfuse"
)

// sameAfterDump requires that a prompt is the same once it went through JSON.
func sameAfterDump(t *testing.T, p *langfuse.Prompt) {
	t.Helper()
	first, err := json.Marshal(p)
	require.NoError(t, err)
	byValue, err := json.Marshal(*p)
	require.NoError(t, err)
	require.Equal(t, string(first), string(byValue))
	var back *langfuse.Prompt
	require.NoError(t, json.Unmarshal(first, &back))
	second, err := json.Marshal(back)
	require.NoError(t, err)
	require.Equal(t, string(first), string(second))
	require.Equal(t, p.Ref(), back.Ref())
	require.Equal(t, p.Revision(), back.Revision())
	require.Equal(t, p.Immutable(), back.Immutable())
	require.Equal(t, p.ETag(), back.ETag())
	require.Equal(t, p.Text(), back.Text())
	require.Equal(t, p.Labels(), back.Labels())
	require.Equal(t, p.ResolutionGraph() == nil, back.ResolutionGraph() == nil)
	require.Len(t, back.Messages(), len(p.Messages()))
}

func TestPromptJSON(t *testing.T) {
	t.Run("the shape of the registry, and what is ours", func(t *testing.T) {
		b, err := json.Marshal(fetched(t, "greeting@latest", text))
		require.NoError(t, err)
		require.Equal(t, `{"name":"greeting","version":3,"type":"text","prompt":"Hello {{name}}",`+ //nolint:testifylint // the very bytes
			`"config":{"seed":9007199254740993},"labels":["production","latest"],"tags":["a"],"commitMessage":"shorter",`+
			`"resolutionGraph":null,"key":"greeting@latest"}`, string(b))
	})
	t.Run("there and back", func(t *testing.T) {
		for _, key := range []string{"greeting", "greeting#3"} {
			for _, answer := range []string{
				text, chat, with(text, `"Hello`, `"<&>\u2028`), with(text, `,"resolutionGraph":null`, ""),
				with(text, `"resolutionGraph":null`, `"resolutionGraph":{"root": {}}`),
			} {
				sameAfterDump(t, fetched(t, key, answer))
			}
		}
	})
	t.Run("a fallback by hand", func(t *testing.T) {
		var p langfuse.Prompt
		require.NoError(t, json.Unmarshal([]byte(`{"name":"greeting","version":1,"type":"text","prompt":"Hi"}`), &p))
		require.Equal(t, langfuse.Ref{Name: "greeting", Label: "production"}, p.Ref())
		require.Equal(t, "null", string(p.Config()))
		require.Empty(t, p.Labels())
		require.False(t, p.Immutable())
		sameKind := fetched(t, "greeting", text)
		require.NotEqual(t, sameKind.Revision(), p.Revision())
	})
	t.Run("what the registry sent", func(t *testing.T) {
		var p langfuse.Prompt
		require.NoError(t, json.Unmarshal([]byte(text), &p))
		require.Equal(t, fetched(t, "greeting", text).Revision(), p.Revision())
	})
}

func TestPromptJSONProblems(t *testing.T) {
	good := `{"name":"greeting","version":3,"type":"text","prompt":"Hi","labels":["production"],"key":"greeting"}`
	tests := []struct{ name, in, problem string }{
		{"another shape", `[]`, "cannot unmarshal array"},
		{"not UTF-8", with(good, "Hi", "\xff"), "it is not UTF-8"},
		{"no name", with(good, `"name":"greeting",`, "", `,"key":"greeting"`, ""), "its name is empty"},
		{"a name that cannot be", with(good, `"name":"greeting"`, `"name":".."`, `,"key":"greeting"`, ""), `a folder "." or ".."`},
		{"no version", with(good, `"version":3,`, ""), "its version is missing"},
		{"no type", with(good, `"type":"text",`, ""), "its type is"},
		{"no prompt", with(good, `"prompt":"Hi",`, ""), "its prompt is missing"},
		{"a key that cannot be", with(good, `"key":"greeting"`, `"key":"greeting@X"`), "is no label"},
		{"another prompt's key", with(good, `"key":"greeting"`, `"key":"farewell"`), `it is another prompt, "greeting"`},
		{"another version's key", with(good, `"key":"greeting"`, `"key":"greeting#2"`), "it is another version, 3"},
		{"another label's key", with(good, `"key":"greeting"`, `"key":"greeting@x"`), `does not have the label "x"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p langfuse.Prompt
			err := p.UnmarshalJSON([]byte(tt.in))
			require.ErrorContains(t, err, tt.problem)
			require.ErrorContains(t, err, "langfuse: decode prompt: ")
			require.Equal(t, langfuse.Prompt{}, p)
		})
	}
	t.Run("an entity tag that is none is left out", func(t *testing.T) {
		var p langfuse.Prompt
		require.NoError(t, p.UnmarshalJSON([]byte(with(good, `"key"`, `"etag":"a\r\nb","key"`))))
		require.Empty(t, p.ETag())
	})
}

func TestRevision(t *testing.T) {
	const composed = `"resolutionGraph":{"root":{"name":"greeting","version":3},"dependencies":{"a":[{"name":"tone","version":1}]}}`
	base := with(text, `"resolutionGraph":null`, composed)
	p := fetched(t, "greeting#3", base)
	require.JSONEq(t, "{"+composed+"}", `{"resolutionGraph":`+string(p.ResolutionGraph())+"}")
	for what, changed := range map[string]string{
		"text":            with(base, "Hello", "Hi"),
		"graph":           with(base, `"tone","version":1`, `"tone","version":2`),
		"config":          with(base, "9007199254740993", "9007199254740992"),
		"labels":          with(base, `"production","latest"`, `"production"`),
		"tags":            with(base, `["a"]`, `["a","b"]`),
		"commit message":  with(base, "shorter", "longer"),
		"version's graph": with(base, composed, `"resolutionGraph":null`),
	} {
		t.Run("NB-42 another "+what+" under the same version is a change", func(t *testing.T) {
			other := fetched(t, "greeting#3", changed)
			require.Equal(t, p.Version(), other.Version())
			require.NotEqual(t, p.Revision(), other.Revision())
		})
	}
	for what, same := range map[string]string{
		"spaces":          with(base, `":`, `" : `),
		"order of labels": with(base, `"production","latest"`, `"latest","production"`),
		"time of update":  with(base, `"updatedAt":"2026-01`, `"updatedAt":"2026-02`),
	} {
		require.Equal(t, p.Revision(), fetched(t, "greeting#3", same).Revision(), "the %s is not content", what)
	}
	require.Equal(t, p.Revision(), fetched(t, "greeting", base).Revision(), "nor is how it was asked for")
	require.NotEqual(t, fetched(t, "greeting", chat).Revision(), fetched(t, "greeting", with(chat, "9007199254740993", "1")).Revision(), "an unknown field of a message is")
}

func TestImmutable(t *testing.T) {
	const graph = `"resolutionGraph":null`
	tests := []struct {
		name, key, answer string
		want              bool
	}{
		{"a version that is not composed", "greeting#3", text, true},
		{"a chat's", "greeting#3", chat, true},
		{"a label", "greeting", text, false},
		{"NB-42 a composed version", "greeting#3", with(text, graph, `"resolutionGraph":{"root":{}}`), false},
		{"NB-42 a version with an empty graph", "greeting#3", with(text, graph, `"resolutionGraph":{}`), false},
		{"NB-42 a version of a server that does not say", "greeting#3", with(text, graph, `"x":null`), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, fetched(t, tt.key, tt.answer).Immutable())
		})
	}
}

func TestPromptCannotBeChanged(t *testing.T) {
	t.Run("NB-33 a reader cannot change what others read", func(t *testing.T) {
		for _, answer := range []string{text, chat, with(text, `"resolutionGraph":null`, `"resolutionGraph":{"a":1}`)} {
			p := fetched(t, "greeting", answer)
			before, err := json.Marshal(p)
			require.NoError(t, err)
			var readers sync.WaitGroup
			for range 8 {
				readers.Go(func() {
					clear(p.Config())
					clear(p.ResolutionGraph())
					clear(p.Labels())
					clear(p.Tags())
					for _, m := range p.Messages() {
						clear(m.Raw)
					}
					clear(p.Messages())
					b, err := p.MarshalJSON()
					if err == nil {
						clear(b)
					}
				})
			}
			readers.Wait()
			after, err := json.Marshal(p)
			require.NoError(t, err)
			require.Equal(t, string(before), string(after))
		}
	})
	t.Run("NB-33 nor decode something else into it", func(t *testing.T) {
		p := fetched(t, "greeting", text)
		err := json.Unmarshal([]byte(chat), p)
		require.ErrorContains(t, err, "a Prompt cannot be changed; decode into a new one")
		require.Equal(t, langfuse.Text, p.Type())
	})
	t.Run("NB-33 nor what it was decoded from", func(t *testing.T) {
		in := []byte(strings.Clone(chat))
		var p langfuse.Prompt
		require.NoError(t, p.UnmarshalJSON(in))
		before := p.Revision()
		clear(in)
		again, err := json.Marshal(&p)
		require.NoError(t, err)
		var back langfuse.Prompt
		require.NoError(t, back.UnmarshalJSON(again))
		require.Equal(t, before, back.Revision())
	})
}
