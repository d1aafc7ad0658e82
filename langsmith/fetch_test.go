package langsmith_test

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestFetch(t *testing.T) {
	srv := sourcetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.String() != "/api/v1/commits/acme/al/v1?include_model=true" {
			sourcetest.Reply(w, http.StatusNotFound, `{"detail":"not found"}`)
			return
		}
		sourcetest.Reply(w, http.StatusOK, `{"commit_hash":"`+fullHash+`","manifest":{ "lc" : 1, "n": 9007199254740993, "s":"<&>" },
			"examples":[ {"a": 1} , 2],"description":"what it does","is_draft":false,
			"model_config":{"t": 0.5},"model_provider":"ChatOpenAI","later":"ignored"}`)
	})
	src := newSource(t, langsmith.Config{Endpoint: srv.URL, AllowPublic: true})
	c, err := src.Fetch(t.Context(), "acme/al:v1?model")
	require.NoError(t, err)
	require.Equal(t, langsmith.Ref{Owner: "acme", Name: "al", Version: "v1", Model: true}, c.Ref())
	require.Equal(t, "acme", c.Owner())
	require.Equal(t, "al", c.Repo())
	require.Equal(t, fullHash, c.CommitHash())
	require.Equal(t, fullHash, c.Revision())
	require.False(t, c.Immutable(), "asked for by a tag")
	require.False(t, c.IsDraft())
	require.Equal(t, `{"lc":1,"n":9007199254740993,"s":"<&>"}`, string(c.Manifest())) //nolint:testifylint // the very bytes
	require.Len(t, c.Examples(), 2)
	require.Equal(t, `{"a":1}`, string(c.Examples()[0]))
	require.Equal(t, "what it does", c.Description())
	require.Equal(t, `{"t":0.5}`, string(c.HubModelConfig()))
	require.Equal(t, "ChatOpenAI", c.HubModelProvider())
}

func TestFetchOfLeastAnswer(t *testing.T) {
	src := newSource(t, langsmith.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
		sourcetest.Reply(w, http.StatusOK, `{"commit_hash":"abc12345","manifest":{}}`)
	})})
	c, err := src.Fetch(t.Context(), "al")
	require.NoError(t, err)
	require.Equal(t, "-", c.Owner())
	require.NotNil(t, c.Examples())
	require.Empty(t, c.Examples())
	require.Empty(t, c.Description())
	require.Nil(t, c.HubModelConfig())
	require.Empty(t, c.HubModelProvider())
}

func TestFetchOddNames(t *testing.T) {
	tests := []struct{ key, path string }{ // path "": refused before any request
		{"al", "/api/v1/commits/-/al/latest"},
		{"al:abc12345", "/api/v1/commits/-/al/abc12345"},
		{"with space", "/api/v1/commits/-/with%20space/latest"},
		{"50%", "/api/v1/commits/-/50%25/latest"},
		{"a%2Fb..", "/api/v1/commits/-/a%252Fb../latest"},
		{"a%2F..%2Fb", ""},
		{"%2e%2e", ""},
		{"a#b", "/api/v1/commits/-/a%23b/latest"},
		{"a&b=c+d", "/api/v1/commits/-/a&b=c+d/latest"},
		{"a;b,c", "/api/v1/commits/-/a%3Bb%2Cc/latest"},
		{`a"b'c`, "/api/v1/commits/-/a%22b%27c/latest"},
		{"a@b", "/api/v1/commits/-/a@b/latest"},
		{"<b>{x}", "/api/v1/commits/-/%3Cb%3E%7Bx%7D/latest"},
		{"prüfung", "/api/v1/commits/-/pr%C3%BCfung/latest"},
		{"提示", "/api/v1/commits/-/%E6%8F%90%E7%A4%BA/latest"},
		{"🙂", "/api/v1/commits/-/%F0%9F%99%82/latest"},
		{"…", "/api/v1/commits/-/%E2%80%A6/latest"},
		{"...", "/api/v1/commits/-/.../latest"},
		{"a*b|c^d~e", "/api/v1/commits/-/a%2Ab%7Cc%5Ed~e/latest"},
		{"own-handle/al:my tag", "/api/v1/commits/own-handle/al/my%20tag"},
		{"[x]", "/api/v1/commits/-/%5Bx%5D/latest"},
		{strings.Repeat("n", 1024), "/api/v1/commits/-/" + strings.Repeat("n", 1024) + "/latest"},
		{"", ""},
		{"folder/sub/al", ""},
		{"../al", ""},
		{"al:..", ""},
		{`..\al`, ""},
		{"al?x", ""},
		{"al\x7f", ""},
		{"al:a/../../../x?include=evil#z", ""},
	}
	for _, tt := range tests {
		id := "LF-14 "
		if tt.key == "" {
			id = "LF-02 an empty name fails before any request "
		}
		t.Run(id+strconv.Quote(tt.key)[:min(40, len(strconv.Quote(tt.key)))], func(t *testing.T) {
			requested := ""
			src := newSource(t, langsmith.Config{AllowPublic: true, HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
				requested = r.URL.RequestURI()
				sourcetest.Reply(w, http.StatusOK, answer)
			})})
			if tt.path == "" {
				fe := fails(t, src, tt.key, promptcache.KindInvalid)
				require.ErrorIs(t, fe, langsmith.ErrInvalidRef)
				require.ErrorIs(t, fe, promptcache.ErrInvalid)
				require.Empty(t, requested)
				return
			}
			c, err := src.Fetch(t.Context(), tt.key)
			require.NoError(t, err)
			require.Equal(t, tt.path, requested)
			ref, err := langsmith.ParseRef(tt.key)
			require.NoError(t, err)
			require.Equal(t, ref, c.Ref())
		})
	}
}

