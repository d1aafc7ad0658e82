package promptfs_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
	"github.com/promptcache/promptcache-go/promptfs"
)

func TestNew(t *testing.T) {
	_, err := promptfs.New(nil, promptfs.Config{Syntax: "jinja2", MaxFileBytes: -1})
	require.ErrorContains(t, err, "there is no file system")
	require.ErrorContains(t, err, `config: Syntax: prompt: invalid: syntax "jinja2"`)
	require.ErrorContains(t, err, "MaxFileBytes is -1; want 0 (1 MiB) or more")
}

func TestKeys(t *testing.T) {
	// Every refused key has a file that it would lead to if nobody looked.
	refused := map[string]string{
		"":                        "it is empty",
		".":                       "begins with a dot",
		"..":                      "begins with a dot",
		"../p":                    "begins with a dot",
		"a/../p":                  "begins with a dot",
		"./p":                     "begins with a dot",
		".git/p":                  "begins with a dot",
		"/p":                      "begins or ends with a slash",
		"p/":                      "begins or ends with a slash",
		"a//p":                    "begins or ends with a slash",
		`a\p`:                     "backslash",
		`..\p`:                    "backslash",
		"p\x00":                   "does not print",
		"p\n":                     "does not print",
		"p\xff":                   "not UTF-8",
		" p":                      "blank",
		"a /p":                    "blank",
		"p.json":                  "it has the extension of a file",
		"p.txt":                   "it has the extension of a file",
		strings.Repeat("a", 241):  "more than 240 bytes",
		strings.Repeat("a/", 520): "it has 1040 bytes, more than 1024",
	}
	src := newSource(t, map[string]string{"p.txt": "p", "a/p.txt": "a/p"})
	for key, want := range refused {
		_, err := promptfs.Canonical(key)
		require.ErrorIs(t, err, promptfs.ErrInvalidKey, "%q", key)
		require.ErrorContains(t, err, want)
		require.Less(t, len(err.Error()), 300)
		require.ErrorIs(t, fails(t, src, key, promptcache.KindInvalid), promptfs.ErrInvalidKey)
		require.ErrorIs(t, src.Check(key), promptcache.ErrInvalid)
	}
	for _, key := range []string{"p", "a/p"} {
		canonical, err := promptfs.Canonical(key)
		require.NoError(t, err)
		require.Equal(t, key, canonical)
		require.NoError(t, src.Check(key))
		p, err := src.Fetch(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, key, p.Text())
		require.Equal(t, key, p.Name())
	}
	for _, key := range []string{"greeting@staging", "greeting#3", "al:prod", "v1.2", "größe", "a b"} {
		require.NoError(t, src.Check(key), "other registries' keys, for fallbacks")
	}
}

func TestWhichFile(t *testing.T) {
	src := newSource(t, map[string]string{
		"a.json": `{"text":"a"}`, "a.yaml": "text: a", "b.yml": "text: b", "b.txt": "b", "c.json/x.txt": "x", "d.md": "d", "e": "e",
	})
	for key, want := range map[string]string{
		"a": "a.json and a.yaml are one prompt; keep one of them", "b": "b.yml and b.txt are one prompt",
	} {
		require.ErrorContains(t, fails(t, src, key, promptcache.KindInvalid), want)
	}
	for _, key := range []string{"c", "d", "e", "f", "A", "c.json"} {
		if key == "c.json" {
			requireKind(t, src, key, promptcache.KindInvalid)
			continue
		}
		require.ErrorContains(t, fails(t, src, key, promptcache.KindNotFound), "there is no file "+key+" with one of .json .yaml .yml .txt")
	}
}

