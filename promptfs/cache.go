package promptfs

import (
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

// NewCache returns a cache of what src reads. Canonical and Domain of cfg are set
// to this package's where they are nil. src may be nil if cfg.TTL is, for an
// offline cache. It starts nothing; see promptcache.New for the errors.
func NewCache(src *Source, cfg promptcache.Config) (*promptcache.PromptCache[*prompt.Prompt], error) {
	var fetch promptcache.FetchFunc[*prompt.Prompt]
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
