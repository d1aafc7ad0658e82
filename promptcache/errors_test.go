package promptcache_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

var kindsAndSentinels = map[promptcache.ErrorKind]struct {
	name     string
	sentinel error
}{
	promptcache.KindNotFound:     {"not found", promptcache.ErrNotFound},
	promptcache.KindUnauthorized: {"unauthorized", promptcache.ErrUnauthorized},
	promptcache.KindForbidden:    {"forbidden", promptcache.ErrForbidden},
	promptcache.KindConflict:     {"conflict", promptcache.ErrConflict},
	promptcache.KindRateLimited:  {"rate limited", promptcache.ErrRateLimited},
	promptcache.KindUnavailable:  {"unavailable", promptcache.ErrUnavailable},
	promptcache.KindInvalid:      {"invalid", promptcache.ErrInvalid},
	promptcache.KindPanicked:     {"panicked", promptcache.ErrPanicked},
}

func TestErrorKind(t *testing.T) {
	require.Equal(t, "unknown", promptcache.KindUnknown.String())
	require.Equal(t, "ErrorKind(99)", promptcache.ErrorKind(99).String())
	for kind, k := range kindsAndSentinels {
		require.Equal(t, k.name, kind.String())
		err := &promptcache.FetchError{Key: "a", Kind: kind}
		for other, o := range kindsAndSentinels {
			require.Equal(t, kind == other, errors.Is(err, o.sentinel), "%v is %v", kind, o.sentinel)
		}
	}
	for _, kind := range []promptcache.ErrorKind{promptcache.KindUnknown, 99} {
		err := &promptcache.FetchError{Kind: kind}
		require.NotErrorIs(t, err, promptcache.ErrNotFound)
		require.False(t, err.Is(nil), "no kind matches nil")
	}
}

func TestFetchErrorMessage(t *testing.T) {
	cause := errors.New("connection refused")
	for want, err := range map[string]*promptcache.FetchError{
		`promptcache: fetch "a"`:                                               {Key: "a"},
		`promptcache: fetch "a": not found`:                                    {Key: "a", Kind: promptcache.KindNotFound},
		`promptcache: fetch "a": unavailable (HTTP 502)`:                       {Key: "a", Kind: promptcache.KindUnavailable, StatusCode: 502},
		`promptcache: fetch "a": connection refused`:                           {Key: "a", Err: cause},
		`promptcache: fetch "a\n": unavailable (HTTP 502): connection refused`: {Key: "a\n", Kind: promptcache.KindUnavailable, StatusCode: 502, Err: cause},
	} {
		require.EqualError(t, err, want)
	}
	err := &promptcache.FetchError{Kind: promptcache.KindUnavailable, Err: cause}
	require.ErrorIs(t, err, cause)
	require.ErrorIs(t, err, promptcache.ErrUnavailable)
	require.NoError(t, (&promptcache.FetchError{}).Unwrap())
}

// What the fetch answers, and what its caller gets.
func TestFetchErrorOf(t *testing.T) {
	own := &promptcache.FetchError{Key: "a", Kind: promptcache.KindForbidden, StatusCode: 403}
	other := &promptcache.FetchError{Key: "b", Kind: promptcache.KindRateLimited, StatusCode: 429, RetryAfter: time.Minute}
	plain := errors.New("who knows")
	for name, c := range map[string]struct {
		answer error
		kind   promptcache.ErrorKind
		status int
		after  time.Duration
	}{
		"a FetchError of the key":          {own, promptcache.KindForbidden, 403, 0},
		"a FetchError of another key":      {other, promptcache.KindRateLimited, 429, time.Minute},
		"a wrapped FetchError":             {fmt.Errorf("attempt 3: %w", other), promptcache.KindRateLimited, 429, time.Minute},
		"a wrapped one of the key":         {fmt.Errorf("attempt 3: %w", own), promptcache.KindForbidden, 403, 0},
		"a sentinel":                       {promptcache.ErrConflict, promptcache.KindConflict, 0, 0},
		"a wrapped sentinel":               {fmt.Errorf("%w: gone", promptcache.ErrNotFound), promptcache.KindNotFound, 0, 0},
		"a joined sentinel":                {errors.Join(plain, promptcache.ErrUnauthorized), promptcache.KindUnauthorized, 0, 0},
		"a deadline":                       {fmt.Errorf("http: %w", context.DeadlineExceeded), promptcache.KindUnavailable, 0, 0},
		"a kindless one around a sentinel": {&promptcache.FetchError{Key: "b", StatusCode: 404, Err: promptcache.ErrNotFound}, promptcache.KindNotFound, 404, 0},
		"the same of the key":              {&promptcache.FetchError{Key: "a", StatusCode: 404, Err: promptcache.ErrNotFound}, promptcache.KindNotFound, 404, 0},
		"an error that says nothing":       {plain, promptcache.KindUnknown, 0, 0},
	} {
		proves(t, name, func(t *testing.T) {
			src := source.New[*doc]()
			src.Always(source.Fail[*doc](c.answer))
			cache := newCache(t, src.Fetch, exactly())
			_, err := cache.GetOrFetch(t.Context(), "a")
			require.ErrorIs(t, err, c.answer)
			var fe *promptcache.FetchError
			require.ErrorAs(t, err, &fe)
			require.Equal(t, "a", fe.Key)
			require.Equal(t, c.kind, fe.Kind)
			require.Equal(t, c.status, fe.StatusCode)
			require.Equal(t, c.after, fe.RetryAfter)
			last := cache.Status().LastError
			require.Equal(t, c.kind, last.Kind)
			require.Equal(t, c.status, last.StatusCode)
			_, again := cache.GetOrFetch(t.Context(), "a")
			require.ErrorIs(t, again, fe, "the next reader gets the same error, not another fetch")
		})
	}

	proves(t, "a FetchError of the key is passed on as it is", func(t *testing.T) {
		src := source.New[*doc]()
		src.Always(source.Fail[*doc](own))
		_, err := newCache(t, src.Fetch, exactly()).GetOrFetch(t.Context(), "a")
		require.Same(t, own, err)
	})
}

func TestPanicError(t *testing.T) {
	cause := errors.New("nil map")
	for name, c := range map[string]struct {
		step    source.Step[*doc]
		message string
	}{
		"panic":  {source.Panic[*doc]("oh"), "panic: oh"},
		"error":  {source.Panic[*doc](cause), "panic: nil map"},
		"Goexit": {source.Goexit[*doc](), "runtime.Goexit was called"},
	} {
		proves(t, "a fetch that ends by "+name+" is an error", func(t *testing.T) {
			src := docs("a")
			src.Script(c.step)
			cache := newCache(t, src.Fetch, exactly())
			_, err := cache.GetOrFetch(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrPanicked)
			var p *promptcache.PanicError
			require.ErrorAs(t, err, &p)
			require.EqualError(t, p, c.message)
			require.NotContains(t, err.Error(), "goroutine", "the stack is not part of the message")
			require.Contains(t, string(p.Stack), "goroutine")
			require.Equal(t, name == "error", errors.Is(err, cause))
			pass(time.Second)
			loadedWith(t, cache, "a")
		})
	}
}
