package promptfs_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
	"github.com/promptcache/promptcache-go/promptfs"
)

// listed returns what the list of src yields, and the error it ends with.
func listed(ctx context.Context, src *promptfs.Source) (prompts []promptfs.PromptInfo, err error) {
	for p, failed := range src.ListPrompts(ctx) {
		if failed != nil {
			return prompts, failed
		}
		prompts = append(prompts, p)
	}
	return prompts, nil
}

func TestListPrompts(t *testing.T) {
	changed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	fsys := tree(map[string]string{
		"b.yaml": "text: b", "a.txt": "a", "a.json": "{}", "mails/bye.yml": "text: b", "mails/.hidden.txt": "h",
		".git/config.txt": "g", "README.md": "r", "name.json.txt": "n", ".txt": "x", "x .txt": "x", "mails/deep/er.txt": "d",
		"folder.json/x.md": "x",
	})
	fsys["z.txt"] = &fstest.MapFile{Data: []byte("12345"), ModTime: changed}
	fsys["pipe.txt"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	src, err := promptfs.New(fsys, promptfs.Config{})
	require.NoError(t, err)
	prompts, err := listed(t.Context(), src)
	require.NoError(t, err)
	names := make([]string, len(prompts))
	for i, p := range prompts {
		names[i] = p.Name
	}
	require.Equal(t, []string{"a", "b", "mails/bye", "mails/deep/er", "z"}, names)
	require.Equal(t, promptfs.PromptInfo{Name: "z", File: "z.txt", Size: 5, UpdatedAt: changed}, prompts[4])
	require.Equal(t, "a.json", prompts[0].File)

	for p, err := range src.ListPrompts(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, "a", p.Name)
		break
	}

	cache, err := promptfs.NewCache(newSource(t, map[string]string{"a.txt": "a", "mails/b.txt": "b"}), promptcache.DefaultConfig())
	require.NoError(t, err)
	require.NoError(t, cache.Prefetch(t.Context(), "mails/b", "a"))
}

func TestListOfLinks(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "..data"), []byte("mounted"), 0o600))
	require.NoError(t, os.Symlink("..data", filepath.Join(dir, "linked.txt")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "dangling.txt")))
	src, err := promptfs.New(os.DirFS(dir), promptfs.Config{})
	require.NoError(t, err)
	prompts, err := listed(t.Context(), src)
	require.NoError(t, err)
	require.Len(t, prompts, 1)
	require.Equal(t, "linked", prompts[0].Name)
	require.EqualValues(t, len("mounted"), prompts[0].Size, "of what the link leads to")
}

func TestListFailures(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := listed(ctx, newSource(t, map[string]string{"a.txt": "a"}))
	require.ErrorIs(t, err, context.Canceled)

	errDisk := errors.New("disk on fire")
	src, err := promptfs.New(broken{MapFS: tree(map[string]string{"a.txt": "a", "b.txt": "b"}), stat: map[string]error{"b.txt": errDisk}}, promptfs.Config{})
	require.NoError(t, err)
	prompts, err := listed(t.Context(), src)
	require.ErrorIs(t, err, errDisk)
	require.ErrorContains(t, err, "promptfs: list prompts: ")
	require.Len(t, prompts, 1)

	hidden := broken{MapFS: tree(map[string]string{"a.txt": "a", ".git/b.txt": "b"}), open: map[string]error{".git": fs.ErrPermission}}
	src, err = promptfs.New(hidden, promptfs.Config{})
	require.NoError(t, err)
	prompts, err = listed(t.Context(), src)
	require.NoError(t, err, "nobody looks into it")
	require.Len(t, prompts, 1)

	src, err = promptfs.New(os.DirFS(filepath.Join(t.TempDir(), "none")), promptfs.Config{})
	require.NoError(t, err)
	_, err = listed(t.Context(), src)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
