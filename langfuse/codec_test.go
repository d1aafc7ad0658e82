package langfuse_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestSnapshot(t *testing.T) {
	newCache := func(t *testing.T, src *langfuse.Source) *promptcache.PromptCache[*langfuse.Prompt] {
		t.Helper()
		c, err := langfuse.NewCache(src, promptcache.DefaultConfig())
		require.NoError(t, err)
		return c
	}
	ours := newSource(t, langfuse.Config{})
	dumped := func(t *testing.T, prompts map[string]string) *bytes.Buffer {
		t.Helper()
		c := newCache(t, ours)
		for key, answer := range prompts {
			c.Set(key, fetched(t, key, answer))
		}
		var b bytes.Buffer
		require.NoError(t, c.Dump(&b))
		return &b
	}

	t.Run("LS-13 LS-21 prompts come back as they were", func(t *testing.T) {
		prompts := map[string]string{"greeting": text, "greeting#3": chat}
		cfg := promptcache.DefaultConfig()
		cfg.TTL = nil
		alone, err := langfuse.NewCache(nil, cfg)
		require.NoError(t, err)
		for _, c := range []*promptcache.PromptCache[*langfuse.Prompt]{newCache(t, ours), alone} {
			n, err := c.Load(dumped(t, prompts))
			require.NoError(t, err)
			require.Equal(t, len(prompts), n)
			for key, answer := range prompts {
				want := fetched(t, key, answer)
				got, ok := c.Lookup(key)
				require.True(t, ok)
				require.Equal(t, want.Ref(), got.Value.Ref())
				require.Equal(t, want.Revision(), got.Revision)
				require.Equal(t, want.ETag(), got.Value.ETag())
				require.Equal(t, want.Text(), got.Value.Text())
				require.Len(t, got.Value.Messages(), len(want.Messages()))
				require.JSONEq(t, string(want.Config()), string(got.Value.Config()))
			}
		}
	})
	t.Run("tags of a text are not escaped", func(t *testing.T) {
		c := newCache(t, ours)
		c.Set("greeting", fetched(t, "greeting", with(text, "Hello {{name}}", "<b>&")))
		var b bytes.Buffer
		require.NoError(t, c.Dump(&b))
		require.Contains(t, b.String(), `"prompt": "<b>&"`)
	})
	t.Run("its format, keys and source", func(t *testing.T) {
		s, err := promptcache.ReadSnapshot(dumped(t, map[string]string{"greeting@production": text}))
		require.NoError(t, err)
		require.Equal(t, "langfuse", s.Format)
		require.Equal(t, "greeting", s.Entries[0].Key)
		require.Equal(t, ours.Domain(""), s.Entries[0].Source)
	})
	t.Run("NB-32 another project's prompts are not loaded", func(t *testing.T) {
		c := newCache(t, newSource(t, langfuse.Config{Endpoint: "https://elsewhere.example"}))
		n, err := c.Load(dumped(t, map[string]string{"greeting": text}))
		require.Zero(t, n)
		require.ErrorIs(t, err, promptcache.ErrOtherSource)
	})
	t.Run("a bare file is refused", func(t *testing.T) {
		_, err := newCache(t, ours).Load(strings.NewReader(`{"entries":{"greeting":` + text + `}}`))
		require.ErrorIs(t, err, promptcache.ErrSnapshot)
		require.ErrorContains(t, err, `it has no "promptcache"`)
	})
}

func TestCodec(t *testing.T) {
	codec := langfuse.NewCodec()
	for name, in := range map[string]struct {
		key   string
		value any
		want  string
	}{
		"another type":          {"greeting", 7, "it is a int; want a *Prompt"},
		"nil":                   {"greeting", (*langfuse.Prompt)(nil), "it is no prompt"},
		"the zero prompt":       {"greeting", &langfuse.Prompt{}, "it is no prompt"},
		"a key that names none": {"a//b", fetched(t, "greeting", text), "invalid prompt key"},
	} {
		_, _, err := codec.Encode(in.key, in.value)
		require.ErrorContains(t, err, in.want, name)
	}
	for name, in := range map[string]struct{ key, data, want string }{
		"a key that names none": {"a//b", text, `contains "//"`},
		"no prompt":             {"greeting", `{}`, "langfuse: decode prompt: "},
	} {
		_, _, err := codec.Decode(in.key, []byte(in.data))
		require.ErrorContains(t, err, in.want, name)
	}
}
