package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

// tampered is the codec of a program that writes another revision, and another
// text, than its cache has.
type tampered struct{ text string }

func (tampered) Format() string { return "json" }

func (c tampered) Encode(key string, value any) (string, []byte, error) {
	s := value.(*prompt.Prompt).Spec()
	s.Revision, s.Text = "r2", c.text
	p, err := prompt.New(s)
	if err != nil {
		return "", nil, err
	}
	data, err := json.Marshal(p)
	return key, data, err
}

func (tampered) Decode(string, []byte) (string, any, error) { return "", nil, nil }

func TestVerifyFindsAnotherRevision(t *testing.T) {
	cfg := promptcache.DefaultConfig()
	cfg.TTL, cfg.Codec = nil, tampered{"Hi {{name}}"}
	cache, err := promptcache.New[*prompt.Prompt](nil, cfg)
	require.NoError(t, err)
	p, err := prompt.New(prompt.Spec{Revision: "r1", Kind: prompt.KindText, Text: "Hi", Syntax: prompt.SyntaxLangfuse})
	require.NoError(t, err)
	cache.Set("langfuse:greeting", p)
	path := filepath.Join(t.TempDir(), "prompts.json")
	require.NoError(t, cache.DumpFile(path))

	got := command(t.Context(), nil, "verify", path)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.out, `langfuse:greeting: its revision is "r2", but "r1" is recorded`)
	require.Empty(t, got.err)
}

func TestVerifyCompiles(t *testing.T) {
	cfg := promptcache.DefaultConfig()
	cfg.TTL = nil
	cache, err := promptcache.New[*prompt.Prompt](nil, cfg)
	require.NoError(t, err)
	p, err := prompt.New(prompt.Spec{
		Kind: prompt.KindChat, Syntax: prompt.SyntaxLangfuse, Partials: prompt.Vars{"picture": ""},
		Messages: []prompt.Message{{Role: "user", Parts: []prompt.Part{{ImageURL: "{{picture}}"}}}},
	})
	require.NoError(t, err, "it can be read")
	cache.Set("langfuse:picture", p)
	path := filepath.Join(t.TempDir(), "prompts.json")
	require.NoError(t, cache.DumpFile(path))

	got := command(t.Context(), nil, "verify", path)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.out, "langfuse:picture: it cannot be compiled: ")
}
