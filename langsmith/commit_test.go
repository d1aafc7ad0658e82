package langsmith_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
)

// fetched returns the commit that a registry's answer to key becomes.
func fetched(t *testing.T, key, body string) *langsmith.PromptCommit {
	t.Helper()
	src := newSource(t, langsmith.Config{AllowPublic: true, HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
		sourcetest.Reply(w, http.StatusOK, body)
	})})
	c, err := src.Fetch(t.Context(), key)
	require.NoError(t, err)
	return c
}

const rich = `{"commit_hash":"` + fullHash + `","manifest":{"n": 9007199254740993, "s": "<&>\u2028", "f": 1.50},
	"examples":[{"x": 18446744073709551615}],"description":"d","is_draft":false,
	"model_config":{"seed": 9007199254740993},"model_provider":"ChatOpenAI"}`

func TestCommitJSON(t *testing.T) {
	t.Run("the dump shape of the SDKs", func(t *testing.T) {
		b, err := json.Marshal(fetched(t, "al", rich))
		require.NoError(t, err)
		require.Equal(t, `{"owner":"-","repo":"al","commit_hash":"`+fullHash+`",`+ //nolint:testifylint // the very bytes
			`"manifest":{"n":9007199254740993,"s":"\u003c\u0026\u003e\u2028","f":1.50},`+
			`"examples":[{"x":18446744073709551615}],"description":"d",`+
			`"hub_model_config":{"seed":9007199254740993},"hub_model_provider":"ChatOpenAI"}`, string(b))
	})
	t.Run("examples are never null", func(t *testing.T) {
		b, err := json.Marshal(fetched(t, "al", answer))
		require.NoError(t, err)
		require.Contains(t, string(b), `"examples":[],"description":null,"hub_model_config":null,"hub_model_provider":null}`)
	})
	t.Run("by value too", func(t *testing.T) {
		c := fetched(t, "al", answer)
		byPointer, err := json.Marshal(c)
		require.NoError(t, err)
		byValue, err := json.Marshal(*c)
		require.NoError(t, err)
		require.Equal(t, string(byPointer), string(byValue))
	})
	t.Run("there and back", func(t *testing.T) {
		for _, key := range []string{"al", "acme/al:v1?model", "al:" + fullHash} {
			for _, body := range []string{answer, rich, strings.Replace(rich, `"is_draft":false`, `"is_draft":true`, 1)} {
				c := fetched(t, key, body)
				first, err := json.Marshal(c)
				require.NoError(t, err)
				var back *langsmith.PromptCommit
				require.NoError(t, json.Unmarshal(first, &back))
				second, err := json.Marshal(back)
				require.NoError(t, err)
				require.Equal(t, string(first), string(second))
				require.Equal(t, c.Ref(), back.Ref())
				require.Equal(t, c.Revision(), back.Revision())
				require.Equal(t, c.Immutable(), back.Immutable())
				require.Equal(t, c.IsDraft(), back.IsDraft())
				require.JSONEq(t, string(c.Manifest()), string(back.Manifest()))
			}
		}
	})
	t.Run("an entry that an SDK dumped", func(t *testing.T) {
		var c langsmith.PromptCommit
		require.NoError(t, json.Unmarshal([]byte(`{"owner":"-","repo":"al","commit_hash":"abc123","manifest":{"a": 1},
			"examples":[],"description":null,"hub_model_config":null,"hub_model_provider":null}`), &c))
		require.Equal(t, langsmith.Ref{Owner: "-", Name: "al", Version: "latest"}, c.Ref())
		require.Equal(t, "abc123", c.Revision())
		require.False(t, c.Immutable())
		require.Equal(t, `{"a":1}`, string(c.Manifest()))
	})
}

func TestCommitJSONProblems(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"not an object", `[]`, "cannot unmarshal array"},
		{"null", `null`, "its name is empty"},
		{"no repo", `{"owner":"-","commit_hash":"a","manifest":{}}`, "its name is empty"},
		{"an owner that leaves its place", `{"owner":"..","repo":"al","commit_hash":"a","manifest":{}}`, `its owner is ".."`},
		{"no hash", `{"owner":"-","repo":"al","manifest":{}}`, "its commit_hash is"},
		{"manifest is not an object", `{"owner":"-","repo":"al","commit_hash":"a","manifest":[]}`, "its manifest is missing or not a JSON object"},
		{"no manifest", `{"owner":"-","repo":"al","commit_hash":"a"}`, "its manifest is missing"},
		{"another commit", `{"owner":"-","repo":"al","version":"` + fullHash + `","commit_hash":"a","manifest":{}}`, "it is another commit"},
		{"not UTF-8", "{\"owner\":\"-\",\"repo\":\"al\",\"commit_hash\":\"a\",\"manifest\":{\"s\":\"\xff\"}}", "it is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c langsmith.PromptCommit
			err := c.UnmarshalJSON([]byte(tt.in))
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "langsmith: decode commit")
			require.Equal(t, langsmith.PromptCommit{}, c)
		})
	}
}

