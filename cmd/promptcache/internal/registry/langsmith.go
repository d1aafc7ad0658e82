package registry

import (
	"context"
	"iter"

	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

// langSmith is a LangSmith workspace.
type langSmith struct{ *langsmith.Source }

func openLangSmith(s Settings) (source, error) {
	src, err := langsmith.New(langsmith.Config{
		Endpoint:       s.Endpoint,
		AllowPublic:    s.AllowPublic,
		Getenv:         s.Getenv,
		HTTPClient:     s.client(),
		Retries:        s.Retries,
		AttemptTimeout: s.AttemptTimeout,
	})
	if err != nil {
		return nil, err
	}
	return langSmith{src}, nil
}

// Address implements source.
func (s langSmith) Address() string { return addressOf(s.Domain(""), "langsmith") }

func (s langSmith) newCache(cfg promptcache.Config) (caching, error) {
	cache, err := langsmith.NewCache(s.Source, cfg)
	return typed[*langsmith.PromptCommit]{cache, func(c *langsmith.PromptCommit) Value { return c }}, err
}

func (s langSmith) fetch(ctx context.Context, key string) (Value, error) {
	return asValue(s.Fetch(ctx, key))
}

// list yields the prompts; name is not sent, for LangSmith would look for it in
// descriptions too.
func (s langSmith) list(ctx context.Context, _ string) iter.Seq2[Listed, error] {
	return asListed(s.ListPrompts(ctx, langsmith.ListOptions{}), func(info langsmith.PromptInfo) Listed {
		listed := Listed{Key: info.Ref().String(), Name: info.Ref().String()}
		if info.LastCommitHash == "" {
			listed.Unserved = "it has no commit yet"
		}
		return listed
	})
}

func langSmithDetails(v Value) []Detail {
	c, ok := v.(*langsmith.PromptCommit)
	if !ok {
		return nil
	}
	details := []Detail{{"description", c.Description()}, {"model", c.HubModelProvider()}}
	if c.IsDraft() {
		details = append(details, Detail{"draft", "yes: its content can change under the same hash"})
	}
	return details
}
