package langsmith

import "github.com/promptcache/promptcache-go/promptcache"

// NewCache returns a cache of what src fetches. Canonical and Domain of cfg are
// set to this package's where they are nil, so that the spellings of a prompt
// are one entry and an outage is judged for the registry as a whole. src may be
// nil if cfg.TTL is, for an offline cache. It starts nothing; see
// promptcache.New for the errors.
func NewCache(src *Source, cfg promptcache.Config) (*promptcache.PromptCache[*PromptCommit], error) {
	var fetch promptcache.FetchFunc[*PromptCommit]
	if src != nil {
		fetch = src.Fetch
		if cfg.Domain == nil {
			cfg.Domain = src.Domain
		}
	}
	if cfg.Canonical == nil {
		cfg.Canonical = Canonical
	}
	return promptcache.New(fetch, cfg)
}
