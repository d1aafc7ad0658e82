package promptcache_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// holdingDoc returns a cache with one prompt, "a".
func holdingDoc(t *testing.T, text string, changes ...func(cfg *promptcache.Config)) docCache {
	t.Helper()
	c := newCache(t, docs().Fetch, exactly(changes...))
	c.Set("a", &doc{text})
	return c
}

// textIn returns the text of "a" in the snapshot at path, which must be whole.
func textIn(t *testing.T, path string) string {
	t.Helper()
	s, err := promptcache.ReadSnapshotFile(path)
	require.NoError(t, err)
	require.NotEmpty(t, s.Entries)
	return string(s.Entries[0].Value)
}

// namesIn returns what is in dir.
func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name()
	}
	return names
}

func TestDumpFile(t *testing.T) {
	t.Run("LS-17 NB-34 dump creates parent directories, 0700, and the file, 0600", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "x", "y", "a.json")
		require.NoError(t, holdingDoc(t, "one").DumpFile(path))
		require.Contains(t, textIn(t, path), "one")
		require.Equal(t, []string{"a.json"}, namesIn(t, filepath.Dir(path)))
		if runtime.GOOS == "windows" {
			return // whose modes are others
		}
		for path, mode := range map[string]os.FileMode{
			path: 0o600, filepath.Dir(path): os.ModeDir | 0o700, filepath.Join(dir, "x"): os.ModeDir | 0o700,
		} {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, mode, info.Mode(), path)
		}
	})
	t.Run("NB-34 a path without a directory", func(t *testing.T) {
		t.Chdir(t.TempDir())
		require.NoError(t, holdingDoc(t, "one").DumpFile("a.json"))
		require.Equal(t, []string{"a.json"}, namesIn(t, "."))
	})
	t.Run("NB-34 the mode is 0600 whatever it was", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.json")
		require.NoError(t, os.WriteFile(path, nil, 0o644))
		require.NoError(t, holdingDoc(t, "one").DumpFile(path))
		info, err := os.Stat(path)
		require.NoError(t, err)
		if runtime.GOOS != "windows" {
			require.Equal(t, os.FileMode(0o600), info.Mode())
		}
	})

	t.Run("NB-34 concurrent dumps to one path leave one whole file", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.json")
		require.NoError(t, holdingDoc(t, "first").DumpFile(path))
		var writers sync.WaitGroup
		for i := range 4 {
			c := holdingDoc(t, strings.Repeat(strconv.Itoa(i), 10_000))
			writers.Go(func() {
				for range 25 {
					if err := c.DumpFile(path); err != nil {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { writers.Wait(); close(done) }()
		for reading := true; reading; {
			textIn(t, path)
			select {
			case <-done:
				reading = false
			default:
			}
		}
		require.Equal(t, []string{"a.json"}, namesIn(t, dir))
	})

	t.Run("NB-35 a live writer's temporary file stays; a dead one's goes", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.json")
		writing, release := make(chan struct{}), make(chan struct{})
		slow := holdingDoc(t, "slow", func(cfg *promptcache.Config) {
			cfg.Codec = codecFunc(func(string, any) ([]byte, error) {
				close(writing)
				<-release
				return []byte(`"slow"`), nil
			})
		})
		result := make(chan error)
		go func() { result <- slow.DumpFile(path) }()
		<-writing
		require.Len(t, namesIn(t, dir), 1)
		require.NoError(t, holdingDoc(t, "quick").DumpFile(path))
		require.Contains(t, textIn(t, path), "quick")
		require.Len(t, namesIn(t, dir), 2)
		close(release)
		require.NoError(t, <-result)
		require.Contains(t, textIn(t, path), "slow")
		require.Equal(t, []string{"a.json"}, namesIn(t, dir))
	})

	t.Run("NB-37 an empty cache does not replace a snapshot unless told to", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.json")
		empty := newCache(t, docs().Fetch, exactly())
		require.NoError(t, empty.DumpFile(path), "there is none")
		s, err := promptcache.ReadSnapshotFile(path)
		require.NoError(t, err)
		require.Empty(t, s.Entries)

		require.NoError(t, holdingDoc(t, "one").DumpFile(path))
		err = empty.DumpFile(path)
		require.ErrorIs(t, err, promptcache.ErrEmptySnapshot)
		require.Contains(t, textIn(t, path), "one")
		require.Equal(t, []string{"a.json"}, namesIn(t, dir))
		require.Equal(t, metrics{SnapshotWrites: 1}, empty.Metrics())

		// One whose prompts cannot be written is as good as empty.
		unwritable := newCache[*doc](t, nil, exactly(offline, func(cfg *promptcache.Config) {
			cfg.Codec = codecFunc(func(string, any) ([]byte, error) { return nil, errors.New("boom") })
		}))
		unwritable.Set("a", &doc{})
		require.ErrorIs(t, unwritable.DumpFile(path), promptcache.ErrEmptySnapshot)
		require.Contains(t, textIn(t, path), "one")

		allowed := newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) { cfg.Snapshot.AllowEmpty = true }))
		require.NoError(t, allowed.DumpFile(path))
		s, err = promptcache.ReadSnapshotFile(path)
		require.NoError(t, err)
		require.Empty(t, s.Entries)
	})

	t.Run("NB-34 a dump that fails leaves the old file and nothing else", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.json")
		require.NoError(t, holdingDoc(t, "one").DumpFile(path))
		c := holdingDoc(t, strings.Repeat("x", 1000), func(cfg *promptcache.Config) { cfg.Snapshot.MaxBytes = 1000 })
		err := c.DumpFile(path)
		require.ErrorIs(t, err, promptcache.ErrSnapshot)
		require.ErrorContains(t, err, fmt.Sprintf("promptcache: dump snapshot %q: it would be larger than 1000 bytes", path))
		require.Contains(t, textIn(t, path), "one")
		require.Equal(t, []string{"a.json"}, namesIn(t, dir))
		require.Equal(t, metrics{SnapshotErrors: 1}, c.Metrics())
		require.Equal(t, err, c.Status().Snapshot.SaveError)
		require.True(t, c.Status().Snapshot.LastSaved.IsZero())
	})
	t.Run("NB-34 nor does one whose codec panics on the format", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.json")
		require.NoError(t, holdingDoc(t, "one").DumpFile(path))
		c := holdingDoc(t, "two", func(cfg *promptcache.Config) { cfg.Codec = unnamed{} })
		err := c.DumpFile(path)
		require.ErrorIs(t, err, promptcache.ErrSnapshot)
		require.ErrorContains(t, err, "panic: no name")
		require.Contains(t, textIn(t, path), "one")
		_, err = c.LoadFile(path)
		require.ErrorIs(t, err, promptcache.ErrSnapshot)
		require.ErrorContains(t, err, "panic: no name")
	})

	t.Run("paths that cannot be written", func(t *testing.T) {
		dir := t.TempDir()
		file := filepath.Join(dir, "file")
		require.NoError(t, os.WriteFile(file, []byte("mine"), 0o600))
		for path, want := range map[string]string{
			"":                            "the path is empty",
			dir:                           "it is a directory; want a file",
			filepath.Join(file, "a.json"): "file",
		} {
			err := holdingDoc(t, "one").DumpFile(path)
			require.ErrorIs(t, err, promptcache.ErrSnapshot, path)
			require.ErrorContains(t, err, want)
		}
		require.Equal(t, []string{"file"}, namesIn(t, dir))
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, "mine", string(content))
	})

	t.Run("a symbolic link stays one", func(t *testing.T) {
		dir := t.TempDir()
		target, link := filepath.Join(dir, "data", "real.json"), filepath.Join(dir, "link.json")
		require.NoError(t, holdingDoc(t, "one").DumpFile(target))
		if err := os.Symlink(target, link); err != nil {
			require.Equal(t, "windows", runtime.GOOS, "only Windows may refuse: %v", err)
			return
		}
		require.NoError(t, holdingDoc(t, "two").DumpFile(link))
		info, err := os.Lstat(link)
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&os.ModeSymlink)
		require.Contains(t, textIn(t, target), "two")
		require.Equal(t, []string{"real.json"}, namesIn(t, filepath.Dir(target)))

		require.NoError(t, os.Remove(target))
		require.ErrorContains(t, holdingDoc(t, "three").DumpFile(link), "follow the symbolic link")
		require.NoError(t, os.Mkdir(target, 0o700))
		require.ErrorContains(t, holdingDoc(t, "three").DumpFile(link), "it is a directory")
	})
}

