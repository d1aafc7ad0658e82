package langsmith

import "github.com/promptcache/promptcache-go/promptcache"

// NewCache returns a cache of what src fetches. Canonical, Domain and Codec of
// cfg are set to this package's where they are nil, so that the spellings of a
// prompt are one entry, an outage is judged for the registry as a whole, and
// snapshots are such as LangSmith's SDKs load; see [NewCodec]. src may be
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
	if cfg.Codec == nil {
		cfg.Codec = NewCodec(src)
	}
	return promptcache.New(fetch, cfg)
}
