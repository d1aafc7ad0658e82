package peer

import (
	"context"
	"fmt"

	"github.com/Yiling-J/theine-go"
)

const theineModule = "github.com/Yiling-J/theine-go"

// theineCache is theine without a loader.
type theineCache struct {
	c *theine.Cache[string, *Prompt]
}

func newTheine(_ context.Context, o Options) Cache {
	c, err := theine.NewBuilder[string, *Prompt](int64(o.Capacity)).Build()
	if err != nil {
		panic(fmt.Sprintf("peer: %v", err)) // a mistake in this function
	}
	return &theineCache{c}
}

func (a *theineCache) Read(keys []string) (found int) {
	for _, key := range keys {
		if _, ok := a.c.Get(key); ok {
			found++
		}
	}
	return found
}

func (a *theineCache) Get(key string) *Prompt {
	p, _ := a.c.Get(key)
	return p
}

func (a *theineCache) Set(key string, p *Prompt) { a.c.Set(key, p, 1) }

func (a *theineCache) Fill(keys []string, prompts []*Prompt) { fill(a, keys, prompts) }

func (a *theineCache) Settle() { a.c.Wait() }

func (a *theineCache) Close() { a.c.Close() }

// theineLoading is theine with a loader, which coalesces misses and does not
// refresh.
type theineLoading struct {
	c *theine.LoadingCache[string, *Prompt]
}

func newTheineLoading(_ context.Context, o Options) Cache {
	fetch := fetchOrNotFound(o.Fetch)
	c, err := theine.NewBuilder[string, *Prompt](int64(o.Capacity)).BuildWithLoader(
		func(ctx context.Context, key string) (theine.Loaded[*Prompt], error) {
			p, err := fetch(ctx, key)
			return theine.Loaded[*Prompt]{Value: p, Cost: 1, TTL: ttl}, err
		})
	if err != nil {
		panic(fmt.Sprintf("peer: %v", err)) // a mistake in this function
	}
	return &theineLoading{c}
}

func (a *theineLoading) Read(keys []string) (found int) {
	ctx := context.Background()
	for _, key := range keys {
		if _, err := a.c.Get(ctx, key); err == nil {
			found++
		}
	}
	return found
}

func (a *theineLoading) Get(key string) *Prompt {
	p, err := a.c.Get(context.Background(), key)
	if err != nil {
		return nil
	}
	return p
}

func (a *theineLoading) Set(key string, p *Prompt) { a.c.SetWithTTL(key, p, 1, ttl) }

func (a *theineLoading) Fill(keys []string, prompts []*Prompt) { fill(a, keys, prompts) }

func (a *theineLoading) Settle() { a.c.Wait() }

func (a *theineLoading) Close() { a.c.Close() }
