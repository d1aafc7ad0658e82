package peer

import (
	"context"
	"log/slog"
	"time"

	"github.com/viccon/sturdyc"
)

// sturdycCache is sturdyc with early refreshes, read through GetOrFetch, which
// is what makes it refresh.
type sturdycCache struct {
	c     *sturdyc.Client[*Prompt]
	fetch func(ctx context.Context, key string) (*Prompt, error)
	clock *controlled // nil without Options.Controlled
}

func newSturdyc(ctx context.Context, o Options) Refreshing {
	// Its TTL ends the serving, not the freshness: longer than any run. A
	// refresh that readers wait for is out of reach, too.
	const longest, retryDelay = 100_000 * ttl, time.Second
	a := &sturdycCache{fetch: fetchOrNotFound(o.Fetch)}
	opts := []sturdyc.Option{
		sturdyc.WithEarlyRefreshes(ttl, ttl+time.Second, longest, retryDelay),
		sturdyc.WithNoContinuousEvictions(),
		sturdyc.WithLog(slog.New(slog.DiscardHandler)),
	}
	if o.Controlled {
		a.clock = newControlled(ctx)
		opts = append(opts, sturdyc.WithClock(tickingClock{a.clock}))
	}
	const evictPercent = 10
	a.c = sturdyc.New[*Prompt](o.Capacity, shards(o.Capacity), longest, evictPercent, opts...)
	return a
}

// shards is 10, what sturdyc's documentation uses, or 1 for a small cache,
// which shards would fill unevenly.
func shards(capacity int) int {
	if capacity < 1_000 {
		return 1
	}
	return 10
}

func (a *sturdycCache) Read(keys []string) (found int) {
	ctx := context.Background()
	for _, key := range keys {
		if _, err := a.c.GetOrFetch(ctx, key, func(ctx context.Context) (*Prompt, error) { return a.fetch(ctx, key) }); err == nil {
			found++
		}
	}
	return found
}

func (a *sturdycCache) Get(key string) *Prompt {
	p, _ := a.c.Get(key)
	return p
}

func (a *sturdycCache) Set(key string, p *Prompt) { a.c.Set(key, p) }

func (a *sturdycCache) Fill(keys []string, prompts []*Prompt) { fill(a, keys, prompts) }

func (a *sturdycCache) Settle() {}

func (a *sturdycCache) Close() {}

func (a *sturdycCache) Load(ctx context.Context, key string) (*Prompt, error) {
	return a.c.GetOrFetch(ctx, key, func(ctx context.Context) (*Prompt, error) { return a.fetch(ctx, key) })
}

func (a *sturdycCache) Delete(key string) { a.c.Delete(key) }

func (a *sturdycCache) Age() { a.clock.advance(2 * ttl) }
