//go:build unix

package promptcache_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// owned is the facts of a file that belongs to a user.
type owned struct {
	fs.FileInfo

	uid uint32
}

func (o owned) Sys() any { return &syscall.Stat_t{Uid: o.uid} }

func TestForeignLinks(t *testing.T) {
	const user, other, somebody = 1000, 1001, 1002
	for name, tt := range map[string]struct {
		link, dir uint32
		trusted   bool
	}{
		"the user's own, anywhere":                          {user, 0, true},
		"the superuser's, anywhere":                         {0, somebody, true},
		"of whom the directory belongs to":                  {other, other, true},
		"another's in the superuser's directory, as /tmp":   {other, 0, false},
		"another's in the user's directory":                 {other, user, false},
		"another's in the directory of yet somebody else's": {other, somebody, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.trusted, promptcache.Trusted(owned{uid: tt.link}, owned{uid: tt.dir}, user))
		})
	}
	t.Run("a link of another user replaces nothing", func(t *testing.T) {
		dir := t.TempDir()
		victim, link := filepath.Join(dir, "precious"), filepath.Join(dir, "a.json")
		require.NoError(t, os.WriteFile(victim, []byte("precious"), 0o600))
		require.NoError(t, os.Symlink(victim, filepath.Join(dir, "hop")))
		require.NoError(t, os.Symlink("hop", link))
		if os.Geteuid() != 0 { // who may give nothing away; the table has it
			require.NoError(t, holdingDoc(t, "one").DumpFile(link))
			return
		}
		for _, foreign := range []string{"hop", "a.json"} {
			require.NoError(t, os.Lchown(filepath.Join(dir, foreign), other, other))
			err := holdingDoc(t, "one").DumpFile(link)
			require.ErrorIs(t, err, promptcache.ErrSnapshot)
			require.ErrorContains(t, err, "the symbolic link belongs to another user")
			require.ErrorContains(t, err, foreign)
			require.NoError(t, os.Lchown(filepath.Join(dir, foreign), 0, 0))
		}
		content, err := os.ReadFile(victim)
		require.NoError(t, err)
		require.Equal(t, "precious", string(content))
		require.NoError(t, holdingDoc(t, "one").DumpFile(link), "the user's own links")
		require.Contains(t, textIn(t, victim), "one")
	})
}

// TestTraps has what somebody who may write to a snapshot's directory can lay out
// there. Whatever waits for ever fails by the test's timeout.
func TestTraps(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	precious := filepath.Join(dir, "precious")
	require.NoError(t, os.WriteFile(precious, []byte("precious"), 0o600))
	pipe := filepath.Join(dir, ".a.json.1.tmp")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, os.Symlink(precious, filepath.Join(dir, ".a.json.2.tmp")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".a.json.3.tmp"), 0o700))
	require.NoError(t, os.Link(precious, path), "another name of a file that must not change")

	within(t, func() { require.NoError(t, holdingDoc(t, "one").DumpFile(path)) })
	require.Contains(t, textIn(t, path), "one")
	content, err := os.ReadFile(precious)
	require.NoError(t, err)
	require.Equal(t, "precious", string(content))
	require.Equal(t, []string{".a.json.1.tmp", ".a.json.2.tmp", ".a.json.3.tmp", "a.json", "precious"}, namesIn(t, dir))

	t.Run("a pipe is not waited for", func(t *testing.T) {
		within(t, func() {
			_, err := holdingDoc(t, "one").LoadFile(pipe)
			require.ErrorContains(t, err, "it is not a regular file; use Load")
			_, err = promptcache.ReadSnapshotFile(pipe)
			require.ErrorContains(t, err, "it is not a regular file")
			c := holdingDoc(t, "one", func(cfg *promptcache.Config) { cfg.Snapshot.Path = pipe })
			require.ErrorContains(t, c.Status().Snapshot.LoadError, "it is not a regular file")
		})
	})
	t.Run("a device without end is not read", func(t *testing.T) {
		_, err := holdingDoc(t, "one").LoadFile("/dev/zero")
		require.ErrorContains(t, err, "it is not a regular file")
		_, err = promptcache.ReadSnapshotFile(dir)
		require.ErrorContains(t, err, "it is a directory")
	})
}

// within fails the test if f does not return.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		require.FailNow(t, "it waits for ever")
	}
}
