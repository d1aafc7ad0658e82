package registry

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
)

// answer keeps the body of the last answer to a request whose context it is in.
type answer struct {
	mu   sync.Mutex
	body bytes.Buffer
}

type answerKey struct{}

// in returns a context in which answers are kept.
func (a *answer) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, answerKey{}, a)
}

// bytes returns what was read of the last answer.
func (a *answer) bytes() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return bytes.Clone(a.body.Bytes())
}

// keeper is a transport that fills in the answer of a request's context. What
// is kept is what the source reads, which bounds it.
type keeper struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (k keeper) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := k.next.RoundTrip(r)
	if a, ok := r.Context().Value(answerKey{}).(*answer); ok && err == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.body.Reset()
		resp.Body = keptBody{resp.Body, a}
	}
	return resp, err
}

// keptBody is the body of an answer, which is kept while it is read.
type keptBody struct {
	io.ReadCloser
	to *answer
}

// Read implements io.Reader.
func (b keptBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.to.mu.Lock()
	defer b.to.mu.Unlock()
	b.to.body.Write(p[:n])
	return n, err
}

// client returns the HTTP client of a registry that is opened with s.
func (s Settings) client() *http.Client { return &http.Client{Transport: keeper{s.Transport}} }
