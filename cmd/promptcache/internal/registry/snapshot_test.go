package registry_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

// dumped writes a snapshot of prompts by their keys, of the source that domain
// says.
func dumped(t *testing.T, domain func(string) string, codec promptcache.Codec, keys ...string) string {
	t.Helper()
	cfg := promptcache.DefaultConfig()
	cfg.TTL, cfg.Domain, cfg.Codec = nil, domain, codec
	cache, err := promptcache.New[*prompt.Prompt](nil, cfg)
	require.NoError(t, err)
	for _, key := range keys {
		p, err := prompt.New(prompt.Spec{Name: key, Revision: "r1", Kind: prompt.KindText, Text: "Hi {{name}}", Syntax: prompt.SyntaxLangfuse})
		require.NoError(t, err)
		cache.Set(key, p)
	}
	path := filepath.Join(t.TempDir(), "snapshot.json")
	require.NoError(t, cache.DumpFile(path))
	return path
}

func keysOf(s *registry.Snapshot) (keys []string) {
	for _, e := range s.Entries {
		keys = append(keys, e.Key)
	}
	return keys
}

func TestRoutedSnapshot(t *testing.T) {
	s, err := registry.ReadSnapshot(dumped(t, nil, nil, "langsmith:-/a:latest", "langfuse:b", "file:c/d", "hub:e", "f"))
	require.NoError(t, err)
	require.True(t, s.Routed)
	require.Empty(t, s.Registry)
	require.Equal(t, []string{"langsmith:a", "langfuse:b", "file:c/d", "hub:e", "f"}, keysOf(s))
	require.Equal(t, "langsmith", s.Entries[0].Registry)
	require.Empty(t, s.Entries[3].Registry, "nothing says what hub is")
	require.Empty(t, s.Entries[4].Registry)
	for _, e := range s.Entries {
		require.NoError(t, e.Err)
		p, err := e.Value.Prompt()
		require.NoError(t, err)
		require.Equal(t, []string{"name"}, p.Variables())
		require.Equal(t, "r1", e.Value.Revision())
	}
	for key, want := range map[string]string{
		"a": "langsmith:a", "langsmith:a:latest": "langsmith:a", "b": "langfuse:b", "c/d": "file:c/d", "hub:e": "hub:e", "f": "f",
	} {
		e, err := s.Find(key, "")
		require.NoError(t, err, key)
		require.Equal(t, want, e.Key)
	}
	_, err = s.Find("b", "langsmith")
	var missing *registry.NotInSnapshotError
	require.ErrorAs(t, err, &missing)
}

func TestSnapshotOfFiles(t *testing.T) {
	s, err := registry.ReadSnapshot(dumped(t, func(string) string { return "promptfs:mails" }, nil, "langsmith:a", "b"))
	require.NoError(t, err)
	require.False(t, s.Routed)
	require.Equal(t, "file", s.Registry)
	require.Equal(t, []string{"file:langsmith:a", "file:b"}, keysOf(s), "a file may have such a name")
	require.Equal(t, "promptfs:mails", s.Entries[0].Address())
}

// toml is a codec of somebody else.
type toml struct{}

func (toml) Format() string { return "toml" }

func (toml) Encode(key string, _ any) (string, []byte, error) { return key, []byte(`"x"`), nil }

func (toml) Decode(string, []byte) (string, any, error) { return "", nil, nil }

func TestSnapshotOfAnotherFormat(t *testing.T) {
	s, err := registry.ReadSnapshot(dumped(t, nil, toml{}, "a"))
	require.NoError(t, err)
	require.Equal(t, "toml", s.Format)
	require.Empty(t, s.Registry)
	require.Equal(t, []string{"a"}, keysOf(s))
	require.ErrorContains(t, s.Entries[0].Err, `the format "toml"`)
	require.Equal(t, "r1", s.Entries[0].Facts.Revision)
	require.Positive(t, s.Entries[0].Age(time.Now().Add(time.Minute)))
	require.Zero(t, s.Entries[0].Age(time.Now().Add(-time.Hour)))
}

func TestSnapshotThatCannotBeRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	_, err := registry.ReadSnapshot(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte(`{"entries":{"a":{"no":"commit"}, "a:b:c": {}}}`), 0o600))
	s, err := registry.ReadSnapshot(path)
	require.NoError(t, err)
	require.Equal(t, []string{"langsmith:a", "langsmith:a:b:c"}, keysOf(s))
	for _, e := range s.Entries {
		require.Error(t, e.Err)
		require.Nil(t, e.Value)
		require.Zero(t, e.Age(time.Now()))
	}
}

func TestNeutralValuesAreAsTheyWere(t *testing.T) {
	s, err := registry.ReadSnapshot(dumped(t, nil, nil, "langfuse:b"))
	require.NoError(t, err)
	raw, err := s.Entries[0].Value.MarshalJSON()
	require.NoError(t, err)
	require.JSONEq(t, string(s.Entries[0].Facts.Value), string(raw))
	require.False(t, s.Entries[0].Value.Immutable())
	require.True(t, json.Valid(raw))
}

// forgetful is a codec that cannot write one of the prompts.
type forgetful struct{ toml }

func (forgetful) Encode(key string, _ any) (string, []byte, error) {
	if key == "langfuse:b" {
		return "", nil, errors.New("no ink")
	}
	return key, []byte(`"x"`), nil
}

func TestNothingIsWrittenByHalf(t *testing.T) {
	cfg := promptcache.DefaultConfig()
	cfg.TTL, cfg.Codec = nil, forgetful{}
	of, err := promptcache.New[*prompt.Prompt](nil, cfg)
	require.NoError(t, err)
	p, err := prompt.New(prompt.Spec{Kind: prompt.KindText, Text: "Hi", Syntax: prompt.SyntaxLangfuse})
	require.NoError(t, err)
	of.Set("langfuse:a", p)
	of.Set("langfuse:b", p)
	path := filepath.Join(t.TempDir(), "prompts.json")
	cache := registry.CacheOf(of)
	require.ErrorContains(t, cache.DumpFile(path, []string{"langfuse:b"}), "no ink")
	require.NoFileExists(t, path)
	cache.Forget("langfuse:b")
	require.NoError(t, cache.DumpFile(path, nil))
	require.Equal(t, []string{"langfuse:a"}, cache.Keys())
}
