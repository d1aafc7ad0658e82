package fakelangfuse

import (
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// RateLimit is how many requests for prompts are answered in a window of time.
// The zero value is no limit, as on servers of one's own.
type RateLimit struct {
	// Requests are answered in each window; further ones are refused with
	// status 429. 0 means no limit. Negative is an error.
	Requests int
	// Window begins with the first request after the one before it ended. 0
	// means a minute. Negative is an error.
	Window time.Duration
}

func (l RateLimit) validate() error {
	if l.Requests < 0 || l.Window < 0 {
		return errors.New("fakelangfuse: the rate limit is negative")
	}
	return nil
}

// limiter counts the requests of the organization, whatever the project.
type limiter struct {
	mu    sync.Mutex
	limit RateLimit
	begun time.Time // of the window
	count int       // the requests in it
}

// SetRateLimit sets a limit for the requests for prompts, all projects
// together, and begins a new window; the zero RateLimit ends it. Refused
// requests are requests of the record, too.
func (s *Server) SetRateLimit(limit RateLimit) error {
	if err := limit.validate(); err != nil {
		return err
	}
	l := s.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit, l.count = limit, 0
	return nil
}

// take counts a request. It is false, and says how long the window lasts still,
// if it is one too many.
func (l *limiter) take(at time.Time) (limit RateLimit, wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limit.Requests == 0 {
		return l.limit, 0, true
	}
	window := l.limit.Window
	if window == 0 {
		window = time.Minute
	}
	if l.count == 0 || at.Sub(l.begun) >= window {
		l.begun, l.count = at, 0
	}
	l.count++
	return l.limit, window - at.Sub(l.begun), l.count <= l.limit.Requests
}

// limited is the answer to a request that is one too many.
func limited(limit RateLimit, wait time.Duration, at time.Time) response {
	retryAfter, reset := seconds(wait), at.Add(wait).UTC()
	resp := jsonResponse(http.StatusTooManyRequests, map[string]any{
		"message": "Rate limit exceeded",
		"code":    "rate_limited",
		"details": map[string]any{
			"retryAfterSeconds": retryAfter,
			"limit":             limit.Requests,
			"remaining":         0,
			"resetAt":           timestamp(reset),
		},
	})
	resp.Header["Retry-After"] = strconv.Itoa(retryAfter)
	resp.Header["X-RateLimit-Limit"] = strconv.Itoa(limit.Requests)
	resp.Header["X-RateLimit-Remaining"] = "0"
	resp.Header["X-RateLimit-Reset"] = reset.Format("Mon Jan 02 2006 15:04:05") + " GMT+0000 (Coordinated Universal Time)"
	return resp
}
