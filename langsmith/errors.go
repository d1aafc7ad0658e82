package langsmith

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/promptcache/promptcache-go/promptcache"
)

// ErrPublicPrompt is wrapped by the error for a prompt of a named owner when
// Config.AllowPublic is not set.
var ErrPublicPrompt = errors.New("langsmith: public prompts are not allowed")

const (
	maxComplaintBytes = 64 << 10 // what is read of an answer that is not a commit
	maxServerText     = 200      // what is quoted of a server's text, in characters
)

// failure is why an attempt brought no commit.
type failure struct {
	kind       promptcache.ErrorKind
	status     int
	retryAfter time.Duration
	passing    bool // worth another attempt
	err        error
}

// quotedError has a text that is fit to be shown, in place of its cause's.
type quotedError struct {
	text  string
	cause error
}

func (e *quotedError) Error() string { return e.text }
func (e *quotedError) Unwrap() error { return e.cause }

// quotable makes text from elsewhere fit for an error: without credentials and
// control characters, and short.
func (s *Source) quotable(text string) string {
	text = s.apiKey.redactIn(s.bearerToken.redactIn(text)) // before it is cut: half a key is one too
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

// statusFailure says what an answer with another status than 200 means.
func (s *Source) statusFailure(resp *http.Response) *failure {
	complaint, fromRegistry := readComplaint(resp.Body)
	f := &failure{status: resp.StatusCode, passing: mayPass(resp.StatusCode)}
	if f.passing {
		f.retryAfter = retryAfter(resp.Header)
	}
	var advice string
	switch f.kind, advice = explain(resp.StatusCode); {
	case resp.StatusCode == http.StatusNotFound && !fromRegistry:
		f.kind = promptcache.KindUnavailable
		advice = "this 404 is not the registry's own: it looks like a proxy's or a wrong address; check the endpoint"
	case resp.StatusCode == http.StatusUnauthorized && s.apiKey.IsZero() && s.bearerToken.IsZero():
		advice = "the request carried no credentials; set Config.APIKey or LANGSMITH_API_KEY"
	case resp.StatusCode == http.StatusForbidden && strings.Contains(complaint, "org_scoped_key_requires_workspace"):
		advice = "the API key covers several workspaces; set Config.WorkspaceID or LANGSMITH_WORKSPACE_ID to one of them"
	}
	said := "the answer is " + mediaType(resp.Header)
	if fromRegistry {
		said = fmt.Sprintf("the registry says %q", s.quotable(complaint))
	}
	f.err = fmt.Errorf("%s; %s", said, advice)
	return f
}

// explain returns what a status says of the prompt, and what to do about it.
func explain(status int) (promptcache.ErrorKind, string) {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return promptcache.KindInvalid, "it does not take this identifier; check the owner, the name and the version"
	case http.StatusUnauthorized:
		return promptcache.KindUnauthorized, "the credentials were not accepted; check that they are current and belong to this endpoint's region"
	case http.StatusForbidden:
		return promptcache.KindForbidden, "the credentials do not reach this prompt; check their permissions and the workspace"
	case http.StatusNotFound:
		return promptcache.KindNotFound, "there is no such prompt or version there; check the name, the version, the workspace and the endpoint"
	case http.StatusConflict:
		return promptcache.KindConflict, "the prompt is in conflict with something else; look at it in the registry"
	case http.StatusTooManyRequests:
		return promptcache.KindRateLimited, "too many requests; ask less often, or for a higher limit"
	}
	if mayPass(status) {
		return promptcache.KindUnavailable, "the registry or a proxy failed; ask again later"
	}
	return promptcache.KindUnavailable, "no answer that a registry gives; check the endpoint"
}

// mayPass reports whether a status is worth another attempt.
func mayPass(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= http.StatusInternalServerError
}

// readComplaint returns the registry's own words: the detail or error of a JSON
// object. It returns false for any other body; a proxy answered, or nobody.
func readComplaint(body io.Reader) (string, bool) {
	data, _ := io.ReadAll(io.LimitReader(body, maxComplaintBytes)) // what came before a failure may be enough
	var c struct{ Detail, Error json.RawMessage }
	if json.Unmarshal(data, &c) != nil {
		return "", false
	}
	for _, raw := range []json.RawMessage{c.Detail, c.Error} {
		var text *string
		if len(raw) == 0 {
			continue
		}
		if json.Unmarshal(raw, &text) != nil {
			return string(compact(raw)), true
		}
		if text != nil && *text != "" {
			return *text, true
		}
	}
	return "", false
}

// mediaType returns the Content-Type without its parameters, in words.
func mediaType(h http.Header) string {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return "of no known type"
	}
	return fmt.Sprintf("of type %.80q", t)
}