func TestSize(t *testing.T) {
	files := map[string]string{"p.txt": "12345", "big.txt": "123456"}
	src, err := promptfs.New(tree(files), promptfs.Config{MaxFileBytes: 5})
	require.NoError(t, err)
	_, err = src.Fetch(t.Context(), "p")
	require.NoError(t, err)
	require.ErrorContains(t, fails(t, src, "big", promptcache.KindInvalid), "big.txt is larger than 5 bytes; Config.MaxFileBytes sets the limit")
	src = newSource(t, map[string]string{"p.txt": strings.Repeat("a", 1<<20), "big.txt": strings.Repeat("a", 1<<20+1)})
	_, err = src.Fetch(t.Context(), "p")
	require.NoError(t, err)
	requireKind(t, src, "big", promptcache.KindInvalid)
}

// broken is a file system with faults.
type broken struct {
	fstest.MapFS
	stat map[string]error // of what is asked about
	open map[string]error
	read error
}

func (b broken) Stat(name string) (fs.FileInfo, error) {
	if err := b.stat[name]; err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return b.MapFS.Stat(name)
}

type brokenFile struct {
	fs.File
	err error
}

func (f brokenFile) Read(p []byte) (int, error) { return iotest.ErrReader(f.err).Read(p) }

func (b broken) Open(name string) (fs.File, error) {
	if err := b.open[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f, err := b.MapFS.Open(name)
	if b.read != nil {
		f = brokenFile{f, b.read}
	}
	return f, err
}

func TestFaults(t *testing.T) {
	errDisk := errors.New("disk on fire")
	for name, tt := range map[string]struct {
		fsys broken
		kind promptcache.ErrorKind
	}{
		"no permission to look":   {broken{stat: map[string]error{"p.txt": fs.ErrPermission}}, promptcache.KindForbidden},
		"no permission to read":   {broken{open: map[string]error{"p.txt": fs.ErrPermission}}, promptcache.KindForbidden},
		"no name for this system": {broken{stat: map[string]error{"p.json": fs.ErrInvalid}}, promptcache.KindInvalid},
		"an odd failure":          {broken{stat: map[string]error{"p.yaml": errDisk}}, promptcache.KindUnavailable},
		"a failure of reading":    {broken{read: errDisk}, promptcache.KindUnavailable},
		"gone meanwhile":          {broken{open: map[string]error{"p.txt": fs.ErrNotExist}}, promptcache.KindNotFound},
		"no root": {broken{stat: map[string]error{
			".": fs.ErrNotExist, "p.json": fs.ErrNotExist, "p.yaml": fs.ErrNotExist, "p.yml": fs.ErrNotExist, "p.txt": fs.ErrNotExist,
		}}, promptcache.KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			tt.fsys.MapFS = tree(map[string]string{"p.txt": "p"})
			src, err := promptfs.New(tt.fsys, promptfs.Config{})
			require.NoError(t, err)
			requireKind(t, src, "p", tt.kind)
		})
	}
	t.Run("a caller who has left", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := newSource(t, map[string]string{"p.txt": "p"}).Fetch(ctx, "p")
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("what is no file", func(t *testing.T) {
		fsys := fstest.MapFS{"p.txt": {Mode: fs.ModeNamedPipe}}
		src, err := promptfs.New(fsys, promptfs.Config{})
		require.NoError(t, err)
		require.ErrorContains(t, fails(t, src, "p", promptcache.KindInvalid), "p.txt is not a regular file")
	})
}

func TestDirectories(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "prompts")
	src, err := promptfs.New(os.DirFS(root), promptfs.Config{})
	require.NoError(t, err)
	require.ErrorContains(t, fails(t, src, "p", promptcache.KindUnavailable), "the root of the file system cannot be reached", "a volume that is not mounted deletes nothing")

	require.NoError(t, os.MkdirAll(filepath.Join(root, "mails"), 0o700))
	requireKind(t, src, "p", promptcache.KindNotFound)
	outside := filepath.Join(dir, "outside.txt")
	require.NoError(t, os.WriteFile(outside, []byte("outside"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(root, "link.txt")))
	p, err := src.Fetch(t.Context(), "link")
	require.NoError(t, err)
	require.Equal(t, "outside", p.Text(), "os.DirFS follows links")

	opened, err := os.OpenRoot(root)
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	confined, err := promptfs.New(opened.FS(), promptfs.Config{})
	require.NoError(t, err)
	_, err = confined.Fetch(t.Context(), "link")
	require.Error(t, err, "os.Root does not")
	require.NotErrorIs(t, err, promptcache.ErrNotFound)
}

func TestDomain(t *testing.T) {
	require.Equal(t, "promptfs", newSource(t, nil).Domain("p"))
	src, err := promptfs.New(tree(nil), promptfs.Config{Name: "bundled"})
	require.NoError(t, err)
	require.Equal(t, "promptfs:bundled", src.Domain("p"))
}

func TestEditsArePickedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		write := func(name, content string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
		}
		write("p.txt", "one")
		src, err := promptfs.New(os.DirFS(dir), promptfs.Config{Name: "git"})
		require.NoError(t, err)
		cfg := promptcache.DefaultConfig()
		cfg.RefreshJitter = 0
		var domains []string
		cfg.Domain = func(key string) string { domains = append(domains, src.Domain(key)); return src.Domain(key) }
		cache, err := promptfs.NewCache(src, cfg)
		require.NoError(t, err)
		require.NoError(t, cache.Start(t.Context()))
		defer cache.Stop()
		first, err := cache.GetOrFetch(t.Context(), "p")
		require.NoError(t, err)
		require.Equal(t, []string{"promptfs:git"}, domains)

		write("p.txt", "one\n") // a touch, and a line break at the end
		time.Sleep(7 * time.Minute)
		synctest.Wait()
		same, _ := cache.Get("p")
		require.Same(t, first, same)
		require.EqualValues(t, 1, cache.Metrics().Unchanged)

		write("p.txt", "two\n")
		time.Sleep(7 * time.Minute)
		synctest.Wait()
		edited, _ := cache.Get("p")
		require.Equal(t, "two", edited.Text())

		require.NoError(t, os.Remove(filepath.Join(dir, "p.txt")))
		write("p.yaml", "txt: three")
		time.Sleep(7 * time.Minute)
		synctest.Wait()
		kept, ok := cache.Lookup("p")
		require.True(t, ok)
		require.Same(t, edited, kept.Value, "a broken edit changes nothing")
		require.ErrorIs(t, kept.LastError, promptcache.ErrInvalid)
		require.ErrorContains(t, kept.LastError, "p.yaml:1: ")
	})
}

