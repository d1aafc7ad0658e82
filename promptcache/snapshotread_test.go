package promptcache_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/promptcache/promptcache-go/promptcache"
)

// sealed returns a snapshot of format "json" with these entries and facts, both
// without their braces, and the right checksum. The text must be canonical.
func sealed(entries, facts string) string {
	return sealedAs(`"version":1,"format":"json"`, entries, facts)
}

func sealedAs(head, entries, facts string) string {
	file := fmt.Sprintf(`{"entries":{%s},"promptcache":{%s,"created_at":"2026-01-02T03:04:05Z","entries":{%s},"sha256":""}}`, entries, head, facts)
	sum := sha256.Sum256([]byte(file))
	return strings.Replace(file, `"sha256":""`, `"sha256":"`+hex.EncodeToString(sum[:])+`"`, 1)
}

const (
	oneEntry = `"a":{"Text":"hi"}`
	oneFact  = `"a":{"fetched_at":"2026-01-02T03:04:05Z"}`
)

func TestReadSnapshot(t *testing.T) {
	t.Run("all that a file says", func(t *testing.T) {
		s, err := promptcache.ReadSnapshot(strings.NewReader(sealed(
			oneEntry+`,"b":[1,"ü"]`,
			`"b":{"key":"B","source":"s","fetched_at":"2026-01-02T03:04:05.000000006+01:00","revision":"r","immutable":true,"stale":true,"later":[{}]},`+oneFact,
		)))
		require.NoError(t, err)
		require.Len(t, s.Checksum, 64)
		s.Checksum = ""
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		require.Equal(t, &promptcache.Snapshot{
			Version: 1, Format: "json", CreatedAt: at,
			Entries: []promptcache.SnapshotEntry{
				{Key: "a", Name: "a", FetchedAt: at, Value: json.RawMessage(`{"Text":"hi"}`)},
				{
					Key: "B", Name: "b", Source: "s", Revision: "r", FetchedAt: at.Add(6 - time.Hour),
					Immutable: true, Stale: true, Value: json.RawMessage(`[1,"ü"]`),
				},
			},
		}, s)
	})
	t.Run("a bare file", func(t *testing.T) {
		s, err := promptcache.ReadSnapshot(strings.NewReader(` { "v": 1, "entries" : { "a" : null } } `))
		require.NoError(t, err)
		require.Equal(t, &promptcache.Snapshot{Entries: []promptcache.SnapshotEntry{{Key: "a", Name: "a", Value: json.RawMessage(`null`)}}}, s)
	})
	proves(t, "what Dump wrote, from a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.json")
		c := newCache(t, docs("a").Fetch, exactly(func(cfg *promptcache.Config) { cfg.Domain = func(string) string { return "here" } }))
		loadedWith(t, c, "a")
		c.MarkStale(func(string) bool { return true })
		require.NoError(t, c.DumpFile(path))
		s, err := promptcache.ReadSnapshotFile(path)
		require.NoError(t, err)
		require.Equal(t, "json", s.Format)
		require.True(t, time.Now().Equal(s.CreatedAt))
		require.Len(t, s.Entries, 1)
		require.Equal(t, "here", s.Entries[0].Source)
		require.True(t, s.Entries[0].Stale)
		require.JSONEq(t, `{"Text":"a v1"}`, string(s.Entries[0].Value))
	})
	t.Run("an empty one", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		s, err := promptcache.ReadSnapshot(bytes.NewReader(dumpOf(t, c)))
		require.NoError(t, err)
		require.Empty(t, s.Entries)
	})
}

