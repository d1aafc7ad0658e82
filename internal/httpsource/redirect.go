package httpsource

import (
	"errors"
	"fmt"
	"net/http"
)

// maxRedirects is how many redirects one attempt follows. A server that adds a
// slash needs one.
const maxRedirects = 3

// redirectError is a redirect that was not followed. Another attempt would be
// redirected again.
type redirectError struct{ err error }

func (e *redirectError) Error() string { return "redirected " + e.err.Error() }
func (e *redirectError) Unwrap() error { return e.err }

// confined returns a copy of client that follows no redirect out of e: net/http
// alone would take x-api-key along to any host. The client's own policy is
// asked about the rest.
func confined(client *http.Client, e Endpoint) *http.Client {
	c := *client
	ask := c.CheckRedirect
	c.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if err := e.contains(req.URL); err != nil {
			return &redirectError{fmt.Errorf("%w; not followed, because the credentials are for %s only: check the endpoint", err, e)}
		}
		if len(via) > maxRedirects {
			return &redirectError{fmt.Errorf("more than %d times; check the endpoint", maxRedirects)}
		}
		if ask == nil {
			return nil
		}
		err := ask(req, via)
		if err == nil || errors.Is(err, http.ErrUseLastResponse) {
			return err
		}
		return &redirectError{fmt.Errorf("where Config.HTTPClient does not go: %w", err)}
	}
	return &c
}
