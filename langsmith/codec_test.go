package langsmith_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

// caching returns a cache of src with the commits that a registry with one
// answer has under keys.
func caching(t *testing.T, src *langsmith.Source, keys ...string) *promptcache.PromptCache[*langsmith.PromptCommit] {
	t.Helper()
	c, err := langsmith.NewCache(src, promptcache.DefaultConfig())
	require.NoError(t, err)
	for _, key := range keys {
		c.Set(key, fetched(t, key, rich))
	}
	return c
}

// offlineCache returns a cache without a source.
func offlineCache(t *testing.T) *promptcache.PromptCache[*langsmith.PromptCommit] {
	t.Helper()
	cfg := promptcache.DefaultConfig()
	cfg.TTL = nil
	c, err := langsmith.NewCache(nil, cfg)
	require.NoError(t, err)
	return c
}

func dumped(t *testing.T, c *promptcache.PromptCache[*langsmith.PromptCommit]) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, c.Dump(&b))
	return b.Bytes()
}

// sdkFile is what LangSmith's SDKs read and write.
type sdkFile struct {
	Entries map[string]map[string]json.RawMessage `json:"entries"`
}

func TestSnapshotForTheSDKs(t *testing.T) {
	keys := []string{"al", "al:v1", "acme/al?model", "al:v1?model", "al?model", "al:with_model", "al:with_model?model", "al:without_model", "al:" + fullHash}
	names := []string{
		"al", "al:v1", "acme/al:with_model", "al:v1:with_model", "al:with_model", "al:with_model:without_model",
		"al:with_model:with_model", "al:without_model", "al:" + fullHash,
	}
	src := newSource(t, langsmith.Config{AllowPublic: true})

	t.Run("LS-13 keys in the SDKs' spelling, entries in their shape, least recently used first", func(t *testing.T) {
		file := dumped(t, caching(t, src, keys...))
		s, err := promptcache.ReadSnapshot(bytes.NewReader(file))
		require.NoError(t, err)
		require.Equal(t, "langsmith", s.Format)
		for i, e := range s.Entries {
			require.Equal(t, names[i], e.Name)
			require.Equal(t, keys[i], e.Key)
			require.Equal(t, fullHash, e.Revision)
			require.Equal(t, src.Domain(""), e.Source)
		}
		require.Len(t, s.Entries, len(keys))

		var sdk sdkFile
		require.NoError(t, json.Unmarshal(file, &sdk))
		for name, entry := range sdk.Entries {
			for _, field := range []string{"owner", "repo", "commit_hash"} {
				require.Regexp(t, `^".+"$`, string(entry[field]), name)
			}
			require.Equal(t, byte('{'), entry["manifest"][0], "Python's SDK refuses another manifest")
			require.Equal(t, byte('['), entry["examples"][0], "and examples that are no list")
			for _, field := range []string{"description", "hub_model_config", "hub_model_provider"} {
				require.Contains(t, entry, field)
			}
		}
	})
	t.Run("its examples are a list, also when there are none", func(t *testing.T) {
		c := caching(t, src)
		c.Set("al", fetched(t, "al", answer))
		var sdk sdkFile
		require.NoError(t, json.Unmarshal(dumped(t, c), &sdk))
		require.Equal(t, `[]`, string(sdk.Entries["al"]["examples"]))
		require.Equal(t, `null`, string(sdk.Entries["al"]["description"]))
	})
	t.Run("tags of a text are not escaped", func(t *testing.T) {
		require.Contains(t, string(dumped(t, caching(t, src, "al"))), `"s": "<&>\u2028"`)
	})
	t.Run("LS-21 NB-31 and back: every key has what it had", func(t *testing.T) {
		c := caching(t, src, keys...)
		for _, fresh := range []*promptcache.PromptCache[*langsmith.PromptCommit]{caching(t, src), offlineCache(t)} {
			n, err := fresh.Load(bytes.NewReader(dumped(t, c)))
			require.NoError(t, err)
			require.Equal(t, len(keys), n)
			require.Equal(t, c.Keys(), fresh.Keys())
			for _, key := range keys {
				want, _ := c.Lookup(key)
				got, ok := fresh.Lookup(key)
				require.True(t, ok, key)
				require.Equal(t, want.Value.Ref(), got.Value.Ref())
				require.Equal(t, want.Revision, got.Revision)
				require.Equal(t, want.Value.Immutable(), got.Value.Immutable(), key)
				require.JSONEq(t, string(want.Value.Manifest()), string(got.Value.Manifest()))
				require.Equal(t, want.Value.Examples(), got.Value.Examples())
				require.True(t, want.FetchedAt.Equal(got.FetchedAt))
				require.True(t, got.FromSnapshot)
			}
		}
	})
	t.Run("a draft keeps its revision", func(t *testing.T) {
		draft := strings.Replace(rich, `"is_draft":false`, `"is_draft":true`, 1)
		c := caching(t, src)
		c.Set("al", fetched(t, "al", draft))
		fresh := caching(t, src)
		_, err := fresh.Load(bytes.NewReader(dumped(t, c)))
		require.NoError(t, err)
		want, _ := c.Lookup("al")
		got, _ := fresh.Lookup("al")
		require.Equal(t, want.Revision, got.Revision)
	})
}

