package langfuse

import "github.com/promptcache/promptcache-go/promptcache"

// NewCache returns a cache of what src fetches. Canonical, Domain and Codec of
// cfg are set to this package's where they are nil, so that the spellings of a
// prompt are one entry, an outage is judged for the project as a whole, and
// snapshots hold what the registry sends; see [NewCodec]. src may be
// nil if cfg.TTL is, for an offline cache. It starts nothing; see
// promptcache.New for the errors.
func NewCache(src *Source, cfg promptcache.Config) (*promptcache.PromptCache[*Prompt], error) {
	if cfg.Canonical == nil {
		cfg.Canonical = Canonical
	}
	if cfg.Codec == nil {
		cfg.Codec = NewCodec()
	}
	if src == nil {
		return promptcache.New[*Prompt](nil, cfg)
	}
	if cfg.Domain == nil {
		cfg.Domain = src.Domain
	}
	return promptcache.New(src.Fetch, cfg)
}
