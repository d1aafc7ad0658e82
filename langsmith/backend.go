package langsmith

import (
	"context"
	"fmt"

	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

// FetchPrompt is Fetch for caches of prompts of any registry: it returns the
// prompt ready to compile, what [PromptCommit.Prompt] makes of the commit, with
// the same revision. A manifest that cannot be read is an error of
// promptcache.KindInvalid, so that the last good prompt stays cached. It is a
// promptcache.FetchFunc.
func (s *Source) FetchPrompt(ctx context.Context, key string) (*prompt.Prompt, error) {
	commit, err := s.Fetch(ctx, key)
	if err != nil {
		return nil, err
	}
	ready, err := commit.Prompt()
	if err != nil {
		return nil, &promptcache.FetchError{Key: key, Kind: promptcache.KindInvalid, Err: fmt.Errorf("it cannot be compiled: %w", err)}
	}
	return ready, nil
}

// Backend returns s for promptcache.Route: FetchPrompt, and this package's
// Canonical, Domain and Check.
func (s *Source) Backend() promptcache.Backend[*prompt.Prompt] {
	return promptcache.Backend[*prompt.Prompt]{Fetch: s.FetchPrompt, Canonical: Canonical, Domain: s.Domain, Check: s.Check}
}
