package langfuse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"time"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// ListOptions says which prompts to list. The zero value lists all.
type ListOptions struct {
	Name  string // only the prompt of this name
	Label string // only prompts of which a version has this label
	Tag   string // only prompts with this tag
}

// PromptInfo is what a list says of a prompt, all its versions together. It is
// its receiver's to change.
type PromptInfo struct {
	Name      string
	Type      Type // "" from servers that do not say
	Versions  []int
	Labels    []string // of all its versions
	Tags      []string
	UpdatedAt time.Time // zero if the server does not say
	// Config is the configuration of its newest version, any JSON; nil if the
	// server does not say.
	Config json.RawMessage
}

// wireList is the answer of GET /api/public/v2/prompts.
type wireList struct {
	Data []struct {
		Name          string          `json:"name"`
		Type          Type            `json:"type"`
		Versions      []int           `json:"versions"`
		Labels        []string        `json:"labels"`
		Tags          []string        `json:"tags"`
		LastUpdatedAt string          `json:"lastUpdatedAt"`
		LastConfig    json.RawMessage `json:"lastConfig"`
	} `json:"data"`
	Meta *struct {
		Page       int `json:"page"`
		TotalPages int `json:"totalPages"`
	} `json:"meta"`
}

// ListPrompts yields the project's prompts, one page of a hundred after the
// other, in the registry's order, with GET {endpoint}/api/public/v2/prompts. Use
// it to find what to warm a cache up with.
//
// It is lazy: a page is asked for when the one before it is used up, as Fetch
// asks, with retries, as long as ctx lasts. After an error, which comes with a
// zero PromptInfo, it ends: a *promptcache.FetchError, or that the registry's
// pages repeat or do not end. A list of more than 100,000 prompts is such an
// error; filter it.
func (s *Source) ListPrompts(ctx context.Context, opts ListOptions) iter.Seq2[PromptInfo, error] {
	query := url.Values{"limit": {strconv.Itoa(httpsource.PageSize)}}
	for name, value := range map[string]string{"name": opts.Name, "label": opts.Label, "tag": opts.Tag} {
		if value != "" {
			query.Set(name, value)
		}
	}
	filter := query.Encode()
	return httpsource.List("langfuse", func(n, _ int) ([]PromptInfo, bool, error) {
		return s.listPage(ctx, filter, n+1)
	}, func(p PromptInfo) string { return p.Name })
}

// listPage gets a page, counted from 1, and reports whether it is the last.
func (s *Source) listPage(ctx context.Context, filter string, page int) ([]PromptInfo, bool, error) {
	u := s.client.Endpoint().URL(promptsPath)
	u.RawQuery = fmt.Sprintf("%s&page=%d", filter, page)
	request := httpsource.Request{Key: fmt.Sprintf("page %d of the prompts", page), URL: u}
	w, err := httpsource.Get(ctx, s.client, request, func(a httpsource.Answer) (wireList, error) {
		return decodeList(a.Body, page)
	})
	if err != nil {
		return nil, false, err
	}
	prompts := make([]PromptInfo, len(w.Data))
	for i, p := range w.Data {
		prompts[i] = PromptInfo{
			Name: p.Name, Type: p.Type, Versions: p.Versions, Labels: p.Labels, Tags: p.Tags,
			UpdatedAt: httpsource.ParseTime(p.LastUpdatedAt), Config: p.LastConfig,
		}
	}
	return prompts, page >= w.Meta.TotalPages, nil
}

// decodeList reads a page, and checks that it is the one that was asked for.
func decodeList(body []byte, page int) (wireList, error) {
	var w wireList
	if err := httpsource.Unmarshal(body, &w); err != nil {
		return w, fmt.Errorf("the answer is not a list of prompts: %w", err)
	}
	if w.Data == nil || w.Meta == nil {
		return w, errors.New("the answer is not a list of prompts: its data or meta is missing")
	}
	if w.Meta.Page != page {
		return w, fmt.Errorf("the answer is another page of the list, %d", w.Meta.Page)
	}
	for i, p := range w.Data {
		if p.Name == "" {
			return w, fmt.Errorf("element %d of the list has no name", i+1)
		}
	}
	return w, nil
}
