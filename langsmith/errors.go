package langsmith

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// ErrPublicPrompt is wrapped by the error for a prompt of a named owner when
// Config.AllowPublic is not set.
var ErrPublicPrompt = errors.New("langsmith: public prompts are not allowed")

// advice is what to do about a status.
var advice = map[int]string{
	http.StatusBadRequest:          "it does not take this identifier; check the owner, the name and the version",
	http.StatusUnauthorized:        "the credentials were not accepted; check that they are current and belong to this endpoint's region",
	http.StatusForbidden:           "the credentials do not reach this prompt; check their permissions and the workspace",
	http.StatusNotFound:            "there is no such prompt or version there; check the name, the version, the workspace and the endpoint",
	http.StatusConflict:            "the prompt is in conflict with something else; look at it in the registry",
	http.StatusUnprocessableEntity: "it does not take this identifier; check the owner, the name and the version",
}

// judge says what an answer with another status than 200 means.
func (s *Source) judge(c httpsource.Complaint) httpsource.Verdict {
	said, own := readComplaint(c.Body)
	v := httpsource.Verdict{Said: said, Own: own, Advice: advice[c.Status]}
	switch {
	case c.Status == http.StatusUnauthorized && s.apiKey.IsZero() && s.bearerToken.IsZero():
		v.Advice = "the request carried no credentials; set Config.APIKey or LANGSMITH_API_KEY"
	case c.Status == http.StatusForbidden && strings.Contains(said, "org_scoped_key_requires_workspace"):
		v.Advice = "the API key covers several workspaces; set Config.WorkspaceID or LANGSMITH_WORKSPACE_ID to one of them"
	}
	return v
}

// readComplaint returns the registry's own words: the detail or error of a JSON
// object. It returns false for any other body; a proxy answered, or nobody.
func readComplaint(body []byte) (string, bool) {
	var c struct{ Detail, Error json.RawMessage }
	if json.Unmarshal(body, &c) != nil {
		return "", false
	}
	for _, raw := range []json.RawMessage{c.Detail, c.Error} {
		var text *string
		if len(raw) == 0 {
			continue
		}
		if json.Unmarshal(raw, &text) != nil {
			return string(httpsource.Compact(raw)), true
		}
		if text != nil && *text != "" {
			return *text, true
		}
	}
	return "", false
}
