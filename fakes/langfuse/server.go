package fakelangfuse

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

// What a zero [Config] serves.
const (
	// DefaultPublicKey and DefaultSecretKey are the pair that a server without
	// keys of its own accepts.
	DefaultPublicKey = "pk-lf-fake"
	DefaultSecretKey = "sk-lf-fake" //nolint:gosec // it opens nothing but fakes
	// DefaultProject is the project that the pair belongs to.
	DefaultProject = "acme"
)

// Config is what a server starts from. The zero value is ready to use.
type Config struct {
	// Addr is where to listen, host:port. Empty means a free port of 127.0.0.1.
	// The server has no TLS and its admin endpoints no authentication, so other
	// hosts should not reach it.
	Addr string
	// Keys are the pairs of API keys it accepts. None means DefaultPublicKey
	// and DefaultSecretKey for DefaultProject. The first project named here is
	// the one that a prompt written without a project belongs to.
	Keys []Key
	// RateLimit limits the requests for prompts. See [Server.SetRateLimit].
	RateLimit RateLimit
	// Webhook is told of changes. See [Server.SetWebhook].
	Webhook Webhook
	// Admin serves the endpoints below /_fake/, by which another process drives
	// this server. The methods of Server do the same without it. See
	// [Server.ServeHTTP].
	Admin bool
}

// Key is a pair of API keys and what it opens.
type Key struct {
	// Public and Secret are the keys as clients send them.
	Public, Secret string
	// Project is the id, and the name, of the project that the pair belongs to.
	// Empty makes it organization-scoped: it is known, and opens no prompts.
	Project string
}

// Server is the fake registry. It is made by [New] or [Start]. What it has of
// Base, every fake registry of this module has:
//
//	URL() string                                  what to configure a client with, also while the server is down
//	Down(), Up() error                            refuse connections; accept them again, on the same port
//	Inject(Fault) (remove func(), err error)      let something go wrong
//	ClearFaults()                                 remove every fault
//	Requests() []Request                          what was asked, oldest first; at most the last 10,000
//	Count() int, CountFor(prompt string) int      how many requests there were, failed ones included
//	InFlight() int, MaxInFlight() int             how many are being answered now, and the most that ever were
//	ResetRequests()                               forget the requests and their counts
//	WaitRequests(ctx context.Context, n int) error  until n have arrived
//	WaitIdle(ctx context.Context) error           until none is in flight
type Server struct {
	*fakeserver.Base

	keys     map[string]Key // by public key
	project  string         // where a prompt without a project lives
	mux      *http.ServeMux
	admin    *http.ServeMux // nil without Config.Admin
	registry *registry
	limiter  *limiter
	webhooks *webhooks
}

// New makes a server that does not listen: mount it as an [http.Handler], or
// call Up. It returns every problem of cfg at once. Close it when done.
func New(cfg Config) (*Server, error) {
	if len(cfg.Keys) == 0 {
		cfg.Keys = []Key{{Public: DefaultPublicKey, Secret: DefaultSecretKey, Project: DefaultProject}}
	}
	keys, project, err := indexKeys(cfg.Keys)
	if err := errors.Join(err, cfg.RateLimit.validate(), cfg.Webhook.validate()); err != nil {
		return nil, err
	}
	s := &Server{
		keys:     keys,
		project:  project,
		registry: newRegistry(),
		limiter:  &limiter{limit: cfg.RateLimit},
		webhooks: newWebhooks(cfg.Webhook),
	}
	s.Base = fakeserver.New(fakeserver.Config{
		Package: "fakelangfuse", Addr: cfg.Addr, Handler: s, Ref: s.fullName, Failure: failure, Field: "prompt",
	})
	s.mux = s.apiRoutes()
	if cfg.Admin {
		s.admin = s.adminRoutes()
	}
	return s, nil
}

func indexKeys(keys []Key) (map[string]Key, string, error) {
	var problems []error
	problem := func(i int, format string, args ...any) {
		problems = append(problems, fmt.Errorf("fakelangfuse: key %d "+format, append([]any{i}, args...)...))
	}
	index := make(map[string]Key, len(keys))
	project := ""
	for i, key := range keys {
		if key.Public == "" || key.Secret == "" {
			problem(i, "is no pair: one of the two is empty")
		}
		if _, taken := index[key.Public]; taken {
			problem(i, "is given twice")
		}
		if key.Project != "" {
			if err := checkProject(key.Project); err != nil {
				problem(i, "has a bad project: %w", err)
			}
			if project == "" {
				project = key.Project
			}
		}
		index[key.Public] = key
	}
	if project == "" {
		project = DefaultProject
	}
	return index, project, errors.Join(problems...)
}

// Close takes the server down for good, ends the requests that hang, also those
// that another HTTP server passed to it, and the deliveries to the webhook. It
// may be called more than once.
func (s *Server) Close() {
	s.Base.Close()
	s.webhooks.close()
}

// ServeHTTP answers as Langfuse would, unless a [Fault] says otherwise.
//
// With Config.Admin it also serves, as JSON and without authentication:
//
//	POST   /_fake/prompts/{project}/{name}/versions              push: {"text"} or {"prompt"}, and "config", "labels", "tags", "commitMessage"
//	PUT    /_fake/prompts/{project}/{name}/labels/{label}        {"version":1}
//	PUT    /_fake/prompts/{project}/{name}/versions/{n}/labels   {"labels":["production"]}
//	DELETE /_fake/prompts/{project}/{name}/versions/{n}
//	DELETE /_fake/prompts/{project}/{name}
//	PUT    /_fake/limit                                          {"requests":3,"window":"10s"}; {} for none
//	PUT    /_fake/webhook                                        {"url","secret"}; {} for none
//	GET    /_fake/webhook                                        {"disabled","deliveries"}
//	POST   /_fake/faults                                         {"kind":"status","status":503,"times":3}; answers {"id"}
//	DELETE /_fake/faults                                         all; /_fake/faults/{id} one
//	GET    /_fake/requests                                       {"count","in_flight","max_in_flight","requests"}
//	DELETE /_fake/requests
//
// The project "-" is there the server's first, and a name is one escaped
// segment. These requests meet no fault, and are not counted or limited.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fakeserver.Serve(w, r, s.admin, s.mux)
}
