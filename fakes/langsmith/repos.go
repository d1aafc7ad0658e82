package fakelangsmith

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

// The page sizes of a list.
const (
	defaultLimit = 20
	maxLimit     = 100
)

// page is a part of a list.
type page struct {
	limit, offset int
}

func readPage(query url.Values) (page, error) {
	p := page{limit: defaultLimit}
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxLimit {
			return page{}, fmt.Errorf("limit %q is not a number from 1 to %d", text, maxLimit)
		}
		p.limit = n
	}
	if text := query.Get("offset"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return page{}, fmt.Errorf("offset %q is not a number from 0", text)
		}
		p.offset = n
	}
	return p, nil
}

func slice[T any](p page, items []T) []T {
	from := min(p.offset, len(items))
	return items[from:min(from+p.limit, len(items))]
}

// repos lists the caller's prompts; with is_public=true, the public prompts of
// every workspace.
func (s *Server) repos(r *http.Request, workspace string) response {
	query := r.URL.Query()
	page, err := readPage(query)
	if err != nil {
		return detail(http.StatusUnprocessableEntity, err.Error())
	}
	text := strings.ToLower(query.Get("query"))
	found := s.registry.list(func(p *repo) bool {
		switch {
		case query.Get("is_archived") == "true": // nothing is ever archived here
			return false
		case query.Get("is_public") == "true" && !p.public,
			query.Get("is_public") == "false" && p.public,
			query.Get("is_public") != "true" && p.owner != workspace:
			return false
		}
		return strings.Contains(strings.ToLower(p.name+"\n"+p.description), text)
	}, (*repo).describe)
	if query.Get("sort_direction") == "asc" {
		slices.Reverse(found)
	}
	return fakeserver.JSON(http.StatusOK, map[string]any{"repos": slice(page, found), "total": len(found)})
}

func (s *Server) repo(r *http.Request, workspace string) response {
	asked := pathRef(r, workspace)
	var found repoJSON
	if !s.registry.visible(workspace, asked, func(p *repo) { found = p.describe() }) {
		return noPrompt(asked)
	}
	return fakeserver.JSON(http.StatusOK, map[string]any{"repo": found})
}

func (p *repo) describe() repoJSON {
	described := repoJSON{
		ID:          fakeserver.StableID("prompt", p.String()),
		RepoHandle:  p.name,
		Owner:       p.owner,
		FullName:    p.String(),
		TenantID:    TenantID(p.owner),
		Description: fakeserver.Nullable(p.description),
		CreatedAt:   p.created.Format(time.RFC3339Nano),
		UpdatedAt:   p.updated.Format(time.RFC3339Nano),
		IsPublic:    p.public,
		Tags:        []string{},
		NumCommits:  len(p.commits),
	}
	if c := p.resolve(latest); c != nil {
		described.LastCommitHash = &c.hash
	}
	return described
}
