package fakelangfuse

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
)

// has reports whether there is a prompt r.
func (g *registry) has(r ref) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.prompts[r] != nil
}

// selection is which of a prompt's versions a query names.
type selection struct {
	number int // 0 if the label decides
	label  string
}

// readSelection reads ?version= and ?label=, or returns what to answer instead.
// Version 0 is as good as none.
func readSelection(r *http.Request) (selection, *response) {
	query := r.URL.Query()
	for _, name := range []string{"version", "label"} {
		if len(query[name]) > 1 {
			return refuseSelection(invalid(issue{Code: "invalid_type", Path: []any{name}, Message: "Invalid input: expected string, received array"}))
		}
	}
	number, problem := parseInt(query, "version")
	label := query.Get("label")
	switch {
	case problem != nil:
		return refuseSelection(invalid(*problem))
	case number != 0 && label != "":
		return refuseSelection(refuse(http.StatusBadRequest, "Cannot specify both version and label"))
	case number < math.MinInt32 || number > math.MaxInt32: // the database cannot hold it
		return refuseSelection(failure(Fault{Status: http.StatusInternalServerError}))
	}
	return selection{number: number, label: label}, nil
}

func refuseSelection(resp response) (selection, *response) { return selection{}, &resp }

// get serves one version of a prompt.
func (s *Server) get(r *http.Request, asked ref) response {
	selected, problem := readSelection(r)
	if problem != nil {
		return *problem
	}
	if selected.number == 0 && selected.label == "" {
		selected.label = production
	}
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	v := s.registry.findLocked(asked, selected.number, selected.label)
	if v == nil {
		which := fmt.Sprintf("with label '%s'", selected.label)
		if selected.number != 0 {
			which = fmt.Sprintf("with version %d", selected.number)
		}
		return refuse(http.StatusNotFound, fmt.Sprintf("Prompt not found: '%s' %s", asked.name, which))
	}
	served := promptJSON{versionJSON: s.registry.describeLocked(v)}
	if r.URL.Query().Get("resolve") != "false" {
		content, from, problem := s.registry.resolveLocked(v)
		if problem != "" {
			return refuse(http.StatusConflict, problem)
		}
		served.Prompt, served.ResolutionGraph = content, from
	}
	return jsonResponse(http.StatusOK, served)
}

// delete removes what a query names of a prompt, all of it if the query names
// nothing, and tells no webhook.
func (s *Server) delete(r *http.Request, asked ref) response {
	selected, problem := readSelection(r)
	if problem != nil {
		return *problem
	}
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	var gone []*entry
	if p := s.registry.prompts[asked]; p != nil {
		for _, v := range p.versions {
			if (selected.number == 0 || v.number == selected.number) && (selected.label == "" || slices.Contains(v.labels, selected.label)) {
				gone = append(gone, v)
			}
		}
	}
	if len(gone) == 0 {
		return refuse(http.StatusNotFound, "Prompt not found")
	}
	if needed := s.registry.dependentsLocked(asked, gone); len(needed) > 0 {
		return refuse(http.StatusBadRequest, "Other prompts are depending on prompt versions you are trying to delete:\n\n"+
			strings.Join(needed, "\n")+"\n\nPlease delete the dependent prompts first.")
	}
	s.registry.removeLocked(asked, gone)
	return response{Status: http.StatusNoContent}
}

// dependentsLocked says which versions of other prompts would lose a prompt that
// they are composed of if the versions gone of r were removed.
func (g *registry) dependentsLocked(r ref, gone []*entry) []string {
	var needed []string
	for _, p := range g.inProjectLocked(r.project) {
		for _, v := range p.versions {
			for _, d := range dependencies(v.content) {
				child := g.findLocked(ref{project: r.project, name: d.name}, d.number, d.label)
				if child == nil || !slices.Contains(gone, child) || slices.Contains(gone, v) {
					continue
				}
				which := d.label
				if d.number != 0 {
					which = fmt.Sprintf("v%d", d.number)
				}
				needed = append(needed, fmt.Sprintf("%s v%d depends on %s %s", v.name, v.number, d.name, which))
			}
		}
	}
	return needed
}
