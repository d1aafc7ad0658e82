package httpsource_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource"
	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/promptcache"
)

// redirecting returns a client whose requests to h.example.com/ls go to the
// next location of the list, then get an answer; and what was requested.
func redirecting(status int, locations ...string) (*http.Client, *[]*http.Request) {
	var sent []*http.Request
	return sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r)
		if n := len(sent); n <= len(locations) {
			w.Header().Set("Location", locations[n-1])
			w.WriteHeader(status)
			return
		}
		sourcetest.Reply(w, http.StatusOK, answer)
	}), &sent
}

func TestRedirectsThatAreRefused(t *testing.T) {
	tests := []struct{ name, location, want string }{
		{"another host", "https://evil.example.com/ls/v1/al", "to another host or scheme, https://evil.example.com:443"},
		{"a host below", "https://x.h.example.com/ls/api", "to another host or scheme"},
		{"another port", "https://h.example.com:8443/ls/api", "to another host or scheme, https://h.example.com:8443"},
		{"without TLS", "http://h.example.com/ls/v1/al", "to another host or scheme, http://h.example.com:80"},
		{"without TLS on the same port", "http://h.example.com:443/ls/api", "to another host or scheme"},
		{"without a scheme", "//evil.example.com/ls/api", "to another host or scheme"},
		{"another path", "/login?next=x", "to a path outside the endpoint's"},
		{"a path that begins like it", "/lsx/api", "to a path outside the endpoint's"},
		{"up", "/ls/../admin", "to a path outside the endpoint's"},
		{"up, escaped", "/ls/%2e%2e/admin", "to a path outside the endpoint's"},
		{"up, with an escaped slash", "/ls/..%2fadmin", "to a path outside the endpoint's"},
		{"user information", "https://u:p@h.example.com/ls/x", "to an address with user information"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, status := range []int{301, 302, 303, 307, 308} {
				client, sent := redirecting(status, tt.location)
				src := newSource(t, httpsource.Config{Endpoint: "https://h.example.com/ls", HTTPClient: client})
				fe := fails(t, src, promptcache.KindUnavailable)
				require.ErrorContains(t, fe, "redirected "+tt.want)
				require.ErrorContains(t, fe, "the credentials are for https://h.example.com/ls only")
				require.Len(t, *sent, 1, "neither followed nor asked again")
			}
		})
	}
}

func TestRedirectsThatAreFollowed(t *testing.T) {
	for _, location := range []string{"al/", "/ls/v1/al/", "https://H.example.com:443/ls/x"} {
		t.Run(location, func(t *testing.T) {
			client, sent := redirecting(http.StatusTemporaryRedirect, location)
			src := newSource(t, httpsource.Config{Endpoint: "https://h.example.com/ls", HTTPClient: client})
			_, err := src.Fetch(t.Context(), "al")
			require.NoError(t, err)
			require.Len(t, *sent, 2)
			require.Equal(t, sourcetest.Hidden, (*sent)[1].Header.Get("X-Api-Key"))
		})
	}
	t.Run("but not for ever", func(t *testing.T) {
		client, sent := redirecting(302, "/a", "/b", "/c", "/d", "/e")
		src := newSource(t, httpsource.Config{Endpoint: "https://h.example.com", HTTPClient: client})
		fe := fails(t, src, promptcache.KindUnavailable)
		require.ErrorContains(t, fe, "redirected more than 3 times")
		require.Len(t, *sent, 4)
	})
	t.Run("if there is a place to go", func(t *testing.T) {
		client, _ := redirecting(302, "")
		src := newSource(t, httpsource.Config{Endpoint: "https://h.example.com", HTTPClient: client, Retries: new(0)})
		_ = fails(t, src, promptcache.KindUnavailable)
	})
}

func TestCallersRedirectPolicy(t *testing.T) {
	refused := errors.New("not today")
	tests := []struct {
		name     string
		policy   error
		location string
		asked    int
		want     string
	}{
		{"permits", nil, "/ls/x", 1, ""},
		{"refuses", refused, "/ls/x", 1, "where Config.HTTPClient does not go: not today"},
		{"uses the redirect as the answer", http.ErrUseLastResponse, "/ls/x", 1, "no answer that a registry gives"},
		{"is not asked about another host", nil, "https://evil.example.com/ls/x", 0, "to another host"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client, _ := redirecting(302, tt.location)
			asked := 0
			client.CheckRedirect = func(*http.Request, []*http.Request) error {
				asked++
				return tt.policy
			}
			src := newSource(t, httpsource.Config{Endpoint: "https://h.example.com/ls", HTTPClient: client})
			if tt.want == "" {
				_, err := src.Fetch(t.Context(), "al")
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, fails(t, src, promptcache.KindUnavailable), tt.want)
			}
			require.Equal(t, tt.asked, asked)
		})
	}
}

func TestRedirectOverTheNetwork(t *testing.T) {
	var leaked atomic.Bool
	other := sourcetest.Serve(t, func(http.ResponseWriter, *http.Request) { leaked.Store(true) })
	srv := sourcetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.Replace(other.URL, "127.0.0.1", "localhost", 1)+r.URL.Path, http.StatusFound)
	})
	src := newSource(t, httpsource.Config{Endpoint: srv.URL})
	_ = fails(t, src, promptcache.KindUnavailable)
	require.False(t, leaked.Load())
}
