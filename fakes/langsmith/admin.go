package fakelangsmith

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

// adminPrefix is below which another process drives the server.
const adminPrefix = "/_fake/"

// maxAdminBody bounds what an admin request may bring.
const maxAdminBody = 16 << 20

func isAdminPath(path string) bool { return strings.HasPrefix(path, adminPrefix) }

func (s *Server) adminRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, do := range map[string]func(*http.Request) (any, error){
		"POST /_fake/prompts/{owner}/{name}/commits":      s.adminPush,
		"PUT /_fake/prompts/{owner}/{name}/tags/{tag}":    s.adminSetTag,
		"DELETE /_fake/prompts/{owner}/{name}/tags/{tag}": s.adminDeleteTag,
		"PUT /_fake/prompts/{owner}/{name}/public":        s.adminSetPublic,
		"DELETE /_fake/prompts/{owner}/{name}":            s.adminDeletePrompt,
		"POST /_fake/faults":                              s.adminInject,
		"DELETE /_fake/faults":                            s.adminClearFaults,
		"DELETE /_fake/faults/{id}":                       s.adminRemoveFault,
		"GET /_fake/requests":                             s.adminRequests,
		"DELETE /_fake/requests":                          s.adminResetRequests,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := do(r)
			switch {
			case errors.Is(err, ErrNotFound):
				detail(http.StatusNotFound, err.Error()).send(w)
			case err != nil:
				detail(http.StatusBadRequest, err.Error()).send(w)
			default:
				jsonResponse(http.StatusOK, answer).send(w)
			}
		})
	}
	mux.HandleFunc(adminPrefix, func(w http.ResponseWriter, r *http.Request) {
		detail(http.StatusNotFound, "no such admin endpoint: "+r.Method+" "+r.URL.Path).send(w)
	})
	return mux
}

// done is the answer when there is nothing to tell.
var done = struct{}{}

func adminPrompt(r *http.Request) string { return r.PathValue("owner") + "/" + r.PathValue("name") }

// readBody reads a JSON body, in which an unknown field is a mistake that
// should not pass unnoticed.
func readBody(r *http.Request, into any) error {
	dec := json.NewDecoder(io.LimitReader(r.Body, maxAdminBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("fakelangsmith: the body is not the JSON expected: %w", err)
	}
	return nil
}

func (s *Server) adminPush(r *http.Request) (any, error) {
	var body struct {
		Template    string          `json:"template"`
		Manifest    json.RawMessage `json:"manifest"`
		Examples    json.RawMessage `json:"examples"`
		Description string          `json:"description"`
		Draft       bool            `json:"draft"`
		Tags        []string        `json:"tags"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if body.Manifest == nil {
		body.Manifest = Text(body.Template)
	}
	hash, err := s.Push(adminPrompt(r), Commit{
		Manifest: body.Manifest, Examples: body.Examples, Description: body.Description, Draft: body.Draft, Tags: body.Tags,
	})
	return map[string]string{"commit_hash": hash}, err
}

func (s *Server) adminSetTag(r *http.Request) (any, error) {
	body := struct {
		Commit string `json:"commit"`
	}{}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return done, s.SetTag(adminPrompt(r), r.PathValue("tag"), body.Commit)
}

func (s *Server) adminDeleteTag(r *http.Request) (any, error) {
	return done, s.DeleteTag(adminPrompt(r), r.PathValue("tag"))
}

func (s *Server) adminSetPublic(r *http.Request) (any, error) {
	body := struct {
		Public *bool `json:"public"`
	}{}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if body.Public == nil {
		return nil, errors.New(`fakelangsmith: "public" must be true or false`)
	}
	return done, s.SetPublic(adminPrompt(r), *body.Public)
}

func (s *Server) adminDeletePrompt(r *http.Request) (any, error) {
	return done, s.DeletePrompt(adminPrompt(r))
}

// faultJSON is a Fault on the wire; durations are Go's, such as "200ms".
type faultJSON struct {
	Kind        Kind              `json:"kind"`
	Prompt      string            `json:"prompt"`
	Times       int               `json:"times"`
	Delay       durationJSON      `json:"delay"`
	Status      int               `json:"status"`
	RetryAfter  string            `json:"retry_after"`
	Header      map[string]string `json:"header"`
	Body        string            `json:"body"`
	ContentType string            `json:"content_type"`
	Size        int64             `json:"size"`
	Interval    durationJSON      `json:"interval"`
}

type durationJSON time.Duration

func (d *durationJSON) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = durationJSON(parsed)
	return err
}

func (s *Server) adminInject(r *http.Request) (any, error) {
	var f faultJSON
	if err := readBody(r, &f); err != nil {
		return nil, err
	}
	added, err := s.inject(Fault{
		Kind: f.Kind, Prompt: f.Prompt, Times: f.Times, Delay: time.Duration(f.Delay), Status: f.Status, RetryAfter: f.RetryAfter,
		Header: f.Header, Body: f.Body, ContentType: f.ContentType, Size: f.Size, Interval: time.Duration(f.Interval),
	})
	if err != nil {
		return nil, err
	}
	return map[string]int{"id": added.id}, nil
}

func (s *Server) adminClearFaults(*http.Request) (any, error) {
	s.ClearFaults()
	return done, nil
}

func (s *Server) adminRemoveFault(r *http.Request) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || s.faults.remove(func(f *activeFault) bool { return f.id == id }) == 0 {
		return nil, fmt.Errorf("%w: fault %q", ErrNotFound, r.PathValue("id"))
	}
	return done, nil
}

func (s *Server) adminRequests(*http.Request) (any, error) {
	return map[string]any{
		"count": s.Count(), "in_flight": s.InFlight(), "max_in_flight": s.MaxInFlight(), "requests": s.Requests(),
	}, nil
}

func (s *Server) adminResetRequests(*http.Request) (any, error) {
	s.ResetRequests()
	return done, nil
}
