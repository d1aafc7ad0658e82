package httpsource_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource"
	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/promptcache"
)

// codedError is an error that programs look for.
type codedError struct{ text string }

func (e codedError) Error() string { return e.text }

func TestMaskedErrors(t *testing.T) {
	failing := func(t *testing.T, err error) *promptcache.FetchError {
		t.Helper()
		src := newSource(t, httpsource.Config{Retries: new(0), HTTPClient: sourcetest.Over(func(*http.Request) (*http.Response, error) { return nil, err })})
		return fails(t, src, promptcache.KindUnavailable)
	}
	t.Run("the cause is matched but not shown", func(t *testing.T) {
		cause := codedError{"sent " + sourcetest.Hidden}
		fe := failing(t, fmt.Errorf("outer %w", cause))
		require.ErrorIs(t, fe, cause)
		found, ok := errors.AsType[codedError](fe)
		require.True(t, ok)
		require.Equal(t, cause, found)
		require.ErrorContains(t, fe, "outer sent [redacted]")
		sourcetest.NoCredential(t, fe, sourcetest.Hidden)
	})
	t.Run("in either case, more than once, among other letters", func(t *testing.T) {
		fe := failing(t, errors.New("é"+strings.ToUpper(sourcetest.Hidden)+"x"+sourcetest.Hidden+"İ"))
		require.ErrorContains(t, fe, "é[redacted]x[redacted]İ;")
		require.ErrorContains(t, failing(t, errors.New(sourcetest.Hidden[1:])), sourcetest.Hidden[1:], "which is not it")
	})
	t.Run("what stands before a host", func(t *testing.T) {
		fe := failing(t, errors.New(`socks5://u:p/w@h/x and http://h/y and mail me@h`))
		require.ErrorContains(t, fe, "socks5://[redacted]@h/x and http://h/y and mail me@h")
	})
	t.Run("a proxy's address that is no URL", func(t *testing.T) {
		for _, address := range []string{"http://me:p%zz@h:1", "http://me:pa/ss@h", "http://me:pass word@h", "me:pass@h:x"} {
			_, cause := url.Parse(address)
			fe := failing(t, fmt.Errorf("invalid proxy address %q: %v", address, cause))
			require.ErrorContains(t, fe, "invalid proxy address [redacted]; check the network")
		}
	})
	t.Run("the caller's end is told beside it", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		src := newSource(t, httpsource.Config{HTTPClient: sourcetest.Over(func(*http.Request) (*http.Response, error) {
			cancel()
			return nil, errors.New("x" + sourcetest.Hidden)
		})})
		_, err := src.Fetch(ctx, "al")
		require.ErrorIs(t, err, context.Canceled)
		sourcetest.NoCredential(t, err, sourcetest.Hidden)
	})
}

func TestTagsThatShowACredential(t *testing.T) {
	for tag, want := range map[string]string{`"` + sourcetest.Hidden + `"`: "", `"` + strings.ToUpper(sourcetest.Hidden) + `"`: "", `"other"`: `"other"`} {
		src := newSource(t, httpsource.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", tag)
			sourcetest.Reply(w, http.StatusOK, answer)
		})})
		got, err := httpsource.Get(t.Context(), src.Client, httpsource.Request{URL: src.Endpoint().URL("/v1")}, func(a httpsource.Answer) (string, error) {
			return a.ETag, nil
		})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestPanics(t *testing.T) {
	src := newSource(t, httpsource.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
		sourcetest.Reply(w, http.StatusOK, answer)
	})})
	request := httpsource.Request{Key: "al", URL: src.Endpoint().URL("/v1")}
	_, err := httpsource.Get(t.Context(), src.Client, request, func(httpsource.Answer) (string, error) { panic("a bug of ours") })
	fe := sourcetest.FetchError(t, err, "al", promptcache.KindPanicked)
	require.ErrorIs(t, fe, promptcache.ErrPanicked)
	require.ErrorContains(t, fe, "GET https://h.example.com/reg/v1: panic: a bug of ours")
	p, ok := errors.AsType[*promptcache.PanicError](fe)
	require.True(t, ok)
	require.Contains(t, string(p.Stack), "TestPanics")
}

func TestClimbs(t *testing.T) {
	for name, climbs := range map[string]bool{
		"..": true, ".": true, "a/../b": true, `a\..\b`: true, "%2e%2e": true, "%2E.": true, "a%2f..": true, "a%5C.%2e": true, "..%2Fx": true,
		"...": false, "a..": false, "a%2fb..": false, "%252e%252e": false, "a.b": false, "": false,
	} {
		require.Equal(t, climbs, httpsource.Climbs(name), name)
	}
}
