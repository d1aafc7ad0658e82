package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/promptcache"
)

// revisionHeader is where the service says which revision it serves.
const revisionHeader = "X-Prompt-Revision"

type promptCache = promptcache.PromptCache[registry.Value]

// service is an HTTP service as it could be in production, whose handler reads
// prompts from the cache, and the client that stands for its users.
type service struct {
	base   string
	server *http.Server
	ended  chan struct{} // closed when the server no longer accepts
	client *http.Client
}

// startService starts a service on a free port of the loopback interface.
func startService(ctx context.Context, cache *promptCache) (*service, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the demo's HTTP service: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /prompts/{key...}", servePrompt(cache))
	s := &service{
		base:   "http://" + listener.Addr().String(),
		server: &http.Server{Handler: mux, ReadHeaderTimeout: stepTimeout},
		ended:  make(chan struct{}),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: manyReaders}},
	}
	go func() {
		defer close(s.ended)
		_ = s.server.Serve(listener) // ErrServerClosed, once it is shut down
	}()
	return s, nil
}

// servePrompt is the handler: what a service does for each request.
func servePrompt(cache *promptCache) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		prompt, err := cache.GetOrFetch(r.Context(), r.PathValue("key"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		body, err := prompt.MarshalJSON()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set(revisionHeader, prompt.Revision())
		_, _ = w.Write(body) //nolint:gosec // it is JSON, and says so
	}
}

// answer is what a request to the service came to.
type answer struct {
	revision string // shortened
	took     time.Duration
	err      error // nil for a prompt
}

// aPrompt is what an answer should be.
const aPrompt = "a prompt"

// String says what the answer is.
func (a answer) String() string {
	if a.err != nil {
		return a.err.Error()
	}
	return aPrompt
}

// get asks the service for a prompt.
func (s *service) get(ctx context.Context, key string) answer {
	began := time.Now()
	revision, err := s.ask(ctx, key)
	return answer{revision: revision, took: time.Since(began), err: err}
}

func (s *service) ask(ctx context.Context, key string) (revision string, err error) {
	address := s.base + "/prompts/" + (&url.URL{Path: key}).EscapedPath()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return "", err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(body)))
	}
	return short(resp.Header.Get(revisionHeader)), nil
}

// shutdown lets the requests under way finish, until ctx ends, and ends the
// service. It may be called more than once.
func (s *service) shutdown(ctx context.Context) error {
	s.client.CloseIdleConnections()
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.server.Close())
	}
	<-s.ended
	return err
}
