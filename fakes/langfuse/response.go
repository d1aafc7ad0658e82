package fakelangfuse

import (
	"crypto/sha256"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

type response = fakeserver.Response

// jsonResponse is an answer with an ETag, as the server's framework gives one to
// errors too.
func jsonResponse(status int, v any) response {
	resp := fakeserver.JSON(status, v)
	resp.ContentType = "application/json; charset=utf-8"
	sum := sha256.Sum256(resp.Body)
	resp.Header = map[string]string{"ETag": `"` + strconv.FormatUint(uint64(sum[0])<<40|uint64(sum[1])<<32|uint64(sum[2])<<24|uint64(sum[3])<<16|uint64(sum[4])<<8|uint64(sum[5]), 36) + strconv.FormatInt(int64(len(resp.Body)), 36) + `"`}
	return resp
}

// conditional makes a 304 of the answer if the request says that the client has
// it already.
func conditional(r *http.Request, resp response) response {
	condition := r.Header.Get("If-None-Match")
	tag := resp.Header["ETag"]
	if condition == "" || tag == "" || strings.Contains(r.Header.Get("Cache-Control"), "no-cache") {
		return resp
	}
	strong := func(tag string) string { return strings.TrimPrefix(strings.TrimSpace(tag), "W/") }
	if condition != "*" && !slices.ContainsFunc(strings.Split(condition, ","), func(t string) bool { return strong(t) == tag }) {
		return resp
	}
	return response{Status: http.StatusNotModified, Header: map[string]string{"ETag": tag}}
}

// names are what the server calls its errors, by status.
var names = map[int]string{
	http.StatusBadRequest:          "InvalidRequestError",
	http.StatusUnauthorized:        "UnauthorizedError",
	http.StatusForbidden:           "ForbiddenError",
	http.StatusNotFound:            "LangfuseNotFoundError",
	http.StatusMethodNotAllowed:    "MethodNotAllowedError",
	http.StatusConflict:            "LangfuseConflictError",
	http.StatusInternalServerError: "InternalServerError",
	http.StatusServiceUnavailable:  "ServiceUnavailableError",
}

// refuse is an error with its name.
func refuse(status int, message string) response {
	return jsonResponse(status, map[string]string{"message": message, "error": names[status]})
}

// message is an error without a name, as some endpoints have them.
func message(status int, text string) response {
	return jsonResponse(status, map[string]string{"message": text})
}

// issue is one thing that is wrong with a request.
type issue struct {
	Code    string `json:"code"`
	Path    []any  `json:"path"`
	Message string `json:"message"`
	// Errors are the issues with each form that a request could have had.
	Errors [][]issue `json:"errors,omitempty"`
}

// invalid is the answer to a request that is malformed.
func invalid(issues ...issue) response {
	return jsonResponse(http.StatusBadRequest, map[string]any{"message": "Invalid request data", "error": issues})
}

// failure is the answer with a fault's status.
func failure(f Fault) response {
	switch f.Status {
	case http.StatusTooManyRequests:
		seconds, err := strconv.ParseFloat(f.RetryAfter, 64)
		if err != nil { // a date, or nothing
			seconds = 1
		}
		return limited(RateLimit{}, time.Duration(seconds*float64(time.Second)), time.Now())
	case http.StatusInternalServerError:
		return jsonResponse(f.Status, map[string]string{"message": "Internal Server Error", "error": "An unknown error occurred"})
	}
	text := http.StatusText(f.Status)
	name, known := names[f.Status]
	if !known {
		name = text
	}
	return jsonResponse(f.Status, map[string]string{"message": text, "error": name})
}

// versionJSON is a version as the server stores it.
type versionJSON struct {
	ID            string          `json:"id"`
	CreatedAt     string          `json:"createdAt"`
	UpdatedAt     string          `json:"updatedAt"`
	ProjectID     string          `json:"projectId"`
	CreatedBy     string          `json:"createdBy"`
	Prompt        json.RawMessage `json:"prompt"`
	Name          string          `json:"name"`
	Version       int             `json:"version"`
	Type          string          `json:"type"`
	IsActive      *bool           `json:"isActive"` // null since there are labels
	Config        json.RawMessage `json:"config"`
	Tags          []string        `json:"tags"`
	Labels        []string        `json:"labels"`
	CommitMessage *string         `json:"commitMessage"`
}

// promptJSON is a version as it is served.
type promptJSON struct {
	versionJSON

	ResolutionGraph *graph `json:"resolutionGraph"`
}

// describe copies what is served of v, but for what it is composed of.
func (g *registry) describeLocked(v *entry) versionJSON {
	return versionJSON{
		ID:            v.id(),
		CreatedAt:     timestamp(v.created),
		UpdatedAt:     timestamp(v.updated),
		ProjectID:     v.project,
		CreatedBy:     v.createdBy,
		Prompt:        v.content,
		Name:          v.name,
		Version:       v.number,
		Type:          v.kind,
		Config:        v.config,
		Tags:          slices.Clone(g.prompts[v.ref].tags),
		Labels:        slices.Clone(v.labels),
		CommitMessage: v.commitMessage,
	}
}

// timestamp writes a time as JavaScript does.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// seconds is a time to wait in whole seconds, rounded up.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
