package langsmith_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
)

func TestEndpointForms(t *testing.T) {
	tests := []struct{ endpoint, want string }{
		{"", "https://api.smith.langchain.com/api/v1/commits/-/al/latest"},
		{"https://h.example.com", "https://h.example.com/api/v1/commits/-/al/latest"},
		{"https://h.example.com/", "https://h.example.com/api/v1/commits/-/al/latest"},
		{"https://h.example.com/api", "https://h.example.com/api/v1/commits/-/al/latest"},
		{"https://h.example.com/api/", "https://h.example.com/api/v1/commits/-/al/latest"},
		{"https://h.example.com/api/v1", "https://h.example.com/api/v1/commits/-/al/latest"},
		{"https://h.example.com/api/v1//", "https://h.example.com/api/v1/commits/-/al/latest"},
		{"HTTPS://H.Example.com:8443/ls/api/v1/", "https://h.example.com:8443/ls/api/v1/commits/-/al/latest"},
		{"https://h.example.com/v1", "https://h.example.com/v1/api/v1/commits/-/al/latest"},
		{"https://h.example.com/my%2Fapps/api", "https://h.example.com/my%2Fapps/api/v1/commits/-/al/latest"},
		{"https://h.example.com/x/%61pi", "https://h.example.com/x/api/v1/commits/-/al/latest"},
		{"https://[2001:db8::1]:444", "https://[2001:db8::1]:444/api/v1/commits/-/al/latest"},
		{"http://localhost:1984/api", "http://localhost:1984/api/v1/commits/-/al/latest"},
		{"http://127.8.9.1", "http://127.8.9.1/api/v1/commits/-/al/latest"},
		{"http://[::1]:80", "http://[::1]:80/api/v1/commits/-/al/latest"},
	}
	for _, tt := range tests {
		t.Run(tt.endpoint, func(t *testing.T) {
			r := sentBy(t, langsmith.Config{Endpoint: tt.endpoint, Getenv: sourcetest.NoEnv})
			require.Equal(t, tt.want, r.URL.String())
		})
	}
}

func TestEndpointProblems(t *testing.T) {
	tests := []struct{ endpoint, problem string }{
		{"api.smith.langchain.com", "does not begin with https://"},
		{"localhost:1984", "does not begin with https://"},
		{"https://", "has no host"},
		{"https://:443/api", "has no host"},
		{"https://prüfung.example.com", "has a host that is not ASCII"},
		{"https://[::1%25et\xff]:1/x", "has a host that is not ASCII"},
		{"https://h.example.com?x=1", "has a query or a fragment"},
		{"https://h.example.com?", "has a query or a fragment"},
		{"https://h.example.com#x", "has a query or a fragment"},
		{"https://h.example.com#", "has a query or a fragment"},
		{"https://h.example.com/a/../b", "has . or .. in its path"},
		{"https://h.example.com/%2e%2e/b", "has . or .. in its path"},
		{"https://h.example.com:port", "is not a URL"},
		{"https://h.example.com/%zz", "is not a URL"},
		{"http://h.example.com", "is not encrypted"},
		{"http://localhost.example.com", "is not encrypted"},
		{"https://user:pa55word@h.example.com", "user information"},
		{"https://user:pa55word@h.example.com:port", "user information"},
	}
	for _, tt := range tests {
		t.Run(tt.endpoint, func(t *testing.T) {
			_, err := langsmith.New(langsmith.Config{Endpoint: tt.endpoint, Getenv: sourcetest.NoEnv})
			require.ErrorContains(t, err, tt.problem)
			require.ErrorContains(t, err, "langsmith: config: Endpoint")
			require.NotContains(t, err.Error(), "pa55word")
		})
	}
	t.Run("AllowInsecure", func(t *testing.T) {
		r := sentBy(t, langsmith.Config{Endpoint: "http://h.example.com", AllowInsecure: true, Getenv: sourcetest.NoEnv})
		require.Equal(t, "http://h.example.com/api/v1/commits/-/al/latest", r.URL.String())
	})
}

func TestDomain(t *testing.T) {
	plain := newSource(t, langsmith.Config{Endpoint: "https://h.example.com/ls/api/v1/"})
	require.Equal(t, "langsmith:https://h.example.com/ls", plain.Domain("al"))
	require.Equal(t, plain.Domain("al"), plain.Domain("other"))
	workspace := newSource(t, langsmith.Config{Endpoint: "https://h.example.com/ls", WorkspaceID: "ws-1"})
	require.Equal(t, "langsmith:https://h.example.com/ls#ws-1", workspace.Domain("al"))
}

func FuzzEndpoint(f *testing.F) {
	for _, seed := range []string{
		"https://h.example.com", "https://h.example.com/api/v1/", "http://localhost:1984/api", "https://[::1%25eth0]:1/x",
		"https://u:p@h", "https://h/%2e%2e", "https://h/a%2Fb//api", "https://h\\@evil", "//h", "", "'https://h'", "https://h:/", "https://h/ö",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, endpoint string) {
		var sent *url.URL
		src, err := langsmith.New(langsmith.Config{
			Endpoint: endpoint, Getenv: sourcetest.NoEnv, Retries: new(0),
			HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
				sent = r.URL
				sourcetest.Reply(w, http.StatusOK, answer)
			}),
		})
		if err != nil {
			return
		}
		_, err = src.Fetch(t.Context(), "al")
		require.NoError(t, err)
		require.Nil(t, sent.User)
		require.Empty(t, sent.RawQuery)
		require.True(t, strings.HasSuffix(sent.EscapedPath(), "/api/v1/commits/-/al/latest"), sent)
		require.False(t, strings.Contains(sent.Path, "/../") || strings.Contains(sent.Path, "/./"), sent)
		if sent.Scheme != "https" {
			require.Contains(t, []string{"localhost", "::1", "127"}, strings.SplitN(sent.Hostname(), ".", 2)[0])
		}
		again, err := url.Parse(sent.String())
		require.NoError(t, err)
		require.Equal(t, sent.Host, again.Host)
		require.Equal(t, sent.EscapedPath(), again.EscapedPath())
	})
}