func TestDump(t *testing.T) {
	t.Run("it is readable in a diff: indented, least recently used first, each fact on a line", func(t *testing.T) {
		cfg := exactly(func(cfg *promptcache.Config) {
			cfg.Clock = mockAt(1_700_000_000)
			cfg.Domain = func(string) string { return "here" }
		})
		c := newCache(t, docs().Fetch, cfg)
		c.Set("b", &doc{"1 < 2 & \u2028"})
		c.Set("a\n", &doc{"x"})
		got := string(dumpOf(t, c))
		checksum := got[strings.LastIndex(got, ": ")+2:]
		want := `{
  "entries": {
    "b": {
      "Text": "1 < 2 & \u2028"
    },
    "a\n": {
      "Text": "x"
    }
  },
  "promptcache": {
    "version": 1,
    "format": "json",
    "created_at": "2023-11-14T22:13:20Z",
    "entries": {
      "b": {"source":"here","fetched_at":"2023-11-14T22:13:20Z"},
      "a\n": {"source":"here","fetched_at":"2023-11-14T22:13:20Z"}
    },
    "sha256": `
		require.Equal(t, want, strings.TrimSuffix(got, checksum))
		require.Regexp(t, "^\"[0-9a-f]{64}\"\n  }\n}\n$", checksum)
		require.Equal(t, got, string(dumpOf(t, c)), "the same cache, the same file")
	})

	t.Run("a writer that fails", func(t *testing.T) {
		boom := errors.New("boom")
		err := holdingDoc(t, "one").Dump(failing{boom})
		require.ErrorIs(t, err, boom)
		require.ErrorIs(t, err, promptcache.ErrSnapshot)
		require.ErrorContains(t, err, "promptcache: dump snapshot: boom")

		encoded := 0
		c := newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) {
			cfg.Codec = codecFunc(func(string, any) ([]byte, error) {
				encoded++
				return []byte(`"` + strings.Repeat("x", 100_000) + `"`), nil
			})
		}))
		for i := range 10 {
			c.Set(strconv.Itoa(i), &doc{})
		}
		require.ErrorIs(t, c.Dump(failing{boom}), boom)
		require.Equal(t, 1, encoded, "the rest is not encoded for nothing")
	})

	t.Run("what cannot be encoded is left out and reported, the rest is written", func(t *testing.T) {
		boom := errors.New("boom")
		answers := map[string]func() ([]byte, error){
			"error":     func() ([]byte, error) { return nil, boom },
			"panic":     func() ([]byte, error) { panic(boom) },
			"nothing":   func() ([]byte, error) { return nil, nil },
			"no JSON":   func() ([]byte, error) { return []byte(`{"a":}`), nil },
			"two":       func() ([]byte, error) { return []byte(`1 2`), nil },
			"no UTF-8":  func() ([]byte, error) { return []byte("\"\xff\""), nil },
			"deep":      func() ([]byte, error) { return []byte(strings.Repeat("[", 99) + strings.Repeat("]", 99)), nil },
			"not deep":  func() ([]byte, error) { return []byte(strings.Repeat("[", 98) + strings.Repeat("]", 98)), nil },
			"good":      func() ([]byte, error) { return []byte(" {\"x\": 1.50} \n"), nil },
			"key \xff":  func() ([]byte, error) { return []byte(`1`), nil },
			"good, too": func() ([]byte, error) { return []byte(`"twice"`), nil },
		}
		c := newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) {
			cfg.Codec = codecFunc(func(key string, _ any) ([]byte, error) { return answers[key]() })
		}))
		for key := range answers {
			c.Set(key, &doc{})
		}
		var b bytes.Buffer
		err := c.Dump(&b)
		require.NotErrorIs(t, err, promptcache.ErrSnapshot)
		require.ErrorIs(t, err, boom)
		var skipped *promptcache.SkippedError
		require.ErrorAs(t, err, &skipped)
		require.Equal(t, "dump", skipped.Op)
		require.Equal(t, 3, skipped.Done)
		require.ErrorContains(t, err, "promptcache: dump snapshot: 8 of 11 entries were left out; the first is ")
		why := map[string]string{}
		for _, s := range skipped.Skipped {
			why[s.Key] = s.Reason.Error()
		}
		require.Equal(t, map[string]string{
			"error":    "boom",
			"panic":    "panic: boom",
			"nothing":  "the codec made no usable JSON of it: byte 0: it ends where a value should be",
			"no JSON":  "the codec made no usable JSON of it: byte 5: found '}' where a value should be",
			"two":      "the codec made no usable JSON of it: byte 2: found '2' where nothing more should be",
			"no UTF-8": "it is not UTF-8",
			"deep":     "the codec made no usable JSON of it: byte 98: arrays and objects nest more than 100 deep",
			"key \xff": "it is not UTF-8",
		}, why)
		s, err := promptcache.ReadSnapshot(&b)
		require.NoError(t, err, "what is written is whole")
		require.Len(t, s.Entries, 3)

		path := filepath.Join(t.TempDir(), "a.json")
		require.ErrorContains(t, c.DumpFile(path), fmt.Sprintf("promptcache: dump snapshot %q: 8 of 11", path))
		s, err = promptcache.ReadSnapshotFile(path)
		require.NoError(t, err)
		require.Len(t, s.Entries, 3)
	})

	t.Run("two keys of one name in the file", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) { cfg.Codec = sameName{} }))
		c.Set("a", &doc{"a"})
		c.Set("b", &doc{"b"})
		var b bytes.Buffer
		require.ErrorContains(t, c.Dump(&b), `the first is "b": another entry has its name in the file, "x"`)
		s, err := promptcache.ReadSnapshot(&b)
		require.NoError(t, err)
		require.Len(t, s.Entries, 1)
		require.Equal(t, "a", s.Entries[0].Key)
		require.Equal(t, "x", s.Entries[0].Name)
	})
}

