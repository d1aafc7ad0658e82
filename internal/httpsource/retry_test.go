package httpsource_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource"
	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/promptcache"
)

// failing answers with status and body for the first n requests, then well. It
// counts the requests.
func failing(n, status int, header http.Header) (*http.Client, *atomic.Int32) {
	var requests atomic.Int32
	return sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
		if int(requests.Add(1)) > n {
			sourcetest.Reply(w, http.StatusOK, answer)
			return
		}
		for k, v := range header {
			w.Header()[k] = v
		}
		sourcetest.Reply(w, status, `{"detail":"x"}`)
	}), &requests
}

const always = 1 << 30

func TestRetries(t *testing.T) {
	tests := []struct {
		name    string
		status  int
		retries *int
		want    int32
	}{
		{"LF-13 status 500 with 3 retries is 4 requests", 500, new(3), 4},
		{"LF-13 status 500 with 0 retries is 1 request", 500, new(0), 1},
		{"LF-13 status 500 by default is 3 requests", 500, nil, 3},
		{"LF-13 a 404 is never retried", 404, new(3), 1},
		{"400 is not retried", 400, new(3), 1},
		{"401 is not retried", 401, new(3), 1},
		{"403 is not retried", 403, new(3), 1},
		{"409 is not retried", 409, new(3), 1},
		{"422 is not retried", 422, new(3), 1},
		{"408", 408, new(3), 4},
		{"425", 425, new(3), 4},
		{"429 without Retry-After", 429, new(3), 4},
		{"502", 502, new(3), 4},
		{"503", 503, new(10), 11},
		{"599", 599, new(1), 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, requests := failing(always, tt.status, nil)
				src := newSource(t, httpsource.Config{HTTPClient: client, Retries: tt.retries})
				_, err := src.Fetch(t.Context(), "al")
				var fe *promptcache.FetchError
				require.ErrorAs(t, err, &fe)
				require.Equal(t, tt.status, fe.StatusCode)
				require.Equal(t, tt.want, requests.Load())
				require.Equal(t, tt.want > 1, strings.Contains(err.Error(), " attempts)"), err)
			})
		})
	}
	t.Run("LF-13 a retry that succeeds", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client, requests := failing(2, 503, nil)
			c, err := newSource(t, httpsource.Config{HTTPClient: client}).Fetch(t.Context(), "al")
			require.NoError(t, err)
			require.Equal(t, "hello", c)
			require.EqualValues(t, 3, requests.Load())
		})
	})
}

