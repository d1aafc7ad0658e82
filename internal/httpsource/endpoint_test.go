package httpsource_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource"
	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
)

func TestEndpointURL(t *testing.T) {
	e := newSource(t, httpsource.Config{Endpoint: "https://H.example.com/my%2Fapps/api/v1//", APIPaths: []string{"/api/v1", "/api"}}).Endpoint()
	require.Equal(t, "https://h.example.com/my%2Fapps", e.String())
	require.Equal(t, "https://h.example.com/my%2Fapps/api/x", e.URL("/api/x").String())
	u := e.URL("/api/x", "a/b c", "?#%2F")
	require.Equal(t, "https://h.example.com/my%2Fapps/api/x/a%2Fb%20c/%3F%23%252F", u.String())
	require.Equal(t, "https://h.example.com/my%2Fapps", e.String(), "it never changes")
}

func TestProblems(t *testing.T) {
	require.NoError(t, httpsource.Problems("registry", nil, nil))
	_, err := httpsource.NewClient(httpsource.Config{Registry: "registry", Endpoint: "x", Retries: new(-1)},
		nil, httpsource.Sendable("Key", "a\nb", false), httpsource.Sendable("Other", "ok", false))
	require.EqualError(t, err, strings.Join([]string{
		`registry: config: Endpoint "x" does not begin with https://; want https://HOST[:PORT][/PATH]`,
		`registry: config: Key has a character that cannot be sent in a header, at byte 1; want printable ASCII without blanks`,
		`registry: config: Retries is -1; want 0 to 10, or nil for 2`,
	}, "\n"))
}

func FuzzEndpointURL(f *testing.F) {
	for _, name := range []string{"al", "a/b", "%2e%2e", "é", "a;b", "?x#y", "a\\b", "\x00", "\xff", "a+b", "*", "…"} {
		f.Add(name, "x")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		src, err := httpsource.NewClient(httpsource.Config{Registry: "registry", Endpoint: "https://h.example.com/reg"})
		require.NoError(t, err)
		segments, query := sourcetest.Segments(t, src.Endpoint().URL("/v1", first, second), "/reg/v1/")
		require.Equal(t, []string{first, second}, segments)
		require.Empty(t, query)
	})
}