func TestPublicPrompts(t *testing.T) {
	var requests atomic.Int32
	client := sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		sourcetest.Reply(w, http.StatusOK, answer)
	})
	src := newSource(t, langsmith.Config{HTTPClient: client})
	for range 2 { // on every fetch
		fe := fails(t, src, "acme/al:"+fullHash, promptcache.KindForbidden)
		require.ErrorIs(t, fe, langsmith.ErrPublicPrompt)
		require.ErrorIs(t, fe, promptcache.ErrForbidden)
		require.ErrorContains(t, fe, `"acme", set Config.AllowPublic`)
	}
	require.Zero(t, requests.Load(), "it is refused before any request")
	require.ErrorIs(t, src.Check("acme/al"), langsmith.ErrPublicPrompt)
	require.ErrorIs(t, src.Check("a/b/c"), langsmith.ErrInvalidRef)
	require.NoError(t, src.Check("-/al"))

	open := newSource(t, langsmith.Config{HTTPClient: client, AllowPublic: true})
	require.NoError(t, open.Check("acme/al"))
	_, err := open.Fetch(t.Context(), "acme/al")
	require.NoError(t, err)
	require.EqualValues(t, 1, requests.Load())
}

func TestAnswerIsWhatWasAsked(t *testing.T) {
	other := strings.Repeat("ab", 32)
	tests := []struct {
		name, version, hash string
		ok, immutable       bool
	}{
		{"the full hash", fullHash, fullHash, true, true},
		{"the full hash in capitals", strings.ToUpper(fullHash), fullHash, true, true},
		{"a full SHA-1", fullHash[:40], fullHash[:40], true, true},
		{"another full hash", fullHash, other, false, false},
		{"another full SHA-1", fullHash[:40], other[:40], false, false},
		{"a full hash that only begins like it", fullHash[:40], fullHash, false, false},
		{"a prefix", fullHash[:8], fullHash, true, false},
		{"a tag that looks like a prefix", "deadbeef", fullHash, true, false},
		{"64 characters that are not a hash", strings.Repeat("z", 64), fullHash, true, false},
		{"latest", "latest", fullHash, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := newSource(t, langsmith.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
				sourcetest.Reply(w, http.StatusOK, `{"commit_hash":"`+tt.hash+`","manifest":{}}`)
			})})
			key := "al:" + tt.version
			if !tt.ok {
				fe := fails(t, src, key, promptcache.KindInvalid)
				require.ErrorContains(t, fe, "it is another commit")
				return
			}
			c, err := src.Fetch(t.Context(), key)
			require.NoError(t, err)
			require.Equal(t, tt.immutable, c.Immutable())
			require.Equal(t, tt.hash, c.Revision())
		})
	}
}

