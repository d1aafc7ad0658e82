package registry

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/promptcache"
)

// servedLabel is that of the version that a key without label and version means.
const servedLabel = "production"

// langFuse is a Langfuse project.
type langFuse struct{ *langfuse.Source }

func openLangfuse(s Settings) (source, error) {
	src, err := langfuse.New(langfuse.Config{
		Endpoint:       s.Endpoint,
		Getenv:         s.Getenv,
		HTTPClient:     s.client(),
		Retries:        s.Retries,
		AttemptTimeout: s.AttemptTimeout,
	})
	if err != nil {
		return nil, err
	}
	return langFuse{src}, nil
}

// Address implements source.
func (s langFuse) Address() string { return addressOf(s.Domain(""), "langfuse") }

func (s langFuse) newCache(cfg promptcache.Config) (caching, error) {
	cache, err := langfuse.NewCache(s.Source, cfg)
	return typed[*langfuse.Prompt]{cache, func(p *langfuse.Prompt) Value { return p }}, err
}

func (s langFuse) fetch(ctx context.Context, key string) (Value, error) {
	return asValue(s.Fetch(ctx, key))
}

func (s langFuse) list(ctx context.Context, name string) iter.Seq2[Listed, error] {
	return asListed(s.ListPrompts(ctx, langfuse.ListOptions{Name: name}), func(info langfuse.PromptInfo) Listed {
		listed := Listed{
			Key: langfuse.Ref{Name: info.Name}.String(), Name: info.Name,
			Labels: info.Labels, Versions: info.Versions,
		}
		if !slices.Contains(info.Labels, servedLabel) {
			listed.Unserved = fmt.Sprintf("no version of it has the label %q", servedLabel)
		}
		return listed
	})
}

func langfuseDetails(v Value) []Detail {
	p, ok := v.(*langfuse.Prompt)
	if !ok {
		return nil
	}
	return []Detail{
		{"version", strconv.Itoa(p.Version())},
		{"labels", strings.Join(p.Labels(), ", ")},
		{"tags", strings.Join(p.Tags(), ", ")},
		{"message", p.CommitMessage()},
	}
}
