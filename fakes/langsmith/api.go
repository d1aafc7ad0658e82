package fakelangsmith

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

// version is what GET /info says. The SDKs compare it with the oldest server
// that they support.
const version = "0.13.0"

// handler answers an authenticated request.
type handler func(r *http.Request, workspace string) response

func (s *Server) apiRoutes() *http.ServeMux {
	routes := map[string]handler{
		"/commits/{owner}/{name}/{commit}": s.pull,
		"/commits/{owner}/{name}":          s.history,
		"/commits/{owner}/{name}/{$}":      s.history, // the SDK's spelling
		"/repos":                           s.repos,
		"/repos/{$}":                       s.repos,
		"/repos/{owner}/{name}":            s.repo,
		"/settings":                        s.settings,
	}
	mux := http.NewServeMux()
	for _, base := range []string{"", "/api", "/api/v1"} {
		for pattern, h := range routes {
			mux.HandleFunc("GET "+base+pattern, s.endpoint(s.authenticated(h)))
		}
		mux.HandleFunc("GET "+base+"/info", s.endpoint(s.info))
	}
	mux.HandleFunc("/", s.endpoint(func(*http.Request, caller) response {
		return detail(http.StatusNotFound, "Not Found")
	}))
	return mux
}

// endpoint counts the request and lets a fault have its way with the answer.
func (s *Server) endpoint(answer func(*http.Request, caller) response) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := s.identify(r)
		fakeserver.Endpoint(s.Base, w, r, s.asked(r, c), func() response { return answer(r, c) })
	}
}

// asked is the prompt that a request is about, "owner/name", or "".
func (s *Server) asked(r *http.Request, c caller) string {
	if r.PathValue("name") == "" {
		return ""
	}
	return pathRef(r, cmp.Or(c.workspace, s.workspace)).String()
}

// pathRef is the prompt in a request's path; its owner "-" is workspace.
func pathRef(r *http.Request, workspace string) ref {
	owner := r.PathValue("owner")
	if owner == "-" {
		owner = workspace
	}
	return ref{owner: owner, name: r.PathValue("name")}
}

func (s *Server) pull(r *http.Request, workspace string) response {
	asked, version := pathRef(r, workspace), r.PathValue("commit")
	var found *commit
	if !s.registry.visible(workspace, asked, func(p *repo) { found = p.resolve(version) }) {
		return noPrompt(asked)
	}
	if found == nil {
		return detail(http.StatusNotFound, "Commit "+version+" of prompt "+asked.String()+" not found")
	}
	split := splitModel(found.manifest)
	body := commitJSON{
		CommitHash:  found.hash,
		Manifest:    split.prompt,
		Examples:    found.examples,
		Description: fakeserver.Nullable(found.description),
		IsDraft:     found.draft,
		ModelConfig: fakeserver.Encode(nil),
	}
	query := r.URL.Query()
	if query.Get("include_model") == "true" || slices.Contains(query["include"], "model") {
		body.Manifest, body.ModelConfig, body.ModelProvider = found.manifest, split.config, split.provider
	}
	return fakeserver.JSON(http.StatusOK, body)
}

func noPrompt(asked ref) response {
	return detail(http.StatusNotFound, "Prompt "+asked.String()+" not found")
}

func (s *Server) history(r *http.Request, workspace string) response {
	asked := pathRef(r, workspace)
	page, err := readPage(r.URL.Query())
	if err != nil {
		return detail(http.StatusUnprocessableEntity, err.Error())
	}
	commits := []historyJSON{}
	if !s.registry.visible(workspace, asked, func(p *repo) {
		for _, c := range slices.Backward(p.commits) {
			commits = append(commits, c.describe())
		}
	}) {
		return noPrompt(asked)
	}
	return fakeserver.JSON(http.StatusOK, map[string]any{"commits": slice(page, commits), "total": len(commits)})
}

func (c *commit) describe() historyJSON {
	return historyJSON{
		ID:          fakeserver.StableID("commit", c.hash),
		CommitHash:  c.hash,
		ParentHash:  fakeserver.Nullable(c.parent),
		Manifest:    splitModel(c.manifest).prompt,
		Examples:    c.examples,
		Description: fakeserver.Nullable(c.description),
		IsDraft:     c.draft,
		CreatedAt:   c.created.Format(time.RFC3339Nano),
	}
}

func (s *Server) settings(_ *http.Request, workspace string) response {
	return fakeserver.JSON(http.StatusOK, map[string]string{
		"id":            TenantID(workspace),
		"tenant_handle": workspace,
		"display_name":  workspace,
	})
}

func (s *Server) info(*http.Request, caller) response {
	return fakeserver.JSON(http.StatusOK, map[string]any{"version": version, "instance_flags": map[string]bool{}})
}