func TestNewCache(t *testing.T) {
	cfg := promptcache.DefaultConfig()
	_, err := promptfs.NewCache(nil, cfg)
	require.Error(t, err)
	cfg.TTL = nil
	cache, err := promptfs.NewCache(nil, cfg)
	require.NoError(t, err)
	_, err = cache.GetOrFetch(t.Context(), "p")
	require.ErrorIs(t, err, promptcache.ErrOffline)

	src := newSource(t, map[string]string{"p.txt": "p"})
	cache, err = promptfs.NewCache(src, promptcache.DefaultConfig())
	require.NoError(t, err)
	require.NoError(t, cache.Prefetch(t.Context(), "p"))
	canonical := cache.Config().Canonical
	require.NotNil(t, canonical)
	_, err = canonical("../p")
	require.ErrorIs(t, err, promptfs.ErrInvalidKey)
	require.Equal(t, "promptfs", cache.Config().Domain("p"))
	require.Equal(t, "mine", promptfsCacheWith(t, src).Config().Domain("p"))
}

// promptfsCacheWith returns a cache whose Domain and Canonical are set already.
func promptfsCacheWith(t *testing.T, src *promptfs.Source) *promptcache.PromptCache[*prompt.Prompt] {
	t.Helper()
	cfg := promptcache.DefaultConfig()
	cfg.Domain = func(string) string { return "mine" }
	cfg.Canonical = func(key string) (string, error) { return key + "!", nil }
	cache, err := promptfs.NewCache(src, cfg)
	require.NoError(t, err)
	canonical, err := cache.Config().Canonical("p")
	require.NoError(t, err)
	require.Equal(t, "p!", canonical)
	return cache
}