func TestSnapshotOfTheSDKs(t *testing.T) {
	entry := func(owner, repo, hash string) string {
		return `{"owner":"` + owner + `","repo":"` + repo + `","commit_hash":"` + hash + `","manifest":{"lc":1},"examples":[],` +
			`"description":null,"hub_model_config":null,"hub_model_provider":null}`
	}
	file := `{
  "entries": {
    "al": ` + entry("-", "al", "aaa") + `,
    "-/al:latest:with_model": ` + entry("-", "al", "bbb") + `,
    "bo:v1": ` + entry("-", "bo", "ccc") + `,
    "bo:` + fullHash + `": ` + entry("-", "bo", fullHash) + `,
    "acme/al": ` + entry("acme", "al", "ddd") + `,
    "al:latest": ` + entry("-", "al", "eee") + `
  }
}`
	t.Run("LS-13 they are read: keys, versions, the model; the age is the file's", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "sdk.json")
		require.NoError(t, os.WriteFile(path, []byte(file), 0o600))
		old := time.Now().Add(-time.Minute).Truncate(time.Second)
		require.NoError(t, os.Chtimes(path, old, old))
		c := caching(t, newSource(t, langsmith.Config{AllowPublic: true}))
		n, err := c.LoadFile(path)
		require.NoError(t, err)
		require.Equal(t, 5, n)
		require.Equal(t, []string{"al", "acme/al", "bo:" + fullHash, "bo:v1", "al?model"}, c.Keys(), "the later spelling of al")
		for key, hash := range map[string]string{"al": "eee", "al?model": "bbb", "bo:v1": "ccc", "bo:" + fullHash: fullHash, "acme/al": "ddd"} {
			e, ok := c.Lookup(key)
			require.True(t, ok)
			require.Equal(t, hash, e.Value.CommitHash())
			require.Equal(t, key, e.Value.Ref().String())
			require.True(t, old.Equal(e.FetchedAt))
			require.Equal(t, hash == fullHash, e.Value.Immutable())
		}
	})
	t.Run("public prompts need AllowPublic, as in a fetch", func(t *testing.T) {
		c := caching(t, newSource(t, langsmith.Config{}))
		n, err := c.Load(strings.NewReader(file))
		require.Equal(t, 4, n)
		require.ErrorIs(t, err, langsmith.ErrPublicPrompt)
		var skipped *promptcache.SkippedError
		require.ErrorAs(t, err, &skipped)
		require.Equal(t, "acme/al", skipped.Skipped[0].Key)
		require.NotContains(t, c.Keys(), "acme/al")
	})
	t.Run("without a source any prompt is taken", func(t *testing.T) {
		c := offlineCache(t)
		n, err := c.Load(strings.NewReader(file))
		require.NoError(t, err)
		require.Equal(t, 5, n)
		require.True(t, slices.Contains(c.Keys(), "acme/al"))
	})
	t.Run("what is no prompt is left out", func(t *testing.T) {
		for name, in := range map[string]struct{ key, entry, want string }{
			"a key that names none":         {"a/b/c", entry("-", "al", "aaa"), "more than one"},
			"no commit":                     {"al", `{"owner":"-","repo":"al"}`, "its commit_hash is"},
			"another commit than the key's": {"al:" + fullHash, entry("-", "al", "aaa"), "it is another commit"},
			"null":                          {"al", `null`, "its name is empty"},
			"a list":                        {"al", `[]`, "cannot unmarshal array"},
		} {
			for _, c := range []*promptcache.PromptCache[*langsmith.PromptCommit]{offlineCache(t), caching(t, newSource(t, langsmith.Config{}))} {
				n, err := c.Load(strings.NewReader(`{"entries":{"` + in.key + `":` + in.entry + `}}`))
				require.Zero(t, n, name)
				require.ErrorContains(t, err, in.want, name)
			}
		}
	})
	t.Run("a commit that stands under another prompt's key stays what it is", func(t *testing.T) {
		c := offlineCache(t)
		_, err := c.Load(strings.NewReader(`{"entries":{"mine:v1":` + entry("-", "al", "aaa") + `,"al:v1":` + entry("acme", "al", "aaa") + `}}`))
		require.NoError(t, err)
		for key, ref := range map[string]string{"mine:v1": "al", "al:v1": "acme/al"} {
			v, ok := c.Get(key)
			require.True(t, ok)
			require.Equal(t, ref, v.Ref().String())
		}
	})
}

