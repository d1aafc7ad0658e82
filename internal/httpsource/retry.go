package httpsource

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter is the longest Retry-After that is believed; the cache has a
// stricter limit of its own.
const maxRetryAfter = 24 * time.Hour

// persist asks for r until there is an answer that another attempt would not
// change, or no time for one.
func (c *Client) persist(ctx context.Context, r Request, read func(Answer) error) *failure {
	for n := 0; ; n++ {
		fail := c.attempt(ctx, r, read)
		if fail == nil || fail.notModified {
			return fail
		}
		if n > 0 {
			fail.err = fmt.Errorf("%w (after %d attempts)", fail.err, n+1)
		}
		wait := max(c.backoff(n), fail.retryAfter)
		if !fail.passing || n >= c.retries || wait > c.backoffMax || !timeFor(ctx, wait) {
			return fail
		}
		if err := sleep(ctx, wait); err != nil {
			fail.err = fmt.Errorf("%w; not asked again: %w", fail.err, err)
			return fail
		}
	}
}

// backoff returns the wait before retry n, counted from 0.
func (c *Client) backoff(n int) time.Duration {
	d := c.backoffMin
	for range n {
		if d > c.backoffMax/2 {
			d = c.backoffMax
			break
		}
		d *= 2
	}
	return d - time.Duration(rand.Float64()*float64(d)/2) //nolint:gosec // spreads load, guards nothing
}

// timeFor reports whether ctx outlives a wait.
func timeFor(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > wait
}

// sleep waits, or returns why ctx ended before.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retryAfter returns how long the header asks to be left alone: a number of
// seconds, or a date, which is read against the server's own clock if it sent
// the time. 0 if it does not ask, or not in a form that HTTP knows.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	var d time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		d = time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	} else if until, err := http.ParseTime(value); err == nil {
		now, err := http.ParseTime(h.Get("Date"))
		if err != nil {
			now = time.Now()
		}
		d = until.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
