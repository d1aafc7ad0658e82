package peer

import (
	"context"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/promptcache/promptcache-go/bench/langsmithport"
)

// port is the port of LangSmith's cache.
type port struct {
	c     *langsmithport.Cache[*Prompt]
	clock *controlled // nil without Options.Controlled
}

func newPort(ctx context.Context, o Options) Cache { return makePort(ctx, o) }

func newPortRefreshing(ctx context.Context, o Options) Refreshing { return makePort(ctx, o) }

func newPortScanning(ctx context.Context, o Options) Scanning { return makePort(ctx, o) }

func makePort(ctx context.Context, o Options) *port {
	a := &port{}
	cfg := langsmithport.Config{MaxSize: o.Capacity, TTL: ttl, RefreshInterval: time.Minute, Clock: clock.New()}
	if o.Controlled {
		a.clock = newControlled(ctx)
		cfg.Clock = a.clock
	}
	a.c = langsmithport.New(fetchOrNotFound(o.Fetch), cfg)
	return a
}

func (a *port) Read(keys []string) (found int) {
	for _, key := range keys {
		if _, ok := a.c.Get(key); ok {
			found++
		}
	}
	return found
}

func (a *port) Get(key string) *Prompt {
	p, _ := a.c.Get(key)
	return p
}

func (a *port) Set(key string, p *Prompt) { a.c.Set(key, p) }

func (a *port) Fill(keys []string, prompts []*Prompt) { fill(a, keys, prompts) }

func (a *port) Settle() {}

func (a *port) Close() { a.c.Stop() }

func (a *port) Load(ctx context.Context, key string) (*Prompt, error) { return a.c.Pull(ctx, key) }

func (a *port) Delete(key string) { a.c.Invalidate(key) }

func (a *port) Age() {
	a.clock.advance(2 * ttl)
	a.clock.ticks <- time.Time{}
}

func (a *port) Advance(d time.Duration) { a.clock.advance(d) }

func (a *port) Tick(n int) { a.clock.run(n) }

func (a *port) Refreshed() uint64 {
	m := a.c.Metrics()
	return m.Refreshes + m.RefreshErrors
}
