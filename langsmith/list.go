package langsmith

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"time"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// ListOptions says which prompts to list. The zero value lists all that are not
// archived, whether public or not.
type ListOptions struct {
	Query    string // only prompts whose name or description has this in it
	Public   *bool  // only public prompts, or only others; nil is both
	Archived bool   // archived prompts in place of the others
}

// PromptInfo is what a list says of a prompt. It is its receiver's to change.
type PromptInfo struct {
	Owner          string // a handle; "" if the prompt's workspace has none
	Name           string // repo_handle on the wire
	Description    string
	Tags           []string
	Public         bool
	Archived       bool
	LastCommitHash string // "" if there is no commit yet
	WorkspaceID    string // of the prompt; tenant_id on the wire
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Ref names the prompt's latest commit: a public prompt by its owner, any other
// as the workspace's own. A public prompt of this very workspace can be fetched
// by its name alone, too.
func (p PromptInfo) Ref() Ref {
	ref := Ref{Name: p.Name}
	if p.Public {
		ref.Owner = p.Owner
	}
	return ref.normal()
}

// wireList is the answer of GET /api/v1/repos.
type wireList struct {
	Repos []struct {
		RepoHandle     string   `json:"repo_handle"`
		Owner          *string  `json:"owner"`
		Description    *string  `json:"description"`
		Tags           []string `json:"tags"`
		IsPublic       bool     `json:"is_public"`
		IsArchived     bool     `json:"is_archived"`
		LastCommitHash *string  `json:"last_commit_hash"`
		TenantID       string   `json:"tenant_id"`
		CreatedAt      string   `json:"created_at"`
		UpdatedAt      string   `json:"updated_at"`
	} `json:"repos"`
	Total *int `json:"total"`
}

// ListPrompts yields the prompts that the credentials reach, the latest changed
// first, one page of a hundred after the other, with GET {endpoint}/api/v1/repos.
// Use it to find what to warm a cache up with.
//
// It is lazy: a page is asked for when the one before it is used up, as Fetch
// asks, with retries, as long as ctx lasts. After an error, which comes with a
// zero PromptInfo, it ends: a *promptcache.FetchError, or that the registry's
// pages repeat or do not end. A list of more than 100,000 prompts is such an
// error; narrow it.
func (s *Source) ListPrompts(ctx context.Context, opts ListOptions) iter.Seq2[PromptInfo, error] {
	query := url.Values{
		"limit":          {strconv.Itoa(httpsource.PageSize)},
		"sort_field":     {"updated_at"},
		"sort_direction": {"desc"},
		"is_archived":    {strconv.FormatBool(opts.Archived)},
	}
	if opts.Public != nil {
		query.Set("is_public", strconv.FormatBool(*opts.Public))
	}
	if opts.Query != "" {
		query.Set("query", opts.Query)
	}
	filter := query.Encode()
	return httpsource.List("langsmith", func(_, before int) ([]PromptInfo, bool, error) {
		return s.listPage(ctx, filter, before)
	}, func(p PromptInfo) string { return p.Owner + "/" + p.Name })
}

// listPage gets what follows the first offset prompts, and reports whether that
// is all.
func (s *Source) listPage(ctx context.Context, filter string, offset int) ([]PromptInfo, bool, error) {
	u := s.client.Endpoint().URL("/api/v1/repos")
	u.RawQuery = fmt.Sprintf("%s&offset=%d", filter, offset)
	request := httpsource.Request{Key: fmt.Sprintf("prompts from number %d", offset+1), URL: u}
	w, err := httpsource.Get(ctx, s.client, request, func(a httpsource.Answer) (wireList, error) {
		return decodeList(a.Body)
	})
	if err != nil {
		return nil, false, err
	}
	prompts := make([]PromptInfo, len(w.Repos))
	for i, r := range w.Repos {
		prompts[i] = PromptInfo{
			Owner:          orEmpty(r.Owner),
			Name:           r.RepoHandle,
			Description:    orEmpty(r.Description),
			Tags:           r.Tags,
			Public:         r.IsPublic,
			Archived:       r.IsArchived,
			LastCommitHash: orEmpty(r.LastCommitHash),
			WorkspaceID:    r.TenantID,
			CreatedAt:      httpsource.ParseTime(r.CreatedAt),
			UpdatedAt:      httpsource.ParseTime(r.UpdatedAt),
		}
	}
	return prompts, offset+len(w.Repos) >= *w.Total, nil
}

// decodeList reads a page.
func decodeList(body []byte) (wireList, error) {
	var w wireList
	if err := httpsource.Unmarshal(body, &w); err != nil {
		return w, fmt.Errorf("the answer is not a list of prompts: %w", err)
	}
	if w.Repos == nil || w.Total == nil {
		return w, errors.New("the answer is not a list of prompts: its repos or total are missing")
	}
	for i, r := range w.Repos {
		if r.RepoHandle == "" {
			return w, fmt.Errorf("element %d of the list has no repo_handle", i+1)
		}
	}
	return w, nil
}
