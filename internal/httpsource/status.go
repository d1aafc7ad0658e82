package httpsource

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// maxComplaintBytes is what is read of an answer that is not a success.
const maxComplaintBytes = 64 << 10

// Complaint is an answer with another status than 200.
type Complaint struct {
	Status int
	Body   []byte // its beginning; of any type
}

// Verdict is what a registry's package makes of a [Complaint].
type Verdict struct {
	// Said is the registry's own words, which the error quotes. "" if the body
	// is not the registry's.
	Said string
	// Own says that the registry itself answered, so that a 404 means that the
	// prompt does not exist. Anyone can send a 404.
	Own bool
	// Advice is what to do about it. "" is what goes for every registry.
	Advice string
	// RetryAfter is what the body says of when to ask again, if it does.
	RetryAfter time.Duration
}

// statusFailure says what an answer with another status than 200 means.
func (c *Client) statusFailure(resp *http.Response) *failure {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxComplaintBytes)) // what came before a failure may be enough
	verdict := c.judge(Complaint{Status: resp.StatusCode, Body: body})
	f := &failure{kind: kindOf(resp.StatusCode), status: resp.StatusCode, passing: mayPass(resp.StatusCode)}
	if f.passing {
		f.retryAfter = max(retryAfter(resp.Header), min(verdict.RetryAfter, maxRetryAfter))
	}
	advice := verdict.Advice
	switch {
	case resp.StatusCode == http.StatusNotFound && !verdict.Own:
		f.kind = promptcache.KindUnavailable
		advice = "this 404 is not the registry's own: it looks like a proxy's or a wrong address; check the endpoint"
	case advice != "":
	case resp.StatusCode == http.StatusTooManyRequests:
		advice = "too many requests; ask less often, or for a higher limit"
	case f.passing:
		advice = "the registry or a proxy failed; ask again later"
	default:
		advice = "no answer that a registry gives; check the endpoint"
	}
	said := "the answer is " + c.mediaType(resp.Header)
	if verdict.Said != "" {
		said = fmt.Sprintf("the registry says %q", c.quotable(verdict.Said))
	}
	f.err = fmt.Errorf("%s; %s", said, advice)
	return f
}

// kindOf returns what a status says of what was asked for.
func kindOf(status int) promptcache.ErrorKind {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return promptcache.KindInvalid
	case http.StatusUnauthorized:
		return promptcache.KindUnauthorized
	case http.StatusForbidden:
		return promptcache.KindForbidden
	case http.StatusNotFound:
		return promptcache.KindNotFound
	case http.StatusConflict:
		return promptcache.KindConflict
	case http.StatusTooManyRequests:
		return promptcache.KindRateLimited
	}
	return promptcache.KindUnavailable
}

// mayPass reports whether a status is worth another attempt.
func mayPass(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= http.StatusInternalServerError
}
