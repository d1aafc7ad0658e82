package peer

import (
	"context"
	"fmt"

	"github.com/dgraph-io/ristretto/v2"
)

// ristrettoCache is ristretto with the settings that its documentation advises.
type ristrettoCache struct {
	c *ristretto.Cache[string, *Prompt]
}

func newRistretto(_ context.Context, o Options) Cache {
	c, err := ristretto.NewCache(&ristretto.Config[string, *Prompt]{
		NumCounters:        int64(10 * o.Capacity),
		MaxCost:            int64(o.Capacity),
		BufferItems:        64,
		IgnoreInternalCost: true,
	})
	if err != nil {
		panic(fmt.Sprintf("peer: %v", err)) // a mistake in this function
	}
	return &ristrettoCache{c}
}

func (a *ristrettoCache) Read(keys []string) (found int) {
	for _, key := range keys {
		if _, ok := a.c.Get(key); ok {
			found++
		}
	}
	return found
}

func (a *ristrettoCache) Get(key string) *Prompt {
	p, _ := a.c.Get(key)
	return p
}

func (a *ristrettoCache) Set(key string, p *Prompt) { a.c.Set(key, p, 1) }

// Fill waits now and then: ristretto drops what its buffer has no room for.
func (a *ristrettoCache) Fill(keys []string, prompts []*Prompt) {
	const few = 1_000
	for i, key := range keys {
		a.Set(key, prompts[i])
		if i%few == 0 {
			a.Settle()
		}
	}
	a.Settle()
}

func (a *ristrettoCache) Settle() { a.c.Wait() }

func (a *ristrettoCache) Close() { a.c.Close() }