func TestRetriesOfNetworkErrors(t *testing.T) {
	t.Run("LF-13 a network error is retried", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			src := newSource(t, httpsource.Config{Retries: new(3), HTTPClient: sourcetest.Over(func(*http.Request) (*http.Response, error) {
				requests++
				return nil, syscall.ECONNREFUSED
			})})
			fe := fails(t, src, promptcache.KindUnavailable)
			require.ErrorIs(t, fe, syscall.ECONNREFUSED)
			require.ErrorContains(t, fe, "connection refused; check the network and the endpoint (after 4 attempts)")
			require.Zero(t, fe.StatusCode)
			require.Equal(t, 4, requests)
		})
	})
	t.Run("LF-13 an answer that breaks off is retried", func(t *testing.T) {
		var requests atomic.Int32
		srv := sourcetest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if requests.Add(1) == 1 {
				w.Header().Set("Content-Length", "1000")
			}
			sourcetest.Reply(w, http.StatusOK, answer)
		})
		src := newSource(t, httpsource.Config{Endpoint: srv.URL, BackoffMax: time.Nanosecond})
		_, err := src.Fetch(t.Context(), "al")
		require.NoError(t, err)
		require.EqualValues(t, 2, requests.Load())

		requests.Store(0)
		src = newSource(t, httpsource.Config{Endpoint: srv.URL, Retries: new(0)})
		fe := fails(t, src, promptcache.KindUnavailable)
		require.ErrorIs(t, fe, io.ErrUnexpectedEOF)
		require.ErrorContains(t, fe, "the answer broke off")
		require.Equal(t, http.StatusOK, fe.StatusCode)
	})
	t.Run("nobody listens", func(t *testing.T) {
		srv := sourcetest.Serve(t, func(http.ResponseWriter, *http.Request) {})
		srv.Close()
		src := newSource(t, httpsource.Config{Endpoint: srv.URL, BackoffMax: time.Nanosecond})
		_ = fails(t, src, promptcache.KindUnavailable)
	})
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		src := newSource(t, httpsource.Config{
			Retries: new(6), BackoffMin: time.Second, BackoffMax: 5 * time.Second,
			HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
				at = append(at, time.Now())
				sourcetest.Reply(w, 500, "")
			}),
		})
		_ = fails(t, src, promptcache.KindUnavailable)
		require.Len(t, at, 7)
		for i, seconds := range []float64{1, 2, 4, 5, 5, 5} {
			wait := at[i+1].Sub(at[i]).Seconds()
			require.LessOrEqual(t, wait, seconds, "wait %d", i)
			require.GreaterOrEqual(t, wait, seconds/2, "wait %d", i)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	serverTime := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) // far from the client's clock
	date := func(d time.Duration) string { return serverTime.Add(d).Format(http.TimeFormat) }
	tests := []struct {
		name, value string
		noDate      bool
		want        time.Duration // in the error; the wait, if requests is 2
		requests    int32
	}{
		{"seconds are waited for", "2", false, 2 * time.Second, 2},
		{"a date is waited for", date(2 * time.Second), false, 2 * time.Second, 2},
		{"NB-23 a long one is not", "3", false, 3 * time.Second, 1},
		{"NB-23 Retry-After: 3600", "3600", false, time.Hour, 1},
		{"NB-23 a date far off", date(time.Hour), false, time.Hour, 1},
		{"NB-23 weeks are capped", "9999999", false, 24 * time.Hour, 1},
		{"NB-23 years are capped", date(24 * 365 * time.Hour), false, 24 * time.Hour, 1},
		{"NB-23 more than fits is capped", "9223372036854775807", false, 24 * time.Hour, 1},
		{"zero", "0", false, 0, 2},
		{"a date that has passed", date(-time.Hour), false, 0, 2},
		{"negative", "-5", false, 0, 2},
		{"nonsense", "soon", false, 0, 2},
		{"a date, and the server's own time unknown", "Sat, 01 Jan 2000 01:00:00 GMT", true, time.Hour, 1}, // synctest starts at 2000-01-01
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, status := range []int{429, 503} {
				synctest.Test(t, func(t *testing.T) {
					header := http.Header{"Retry-After": {tt.value}, "Date": {date(0)}}
					if tt.noDate {
						header.Del("Date")
					}
					client, requests := failing(always, status, header)
					src := newSource(t, httpsource.Config{HTTPClient: client, Retries: new(1), BackoffMin: time.Nanosecond, BackoffMax: 2 * time.Second})
					start := time.Now()
					_, err := src.Fetch(t.Context(), "al")
					var fe *promptcache.FetchError
					require.ErrorAs(t, err, &fe)
					require.Equal(t, tt.want, fe.RetryAfter)
					require.Equal(t, status == 429, errors.Is(err, promptcache.ErrRateLimited))
					require.Equal(t, tt.requests, requests.Load())
					if tt.requests == 1 {
						require.Zero(t, time.Since(start), "it waited")
					} else {
						require.InDelta(t, tt.want, time.Since(start), 2)
					}
				})
			}
		})
	}
	t.Run("a 404's Retry-After means nothing", func(t *testing.T) {
		client, _ := failing(always, 404, http.Header{"Retry-After": {"60"}})
		require.Zero(t, fails(t, newSource(t, httpsource.Config{HTTPClient: client}), promptcache.KindNotFound).RetryAfter)
	})
}

func TestNoWaitPastTheDeadline(t *testing.T) {
	tests := []struct {
		name     string
		deadline time.Duration
		requests int32
	}{
		{"NB-23 a wait that the deadline would cut short is not begun", 1900 * time.Millisecond, 1},
		{"nor one that ends with it", 2 * time.Second, 1},
		{"one that leaves time is", 2001 * time.Millisecond, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, requests := failing(always, 429, http.Header{"Retry-After": {"2"}})
				src := newSource(t, httpsource.Config{HTTPClient: client, Retries: new(5), BackoffMin: time.Nanosecond, BackoffMax: 2 * time.Second})
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				start := time.Now()
				_, err := src.Fetch(ctx, "al")
				fe := sourcetest.FetchError(t, err, "al", promptcache.KindRateLimited)
				require.Equal(t, 2*time.Second, fe.RetryAfter)
				require.NotErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, tt.requests, requests.Load())
				require.InDelta(t, 2*(tt.requests-1), time.Since(start).Seconds(), 0)
			})
		})
	}
}

func TestCanceledDuringAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, requests := failing(always, 503, nil)
		src := newSource(t, httpsource.Config{HTTPClient: client, BackoffMin: time.Hour})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := src.Fetch(ctx, "al")
		fe := sourcetest.FetchError(t, err, "al", promptcache.KindUnavailable)
		require.Equal(t, 503, fe.StatusCode, "what happened before is not forgotten")
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "; not asked again: context canceled")
		require.Equal(t, time.Second, time.Since(start))
		require.EqualValues(t, 1, requests.Load())
	})
}

func TestAttemptTimeout(t *testing.T) {
	t.Run("LF-12 the timeout of an attempt reaches the request, and is retried", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var requests atomic.Int32
			src := newSource(t, httpsource.Config{
				HTTPClient: sourcetest.Hanging(&requests), AttemptTimeout: 3 * time.Second,
				Retries: new(1), BackoffMax: time.Nanosecond,
			})
			start := time.Now()
			fe := fails(t, src, promptcache.KindUnavailable)
			require.ErrorIs(t, fe, context.DeadlineExceeded)
			require.ErrorContains(t, fe, "(Config.AttemptTimeout is 3s)")
			require.EqualValues(t, 2, requests.Load())
			require.InDelta(t, 6*time.Second, time.Since(start), 2)
		})
	})
	t.Run("LF-12 it is 5 seconds by default", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var requests atomic.Int32
			start := time.Now()
			_ = fails(t, newSource(t, httpsource.Config{HTTPClient: sourcetest.Hanging(&requests), Retries: new(0)}), promptcache.KindUnavailable)
			require.Equal(t, 5*time.Second, time.Since(start))
		})
	})
	t.Run("LF-12 it covers the reading of the answer", func(t *testing.T) {
		released := make(chan struct{})
		srv := sourcetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"value":`))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			close(released)
		})
		src := newSource(t, httpsource.Config{Endpoint: srv.URL, AttemptTimeout: 20 * time.Millisecond, Retries: new(0)})
		fe := fails(t, src, promptcache.KindUnavailable)
		require.ErrorIs(t, fe, context.DeadlineExceeded)
		<-released
	})
	t.Run("LF-12 the caller's deadline ends it at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var requests atomic.Int32
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			_, err := newSource(t, httpsource.Config{HTTPClient: sourcetest.Hanging(&requests)}).Fetch(ctx, "al")
			_ = sourcetest.FetchError(t, err, "al", promptcache.KindUnavailable)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotContains(t, err.Error(), "AttemptTimeout")
			require.EqualValues(t, 1, requests.Load(), "not asked again")
			require.Equal(t, time.Second, time.Since(start))
		})
	})
	t.Run("LF-12 the caller's cancellation ends it at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var requests atomic.Int32
			why := errors.New("the handler gave up")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(why) })
			start := time.Now()
			_, err := newSource(t, httpsource.Config{HTTPClient: sourcetest.Hanging(&requests)}).Fetch(ctx, "al")
			_ = sourcetest.FetchError(t, err, "al", promptcache.KindUnknown)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, why)
			require.NotContains(t, err.Error(), "not asked again", "nobody was waiting for that")
			require.EqualValues(t, 1, requests.Load(), "not asked again")
			require.Equal(t, time.Second, time.Since(start))
		})
	})
	t.Run("LF-12 nothing is asked for a caller who has left", func(t *testing.T) {
		var requests atomic.Int32
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := newSource(t, httpsource.Config{HTTPClient: sourcetest.Hanging(&requests)}).Fetch(ctx, "al")
		_ = sourcetest.FetchError(t, err, "al", promptcache.KindUnknown)
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, requests.Load())
	})
}
