package registry

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

// MaxPrompts is how many prompts a snapshot may have that the command line
// writes. A registry's list ends at 100,000.
const MaxPrompts = 1 << 20

// Cache is the cache of which a snapshot is made. Its keys have schemes. It
// starts nothing, and its methods are safe for concurrent use.
type Cache struct {
	scheme string // of all keys, which the cache itself has without it; "" for a routed one
	cache  caching
}

// caching is a promptcache.PromptCache of any type.
type caching interface {
	LoadFile(path string) (int, error)
	Dump(w io.Writer) error
	DumpFile(path string) error
	Keys() []string
	Invalidate(keys ...string) int
	fetch(ctx context.Context, key string) (Value, error)
	touch(key string)
}

// typed makes a cache of values that are, or can be made, Values.
type typed[V any] struct {
	*promptcache.PromptCache[V]
	value func(V) Value
}

func (c typed[V]) fetch(ctx context.Context, key string) (Value, error) {
	v, err := c.Refresh(ctx, key)
	if err != nil {
		return nil, err
	}
	return c.value(v), nil
}

func (c typed[V]) touch(key string) { c.Get(key) }

// cacheConfig is that of a cache that fetches only what it is told to, and lets
// go of nothing.
func cacheConfig(timeout time.Duration) promptcache.Config {
	cfg := promptcache.DefaultConfig()
	cfg.MaxSize = MaxPrompts
	cfg.FetchTimeout = timeout
	cfg.NotFound = promptcache.KeepServing
	cfg.NegativeTTL = 0
	cfg.BackoffMin, cfg.BackoffMax = 0, 0
	cfg.Logger = slog.New(slog.DiscardHandler)
	return cfg
}

// NewCache returns a cache for a snapshot of r's prompts alone, in r's own
// format. No fetch of it lasts longer than timeout.
func (r *Registry) NewCache(timeout time.Duration) (*Cache, error) {
	cache, err := r.source.newCache(cacheConfig(timeout))
	if err != nil {
		return nil, err
	}
	return &Cache{scheme: r.Name(), cache: cache}, nil
}

// RoutedCache returns a cache for a snapshot of prompts of several registries,
// for caches of a promptcache.Router with the same schemes.
func RoutedCache(of []*Registry, timeout time.Duration) (*Cache, error) {
	backends := make(map[string]promptcache.Backend[*prompt.Prompt], len(of))
	for _, r := range of {
		backends[r.Name()] = r.source.Backend()
	}
	router, err := promptcache.Route(promptcache.Routes[*prompt.Prompt]{Backends: backends})
	if err != nil {
		return nil, err
	}
	cache, err := router.NewCache(cacheConfig(timeout))
	if err != nil {
		return nil, err
	}
	return &Cache{cache: typed[*prompt.Prompt]{cache, asNeutral}}, nil
}

// Format is that of the snapshots.
func (c *Cache) Format() string {
	if k, ok := find(c.scheme); ok {
		return k.format
	}
	return neutralFormat
}

// Routed reports whether the keys have schemes in the snapshots, too.
func (c *Cache) Routed() bool { return c.scheme == "" }

// LoadFile adds what is in a snapshot; see promptcache.PromptCache.LoadFile.
func (c *Cache) LoadFile(path string) error {
	_, err := c.cache.LoadFile(path)
	return err
}

// DumpFile writes a snapshot, with the prompts in the order of keys and before
// them those that are not among these; see promptcache.PromptCache.DumpFile. It
// writes nothing if there is a prompt that it cannot write.
func (c *Cache) DumpFile(path string, keys []string) error {
	for _, key := range keys {
		c.cache.touch(c.own(key))
	}
	if err := c.cache.Dump(io.Discard); err != nil {
		return err
	}
	return c.cache.DumpFile(path)
}

// Keys returns the canonical keys of what is cached, in no order.
func (c *Cache) Keys() []string {
	keys := c.cache.Keys()
	for i, key := range keys {
		if c.scheme != "" {
			keys[i] = c.scheme + ":" + key
		}
	}
	return keys
}

// Fetch gets a prompt from its registry, and keeps it. What is cached stays if
// that fails.
func (c *Cache) Fetch(ctx context.Context, key string) (Value, error) {
	return c.cache.fetch(ctx, c.own(key))
}

// Forget removes a prompt.
func (c *Cache) Forget(key string) { c.cache.Invalidate(c.own(key)) }

// own returns key as the cache itself has it.
func (c *Cache) own(key string) string {
	if c.scheme == "" {
		return key
	}
	return strings.TrimPrefix(key, c.scheme+":")
}
