package peer

import (
	"context"
	"fmt"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/golang-lru/v2/expirable"
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const lruModule = "github.com/hashicorp/golang-lru/v2"

// simpleLRU is the exact LRU: the least that a mutex and a list cost.
type simpleLRU struct {
	mu sync.Mutex // guards c
	c  *simplelru.LRU[string, *Prompt]
}

func newSimpleLRU(_ context.Context, o Options) Cache {
	c, err := simplelru.NewLRU[string, *Prompt](o.Capacity, nil)
	if err != nil {
		panic(fmt.Sprintf("peer: %v", err)) // a capacity that is not positive
	}
	return &simpleLRU{c: c}
}

func (a *simpleLRU) get(key string) (*Prompt, bool) {
	a.mu.Lock()
	p, ok := a.c.Get(key)
	a.mu.Unlock()
	return p, ok
}

func (a *simpleLRU) Read(keys []string) (found int) {
	for _, key := range keys {
		if _, ok := a.get(key); ok {
			found++
		}
	}
	return found
}

func (a *simpleLRU) Get(key string) *Prompt {
	p, _ := a.get(key)
	return p
}

func (a *simpleLRU) Set(key string, p *Prompt) {
	a.mu.Lock()
	a.c.Add(key, p)
	a.mu.Unlock()
}

func (a *simpleLRU) Fill(keys []string, prompts []*Prompt) { fill(a, keys, prompts) }

func (a *simpleLRU) Settle() {}

func (a *simpleLRU) Close() {}

// plainLRU is golang-lru's own cache, an RWMutex around simplelru.
type plainLRU struct{ c *lru.Cache[string, *Prompt] }

func newLRU(_ context.Context, o Options) Cache {
	c, err := lru.New[string, *Prompt](o.Capacity)
	if err != nil {
		panic(fmt.Sprintf("peer: %v", err)) // a capacity that is not positive
	}
	return &plainLRU{c}
}

func (a *plainLRU) Read(keys []string) (found int) {
	for _, key := range keys {
		if _, ok := a.c.Get(key); ok {
			found++
		}
	}
	return found
}

func (a *plainLRU) Get(key string) *Prompt {
	p, _ := a.c.Get(key)
	return p
}

func (a *plainLRU) Set(key string, p *Prompt) { a.c.Add(key, p) }

func (a *plainLRU) Fill(keys []string, prompts []*Prompt) { fill(a, keys, prompts) }

func (a *plainLRU) Settle() {}

func (a *plainLRU) Close() {}

// expirableLRU is golang-lru's expirable.LRU with its own expiry off, because
// the goroutine of that can never be stopped. A hit costs the same.
type expirableLRU struct {
	c *expirable.LRU[string, *Prompt]
}

func newExpirable(_ context.Context, o Options) Cache {
	return &expirableLRU{expirable.NewLRU[string, *Prompt](o.Capacity, nil, 0)}
}

func (a *expirableLRU) Read(keys []string) (found int) {
	for _, key := range keys {
		if _, ok := a.c.Get(key); ok {
			found++
		}
	}
	return found
}

func (a *expirableLRU) Get(key string) *Prompt {
	p, _ := a.c.Get(key)
	return p
}

func (a *expirableLRU) Set(key string, p *Prompt) { a.c.Add(key, p) }

func (a *expirableLRU) Fill(keys []string, prompts []*Prompt) { fill(a, keys, prompts) }

func (a *expirableLRU) Settle() {}

func (a *expirableLRU) Close() {}