func TestLoadLeavesOut(t *testing.T) {
	t.Run("what cannot be decoded, the rest is loaded", func(t *testing.T) {
		boom := errors.New("boom")
		c := newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) {
			cfg.Codec = decoderFunc(func(name string) (string, any, error) {
				switch name {
				case "error":
					return "", nil, boom
				case "panic":
					panic(boom)
				case "other type":
					return name, 7, nil
				case "nil":
					return name, nil, nil
				case "nil pointer":
					return name, (*doc)(nil), nil
				case "renamed":
					return "else", &doc{"else"}, nil
				default:
					return name, &doc{name}, nil
				}
			})
		}))
		names := []string{"error", "good", "panic", "other type", "nil", "nil pointer", "renamed", "also good"}
		entries, facts := make([]string, len(names)), make([]string, len(names))
		for i, name := range names {
			entries[i] = fmt.Sprintf(`%q:1`, name)
			facts[i] = fmt.Sprintf(`%q:{"key":"K %s","fetched_at":"2026-01-02T03:04:05Z"}`, name, name)
			if strings.Contains(name, "good") {
				facts[i] = fmt.Sprintf(`%q:{"fetched_at":"2026-01-02T03:04:05Z"}`, name)
			}
		}
		file := sealedAs(`"version":1,"format":"test"`, strings.Join(entries, ","), strings.Join(facts, ","))
		n, err := c.Load(strings.NewReader(file))
		require.Equal(t, 2, n)
		require.ErrorIs(t, err, boom)
		require.NotErrorIs(t, err, promptcache.ErrSnapshot)
		require.ErrorContains(t, err, "promptcache: load snapshot: 6 of 8 entries were left out; the first is \"K error\": boom")
		require.Equal(t, []string{"also good", "good"}, c.Keys())
		why := map[string]string{}
		for _, s := range c.Status().Snapshot.Skipped {
			why[s.Key] = s.Reason.Error()
		}
		require.Equal(t, map[string]string{
			"K error":       "boom",
			"K panic":       "panic: boom",
			"K other type":  "it is a int; the cache holds *promptcache_test.doc",
			"K nil":         "it is a <nil>; the cache holds *promptcache_test.doc",
			"K nil pointer": "it is null",
			"K renamed":     `the snapshot gives the entry "renamed" the key "K renamed", but it is that of "else"`,
		}, why)
		require.Equal(t, err, c.Status().Snapshot.LoadError)
		require.Zero(t, c.Metrics().SnapshotErrors)
	})
	t.Run("what Canonical, Domain or Revision panic on", func(t *testing.T) {
		for name, change := range map[string]func(cfg *promptcache.Config){
			"Canonical": func(cfg *promptcache.Config) { cfg.Canonical = func(string) (string, error) { panic("boom") } },
			"Domain":    func(cfg *promptcache.Config) { cfg.Domain = func(string) string { panic("boom") } },
		} {
			c := newCache(t, docs().Fetch, exactly(change))
			n, err := c.Load(strings.NewReader(sealed(oneEntry, oneFact)))
			require.Zero(t, n, name)
			require.ErrorContains(t, err, "panic: boom")
		}
	})
	t.Run("a bare file, unless the codec reads those", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) { cfg.Codec = sameName{} }))
		_, err := c.Load(strings.NewReader(`{"entries":{}}`))
		require.ErrorContains(t, err, `it has no "promptcache", so nothing says that its entries are of the format "test"`)
		require.ErrorIs(t, err, promptcache.ErrSnapshot)
	})
	t.Run("null, for the default codec", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		n, err := c.Load(strings.NewReader(`{"entries":{"a":null,"b":{"Text":"b"},"c":[]}}`))
		require.Equal(t, 1, n)
		require.ErrorContains(t, err, `2 of 3 entries were left out; the first is "a": it is null`)
	})
}

