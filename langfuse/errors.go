package langfuse

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// notFoundError is what the registry calls a prompt that does not exist. Another
// 404 is a proxy's, or that of a path that the registry does not have.
const notFoundError = "LangfuseNotFoundError"

const wrongRequest = "it does not take this key; check the name, and the label or version"

// advice is what to do about a status.
var advice = map[int]string{
	http.StatusBadRequest:          wrongRequest,
	http.StatusUnprocessableEntity: wrongRequest,
	http.StatusUnauthorized:        "the keys were not accepted; check that they are current, a pair, and of this endpoint's region",
	http.StatusForbidden:           "the keys may not read this; check what they were made for",
	http.StatusNotFound:            "the project of these keys has no such prompt, label or version; check the key, the project and the endpoint",
	http.StatusConflict:            "the registry cannot put this prompt together; check the prompts that it is composed of",
}

// judge says what an answer with another status than 200 means.
func (s *Source) judge(c httpsource.Complaint) httpsource.Verdict {
	said := readComplaint(c.Body)
	v := httpsource.Verdict{
		Said:       said.text,
		Own:        said.name == notFoundError,
		Advice:     advice[c.Status],
		RetryAfter: said.retryAfter,
	}
	if c.Status == http.StatusUnauthorized && s.credentials.IsZero() {
		v.Advice = "the request carried no credentials; set Config.PublicKey and Config.SecretKey, or LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"
	}
	return v
}

// complaint is what the registry says of a failure.
type complaint struct {
	text       string // "" if the registry did not say it
	name       string // such as "LangfuseNotFoundError"; "" if it is not named
	retryAfter time.Duration
}

// readComplaint reads the registry's two shapes: {"message", "error"}, where
// error is a name or, of a request that is malformed, a list of what is wrong
// with it; and {"message", "code", "details"} of a limit. Any other body is a
// proxy's.
func readComplaint(body []byte) complaint {
	var w struct {
		Message string
		Error   json.RawMessage
		Code    string
		Details json.RawMessage
	}
	if json.Unmarshal(body, &w) != nil {
		return complaint{}
	}
	c := complaint{text: w.Message}
	switch {
	case len(w.Error) > 0 && w.Error[0] == '"':
		_ = json.Unmarshal(w.Error, &c.name) // a string by its first byte
	case len(w.Error) > 0 && w.Error[0] == '[':
		c.text += ": " + string(httpsource.Compact(w.Error))
	case w.Code != "":
		c.retryAfter = retryAfter(w.Details)
	default:
		return complaint{}
	}
	return c
}

// retryAfter returns the time that a limit's details name, or 0.
func retryAfter(details json.RawMessage) time.Duration {
	var d struct{ RetryAfterSeconds float64 }
	if json.Unmarshal(details, &d) != nil || !(d.RetryAfterSeconds > 0) {
		return 0
	}
	const year = 365 * 24 * 60 * 60 // more does not fit into a Duration at some point
	return time.Duration(min(d.RetryAfterSeconds, year) * float64(time.Second))
}
