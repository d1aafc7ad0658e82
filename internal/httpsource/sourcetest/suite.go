package sourcetest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// Settings are the fields that the Configs of all sources have.
type Settings struct {
	Endpoint               string
	AllowInsecure          bool
	HTTPClient             *http.Client
	UserAgent              string
	Retries                *int
	AttemptTimeout         time.Duration
	BackoffMin, BackoffMax time.Duration
	MaxBodyBytes           int64
}

// Subject is a source to test.
type Subject struct {
	// New returns the fetch of a source with these settings, no environment and
	// [Hidden] for a secret, or New's error.
	New func(Settings) (promptcache.FetchFunc[any], error)
	Key string // what to fetch; its answer is Good
	// Bodies of the registry: a good answer, and its own word that there is no
	// such prompt.
	Good, Missing string
}

// Run proves that a source hands its settings on and its failures back: what
// every source promises about waiting, retrying and saying what happened.
func Run(t *testing.T, s Subject) {
	t.Run("retries", s.retries)
	t.Run("waits", s.waits)
	t.Run("limits", s.limits)
	t.Run("settings", s.settings)
}

// fetch fetches from a source with settings.
func (s Subject) fetch(ctx context.Context, t *testing.T, settings Settings) error {
	t.Helper()
	fetch, err := s.New(settings)
	require.NoError(t, err)
	_, err = fetch(ctx, s.Key)
	return err
}

// always is a client whose every answer is the same, and how often it was asked.
func always(status int, body string, header http.Header) (*http.Client, *atomic.Int32) {
	var requests atomic.Int32
	return InMemory(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		for k, v := range header {
			w.Header()[k] = v
		}
		Reply(w, status, body)
	}), &requests
}

func (s Subject) retries(t *testing.T) {
	for _, tt := range []struct {
		name    string
		status  int
		body    string
		retries *int
		want    int32
		kind    promptcache.ErrorKind
	}{
		{"LF-13 status 500 with 3 retries is 4 requests", 500, "", new(3), 4, promptcache.KindUnavailable},
		{"LF-13 status 500 with 0 retries is 1 request", 500, "", new(0), 1, promptcache.KindUnavailable},
		{"LF-13 status 500 by default is 3 requests", 500, "", nil, 3, promptcache.KindUnavailable},
		{"LF-13 a 404 is never retried", 404, s.Missing, new(3), 1, promptcache.KindNotFound},
		{"429 is retried", 429, "", new(1), 2, promptcache.KindRateLimited},
		{"NB-25 a proxy's HTML 404 says nothing of the prompt", 404, "<html>", nil, 1, promptcache.KindUnavailable},
		{"NB-25 nor does a 401", 401, s.Missing, nil, 1, promptcache.KindUnauthorized},
		{"NB-25 nor does a 403", 403, s.Missing, nil, 1, promptcache.KindForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, requests := always(tt.status, tt.body, nil)
				err := s.fetch(t.Context(), t, Settings{HTTPClient: client, Retries: tt.retries})
				require.Equal(t, tt.status, FetchError(t, err, s.Key, tt.kind).StatusCode)
				require.Equal(t, tt.kind == promptcache.KindNotFound, errors.Is(err, promptcache.ErrNotFound))
				require.Equal(t, tt.want, requests.Load())
			})
		})
	}
	t.Run("LF-13 a network error is retried", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			err := s.fetch(t.Context(), t, Settings{Retries: new(2), HTTPClient: Over(func(*http.Request) (*http.Response, error) {
				requests++
				return nil, syscall.ECONNREFUSED
			})})
			require.ErrorIs(t, FetchError(t, err, s.Key, promptcache.KindUnavailable), syscall.ECONNREFUSED)
			require.Equal(t, 3, requests)
		})
	})
}

func (s Subject) waits(t *testing.T) {
	t.Run("NB-23 Retry-After: 3600 is told, not waited for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client, requests := always(429, "", http.Header{"Retry-After": {"3600"}})
			start := time.Now()
			err := s.fetch(t.Context(), t, Settings{HTTPClient: client})
			require.Equal(t, time.Hour, FetchError(t, err, s.Key, promptcache.KindRateLimited).RetryAfter)
			require.EqualValues(t, 1, requests.Load())
			require.Zero(t, time.Since(start))
		})
	})
	t.Run("NB-23 weeks are capped", func(t *testing.T) {
		client, _ := always(503, "", http.Header{"Retry-After": {"9999999"}})
		err := s.fetch(t.Context(), t, Settings{HTTPClient: client})
		require.Equal(t, 24*time.Hour, FetchError(t, err, s.Key, promptcache.KindUnavailable).RetryAfter)
	})
	t.Run("NB-23 no caller is held past its deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client, requests := always(429, "", http.Header{"Retry-After": {"2"}})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			err := s.fetch(ctx, t, Settings{HTTPClient: client})
			_ = FetchError(t, err, s.Key, promptcache.KindRateLimited)
			require.EqualValues(t, 1, requests.Load())
			require.Zero(t, time.Since(start))
		})
	})
	t.Run("LF-12 the timeout of an attempt reaches the request", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var requests atomic.Int32
			start := time.Now()
			err := s.fetch(t.Context(), t, Settings{
				HTTPClient: Hanging(&requests), AttemptTimeout: 3 * time.Second, Retries: new(1), BackoffMax: time.Nanosecond,
			})
			require.ErrorIs(t, FetchError(t, err, s.Key, promptcache.KindUnavailable), context.DeadlineExceeded)
			require.EqualValues(t, 2, requests.Load())
			require.InDelta(t, 6*time.Second, time.Since(start), 2)
		})
	})
	t.Run("LF-12 the caller's context ends it at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var requests atomic.Int32
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			err := s.fetch(ctx, t, Settings{HTTPClient: Hanging(&requests)})
			require.ErrorIs(t, FetchError(t, err, s.Key, promptcache.KindUnknown), context.Canceled)
			require.EqualValues(t, 1, requests.Load())
			require.Equal(t, time.Second, time.Since(start))
		})
	})
	t.Run("LF-12 so it does during the wait for a retry", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client, requests := always(500, "", nil)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			err := s.fetch(ctx, t, Settings{HTTPClient: client, BackoffMin: time.Hour})
			require.ErrorIs(t, FetchError(t, err, s.Key, promptcache.KindUnavailable), context.Canceled)
			require.EqualValues(t, 1, requests.Load())
			require.Equal(t, time.Second, time.Since(start))
		})
	})
}

