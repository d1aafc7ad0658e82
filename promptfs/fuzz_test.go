package promptfs_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
	"github.com/promptcache/promptcache-go/promptfs"
)

// FuzzKeys looks for a key that is accepted and is not one path within the tree.
func FuzzKeys(f *testing.F) {
	for _, key := range []string{"p", "mails/bye", "..", "a/../b", "/p", `a\b`, ".git/config", "p.json", "greeting@staging", "al:prod", "", "a//b", "\x00", " a"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		canonical, err := promptfs.Canonical(key)
		if err != nil {
			require.ErrorIs(t, err, promptfs.ErrInvalidKey)
			return
		}
		require.Equal(t, key, canonical)
		require.True(t, fs.ValidPath(key+".json"))
		require.NotContains(t, "/"+key, "/.")
		src, err := promptfs.New(fstest.MapFS{key + ".txt": {Data: []byte("t")}}, promptfs.Config{})
		require.NoError(t, err)
		p, err := src.Fetch(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, key, p.Name())
		listed := 0
		for info, err := range src.ListPrompts(t.Context()) {
			require.NoError(t, err)
			require.Equal(t, key, info.Name)
			listed++
		}
		require.Equal(t, 1, listed)
	})
}

// FuzzFiles looks for a file that panics, is accepted and cannot be stored, or
// means another thing when it is read again.
func FuzzFiles(f *testing.F) {
	for _, content := range []string{
		everything, "text: a", `{"text":"a"}`, `{"messages":[{"role":"user","content":[{"type":"text","text":"{{a}}"}]}]}`,
		`{"kind":"text","syntax":"langfuse","text":"a"}`, "a: &x [*x]", "text: a\n---\n", "messages: [placeholder: h]", "\xff", "",
		"text: !!binary YQ==", "<<: {text: a}", "text: |\n a\n b", `{"text":"\ud800"}`,
	} {
		for _, extension := range []string{".json", ".yaml", ".txt"} {
			f.Add(extension, content)
		}
	}
	f.Fuzz(func(t *testing.T, extension, content string) {
		if extension != ".json" && extension != ".yml" && extension != ".txt" {
			extension = ".yaml"
		}
		fetch := func(file, content string) (*prompt.Prompt, error) {
			src, err := promptfs.New(fstest.MapFS{file: {Data: []byte(content)}}, promptfs.Config{})
			require.NoError(t, err)
			return src.Fetch(t.Context(), "p")
		}
		p, err := fetch("p"+extension, content)
		if err != nil {
			var fe *promptcache.FetchError
			require.True(t, errors.As(err, &fe) && fe.Kind == promptcache.KindInvalid, "%v", err)
			require.Contains(t, err.Error(), "p"+extension, "says in which file")
			return
		}
		require.Equal(t, "p", p.Name())
		require.NotEmpty(t, p.Revision())
		require.False(t, p.Immutable())
		stored, err := json.Marshal(p)
		require.NoError(t, err)
		for _, file := range []string{"p.json", "p.yaml"} {
			again, err := fetch(file, string(stored))
			if file == "p.yaml" && err != nil {
				continue // YAML has no surrogate pairs, and not all control characters
			}
			require.NoError(t, err, "%s", stored)
			want, got := p.Spec(), again.Spec()
			want.Revision, got.Revision = "", ""
			require.Equal(t, want, got)
		}
	})
}