func TestWrongSnapshots(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	good := sealed(oneEntry, oneFact)
	for _, tt := range []struct{ name, file, want string }{
		{"an array", `[]`, `byte 0: found '[' where an object should be`},
		{"a string", `"entries"`, `found '"' where an object`},
		{"nothing", ``, `byte 0: it ends where an object should be`},
		{"space", " \n", `byte 2: it ends`},
		{"null", `null`, `found 'n' where an object`},
		{"an empty object", `{}`, `it has no "entries"`},
		{"entries are null", `{"entries":null}`, `byte 11: found 'n' where an object should be`},
		{"entries are a list", `{"entries":[]}`, `found '[' where an object should be`},
		{"no entries", `{"promptcache":{}}`, `it has no "entries"`},
		{"a byte order mark", "\ufeff{}", `byte 0: found '\ufeff'`},
		{"not UTF-8", "{\"entries\":{\"a\":\"\xff\"}}", `byte 17: it is not UTF-8`},
		{"an overlong form", "{\"entries\":{\"a\":\"\xc0\xaf\"}}", `byte 17: it is not UTF-8`},
		{"truncated", good[:len(good)-1], `it ends where "," or "}" should be`},
		{"truncated in a string", `{"entries":{"a":"x`, `it ends where the end of a string should be`},
		{"truncated in an escape", `{"entries":{"a":"\u12`, `byte 17: a string with an escape that JSON does not know`},
		{"truncated after a backslash", `{"entries":{"a":"\`, `an escape that JSON does not know`},
		{"truncated in a word", `{"entries":{"a":tru`, `found 't' where true should be`},
		{"trailing data", good + `{}`, `where nothing more should be`},
		{"a trailing comma", `{"entries":{"a":1,}}`, `found '}' where a name in quotes`},
		{"a missing comma", `{"entries":{"a":1 "b":2}}`, `found '"' where "," or "}" should be`},
		{"a missing comma in a list", `{"entries":{"a":[1 2]}}`, `found '2' where "," or "]" should be`},
		{"a missing colon", `{"entries" {}}`, `where ":" should be`},
		{"a name without quotes", `{entries:{}}`, `where a name in quotes should be`},
		{"a control character", "{\"entries\":{\"a\":\"\n\"}}", `its control characters escaped`},
		{"an unknown escape", `{"entries":{"a":"\x"}}`, `an escape that JSON does not know`},
		{"an unknown word", `{"entries":{"a":nan}}`, `where null should be`},
		{"a number with a leading zero", `{"entries":{"a":01}}`, `where a value should be`},
		{"a number without digits", `{"entries":{"a":-}}`, `where a value should be`},
		{"a number that ends with a point", `{"entries":{"a":1.}}`, `where a digit should be`},
		{"a number without an exponent", `{"entries":{"a":1e+}}`, `where a digit should be`},
		{"a duplicate entry", `{"entries":{"a":1,"b":2,"\u0061":3}}`, `the name "a" occurs twice`},
		{"duplicate entries", `{"entries":{},"entries":{}}`, `the name "entries" occurs twice`},
		{"a duplicate part", `{"entries":{},"promptcache":{},"promptcache":{}}`, `the name "promptcache" occurs twice`},
		{"a duplicate in our part", `{"entries":{},"promptcache":{"version":1,"version":1}}`, `the name "version" occurs twice`},
		{"a duplicate fact", sealed(oneEntry, oneFact+","+oneFact), `the name "a" occurs twice`},
		{"a fact twice", sealed(oneEntry, `"a":{"stale":true,"stale":false}`), `the name "stale" occurs twice`},
		{"too deep", `{"entries":{"a":` + deep(99) + `}}`, `nest more than 100 deep`},
		{"no closing", `{"entries":{"a":` + strings.Repeat("[", 98), `it ends`},

		{"a newer layout", sealedAs(`"version":2,"format":"json"`, oneEntry, oneFact), `its layout is version 2; this release reads version 1`},
		{"no version", sealedAs(`"format":"json"`, oneEntry, oneFact), `no "version"`},
		{"a version that is none", sealedAs(`"version":1.5,"format":"json"`, oneEntry, oneFact), `found "1.5" where an integer`},
		{"no number for a version", sealedAs(`"version":"1","format":"json"`, oneEntry, oneFact), `where a value should be`},
		{"no format", sealedAs(`"version":1`, oneEntry, oneFact), `no "format" or no "created_at"`},
		{"a format that is none", sealedAs(`"version":1,"format":7`, oneEntry, oneFact), `where a string should be`},
		{"no facts", sealed(oneEntry, ``), `it has 1 entries, but its "promptcache" lists 0`},
		{"a fact too many", sealed(``, oneFact), `it has 0 entries, but its "promptcache" lists 1`},
		{"another fact", sealed(oneEntry, strings.Replace(oneFact, "a", "b", 1)), `does not list the entry "a"`},
		{"no moment", sealed(oneEntry, `"a":{}`), `does not say when the entry "a" was fetched`},
		{"a moment that is none", sealed(oneEntry, `"a":{"fetched_at":"yesterday"}`), `found "yesterday" where a time as of RFC 3339 should be`},
		{"a moment that is no string", sealed(oneEntry, `"a":{"fetched_at":5}`), `where a string should be`},
		{"a word that is no boolean", sealed(oneEntry, `"a":{"stale":1}`), `where false should be`},
		{"a fact that is no object", sealed(oneEntry, `"a":1`), `where an object should be`},
		{"our part is no object", `{"entries":{},"promptcache":true}`, `where an object should be`},

		{"changed", strings.Replace(good, `"hi"`, `"ho"`, 1), `it was changed or damaged`},
		{"a changed fact", strings.Replace(good, `05Z"}`, `06Z"}`, 1), `it was changed or damaged`},
		{"a changed head", strings.Replace(good, `"format":"json"`, `"format":"yaml"`, 1), `it was changed or damaged`},
		{"added to", strings.Replace(good, `{"entries"`, `{"x":1,"entries"`, 1), `it was changed or damaged`},
		{"a changed checksum", strings.Replace(good, `"sha256":"`, `"sha256":"0`, 1), `it was changed or damaged`},
		{"no checksum", `{"entries":{},"promptcache":{"version":1}}`, `its checksum is ""`},
		{"reordered", reordered(), `it was changed or damaged`},

		{"another format", sealedAs(`"version":1,"format":"yaml"`, oneEntry, oneFact), `its entries are of the format "yaml"; this cache reads "json"`},
	} {
		t.Run("NB-36 "+tt.name, func(t *testing.T) {
			c := newCache(t, docs("live").Fetch, exactly())
			live := loadedWith(t, c, "live")
			n, err := c.Load(strings.NewReader(tt.file))
			require.Zero(t, n)
			require.ErrorIs(t, err, promptcache.ErrSnapshot)
			require.ErrorContains(t, err, "promptcache: load snapshot: ")
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, []string{"live"}, c.Keys(), "nothing loaded, nothing lost")
			v, _ := c.Get("live")
			require.Same(t, live, v)
			require.Equal(t, uint64(1), c.Metrics().SnapshotErrors)
			require.Equal(t, err, c.Status().Snapshot.LoadError)
			if tt.name == "another format" {
				return
			}
			_, err = promptcache.ReadSnapshot(strings.NewReader(tt.file))
			require.ErrorContains(t, err, "promptcache: read snapshot: ")
			require.ErrorContains(t, err, tt.want)
		})
	}

	t.Run("LS-15 NB-36 corrupt in every byte: an error, or the same", func(t *testing.T) {
		want, err := promptcache.ReadSnapshot(strings.NewReader(good))
		require.NoError(t, err)
		for i := range good {
			for _, flip := range []byte{1, 2, 0x20, 0x80} {
				corrupt := []byte(good)
				corrupt[i] ^= flip
				got, err := promptcache.ReadSnapshot(bytes.NewReader(corrupt))
				if err == nil {
					require.Empty(t, got.Checksum, "byte %d: %s", i, corrupt) // the name of our part is gone: a bare file
					continue
				}
				require.ErrorIs(t, err, promptcache.ErrSnapshot)
			}
			_, err = promptcache.ReadSnapshot(strings.NewReader(good[:i]))
			require.Error(t, err, "cut off after %d bytes", i)
		}
		require.Len(t, want.Entries, 1)
	})

	t.Run("NB-36 1 GiB of [ is refused at once and takes no memory", func(t *testing.T) {
		for name, file := range map[string]io.Reader{
			"from the start":  &endless{unit: []byte("[")},
			"in an entry":     io.MultiReader(strings.NewReader(`{"entries":{"a":`), &endless{unit: []byte("[")}),
			"objects":         &endless{unit: []byte(`{"a":`)},
			"behind a string": io.MultiReader(strings.NewReader(`{"\\\"[[":"`), strings.NewReader(`"`), &endless{unit: []byte("[")}),
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c := newCache(t, docs().Fetch, exactly())
			_, err := c.Load(io.LimitReader(file, 1<<30))
			runtime.ReadMemStats(&after)
			require.ErrorContains(t, err, "nest more than 100 deep", name)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), name)
		}
	})

	t.Run("NB-36 what is larger than MaxBytes is refused", func(t *testing.T) {
		limit := func(n int64) docCache {
			return newCache(t, docs("a").Fetch, exactly(func(cfg *promptcache.Config) { cfg.Snapshot.MaxBytes = n }))
		}
		path := filepath.Join(t.TempDir(), "a.json")
		require.NoError(t, os.WriteFile(path, []byte(good), 0o600))
		for _, c := range []docCache{limit(int64(len(good) - 1)), limit(1)} {
			_, err := c.Load(strings.NewReader(good))
			require.ErrorContains(t, err, "it is larger than ")
			_, err = c.LoadFile(path)
			require.ErrorIs(t, err, promptcache.ErrSnapshot)
			require.Zero(t, c.Len())
		}
		c := limit(int64(len(good)))
		require.Equal(t, 1, load(t, c, []byte(good)))
		n, err := c.LoadFile(path)
		require.NoError(t, err)
		require.Zero(t, n)

		_, err = limit(1 << 20).Load(io.LimitReader(&endless{unit: []byte(" ")}, 1<<30))
		require.ErrorContains(t, err, "it is larger than 1048576 bytes")
	})

	t.Run("a reader that fails", func(t *testing.T) {
		boom := errors.New("boom")
		c := newCache(t, docs().Fetch, exactly())
		_, err := c.Load(io.MultiReader(strings.NewReader(good[:10]), failing{boom}))
		require.ErrorIs(t, err, boom)
		require.ErrorIs(t, err, promptcache.ErrSnapshot)
	})
	t.Run("a directory", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		_, err := c.LoadFile(t.TempDir())
		require.ErrorIs(t, err, promptcache.ErrSnapshot)
		_, err = promptcache.ReadSnapshotFile(t.TempDir())
		require.ErrorIs(t, err, promptcache.ErrSnapshot)
	})
}

// reordered is a good snapshot of two entries that have changed places.
func reordered() string {
	good := sealed(`"a":1,"b":2`, `"a":{"fetched_at":"2026-01-02T03:04:05Z"},"b":{"fetched_at":"2026-01-02T03:04:05Z"}`)
	return strings.Replace(good, `"a":1,"b":2`, `"b":2,"a":1`, 1)
}

// endless is the same bytes, over and over.
type endless struct {
	unit []byte
	next int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.unit[e.next]
		e.next = (e.next + 1) % len(e.unit)
	}
	return len(p), nil
}

// failing is a reader and a writer that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestChecksum(t *testing.T) {
	t.Run("it is that of the canonical form: a fixed example", func(t *testing.T) {
		// What jq -cj '.promptcache.sha256=""' prints of it.
		canonical := `{"entries":{"a":{"n":[100,0.1,-1.5,1e+30,12345678901234567890,0],"s":"ü<\" \\ / \b\f\n\r\t\u0001` + "\u007f\u2028😀\ufffd" + `"}},` +
			`"promptcache":{"version":1,"format":"json","created_at":"2026-01-02T03:04:05Z","entries":{"a":{"fetched_at":"2026-01-02T03:04:05Z"}},"sha256":""}}`
		sum := sha256.Sum256([]byte(canonical))
		for _, laidOut := range []string{
			canonical,
			strings.ReplaceAll(canonical, ",", " ,\n\t"),
			strings.Replace(canonical, `[100,0.1,-1.5,1e+30,12345678901234567890,0]`, `[1e2,1.0E-1,-0.150e+1,1000000000000000000000000000000,12345678901234567890.0,0e5]`, 1),
			strings.Replace(canonical, `ü<\" \\ / \b\f\n\r\t\u0001`+"\u007f\u2028😀\ufffd", `\u00fc\u003C\u0022 \u005c \/ \u0008\u000c\u000A\u000D\u0009\u0001\u007f\u2028\uD83d\uDE00\ud83d`, 1),
		} {
			file := strings.Replace(laidOut, `"sha256":""`, `"sha256":"`+hex.EncodeToString(sum[:])+`"`, 1)
			_, err := promptcache.ReadSnapshot(strings.NewReader(file))
			require.NoError(t, err, file)
		}
	})
	t.Run("numbers", func(t *testing.T) {
		same := func(a, b string) bool {
			file := strings.Replace(sealed(`"a":`+a, oneFact), `"a":`+a, `"a":`+b, 1)
			_, err := promptcache.ReadSnapshot(strings.NewReader(file))
			return err == nil
		}
		for canonical, spellings := range map[string][]string{
			"0":                        {"0.0", "0e9", "0E-9", "0.000"},
			"-0":                       {"-0.0", "-0e1"},
			"1":                        {"1.0", "1e0", "10e-1", "0.1e1"},
			"-12":                      {"-12.0", "-1.2e1", "-1200E-2"},
			"100000000000000000000":    {"1e20"},
			"1e+21":                    {"1000000000000000000000", "10e20"},
			"1.5e+21":                  {"1500000000000000000000"},
			"123456789012345678901":    {"1234567890123456789010e-1"},
			"0.000001":                 {"1e-6", "0.0000010"},
			"1e-7":                     {"0.0000001", "0.1e-6"},
			"1.25e-7":                  {"0.000000125"},
			"12.5":                     {"1.25e1", "125e-1", "12.50"},
			"-0.5":                     {"-5e-1"},
			"1.00e99999999999":         {},
			"9007199254740993":         {"9007199254740993.0"},
			"0.1234567890123456789012": {"1234567890123456789012e-22"},
		} {
			for _, spelling := range spellings {
				require.True(t, same(canonical, spelling), "%s is %s", spelling, canonical)
			}
		}
		for a, b := range map[string]string{
			"1": "2", "10": "1", "0.1": "0.01", "9007199254740993": "9007199254740992", "1.5": "-1.5", "1e+30": "1e+31", "-0": "0",
			"1e-7": "1e-8", "123456789012345678901": "123456789012345678902", "12.5": "1.25",
			"1.0e99999999999": "-1.0e99999999999", "1.00e99999999999": "1.00e99999999998",
		} {
			require.False(t, same(a, b), "%s is not %s", a, b)
		}
	})
	t.Run("however a file is laid out, and nothing else", rapid.MakeCheck(func(t *rapid.T) {
		value := drawJSON(t, 4)
		compact, err := json.Marshal(value)
		require.NoError(t, err)
		var file bytes.Buffer
		c, err := promptcache.New[any](nil, exactly(offline))
		require.NoError(t, err)
		c.Set("a", value)
		require.NoError(t, c.Dump(&file))

		for _, form := range []func(b *bytes.Buffer) error{
			func(b *bytes.Buffer) error { return json.Compact(b, file.Bytes()) },
			func(b *bytes.Buffer) error { return json.Indent(b, file.Bytes(), "\t", " ") },
			func(b *bytes.Buffer) error {
				json.HTMLEscape(b, file.Bytes())
				return nil
			},
		} {
			var b bytes.Buffer
			require.NoError(t, form(&b))
			s, err := promptcache.ReadSnapshot(&b)
			require.NoError(t, err)
			require.JSONEq(t, string(compact), string(s.Entries[0].Value))
		}
	}))
}

// drawJSON draws a value that encoding/json can write.
func drawJSON(t *rapid.T, depth int) any {
	kinds := 7
	if depth == 0 {
		kinds = 5
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.String().Draw(t, "string")
	case 1:
		return rapid.Float64Range(-1e300, 1e300).Draw(t, "float")
	case 2:
		return rapid.Int64().Draw(t, "int")
	case 3:
		return rapid.Bool().Draw(t, "bool")
	case 4:
		return "null, <&> \u2028 \x00 \"\\"
	case 5:
		list := make([]any, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range list {
			list[i] = drawJSON(t, depth-1)
		}
		return list
	default:
		object := make(map[string]any)
		for range rapid.IntRange(0, 3).Draw(t, "size") {
			object[rapid.String().Draw(t, "name")] = drawJSON(t, depth-1)
		}
		return object
	}
}
