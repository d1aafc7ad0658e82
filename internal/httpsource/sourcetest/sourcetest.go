// Package sourcetest has what the tests of the sources over HTTP share: networks
// in memory, an environment in a map, and a look at an error.
package sourcetest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// Hidden is the secret of every test; no error may show it.
const Hidden = "sk_0123456789abcdef_hidden"

// NoEnv is an empty environment.
func NoEnv(string) string { return "" }

// Env is an environment of vars.
func Env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// roundTripper is a network in a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Over returns a client whose network is f.
func Over(f func(*http.Request) (*http.Response, error)) *http.Client {
	return &http.Client{Transport: roundTripper(f)}
}

// InMemory returns a client whose requests h answers without a network, so that
// it works in a synctest bubble.
func InMemory(h http.HandlerFunc) *http.Client {
	return Over(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h(w, r)
		resp := w.Result()
		resp.Request = r
		return resp, nil
	})
}

// Hanging returns a client that gets no answer until its request ends, and
// counts the requests.
func Hanging(requests *atomic.Int32) *http.Client {
	return Over(func(r *http.Request) (*http.Response, error) {
		requests.Add(1)
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	})
}

// Serve starts a server that h answers for, until the test ends.
func Serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// Reply answers with status, JSON and body.
func Reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// Segments requires that u, as it is sent, is below https://h.example.com and
// prefix, and returns the segments of the path after that, unescaped, and the
// query.
func Segments(t *testing.T, u *url.URL, prefix string) ([]string, url.Values) {
	t.Helper()
	sent, err := url.Parse(u.String())
	require.NoError(t, err)
	require.Equal(t, "https://h.example.com", sent.Scheme+"://"+sent.Host)
	require.Empty(t, sent.Fragment)
	rest, ok := strings.CutPrefix(sent.EscapedPath(), prefix)
	require.True(t, ok, sent)
	var segments []string
	for segment := range strings.SplitSeq(rest, "/") {
		segment, err := url.PathUnescape(segment)
		require.NoError(t, err)
		segments = append(segments, segment)
	}
	return segments, sent.Query()
}

// FetchError requires that err is a FetchError of key and kind with a cause,
// short, and without [Hidden]; it returns it.
func FetchError(t *testing.T, err error, key string, kind promptcache.ErrorKind) *promptcache.FetchError {
	t.Helper()
	var fe *promptcache.FetchError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, kind.String(), fe.Kind.String(), err)
	require.Equal(t, key, fe.Key)
	require.Error(t, fe.Err, "a failure has a cause")
	require.NotContains(t, err.Error(), Hidden)
	require.Less(t, len(err.Error()), 1500)
	return fe
}
