package fakelangfuse

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

// serverVersion is what GET /api/public/health says.
const serverVersion = "4.16.0"

// maxBody bounds what a request may bring.
const maxBody = 16 << 20

const promptsPath = "/api/public/v2/prompts"

// methods are the handlers of one path. Another method is a 405, before anything
// else is looked at.
type methods map[string]func(*http.Request, caller) response

func (m methods) answer(r *http.Request, c caller) response {
	answer := m[r.Method]
	if answer == nil {
		return refuse(http.StatusMethodNotAllowed, "Method not allowed")
	}
	return answer(r, c)
}

func (s *Server) apiRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, m := range map[string]methods{
		promptsPath: {
			http.MethodGet:  s.authenticated(s.limited(s.list)),
			http.MethodPost: s.authenticated(s.limited(s.create)),
		},
		"/api/public/health":         {http.MethodGet: health},
		"/api/public/projects":       {http.MethodGet: projects},
		"/api/public/ingestion":      {http.MethodPost: s.telemetry(ingestion)},
		"/api/public/otel/v1/traces": {http.MethodPost: s.telemetry(traces)},
	} {
		mux.HandleFunc(pattern, s.endpoint(m.answer))
	}
	mux.HandleFunc(promptsPath+"/{name...}", s.endpoint(s.named))
	mux.HandleFunc("/", s.endpoint(func(*http.Request, caller) response { return noPage() }))
	return mux
}

// endpoint counts the request and lets a fault have its way with the answer.
func (s *Server) endpoint(answer func(*http.Request, caller) response) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := s.identify(r)
		asked := ""
		if name := s.route(r, c).name; name != "" {
			asked = ref{project: cmp.Or(c.project(), s.project), name: name}.String()
		}
		fakeserver.Endpoint(s.Base, w, r, asked, func() response { return conditional(r, answer(r, c)) })
	}
}

// limited lets a request through to h if there are not too many.
func (s *Server) limited(h handler) handler {
	return func(r *http.Request, project string) response {
		at := time.Now()
		if limit, wait, ok := s.limiter.take(at); !ok {
			return limited(limit, wait, at)
		}
		return h(r, project)
	}
}

// route is what a path below that of the prompts says.
type route struct {
	name    string // "" if the path is another
	version string // a number, if the path names a version
}

// route reads a request's path. A name may have its slashes escaped or not; one
// that ends like the path of a version is the name of a prompt if there is one
// of that name.
func (s *Server) route(r *http.Request, c caller) route {
	escaped, found := strings.CutPrefix(r.URL.EscapedPath(), promptsPath+"/")
	if !found {
		return route{}
	}
	segments := strings.Split(escaped, "/")
	for i, segment := range segments {
		segments[i], _ = url.PathUnescape(segment) // well-formed: the server has parsed the path
	}
	whole := route{name: strings.Join(segments, "/")}
	n := len(segments)
	if n < 3 || segments[n-2] != "versions" || !isDigits(segments[n-1]) || s.registry.has(ref{project: c.project(), name: whole.name}) {
		return whole
	}
	return route{name: strings.Join(segments[:n-2], "/"), version: segments[n-1]}
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// named answers a request about one prompt.
func (s *Server) named(r *http.Request, c caller) response {
	asked := s.route(r, c)
	switch {
	case asked.name == "":
		return noPage()
	case asked.version != "":
		return methods{
			http.MethodPatch: s.authenticatedRoute(s.limited(func(r *http.Request, project string) response {
				return s.patch(r, ref{project: project, name: asked.name}, asked.version)
			})),
		}.answer(r, c)
	}
	of := func(do func(*http.Request, ref) response) func(*http.Request, caller) response {
		return s.authenticated(s.limited(func(r *http.Request, project string) response {
			return do(r, ref{project: project, name: asked.name})
		}))
	}
	return methods{http.MethodGet: of(s.get), http.MethodDelete: of(s.delete)}.answer(r, c)
}

// noPage is what the server's framework answers when there is no endpoint.
func noPage() response {
	return response{
		Status:      http.StatusNotFound,
		ContentType: "text/html; charset=utf-8",
		Body:        []byte("<!DOCTYPE html><html><head><title>404: This page could not be found</title></head><body></body></html>\n"),
	}
}

func health(*http.Request, caller) response {
	return jsonResponse(http.StatusOK, map[string]string{"status": "OK", "version": serverVersion})
}

// projects lists the project of the caller's keys.
func projects(_ *http.Request, c caller) response {
	switch {
	case c.problem != "":
		return message(http.StatusUnauthorized, c.problem)
	case c.project() == "":
		return message(http.StatusForbidden, "Invalid API key. Are you using an organization key?")
	}
	return jsonResponse(http.StatusOK, map[string]any{
		"data": []any{map[string]any{"id": c.project(), "name": c.project(), "metadata": struct{}{}}},
	})
}

// telemetry accepts what the SDKs send beside prompts, which nothing comes of,
// from whoever shows a key.
func (s *Server) telemetry(accept func(*http.Request) response) func(*http.Request, caller) response {
	return func(r *http.Request, c caller) response {
		if c.problem != "" {
			return message(http.StatusUnauthorized, c.problem)
		}
		return accept(r)
	}
}

// ingestion says of each event of a batch that it was taken.
func ingestion(r *http.Request) response {
	var body struct {
		Batch []struct {
			ID string `json:"id"`
		} `json:"batch"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&body); err != nil {
		return message(http.StatusBadRequest, "Invalid request data")
	}
	successes := make([]any, len(body.Batch))
	for i, event := range body.Batch {
		successes[i] = map[string]any{"id": event.ID, "status": http.StatusCreated}
	}
	return jsonResponse(http.StatusMultiStatus, map[string]any{"successes": successes, "errors": []any{}})
}

// traces takes spans in whatever encoding they come.
func traces(r *http.Request) response {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxBody)) // so that the connection can be used again
	return jsonResponse(http.StatusOK, struct{}{})
}

// parseInt reads a number of a query as JavaScript's Number would, or says what
// is wrong with it. "" is 0.
func parseInt(query url.Values, name string) (int, *issue) {
	text := strings.TrimSpace(query.Get(name))
	if text == "" {
		return 0, nil
	}
	number, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return 0, &issue{Code: "invalid_type", Path: []any{name}, Message: "Invalid input: expected number, received NaN"}
	case number != float64(int(number)):
		return 0, &issue{Code: "invalid_type", Path: []any{name}, Message: "Invalid input: expected int, received number"}
	}
	return int(number), nil
}
