package peer

import (
	"context"
	"fmt"

	"github.com/maypok86/otter/v2"
)

const otterModule = "github.com/maypok86/otter/v2"

// otterCache is otter, read without a loader.
type otterCache struct{ c *otter.Cache[string, *Prompt] }

func newOtter(_ context.Context, o Options) Cache {
	return &otterCache{mustOtter(&otter.Options[string, *Prompt]{MaximumSize: o.Capacity})}
}

func mustOtter(opts *otter.Options[string, *Prompt]) *otter.Cache[string, *Prompt] {
	opts.Logger = &otter.NoopLogger{}
	c, err := otter.New(opts)
	if err != nil {
		panic(fmt.Sprintf("peer: %v", err)) // a mistake in the adapter
	}
	return c
}

func (a *otterCache) Read(keys []string) (found int) {
	for _, key := range keys {
		if _, ok := a.c.GetIfPresent(key); ok {
			found++
		}
	}
	return found
}

func (a *otterCache) Get(key string) *Prompt {
	p, _ := a.c.GetIfPresent(key)
	return p
}

func (a *otterCache) Set(key string, p *Prompt) { a.c.Set(key, p) }

func (a *otterCache) Fill(keys []string, prompts []*Prompt) { fill(a, keys, prompts) }

func (a *otterCache) Settle() { a.c.CleanUp() }

func (a *otterCache) Close() { a.c.StopAllGoroutines() }

// otterRefreshing is otter with RefreshWriting, read through its loader, which
// is what makes it refresh.
type otterRefreshing struct {
	otterCache
	loader otter.Loader[string, *Prompt]
	clock  *controlled // nil without Options.Controlled
}

func newOtterRefreshing(ctx context.Context, o Options) Refreshing {
	a := &otterRefreshing{loader: otter.LoaderFunc[string, *Prompt](fetchOrNotFound(o.Fetch))}
	opts := &otter.Options[string, *Prompt]{
		MaximumSize:       o.Capacity,
		RefreshCalculator: otter.RefreshWriting[string, *Prompt](ttl),
	}
	if o.Controlled {
		a.clock = newControlled(ctx)
		opts.Clock = nanoClock{a.clock}
	}
	a.c = mustOtter(opts)
	return a
}

func (a *otterRefreshing) Read(keys []string) (found int) {
	ctx := context.Background()
	for _, key := range keys {
		if _, err := a.c.Get(ctx, key, a.loader); err == nil {
			found++
		}
	}
	return found
}

func (a *otterRefreshing) Fill(keys []string, prompts []*Prompt) { fill(a, keys, prompts) }

func (a *otterRefreshing) Load(ctx context.Context, key string) (*Prompt, error) {
	return a.c.Get(ctx, key, a.loader)
}

func (a *otterRefreshing) Delete(key string) { a.c.Invalidate(key) }

func (a *otterRefreshing) Age() { a.clock.advance(2 * ttl) }
