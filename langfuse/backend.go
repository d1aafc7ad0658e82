package langfuse

import (
	"context"
	"fmt"
	"strings"

	"github.com/promptcache/promptcache-go/internal/httpsource"
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

// FetchPrompt is Fetch for caches of prompts of any registry: it returns the
// prompt ready to compile, what [Prompt.Prompt] makes of it, with the same
// revision. One that cannot be made is an error of promptcache.KindInvalid, so
// that the last good one stays cached. It is a promptcache.FetchFunc.
//
// Its requests are conditional, too: the ETag is part of the prompt's Validator,
// and so of a snapshot.
func (s *Source) FetchPrompt(ctx context.Context, key string) (*prompt.Prompt, error) {
	p, err := s.fetch(ctx, key, validETag)
	if err != nil {
		return nil, err
	}
	ready, err := p.Prompt()
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

// validator returns a prompt's Validator: its ETag, and after a blank the key
// that it was asked for by; "" without an ETag.
func validator(ref Ref, etag string) string {
	if etag == "" {
		return ""
	}
	return etag + " " + ref.String()
}

// validETag returns the ETag of the compilable prompt that the cache has under
// ref, or "".
func validETag(ctx context.Context, ref Ref) string {
	p, ok := promptcache.Previous[*prompt.Prompt](ctx)
	if !ok || p == nil {
		return ""
	}
	etag, found := strings.CutSuffix(p.Validator(), " "+ref.String())
	if !found || !httpsource.IsETag(etag) {
		return ""
	}
	return etag
}
