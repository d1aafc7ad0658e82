package langsmith_test

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestStatuses(t *testing.T) {
	const page = "<html><body>404 page not found</body></html>"
	tests := []struct {
		name     string
		status   int
		body     string
		kind     promptcache.ErrorKind
		sentinel error
		want     string
	}{
		{"400", 400, `{"detail":"bad"}`, promptcache.KindInvalid, promptcache.ErrInvalid, `says "bad"; it does not take this identifier`},
		{"NB-25 401", 401, `{"detail":"Invalid token"}`, promptcache.KindUnauthorized, promptcache.ErrUnauthorized, `says "Invalid token"; the credentials were not accepted`},
		{"NB-25 401 of a proxy", 401, page, promptcache.KindUnauthorized, promptcache.ErrUnauthorized, "the credentials were not accepted"},
		{"NB-25 403", 403, `{"error":"no"}`, promptcache.KindForbidden, promptcache.ErrForbidden, `says "no"; the credentials do not reach this prompt`},
		{"403 wants a workspace", 403, `{"error":"org_scoped_key_requires_workspace"}`, promptcache.KindForbidden, promptcache.ErrForbidden, "set Config.WorkspaceID or LANGSMITH_WORKSPACE_ID"},
		{"403 wants a workspace, in detail", 403, `{"detail":{"error":"org_scoped_key_requires_workspace"}}`, promptcache.KindForbidden, promptcache.ErrForbidden, "set Config.WorkspaceID or LANGSMITH_WORKSPACE_ID"},
		{"404 with detail", 404, `{"detail":"Repo not found"}`, promptcache.KindNotFound, promptcache.ErrNotFound, `says "Repo not found"; there is no such prompt`},
		{"404 with error", 404, `{"error":"Commit not found"}`, promptcache.KindNotFound, promptcache.ErrNotFound, `says "Commit not found"`},
		{"404 with an object for detail", 404, `{"detail":[{"msg": "x"}]}`, promptcache.KindNotFound, promptcache.ErrNotFound, `[{\"msg\":\"x\"}]`},
		{"NB-25 a proxy's HTML 404", 404, page, promptcache.KindUnavailable, promptcache.ErrUnavailable, "this 404 is not the registry's own"},
		{"NB-25 an empty 404", 404, "", promptcache.KindUnavailable, promptcache.ErrUnavailable, "this 404 is not the registry's own"},
		{"NB-25 a 404 with other JSON", 404, `{"message":"no Route matched"}`, promptcache.KindUnavailable, promptcache.ErrUnavailable, "this 404 is not the registry's own"},
		{"NB-25 a 404 with nothing in detail", 404, `{"detail":null,"error":""}`, promptcache.KindUnavailable, promptcache.ErrUnavailable, "this 404 is not the registry's own"},
		{"NB-25 a 404 with a JSON array", 404, `["detail"]`, promptcache.KindUnavailable, promptcache.ErrUnavailable, "this 404 is not the registry's own"},
		{"NB-25 a 404 without end", 404, `{"detail":"` + strings.Repeat("x", 70_000) + `"}`, promptcache.KindUnavailable, promptcache.ErrUnavailable, "this 404 is not the registry's own"},
		{"409", 409, `{"detail":"x"}`, promptcache.KindConflict, promptcache.ErrConflict, "conflict"},
		{"422", 422, `{"detail":[{"loc":["path"]}]}`, promptcache.KindInvalid, promptcache.ErrInvalid, "check the owner, the name and the version"},
		{"429", 429, ``, promptcache.KindRateLimited, promptcache.ErrRateLimited, "too many requests"},
		{"408", 408, ``, promptcache.KindUnavailable, promptcache.ErrUnavailable, "ask again later"},
		{"500", 500, `{"detail":"oops"}`, promptcache.KindUnavailable, promptcache.ErrUnavailable, `says "oops"; the registry or a proxy failed`},
		{"502", 502, page, promptcache.KindUnavailable, promptcache.ErrUnavailable, `the answer is of type "application/json"; the registry or a proxy failed`},
		{"204", 204, ``, promptcache.KindUnavailable, promptcache.ErrUnavailable, "no answer that a registry gives"},
		{"304", 304, ``, promptcache.KindUnavailable, promptcache.ErrUnavailable, "no answer that a registry gives"},
		{"418", 418, ``, promptcache.KindUnavailable, promptcache.ErrUnavailable, "no answer that a registry gives"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := newSource(t, langsmith.Config{Retries: new(0), HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
				sourcetest.Reply(w, tt.status, tt.body)
			})})
			fe := fails(t, src, "al:v1", tt.kind)
			require.ErrorIs(t, fe, tt.sentinel)
			require.Equal(t, tt.status, fe.StatusCode)
			require.ErrorContains(t, fe, tt.want)
			require.ErrorContains(t, fe, "GET https://api.smith.langchain.com/api/v1/commits/-/al/v1: ")
			require.Zero(t, fe.RetryAfter)
		})
	}
}

