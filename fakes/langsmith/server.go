package fakelangsmith

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

// What a zero [Config] serves.
const (
	// DefaultKey is the API key that a server without keys of its own accepts.
	DefaultKey = "lsv2_fake_key"
	// DefaultWorkspace is the workspace that DefaultKey belongs to.
	DefaultWorkspace = "acme"
)

// Config is what a server starts from. The zero value is ready to use.
type Config struct {
	// Addr is where to listen, host:port. Empty means a free port of 127.0.0.1.
	// The server has no TLS and its admin endpoints no authentication, so other
	// hosts should not reach it.
	Addr string
	// Keys are the API keys it accepts. None means DefaultKey for
	// DefaultWorkspace. The first workspace named here is the one that a prompt
	// written without an owner belongs to.
	Keys []Key
	// Admin serves the endpoints below /_fake/, by which another process drives
	// this server. The methods of Server do the same without it. See
	// [Server.ServeHTTP].
	Admin bool
}

// Key is an API key and what it opens.
type Key struct {
	// Secret is the key as clients send it.
	Secret string
	// Workspace is the handle of the workspace that the key belongs to. Empty
	// makes the key organization-scoped: it opens every workspace, and each
	// request must name one in X-Tenant-Id.
	Workspace string
}

// Server is the fake registry. It is made by [New] or [Start]. What it has of
// Base, every fake registry of this module has:
//
//	URL() string                                  what to configure a client with, also while the server is down
//	Down(), Up() error                            refuse connections; accept them again, on the same port
//	Close()                                       end it for good, and what hangs in it
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

	keys      map[string]Key
	workspace string // where a prompt without an owner lives
	mux       *http.ServeMux
	admin     *http.ServeMux // nil without Config.Admin
	registry  *registry
}

// New makes a server that does not listen: mount it as an [http.Handler], or
// call Up. It returns every problem of cfg at once. Close it when
// done.
func New(cfg Config) (*Server, error) {
	if len(cfg.Keys) == 0 {
		cfg.Keys = []Key{{Secret: DefaultKey, Workspace: DefaultWorkspace}}
	}
	keys, workspace, err := indexKeys(cfg.Keys)
	if err != nil {
		return nil, err
	}
	s := &Server{
		keys:      keys,
		workspace: workspace,
		registry:  newRegistry(),
	}
	s.Base = fakeserver.New(fakeserver.Config{
		Package: "fakelangsmith", Addr: cfg.Addr, Handler: s, Ref: s.fullName, Failure: failure, Field: "commit_hash",
	})
	for _, key := range cfg.Keys {
		if key.Workspace != "" {
			s.registry.addWorkspace(key.Workspace)
		}
	}
	s.registry.addWorkspace(workspace)
	s.mux = s.apiRoutes()
	if cfg.Admin {
		s.admin = s.adminRoutes()
	}
	return s, nil
}

func indexKeys(keys []Key) (map[string]Key, string, error) {
	var problems []error
	index := make(map[string]Key, len(keys))
	workspace := ""
	for i, key := range keys {
		switch _, taken := index[key.Secret]; {
		case key.Secret == "":
			problems = append(problems, fmt.Errorf("fakelangsmith: key %d is empty", i))
		case taken:
			problems = append(problems, fmt.Errorf("fakelangsmith: key %d is given twice", i))
		}
		if key.Workspace != "" {
			if err := checkSegment("workspace", key.Workspace); err != nil {
				problems = append(problems, fmt.Errorf("fakelangsmith: key %d: %w", i, err))
			}
			if workspace == "" {
				workspace = key.Workspace
			}
		}
		index[key.Secret] = key
	}
	if workspace == "" {
		workspace = DefaultWorkspace
	}
	return index, workspace, errors.Join(problems...)
}

// ServeHTTP answers as LangSmith would, unless a [Fault] says otherwise.
//
// With Config.Admin it also serves, as JSON and without authentication:
//
//	POST   /_fake/prompts/{owner}/{name}/commits       push: {"template"} or {"manifest"}, and "examples", "description", "draft", "tags"
//	PUT    /_fake/prompts/{owner}/{name}/tags/{tag}    {"commit":"latest"}
//	DELETE /_fake/prompts/{owner}/{name}/tags/{tag}
//	PUT    /_fake/prompts/{owner}/{name}/public        {"public":true}
//	DELETE /_fake/prompts/{owner}/{name}
//	POST   /_fake/faults                               {"kind":"status","status":503,"times":3}; answers {"id"}
//	DELETE /_fake/faults                               all; /_fake/faults/{id} one
//	GET    /_fake/requests                             {"count","in_flight","max_in_flight","requests"}
//	DELETE /_fake/requests
//
// The owner "-" is there the server's first workspace. These requests meet no
// fault and are not counted.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fakeserver.Serve(w, r, s.admin, s.mux)
}