func TestCodec(t *testing.T) {
	codec := langsmith.NewCodec(nil)
	for name, in := range map[string]struct {
		key   string
		value any
		want  string
	}{
		"another type":          {"al", "text", "it is a string; want a *PromptCommit"},
		"nil":                   {"al", (*langsmith.PromptCommit)(nil), "it is no commit"},
		"the zero commit":       {"al", &langsmith.PromptCommit{}, "it is no commit"},
		"a key that names none": {"a/b/c", fetched(t, "al", answer), "more than one"},
	} {
		_, _, err := codec.Encode(in.key, in.value)
		require.ErrorContains(t, err, in.want, name)
	}
	t.Run("a file of another format is refused as a whole", func(t *testing.T) {
		plain, err := promptcache.New[string](nil, promptcache.Config{MaxSize: 1})
		require.NoError(t, err)
		plain.Set("al", "x")
		var b bytes.Buffer
		require.NoError(t, plain.Dump(&b))
		_, err = offlineCache(t).Load(&b)
		require.ErrorIs(t, err, promptcache.ErrSnapshot)
		require.ErrorContains(t, err, `its entries are of the format "json"; this cache reads "langsmith"`)
	})
	t.Run("NB-32 another workspace's prompts are not loaded", func(t *testing.T) {
		one := caching(t, newSource(t, langsmith.Config{WorkspaceID: "11111111-1111-1111-1111-111111111111"}), "al")
		two := caching(t, newSource(t, langsmith.Config{WorkspaceID: "22222222-2222-2222-2222-222222222222"}))
		n, err := two.Load(bytes.NewReader(dumped(t, one)))
		require.Zero(t, n)
		require.ErrorIs(t, err, promptcache.ErrOtherSource)
	})
	t.Run("the caller's codec stays", func(t *testing.T) {
		cfg := promptcache.DefaultConfig()
		cfg.Codec = mine{codec}
		c, err := langsmith.NewCache(newSource(t, langsmith.Config{}), cfg)
		require.NoError(t, err)
		require.Equal(t, "mine", c.Config().Codec.Format())
	})
}

type mine struct{ promptcache.Codec }

func (mine) Format() string { return "mine" }
