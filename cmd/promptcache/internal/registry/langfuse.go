package registry

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"github.com/promptcache/promptcache-go/langfuse"
)

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

func (s langFuse) fetch(ctx context.Context, key string) (Value, error) {
	return asValue(s.Fetch(ctx, key))
}

func (s langFuse) list(ctx context.Context, name string) iter.Seq2[Listed, error] {
	return asListed(s.ListPrompts(ctx, langfuse.ListOptions{Name: name}), func(info langfuse.PromptInfo) Listed {
		return Listed{
			Key: langfuse.Ref{Name: info.Name}.String(), Name: info.Name,
			Labels: info.Labels, Versions: info.Versions,
		}
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
