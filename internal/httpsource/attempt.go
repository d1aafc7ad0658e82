package httpsource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/promptcache/promptcache-go/promptcache"
)

// attempt asks for r once.
func (c *Client) attempt(ctx context.Context, r Request, read func(Answer) error) *failure {
	fail := c.roundTrip(ctx, r, read)
	if fail != nil && !fail.notModified {
		fail.err = fmt.Errorf("GET %s: %w", r.URL, fail.err)
	}
	return fail
}

func (c *Client) roundTrip(ctx context.Context, r Request, read func(Answer) error) (fail *failure) {
	defer func() {
		if value := recover(); value != nil {
			fail = c.panicked(value)
		}
	}()
	if ctx.Err() != nil {
		return c.transportFailure(ctx, ctx.Err())
	}
	attemptCtx, cancel := context.WithTimeout(ctx, c.attemptTimeout)
	defer cancel()
	resp, err := c.http.Do(c.request(attemptCtx, r))
	if err != nil {
		return c.transportFailure(ctx, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	switch {
	case resp.StatusCode == http.StatusNotModified && r.ETag != "":
		return &failure{notModified: true}
	case resp.StatusCode != http.StatusOK:
		return c.statusFailure(resp)
	}
	body, fail := c.body(ctx, resp)
	if fail != nil {
		return fail
	}
	if err := read(Answer{Body: body, ETag: c.etag(resp.Header)}); err != nil {
		return &failure{kind: promptcache.KindInvalid, status: resp.StatusCode, err: &quotedError{c.quotable(err.Error()), err}}
	}
	return nil
}

// request returns the HTTP request for r. It never carries Cache-Control, which
// would keep servers from answering 304.
func (c *Client) request(ctx context.Context, r Request) *http.Request {
	h := make(http.Header)
	h.Set("Accept", "application/json")
	h.Set("User-Agent", c.userAgent)
	if r.ETag != "" {
		h.Set("If-None-Match", r.ETag)
	}
	c.authorize(h)
	return (&http.Request{Method: http.MethodGet, URL: r.URL, Host: r.URL.Host, Header: h}).WithContext(ctx)
}

// body reads an answer that claims success, where ctx is the fetch's own.
func (c *Client) body(ctx context.Context, resp *http.Response) ([]byte, *failure) {
	declared, possible := isJSON(resp.Header)
	if !possible {
		return nil, c.notTheRegistry(resp)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, resp.Body, c.maxBodyBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &failure{kind: promptcache.KindInvalid, status: resp.StatusCode, err: fmt.Errorf(
			"the answer is larger than %d bytes; Config.MaxBodyBytes sets the limit", c.maxBodyBytes)}
	}
	if err != nil {
		fail := c.transportFailure(ctx, fmt.Errorf("the answer broke off: %w", err))
		fail.status = resp.StatusCode
		return nil, fail
	}
	if !declared && !json.Valid(body) {
		return nil, c.notTheRegistry(resp)
	}
	return body, nil
}
