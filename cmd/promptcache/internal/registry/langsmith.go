package registry

import (
	"context"
	"iter"

	"github.com/promptcache/promptcache-go/langsmith"
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

func (s langSmith) fetch(ctx context.Context, key string) (Value, error) {
	return asValue(s.Fetch(ctx, key))
}

// list yields the prompts; name is not sent, for LangSmith would look for it in
// descriptions too.
func (s langSmith) list(ctx context.Context, _ string) iter.Seq2[Listed, error] {
	return asListed(s.ListPrompts(ctx, langsmith.ListOptions{}), func(info langsmith.PromptInfo) Listed {
		return Listed{Key: info.Ref().String(), Name: info.Ref().String()}
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
