package fakeserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// adminPrefix is below which another process drives a fake.
const adminPrefix = "/_fake/"

// maxAdminBody bounds what an admin request may bring.
const maxAdminBody = 16 << 20

// ErrNotFound is wrapped by the errors of methods that were given something
// that does not exist.
var ErrNotFound = errors.New("not found")

// Serve passes a request to admin, if that is not nil and the request is one for
// it, or to api.
func Serve(w http.ResponseWriter, r *http.Request, admin, api *http.ServeMux) {
	if admin != nil && strings.HasPrefix(r.URL.Path, adminPrefix) {
		admin.ServeHTTP(w, r)
		return
	}
	api.ServeHTTP(w, r)
}

// Done is what an admin request is answered when there is nothing to tell.
var Done = struct{}{}

// AdminRoutes returns the endpoints for faults and requests, and those of own,
// by pattern. What they return is sent as JSON; an error as {"detail"}, with
// status 404 if it is an ErrNotFound and 400 otherwise. They meet no fault and
// are not counted.
func AdminRoutes(b *Base, own map[string]func(*http.Request) (any, error)) *http.ServeMux {
	mux := http.NewServeMux()
	for _, routes := range []map[string]func(*http.Request) (any, error){own, {
		"POST /_fake/faults":        b.adminInject,
		"DELETE /_fake/faults":      b.adminClearFaults,
		"DELETE /_fake/faults/{id}": b.adminRemoveFault,
		"GET /_fake/requests":       b.adminRequests,
		"DELETE /_fake/requests":    b.adminResetRequests,
	}} {
		for pattern, do := range routes {
			mux.HandleFunc(pattern, adminHandler(do))
		}
	}
	mux.HandleFunc(adminPrefix, func(w http.ResponseWriter, r *http.Request) {
		adminError(http.StatusNotFound, "no such admin endpoint: "+r.Method+" "+r.URL.Path).Send(w)
	})
	return mux
}

func adminHandler(do func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := do(r)
		switch {
		case errors.Is(err, ErrNotFound):
			adminError(http.StatusNotFound, err.Error()).Send(w)
		case err != nil:
			adminError(http.StatusBadRequest, err.Error()).Send(w)
		default:
			JSON(http.StatusOK, answer).Send(w)
		}
	}
}

func adminError(status int, text string) Response {
	return JSON(status, map[string]string{"detail": text})
}

// ReadBody reads a JSON body, in which an unknown field is a mistake that
// should not pass unnoticed.
func ReadBody(r *http.Request, into any) error {
	dec := json.NewDecoder(io.LimitReader(r.Body, maxAdminBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("the body is not the JSON expected: %w", err)
	}
	return nil
}

// faultJSON is a Fault on the wire; durations are Go's, such as "200ms".
type faultJSON struct {
	Kind        Kind              `json:"kind"`
	Prompt      string            `json:"prompt"`
	Times       int               `json:"times"`
	Delay       Duration          `json:"delay"`
	Status      int               `json:"status"`
	RetryAfter  string            `json:"retry_after"`
	Header      map[string]string `json:"header"`
	Body        string            `json:"body"`
	ContentType string            `json:"content_type"`
	Size        int64             `json:"size"`
	Interval    Duration          `json:"interval"`
}

// Duration is a time.Duration in JSON, written as Go does: "200ms".
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration does.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

func (b *Base) adminInject(r *http.Request) (any, error) {
	var f faultJSON
	if err := ReadBody(r, &f); err != nil {
		return nil, err
	}
	added, err := b.inject(Fault{
		Kind: f.Kind, Prompt: f.Prompt, Times: f.Times, Delay: time.Duration(f.Delay), Status: f.Status, RetryAfter: f.RetryAfter,
		Header: f.Header, Body: f.Body, ContentType: f.ContentType, Size: f.Size, Interval: time.Duration(f.Interval),
	})
	if err != nil {
		return nil, err
	}
	return map[string]int{"id": added.id}, nil
}

func (b *Base) adminClearFaults(*http.Request) (any, error) {
	b.ClearFaults()
	return Done, nil
}

func (b *Base) adminRemoveFault(r *http.Request) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || b.faults.remove(func(f *activeFault) bool { return f.id == id }) == 0 {
		return nil, fmt.Errorf("%s: %w: fault %q", b.cfg.Package, ErrNotFound, r.PathValue("id"))
	}
	return Done, nil
}

func (b *Base) adminRequests(*http.Request) (any, error) {
	return map[string]any{
		"count": b.Count(), "in_flight": b.InFlight(), "max_in_flight": b.MaxInFlight(), "requests": b.Requests(),
	}, nil
}

func (b *Base) adminResetRequests(*http.Request) (any, error) {
	b.ResetRequests()
	return Done, nil
}
