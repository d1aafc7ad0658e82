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
	v, err := s.Fetch(ctx, key)
	if err != nil {
		return nil, err // and not a nil *Prompt in a Value
	}
	return v, nil
}

func (s langFuse) list(ctx context.Context, name string) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		for info, err := range s.ListPrompts(ctx, langfuse.ListOptions{Name: name}) {
			listed := Listed{}
			if err == nil {
				listed = Listed{
					Key: langfuse.Ref{Name: info.Name}.String(), Name: info.Name,
					Labels: info.Labels, Versions: info.Versions,
				}
			}
			if !yield(listed, err) {
				return
			}
		}
	}
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