func TestDrafts(t *testing.T) {
	draft := strings.Replace(rich, `"is_draft":false`, `"is_draft":true`, 1)
	c := fetched(t, "al:"+fullHash, draft)
	require.True(t, c.IsDraft())
	require.False(t, c.Immutable(), "its content can change under its hash")
	require.Regexp(t, "^"+fullHash+`\+[0-9a-f]{16}$`, c.Revision())
	require.Equal(t, c.Revision(), fetched(t, "al:"+fullHash, strings.ReplaceAll(draft, ": ", ":")).Revision(), "spaces are not content")
	for what, change := range map[string][2]string{
		"manifest":     {"1.50", "1.51"},
		"examples":     {"18446744073709551615", "18446744073709551614"},
		"description":  {`"d"`, `"e"`},
		"model config": {`{"seed": 9007199254740993}`, `{"seed": 9007199254740992}`},
		"provider":     {"ChatOpenAI", "ChatAnthropic"},
	} {
		changed := fetched(t, "al:"+fullHash, strings.Replace(draft, change[0], change[1], 1))
		require.NotEqual(t, c.Revision(), changed.Revision(), "NB-42 another %s under the same hash is a change", what)
	}
}

func TestCommitCannotBeChanged(t *testing.T) {
	t.Run("NB-33 a reader cannot change what others read", func(t *testing.T) {
		c := fetched(t, "al", rich)
		before, err := json.Marshal(c)
		require.NoError(t, err)
		var readers sync.WaitGroup
		for range 8 {
			readers.Go(func() {
				for _, b := range [][]byte{c.Manifest(), c.Examples()[0], c.HubModelConfig()} {
					clear(b)
				}
				c.Examples()[0] = nil
				b, err := c.MarshalJSON()
				if err == nil {
					clear(b)
				}
			})
		}
		readers.Wait()
		after, err := json.Marshal(c)
		require.NoError(t, err)
		require.Equal(t, string(before), string(after))
	})
	t.Run("NB-33 nor decode something else into it", func(t *testing.T) {
		c := fetched(t, "al", rich)
		err := json.Unmarshal([]byte(`{"owner":"-","repo":"al","commit_hash":"a","manifest":{}}`), c)
		require.ErrorContains(t, err, "a PromptCommit cannot be changed; decode into a new one")
		require.Equal(t, fullHash, c.CommitHash())
	})
	t.Run("NB-33 nor what it was decoded from", func(t *testing.T) {
		in := []byte(`{"owner":"-","repo":"al","commit_hash":"a","manifest":{"k":"v"},"examples":["x"]}`)
		var c langsmith.PromptCommit
		require.NoError(t, c.UnmarshalJSON(in))
		clear(in)
		require.Equal(t, `{"k":"v"}`, string(c.Manifest())) //nolint:testifylint // the very bytes
		require.Equal(t, `"x"`, string(c.Examples()[0]))
	})
}

func FuzzPromptCommit(f *testing.F) {
	for _, seed := range []string{
		`{"owner":"-","repo":"al","commit_hash":"a","manifest":{}}`,
		`{"owner":"o","repo":"al","commit_hash":"a","manifest":{"n":1e400,"s":"<\u2028"},"examples":[1,null],"description":"","hub_model_config":[],"is_draft":true}`,
		`{"repo":"al","version":"v1","include_model":true,"commit_hash":"a","manifest":{"a":1,"a":2},"hub_model_provider":"p","later":0}`,
		`{"owner":"..","repo":"a/b","commit_hash":"","manifest":[]}`, `[]`, `{"entries":null}`, "null", "", "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c langsmith.PromptCommit
		if err := json.Unmarshal(data, &c); err != nil {
			require.Equal(t, langsmith.PromptCommit{}, c)
			return
		}
		first, err := json.Marshal(c)
		require.NoError(t, err)
		var again langsmith.PromptCommit
		require.NoError(t, json.Unmarshal(first, &again))
		second, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
		require.Equal(t, c.Revision(), again.Revision())
		require.Equal(t, c.Ref(), again.Ref())
		require.NoError(t, c.Ref().Validate())
	})
}
