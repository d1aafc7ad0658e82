package httpsource_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource"
	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestConditional(t *testing.T) {
	const tag = `W/"abc def"`
	var sent []http.Header
	status := http.StatusNotModified
	src := newSource(t, httpsource.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Header)
		w.Header().Set("ETag", tag)
		sourcetest.Reply(w, status, map[int]string{http.StatusOK: answer}[status])
	})})
	request := httpsource.Request{Key: "al", URL: src.Endpoint().URL("/v1", "al"), ETag: tag}

	_, err := src.fetch(t.Context(), request)
	require.Equal(t, promptcache.ErrNotModified, err, "bare: it is an answer")
	require.Equal(t, http.Header{
		"Accept": {"application/json"}, "User-Agent": {"promptcache-go (registry)"},
		"X-Api-Key": {sourcetest.Hidden}, "If-None-Match": {tag},
	}, sent[0], "and no Cache-Control")

	status = http.StatusOK
	value, err := src.fetch(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, "hello", value)

	status = http.StatusNotModified
	fe := fails(t, src, promptcache.KindUnavailable)
	require.NotContains(t, sent[2], "If-None-Match")
	require.ErrorContains(t, fe, "no answer that a registry gives", "nobody asked for a 304")
}

func TestETags(t *testing.T) {
	for tag, ok := range map[string]bool{
		`"abc"`: true, `W/"abc"`: true, `""`: true, `"a b"`: true,
		``: false, `abc`: false, `"`: false, `W/`: false, `W/"`: false, `w/"abc"`: false, `"a"b"`: false, `"a", "b"`: false, "\"a\nb\"": false,
		`"` + strings.Repeat("a", 254) + `"`: true, `"` + strings.Repeat("a", 255) + `"`: false,
	} {
		require.Equal(t, ok, httpsource.IsETag(tag), tag)
		src := newSource(t, httpsource.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Etag"] = []string{tag}
			sourcetest.Reply(w, http.StatusOK, answer)
		})})
		got, err := httpsource.Get(t.Context(), src.Client, httpsource.Request{URL: src.Endpoint().URL("/v1")}, func(a httpsource.Answer) (string, error) {
			return a.ETag, nil
		})
		require.NoError(t, err)
		require.Equal(t, ok, got == tag && got != "", tag)
	}
}

func TestVerdicts(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		kind   promptcache.ErrorKind
		want   string
	}{
		{"the registry's advice", 403, `{"detail":"no"}`, promptcache.KindForbidden, `the registry says "no"; ask for more`},
		{"its own 404", 404, `{"detail":"none"}`, promptcache.KindNotFound, `the registry says "none"; no answer that a registry gives`},
		{"another's 404", 404, `<html>`, promptcache.KindUnavailable, "this 404 is not the registry's own"},
		{"a limit", 429, `{}`, promptcache.KindRateLimited, `the answer is of type "application/json"; too many requests`},
		{"a failure", 500, ``, promptcache.KindUnavailable, "the registry or a proxy failed"},
		{"nonsense", 418, ``, promptcache.KindUnavailable, "no answer that a registry gives"},
		{"a secret in what it says", 400, `{"detail":"` + sourcetest.Hidden + `"}`, promptcache.KindInvalid, `says "[redacted]"`},
		{"an answer that read rejects", 200, `{"value":1}`, promptcache.KindInvalid, "cannot unmarshal"},
		{"an answer that is not UTF-8", 200, "{\"value\":\"\xff\"}", promptcache.KindInvalid, "it is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := newSource(t, httpsource.Config{Retries: new(0), HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
				sourcetest.Reply(w, tt.status, tt.body)
			})})
			fe := fails(t, src, tt.kind)
			require.ErrorContains(t, fe, tt.want)
			require.Equal(t, tt.status, fe.StatusCode)
		})
	}
}

func TestCallerWhoHasLeft(t *testing.T) {
	src := newSource(t, httpsource.Config{HTTPClient: sourcetest.Over(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("asked")
	})})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := src.Fetch(ctx, "al")
	require.NotContains(t, sourcetest.FetchError(t, err, "al", promptcache.KindUnknown).Error(), "asked")
}

func TestCompact(t *testing.T) {
	in := []byte(`{ "a" : 1.50 }`)
	out := httpsource.Compact(in)
	clear(in)
	require.Equal(t, `{"a":1.50}`, string(out))
	require.Nil(t, httpsource.Compact(nil))
	require.Nil(t, httpsource.Compact([]byte("{")))
}
