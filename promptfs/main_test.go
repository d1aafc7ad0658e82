package promptfs_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
	"github.com/promptcache/promptcache-go/promptfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tree is a file system of files with that content.
func tree(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return fsys
}

// newSource returns a Source of files with that content.
func newSource(t *testing.T, files map[string]string) *promptfs.Source {
	t.Helper()
	src, err := promptfs.New(tree(files), promptfs.Config{})
	require.NoError(t, err)
	return src
}

// fetched returns the prompt "p" of a tree that has one file.
func fetched(t *testing.T, file, content string) *prompt.Prompt {
	t.Helper()
	p, err := newSource(t, map[string]string{file: content}).Fetch(t.Context(), "p")
	require.NoError(t, err)
	return p
}

// requireKind is fails for tests that look no further.
func requireKind(t *testing.T, src *promptfs.Source, key string, kind promptcache.ErrorKind) {
	t.Helper()
	require.Equal(t, kind, fails(t, src, key, kind).Kind)
}

// fails fetches key, and requires an error of kind.
func fails(t *testing.T, src *promptfs.Source, key string, kind promptcache.ErrorKind) *promptcache.FetchError {
	t.Helper()
	p, err := src.Fetch(t.Context(), key)
	require.Nil(t, p)
	var fe *promptcache.FetchError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, kind, fe.Kind, "%v", err)
	require.Equal(t, key, fe.Key)
	return fe
}
