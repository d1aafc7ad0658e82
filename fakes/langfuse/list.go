package fakelangfuse

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// The page sizes of a list.
const (
	defaultLimit = 10
	maxLimit     = 100
)

// listQuery is what a list is asked for.
type listQuery struct {
	page, limit      int
	version          int // 0 for all
	name, label, tag string
	from, to         time.Time // of the last update; zero for no bound
}

func readListQuery(query url.Values) (listQuery, []issue) {
	q := listQuery{name: query.Get("name"), label: query.Get("label"), tag: query.Get("tag")}
	var found []issue
	number := func(name string, otherwise, least, most int) int {
		n, problem := parseInt(query, name)
		switch {
		case problem != nil:
			found = append(found, *problem)
		case !query.Has(name):
			return otherwise
		case n < least:
			found = append(found, issue{Code: "too_small", Path: []any{name}, Message: fmt.Sprintf("Too small: expected number to be >=%d", least)})
		case most > 0 && n > most:
			found = append(found, issue{Code: "too_big", Path: []any{name}, Message: fmt.Sprintf("Too big: expected number to be <=%d", most)})
		}
		return n
	}
	moment := func(name string) time.Time {
		t, err := time.Parse(time.RFC3339, query.Get(name))
		if err != nil && query.Has(name) {
			found = append(found, issue{Code: "invalid_format", Path: []any{name}, Message: "Invalid ISO datetime"})
		}
		return t
	}
	q.page, q.limit = number("page", 1, 1, 0), number("limit", defaultLimit, 1, maxLimit)
	q.version = number("version", 0, 0, 0)
	q.from, q.to = moment("fromUpdatedAt"), moment("toUpdatedAt")
	return q, found
}

// matches reports whether a version is in the list. A prompt is if one of its
// versions is.
func (q listQuery) matches(p *history, v *entry) bool {
	return (q.name == "" || p.name == q.name) &&
		(q.version == 0 || v.number == q.version) &&
		(q.label == "" || slices.Contains(v.labels, q.label)) &&
		(q.tag == "" || slices.Contains(p.tags, q.tag)) &&
		!v.updated.Before(q.from) && (q.to.IsZero() || v.updated.Before(q.to))
}

// listedJSON is what a list says of a prompt: of those of its versions that
// match.
type listedJSON struct {
	Name          string          `json:"name"`
	Type          string          `json:"type"`
	Tags          []string        `json:"tags"`
	LastUpdatedAt string          `json:"lastUpdatedAt"`
	Versions      []int           `json:"versions"`
	Labels        []string        `json:"labels"`
	LastConfig    json.RawMessage `json:"lastConfig"`
}

// list lists the project's prompts by name.
func (s *Server) list(r *http.Request, project string) response {
	q, problems := readListQuery(r.URL.Query())
	if len(problems) > 0 {
		return invalid(problems...)
	}
	found := s.registry.list(project, q)
	from := min((q.page-1)*q.limit, len(found))
	meta := map[string]int{
		"page": q.page, "limit": q.limit, "totalItems": len(found), "totalPages": (len(found) + q.limit - 1) / q.limit,
	}
	return jsonResponse(http.StatusOK, map[string]any{
		"data": found[from:min(from+q.limit, len(found))], "meta": meta,
		"pagination": meta, // its name in old clients
	})
}

func (g *registry) list(project string, q listQuery) []listedJSON {
	g.mu.Lock()
	defer g.mu.Unlock()
	found := []listedJSON{}
	for _, p := range g.inProjectLocked(project) {
		listed := listedJSON{Name: p.name, Type: p.kind, Tags: slices.Clone(p.tags), Labels: []string{}}
		var updated time.Time
		for _, v := range p.versions {
			if !q.matches(p, v) {
				continue
			}
			listed.Versions = append(listed.Versions, v.number)
			listed.Labels = append(listed.Labels, v.labels...)
			listed.LastConfig = v.config
			if v.updated.After(updated) {
				updated = v.updated
			}
		}
		if len(listed.Versions) > 0 {
			slices.Sort(listed.Labels)
			listed.LastUpdatedAt = timestamp(updated)
			found = append(found, listed)
		}
	}
	return found
}