func TestUnusableAnswers(t *testing.T) {
	const json = "application/json"
	tests := []struct {
		name, contentType, body string
		kind                    promptcache.ErrorKind
		want                    string
	}{
		{"a page", "text/html; charset=utf-8", "<html>sign in</html>", promptcache.KindUnavailable, `of type "text/html", not JSON: it looks like a proxy's`},
		{"JSON that calls itself a page", "text/html", answer, promptcache.KindUnavailable, "not JSON"},
		{"plain text", "text/plain", "OK", promptcache.KindUnavailable, `of type "text/plain", not JSON`},
		{"a type that is none", ";;", answer, promptcache.KindUnavailable, "of no known type, not JSON"},
		{"not JSON", json, "{", promptcache.KindInvalid, "the answer is not a commit"},
		{"empty", json, "", promptcache.KindInvalid, "the answer is not a commit"},
		{"two values", json, answer + answer, promptcache.KindInvalid, "the answer is not a commit"},
		{"an array", json, "[]", promptcache.KindInvalid, "the answer is not a commit"},
		{"null", json, "null", promptcache.KindInvalid, "its commit_hash is"},
		{"an error with status 200", json, `{"detail":"x"}`, promptcache.KindInvalid, "its commit_hash is"},
		{"no hash", json, `{"manifest":{}}`, promptcache.KindInvalid, "its commit_hash is"},
		{"a hash with blanks", json, `{"commit_hash":"a b","manifest":{}}`, promptcache.KindInvalid, "its commit_hash is"},
		{"a hash without end", json, `{"commit_hash":"` + strings.Repeat("a", 129) + `","manifest":{}}`, promptcache.KindInvalid, "its commit_hash is"},
		{"no manifest", json, `{"commit_hash":"a"}`, promptcache.KindInvalid, "its manifest is missing"},
		{"manifest null", json, `{"commit_hash":"a","manifest":null}`, promptcache.KindInvalid, "its manifest is missing"},
		{"manifest in a string", json, `{"commit_hash":"a","manifest":"{}"}`, promptcache.KindInvalid, "its manifest is missing"},
		{"examples of a wrong shape", json, `{"commit_hash":"a","manifest":{},"examples":{}}`, promptcache.KindInvalid, "the answer is not a commit"},
		{"not UTF-8", json, "{\"commit_hash\":\"a\",\"manifest\":{\"s\":\"\xff\"}}", promptcache.KindInvalid, "it is not UTF-8"},
		{"too deep", json, strings.Repeat("[", 20_000), promptcache.KindInvalid, "the answer is not a commit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			requests := 0
			src := newSource(t, langsmith.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
				requests++
				w.Header().Set("Content-Type", tt.contentType)
				_, _ = w.Write([]byte(tt.body))
			})})
			fe := fails(t, src, "al", tt.kind)
			require.ErrorContains(t, fe, tt.want)
			require.Equal(t, http.StatusOK, fe.StatusCode)
			require.Equal(t, 1, requests, "another attempt would bring the same")
		})
	}
}

func TestUndeclaredJSON(t *testing.T) {
	for _, contentType := range []string{"", "text/plain; charset=utf-8", "application/vnd.x+json"} {
		t.Run(contentType, func(t *testing.T) {
			src := newSource(t, langsmith.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = []string{contentType}
				_, _ = w.Write([]byte(answer))
			})})
			_, err := src.Fetch(t.Context(), "al")
			require.NoError(t, err)
		})
	}
}

func TestBodyLimit(t *testing.T) {
	big := func(n int) string {
		frame := `{"commit_hash":"a","manifest":{"s":""}}`
		return strings.Replace(frame, `""`, `"`+strings.Repeat("x", n-len(frame))+`"`, 1)
	}
	tests := []struct {
		name  string
		limit int64
		size  int
		zip   bool
		ok    bool
	}{
		{"as large as permitted", 1000, 1000, false, true},
		{"one byte more", 1000, 1001, false, false},
		{"larger when decompressed", 1000, 100_000, true, false},
		{"the default is 5 MiB", 0, 5 << 20, false, true},
		{"and no more", 0, 5<<20 + 1, false, false},
		{"without a practical limit", 1<<63 - 1, 6 << 20, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := sourcetest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if !tt.zip {
					_, _ = w.Write([]byte(big(tt.size)))
					return
				}
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				_, _ = z.Write([]byte(big(tt.size)))
				_ = z.Close()
			})
			src := newSource(t, langsmith.Config{Endpoint: srv.URL, MaxBodyBytes: tt.limit})
			if tt.ok {
				_, err := src.Fetch(t.Context(), "al")
				require.NoError(t, err)
				return
			}
			fe := fails(t, src, "al", promptcache.KindInvalid)
			require.ErrorContains(t, fe, "Config.MaxBodyBytes sets the limit")
		})
	}
}