// codecFunc is a codec that encodes, and decodes nothing.
type codecFunc func(key string, value any) ([]byte, error)

func (f codecFunc) Format() string { return "test" }

func (f codecFunc) Encode(key string, value any) (string, []byte, error) {
	data, err := f(key, value)
	return key, data, err
}

func (f codecFunc) Decode(string, []byte) (string, any, error) {
	return "", nil, errors.New("it decodes nothing")
}

// decoderFunc is a codec that decodes, and encodes nothing.
type decoderFunc func(name string) (string, any, error)

func (f decoderFunc) Format() string { return "test" }

func (f decoderFunc) Encode(string, any) (string, []byte, error) {
	return "", nil, errors.New("it encodes nothing")
}

func (f decoderFunc) Decode(name string, _ []byte) (string, any, error) { return f(name) }

// sameName calls all entries x.
type sameName struct{ codecFunc }

func (sameName) Encode(string, any) (string, []byte, error) { return "x", []byte("1"), nil }

// unnamed panics when it is asked for its format.
type unnamed struct{ codecFunc }

func (unnamed) Format() string { panic("no name") }

func (unnamed) Encode(key string, _ any) (string, []byte, error) { return key, []byte("1"), nil }

// mockAt returns a mock clock at that second.
func mockAt(second int64) *clock.Mock {
	mock := clock.NewMock()
	mock.Set(time.Unix(second, 0))
	return mock
}
