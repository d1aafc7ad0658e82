package registry

import (
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

// Distance is distance, for the tests.
var Distance = distance

// CacheOf returns a Cache around another one, whose keys have schemes.
func CacheOf(of *promptcache.PromptCache[*prompt.Prompt]) *Cache {
	return &Cache{cache: typed[*prompt.Prompt]{of, asNeutral}}
}