func (s Subject) limits(t *testing.T) {
	t.Run("the size of an answer", func(t *testing.T) {
		client, _ := always(200, s.Good, nil)
		require.NoError(t, s.fetch(t.Context(), t, Settings{HTTPClient: client, MaxBodyBytes: int64(len(s.Good))}))
		err := s.fetch(t.Context(), t, Settings{HTTPClient: client, MaxBodyBytes: int64(len(s.Good)) - 1})
		require.ErrorContains(t, FetchError(t, err, s.Key, promptcache.KindInvalid), "Config.MaxBodyBytes sets the limit")
	})
	t.Run("a redirect to another host", func(t *testing.T) {
		var hosts []string
		err := s.fetch(t.Context(), t, Settings{Endpoint: "https://h.example.com", HTTPClient: Over(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Host)
			return &http.Response{
				StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://evil.example.com" + r.URL.Path}},
				Body: http.NoBody, Request: r,
			}, nil
		})})
		require.ErrorContains(t, FetchError(t, err, s.Key, promptcache.KindUnavailable), "redirected to another host or scheme")
		require.Equal(t, []string{"h.example.com"}, hosts)
	})
	t.Run("plain http", func(t *testing.T) {
		_, err := s.New(Settings{Endpoint: "http://h.example.com"})
		require.ErrorContains(t, err, "is not encrypted")
		client, _ := always(200, s.Good, nil)
		require.NoError(t, s.fetch(t.Context(), t, Settings{Endpoint: "http://h.example.com", AllowInsecure: true, HTTPClient: client}))
	})
	t.Run("what a server says is short, printable and without credentials", func(t *testing.T) {
		cause := errors.New("malformed response: \x1b[0m " + Hidden + strings.Repeat("z", 5000))
		err := s.fetch(t.Context(), t, Settings{Retries: new(0), HTTPClient: Over(func(*http.Request) (*http.Response, error) {
			return nil, cause
		})})
		require.ErrorIs(t, FetchError(t, err, s.Key, promptcache.KindUnavailable), cause)
		require.NotContains(t, err.Error(), "\x1b")
	})
}

func (s Subject) settings(t *testing.T) {
	t.Run("all problems come back in one error", func(t *testing.T) {
		_, err := s.New(Settings{
			Endpoint: "ftp://example.com", UserAgent: "x\r\ny", Retries: new(11),
			AttemptTimeout: -1, BackoffMin: -2, BackoffMax: -3, MaxBodyBytes: -4,
		})
		for _, want := range []string{
			`Endpoint "ftp://example.com" does not begin with https://; want https://HOST[:PORT][/PATH]`,
			"UserAgent has a character that cannot be sent in a header, at byte 1; want printable ASCII",
			"Retries is 11; want 0 to 10, or nil for 2",
			"AttemptTimeout is -1ns; want more than 0, or 0 for 5s",
			"BackoffMin is -2ns; want more than 0, or 0 for 200ms",
			"BackoffMax is -3ns; want more than 0, or 0 for 2s",
			"MaxBodyBytes is -4; want more than 0, or 0 for 5242880",
		} {
			require.ErrorContains(t, err, want)
		}
	})
	t.Run("the HTTP client is not changed", func(t *testing.T) {
		client := &http.Client{Timeout: time.Minute}
		_, err := s.New(Settings{HTTPClient: client})
		require.NoError(t, err)
		require.Equal(t, &http.Client{Timeout: time.Minute}, client)
	})
	t.Run("the user agent", func(t *testing.T) {
		var sent []string
		client := InMemory(func(w http.ResponseWriter, r *http.Request) {
			sent = append(sent, r.UserAgent())
			Reply(w, http.StatusOK, s.Good)
		})
		require.NoError(t, s.fetch(t.Context(), t, Settings{HTTPClient: client, UserAgent: "mine/1 (x)"}))
		require.NoError(t, s.fetch(t.Context(), t, Settings{HTTPClient: client}))
		require.Equal(t, "mine/1 (x)", sent[0])
		require.Regexp(t, `^promptcache-go \(lang(smith|fuse)\)$`, sent[1])
	})
}
