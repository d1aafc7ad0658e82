// Package fakeservertest has what the tests of the fakes share.
package fakeservertest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Client asks one server, as one caller.
type Client struct {
	HTTP   *http.Client
	t      *testing.T
	url    string
	header http.Header
}

// NewClient returns a client of the server at url that sends the headers, given
// as names and values. It takes every answer as it comes: it follows no
// redirects and decompresses nothing.
func NewClient(t *testing.T, url string, headers ...string) *Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	c := &Client{
		t: t, url: url,
		HTTP: &http.Client{
			Transport:     transport,
			Timeout:       30 * time.Second, // no test waits for it
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	return c.As(headers...)
}

// As is the same client with other headers.
func (c *Client) As(headers ...string) *Client {
	other := *c
	other.header = http.Header{}
	return other.With(headers...)
}

// With is the same client with more headers.
func (c *Client) With(headers ...string) *Client {
	other := *c
	other.header = c.header.Clone()
	for i := 0; i < len(headers); i += 2 {
		other.header.Set(headers[i], headers[i+1])
	}
	return &other
}

// Answer is a whole response.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Try makes a request, which may fail.
func (c *Client) Try(ctx context.Context, method, path, body string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	req.Header = c.header.Clone()
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	a := Answer{Status: resp.StatusCode, Header: resp.Header}
	a.Body, err = io.ReadAll(resp.Body)
	return a, err
}

// Do makes a request and wants status.
func (c *Client) Do(status int, method, path, body string) Answer {
	c.t.Helper()
	a, err := c.Try(c.t.Context(), method, path, body)
	require.NoError(c.t, err, path)
	require.Equal(c.t, status, a.Status, "%s %s: %s", method, path, a.Body)
	return a
}

// Get asks for path and wants status.
func (c *Client) Get(status int, path string) Answer {
	c.t.Helper()
	return c.Do(status, http.MethodGet, path, "")
}

// Failure asks for path and returns why there was no whole answer.
func (c *Client) Failure(path string) error {
	_, err := c.Try(c.t.Context(), http.MethodGet, path, "")
	return err
}

// InBackground asks for path; the channel brings what came of it.
func (c *Client) InBackground(ctx context.Context, path string) <-chan error {
	ended := make(chan error, 1)
	go func() {
		_, err := c.Try(ctx, http.MethodGet, path, "")
		ended <- err
	}()
	return ended
}

// Admin makes an admin request without credentials, wants status, and returns
// the object that is the answer.
func (c *Client) Admin(status int, method, path, body string) map[string]any {
	c.t.Helper()
	return c.As().Do(status, method, "/_fake/"+path, body).Object(c.t)
}

// Object is the JSON object that the answer is.
func (a Answer) Object(t *testing.T) map[string]any {
	t.Helper()
	require.Regexp(t, `^application/json\b`, a.Header.Get("Content-Type"))
	var object map[string]any
	require.NoError(t, json.Unmarshal(a.Body, &object), "%s", a.Body)
	return object
}