func TestUnauthorizedWithoutCredentials(t *testing.T) {
	src, err := langsmith.New(langsmith.Config{Getenv: sourcetest.NoEnv, HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
		sourcetest.Reply(w, http.StatusUnauthorized, `{"detail":"x"}`)
	})})
	require.NoError(t, err)
	fe := fails(t, src, "al", promptcache.KindUnauthorized)
	require.ErrorContains(t, fe, "the request carried no credentials; set Config.APIKey or LANGSMITH_API_KEY")
}

func TestServerTextIsHarmless(t *testing.T) {
	t.Run("short, printable and without credentials", func(t *testing.T) {
		for _, cfg := range []langsmith.Config{{APIKey: langsmith.NewSecret(testKey)}, {BearerToken: langsmith.NewSecret(testKey)}} {
			// The key lies across the place where the text is cut.
			said := strings.Repeat("é", 190) + testKey + "\\u001b[31m\\r\\n\\u202e" + strings.Repeat("y", 10_000)
			cfg.Getenv = sourcetest.NoEnv
			cfg.HTTPClient = sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
				sourcetest.Reply(w, http.StatusForbidden, `{"detail":"`+said+`"}`)
			})
			src, err := langsmith.New(cfg)
			require.NoError(t, err)
			fe := fails(t, src, "al", promptcache.KindForbidden)
			require.ErrorContains(t, fe, "[redacted]…")
			require.NotContains(t, fe.Error(), testKey[:9])
			require.NotContains(t, fe.Error(), "yyy")
		}
		src := newSource(t, langsmith.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
			sourcetest.Reply(w, http.StatusForbidden, `{"detail":"a\u001b[31mb\r\nc\u202ed"}`)
		})})
		require.ErrorContains(t, fails(t, src, "al", promptcache.KindForbidden), `"a [31mb  c d"`)
	})
	t.Run("in a content type", func(t *testing.T) {
		src := newSource(t, langsmith.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", strings.Repeat("x", 5000)+"/y")
		})})
		_ = fails(t, src, "al", promptcache.KindUnavailable)
	})
	t.Run("in a commit", func(t *testing.T) {
		src := newSource(t, langsmith.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
			sourcetest.Reply(w, http.StatusOK, `{"commit_hash":"`+testKey+` \u001b `+strings.Repeat("x", 5000)+`","manifest":{}}`)
		})})
		_ = fails(t, src, "al", promptcache.KindInvalid)
	})
	t.Run("in an error of the transport", func(t *testing.T) {
		cause := errors.New("malformed response: \x1b[0m x-api-key: " + testKey + strings.Repeat("z", 5000))
		src := newSource(t, langsmith.Config{Retries: new(0), HTTPClient: sourcetest.Over(func(*http.Request) (*http.Response, error) {
			return nil, cause
		})})
		fe := fails(t, src, "al", promptcache.KindUnavailable)
		require.ErrorIs(t, fe, cause)
		require.NotContains(t, fe.Error(), "\x1b")
		require.ErrorContains(t, fe, "; check the network and the endpoint")
	})
}

func TestCertificates(t *testing.T) {
	requests := 0
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		sourcetest.Reply(w, http.StatusOK, answer)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)

	untrusting := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
	t.Cleanup(untrusting.CloseIdleConnections)
	dials := 0
	src := newSource(t, langsmith.Config{Endpoint: srv.URL, HTTPClient: sourcetest.Over(func(r *http.Request) (*http.Response, error) {
		dials++
		return untrusting.RoundTrip(r)
	})})
	fe := fails(t, src, "al", promptcache.KindUnavailable)
	require.ErrorContains(t, fe, "check the endpoint, or the certificates that Config.HTTPClient trusts")
	require.Equal(t, 1, dials, "another attempt would bring the same")
	require.Zero(t, requests)

	trusting := newSource(t, langsmith.Config{Endpoint: srv.URL, HTTPClient: srv.Client()})
	_, err := trusting.Fetch(t.Context(), "al")
	require.NoError(t, err)
}
