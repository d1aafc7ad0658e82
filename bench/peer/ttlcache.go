package peer

import (
	"context"

	"github.com/jellydator/ttlcache/v3"
)

// ttlCache is ttlcache with a capacity, so that it is an LRU.
type ttlCache struct {
	c *ttlcache.Cache[string, *Prompt]
}

func newTTLCache(_ context.Context, o Options) Cache {
	return &ttlCache{ttlcache.New(
		ttlcache.WithTTL[string, *Prompt](ttl),
		ttlcache.WithCapacity[string, *Prompt](uint64(o.Capacity)), //nolint:gosec // never negative
		ttlcache.WithDisableTouchOnHit[string, *Prompt](),          // a read does not make a prompt younger
	)}
}

func (a *ttlCache) Read(keys []string) (found int) {
	for _, key := range keys {
		if item := a.c.Get(key); item != nil {
			found++
		}
	}
	return found
}

func (a *ttlCache) Get(key string) *Prompt {
	item := a.c.Get(key)
	if item == nil {
		return nil
	}
	return item.Value()
}

func (a *ttlCache) Set(key string, p *Prompt) { a.c.Set(key, p, ttlcache.DefaultTTL) }

func (a *ttlCache) Fill(keys []string, prompts []*Prompt) { fill(a, keys, prompts) }

func (a *ttlCache) Settle() {}

func (a *ttlCache) Close() {}
