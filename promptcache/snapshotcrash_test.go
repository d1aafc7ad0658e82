//go:build linux || darwin

package promptcache_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Where a child process of these tests dumps to, and which of them it is.
const (
	childPath = "PROMPTCACHE_CHILD_PATH"
	childOf   = "PROMPTCACHE_CHILD"
)

// child returns a process that runs the test of that name, which finds that it
// is the child.
func child(t *testing.T, name, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+name+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), childOf+"="+name, childPath+"="+path)
	return cmd
}

func isChild(t *testing.T) bool {
	t.Helper()
	return os.Getenv(childOf) == t.Name()
}

// generation returns a cache whose prompts all say which one it is.
func generation(t *testing.T, n int) docCache {
	t.Helper()
	c := newCache(t, docs().Fetch, exactly(sized(100)))
	for i := range 100 {
		c.Set(strconv.Itoa(i), &doc{strings.Repeat(strconv.Itoa(n)+" ", 1000)})
	}
	return c
}

// crashes is how often the writer is killed; 1,000 in the long run.
func crashes(t *testing.T) int {
	t.Helper()
	n := os.Getenv("PROMPTCACHE_CRASHES")
	if n == "" {
		return 100
	}
	times, err := strconv.Atoi(n)
	require.NoError(t, err)
	return times
}

func TestCrash(t *testing.T) {
	if isChild(t) {
		odd, even := generation(t, 1), generation(t, 2)
		for {
			require.NoError(t, odd.DumpFile(os.Getenv(childPath)))
			fmt.Println("dumped")
			require.NoError(t, even.DumpFile(os.Getenv(childPath)))
		}
	}
	t.Run("NB-34 NB-35 kill -9 at any point leaves the old or the new, and at most one file beside it", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.json")
		leftovers := 0
		for range crashes(t) {
			cmd := child(t, "TestCrash", path)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			line, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "dumped\n", line)
			time.Sleep(rand.N(20 * time.Millisecond)) // a random moment is what is wanted
			require.NoError(t, cmd.Process.Kill())
			require.Error(t, cmd.Wait())

			fresh := newCache(t, docs().Fetch, exactly(sized(100)))
			n, err := fresh.LoadFile(path)
			require.NoError(t, err)
			require.Equal(t, 100, n)
			first := loadedWith(t, fresh, "0").Text
			for i := range 100 {
				require.Equal(t, first, loadedWith(t, fresh, strconv.Itoa(i)).Text, "half old and half new")
			}
			files := namesIn(t, dir)
			require.LessOrEqual(t, len(files), 2, "temporary files pile up: %v", files)
			leftovers += len(files) - 1
		}
		require.Positive(t, leftovers, "no writer was killed while it wrote; the test proves nothing")
		require.NoError(t, generation(t, 3).DumpFile(path))
		require.Equal(t, []string{"a.json"}, namesIn(t, dir))
	})
}

func TestLeftovers(t *testing.T) {
	t.Run("NB-35 a.json, a.yaml and a do not share temporary files", func(t *testing.T) {
		dir := t.TempDir()
		for _, name := range []string{
			".a.json.123.tmp", ".a.yaml.123.tmp", ".a.123.tmp", ".a.json.12x.tmp", ".a.json..tmp", ".a.json.123", ".a.json.1.123.tmp", "a.json.123.tmp",
		} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		}
		link := filepath.Join(dir, ".a.json.77.tmp")
		require.NoError(t, os.Symlink(filepath.Join(dir, ".a.yaml.123.tmp"), link))
		require.NoError(t, holdingDoc(t, "one").DumpFile(filepath.Join(dir, "a.json")))
		require.Equal(t, []string{
			".a.123.tmp", ".a.json..tmp", ".a.json.1.123.tmp", ".a.json.123", ".a.json.12x.tmp", ".a.json.77.tmp", ".a.yaml.123.tmp", "a.json", "a.json.123.tmp",
		}, namesIn(t, dir))
		require.NoError(t, holdingDoc(t, "one").DumpFile(filepath.Join(dir, "a")))
		require.NotContains(t, namesIn(t, dir), ".a.123.tmp")
		require.Contains(t, namesIn(t, dir), ".a.yaml.123.tmp")
	})
}

// A limit on the size of files is the full disk that every machine has.
func TestFullDisk(t *testing.T) {
	if isChild(t) {
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 50_000, Max: 50_000}
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
		path := os.Getenv(childPath)
		err := generation(t, 2).DumpFile(path)
		require.ErrorIs(t, err, syscall.EFBIG)
		require.ErrorContains(t, err, "promptcache: dump snapshot \""+path)
		require.Equal(t, []string{filepath.Base(path)}, namesIn(t, filepath.Dir(path)))
		require.NoError(t, holdingDoc(t, "three").DumpFile(path+"2"), "what fits is written")
		fmt.Println("survived")
		return
	}
	t.Run("NB-34 a full disk is a clear error, and the old file is intact", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.json")
		require.NoError(t, holdingDoc(t, "one").DumpFile(path))
		out, err := child(t, "TestFullDisk", path).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "survived")
		require.Contains(t, textIn(t, path), "one")
	})
}

func TestReadOnlyDirectory(t *testing.T) {
	const nobody = 65534
	if isChild(t) {
		if os.Geteuid() == 0 { // for whom nothing is read-only
			require.NoError(t, syscall.Setuid(nobody))
		}
		path := os.Getenv(childPath)
		for _, path := range []string{path, filepath.Join(filepath.Dir(path), "new", "b.json")} {
			err := holdingDoc(t, "two").DumpFile(path)
			require.ErrorIs(t, err, os.ErrPermission)
			require.ErrorContains(t, err, "promptcache: dump snapshot \""+path)
		}
		fmt.Println("survived")
		return
	}
	t.Run("NB-34 a read-only directory is a clear error, and the old file is intact", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.json")
		require.NoError(t, holdingDoc(t, "one").DumpFile(path))
		require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755)) // so that another user gets there
		require.NoError(t, os.Chmod(dir, 0o555))
		t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
		out, err := child(t, "TestReadOnlyDirectory", path).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "survived")
		require.Contains(t, textIn(t, path), "one")
		require.Equal(t, []string{"a.json"}, namesIn(t, dir))
	})
}

func TestNotARegularFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	err := holdingDoc(t, "one").DumpFile(pipe)
	require.ErrorContains(t, err, "it is not a regular file; use Dump")
	info, err := os.Lstat(pipe)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeNamedPipe)
	require.Equal(t, []string{"pipe"}, namesIn(t, dir))
}
