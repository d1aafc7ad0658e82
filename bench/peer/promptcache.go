package peer

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/promptcache/promptcache-go/promptcache"
)

// ours is this project's cache with its refresher running.
type ours struct {
	c     *promptcache.PromptCache[*Prompt]
	read  func(c *promptcache.PromptCache[*Prompt], keys []string) int
	clock *controlled // nil without Options.Controlled
}

func readGet(c *promptcache.PromptCache[*Prompt], keys []string) (found int) {
	for _, key := range keys {
		if _, ok := c.Get(key); ok {
			found++
		}
	}
	return found
}

func readGetOrFetch(c *promptcache.PromptCache[*Prompt], keys []string) (found int) {
	ctx := context.Background()
	for _, key := range keys {
		if _, err := c.GetOrFetch(ctx, key); err == nil {
			found++
		}
	}
	return found
}

func readLookup(c *promptcache.PromptCache[*Prompt], keys []string) (found int) {
	for _, key := range keys {
		if _, ok := c.Lookup(key); ok {
			found++
		}
	}
	return found
}

// readGetAndClock reads the clock that the cache has, too.
func readGetAndClock(c *promptcache.PromptCache[*Prompt], keys []string) (found int) {
	now := clock.New()
	for _, key := range keys {
		if _, ok := c.Get(key); ok && !now.Now().IsZero() {
			found++
		}
	}
	return found
}

func newOurs(read func(*promptcache.PromptCache[*Prompt], []string) int) func(context.Context, Options) Cache {
	return func(ctx context.Context, o Options) Cache { return makeOurs(ctx, o, read) }
}

func newOursRefreshing(ctx context.Context, o Options) Refreshing { return makeOurs(ctx, o, readGet) }

func newOursScanning(ctx context.Context, o Options) Scanning { return makeOurs(ctx, o, readGet) }

func makeOurs(ctx context.Context, o Options, read func(*promptcache.PromptCache[*Prompt], []string) int) *ours {
	cfg := promptcache.DefaultConfig()
	cfg.MaxSize = o.Capacity
	cfg.TTL = new(ttl)
	cfg.Logger = slog.New(slog.DiscardHandler)
	if o.Concurrency > 0 {
		cfg.RefreshConcurrency = o.Concurrency
	}
	a := &ours{read: read}
	if o.Controlled {
		a.clock = newControlled(ctx)
		cfg.Clock = a.clock
	}
	c, err := promptcache.New(fetchOrNotFound(o.Fetch), cfg)
	if err != nil {
		panic(fmt.Sprintf("peer: %v", err)) // a mistake in this function
	}
	if err := c.Start(ctx); err != nil && ctx.Err() == nil { // one that has ended already is nothing to measure
		panic(fmt.Sprintf("peer: %v", err))
	}
	a.c = c
	return a
}

func fetchOrNotFound(fetch func(context.Context, string) (*Prompt, error)) promptcache.FetchFunc[*Prompt] {
	if fetch == nil {
		return func(context.Context, string) (*Prompt, error) { return nil, promptcache.ErrNotFound }
	}
	return fetch
}

func (a *ours) Read(keys []string) int { return a.read(a.c, keys) }

func (a *ours) Get(key string) *Prompt {
	p, _ := a.c.Get(key)
	return p
}

func (a *ours) Set(key string, p *Prompt) { a.c.Set(key, p) }

func (a *ours) Fill(keys []string, prompts []*Prompt) { fill(a, keys, prompts) }

func (a *ours) Settle() {}

func (a *ours) Close() { a.c.Stop() }

func (a *ours) Load(ctx context.Context, key string) (*Prompt, error) {
	return a.c.GetOrFetch(ctx, key)
}

func (a *ours) Delete(key string) { a.c.Invalidate(key) }

func (a *ours) Age() {
	a.clock.advance(2 * ttl)
	a.clock.ticks <- time.Time{}
}

func (a *ours) Advance(d time.Duration) { a.clock.advance(d) }

func (a *ours) Tick(n int) { a.clock.run(n) }

func (a *ours) Refreshed() uint64 {
	m := a.c.Metrics()
	return m.Refreshes + m.RefreshErrors
}
