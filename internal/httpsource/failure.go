package httpsource

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"strings"
	"time"
	"unicode"

	"github.com/promptcache/promptcache-go/promptcache"
)

// maxServerText is what is quoted of a server's text, in characters.
const maxServerText = 200

// failure is why an attempt brought nothing new.
type failure struct {
	notModified bool // it is no failure: the registry has what is there already

	kind       promptcache.ErrorKind
	status     int
	retryAfter time.Duration
	passing    bool // worth another attempt
	err        error
}

// asFetchError returns what the caller of a source gets.
func (f *failure) asFetchError(key string) *promptcache.FetchError {
	return &promptcache.FetchError{Key: key, Kind: f.kind, StatusCode: f.status, RetryAfter: f.retryAfter, Err: f.err}
}

// quotedError has a text that is fit to be shown, in place of its cause's. It
// matches what its cause matches, but has no Unwrap: whatever prints a chain of
// errors one by one would come upon the cause's own text.
type quotedError struct {
	text  string
	cause error
}

func (e *quotedError) Error() string        { return e.text }
func (e *quotedError) Is(target error) bool { return errors.Is(e.cause, target) }
func (e *quotedError) As(target any) bool   { return errors.As(e.cause, target) }

// proxyAddress is how Go's packages say that the address of a proxy is no URL.
// They quote it, and parts of it once more, and passwords are often why.
var proxyAddress = regexp.MustCompile(`(?s)(invalid proxy address ).*`)

// userInfo is what stands before the host of a URL.
var userInfo = regexp.MustCompile(`://[^\s"]*@`)

// masked returns text without the credentials that it shows.
func (c *Client) masked(text string) string {
	for _, secret := range c.secrets {
		text = secret.redactIn(text)
	}
	text = proxyAddress.ReplaceAllString(text, "${1}"+redacted)
	return userInfo.ReplaceAllString(text, "://"+redacted+"@")
}

// quotable makes text from elsewhere fit for an error: without credentials and
// control characters, and short.
func (c *Client) quotable(text string) string {
	text = c.masked(text) // before it is cut: half a key is one too
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	n := 0
	for i := range text {
		if n++; n > maxServerText {
			return text[:i] + "…"
		}
	}
	return text
}

// notTheRegistry is the failure of an answer that claims success and is no JSON.
func (c *Client) notTheRegistry(resp *http.Response) *failure {
	return &failure{kind: promptcache.KindUnavailable, status: resp.StatusCode, err: fmt.Errorf(
		"the answer is %s, not JSON: it looks like a proxy's or a login page; check the endpoint", c.mediaType(resp.Header))}
}

// panicked is the failure of an attempt in which the transport, or what reads
// the answer, panicked with value. Call it where value was recovered, for the
// stack.
func (c *Client) panicked(value any) *failure {
	if text := fmt.Sprint(value); c.masked(text) != text {
		value = c.quotable(text) // such as a transport's that panics with the request
	}
	return &failure{kind: promptcache.KindPanicked, err: &promptcache.PanicError{Value: value, Stack: debug.Stack()}}
}

// transportFailure says what an error of the HTTP client means, where ctx is
// the fetch's own. That ctx was canceled says nothing about the registry.
func (c *Client) transportFailure(ctx context.Context, err error) *failure {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // its text repeats the address
	}
	f := &failure{kind: promptcache.KindUnavailable}
	_, redirected := errors.AsType[*redirectError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	advice := ""
	switch {
	case ctx.Err() != nil:
		if errors.Is(ctx.Err(), context.Canceled) {
			f.kind = promptcache.KindUnknown
		}
		if !errors.Is(err, ctx.Err()) {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	case redirected:
	case untrusted:
		advice = "; check the endpoint, or the certificates that Config.HTTPClient trusts"
	case errors.Is(err, context.DeadlineExceeded):
		f.passing = true
		advice = fmt.Sprintf("; no answer in the time for one attempt (Config.AttemptTimeout is %v)", c.attemptTimeout)
	default:
		f.passing = true
		advice = "; check the network and the endpoint"
	}
	f.err = &quotedError{c.quotable(err.Error()) + advice, err}
	return f
}
