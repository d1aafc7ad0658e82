package promptcache_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// No hit allocates, in whatever state the cache and the prompt are.
func TestNoAlloc(t *testing.T) {
	ctx := context.Background()
	type cache = promptcache.PromptCache[*doc]
	calls := map[string]func(c *cache, key string) bool{
		"Get":        func(c *cache, key string) bool { _, ok := c.Get(key); return ok },
		"Lookup":     func(c *cache, key string) bool { e, ok := c.Lookup(key); return ok && e.Value != nil },
		"GetOrFetch": func(c *cache, key string) bool { _, err := c.GetOrFetch(ctx, key); return err == nil },
		"GetFresh":   func(c *cache, key string) bool { _, err := c.GetFresh(ctx, key); return err == nil },
		"GetOr":      func(c *cache, key string) bool { return c.GetOr(ctx, key, nil) != nil },
	}
	age := func(*testing.T, *cache) { pass(ttl + 1) }
	for _, tt := range []struct {
		name    string
		key     string
		stopped bool
		offline bool
		failing bool
		prepare func(t *testing.T, c *cache)
		without string // calls that must do more
	}{
		{name: "fresh", key: "a"},
		{name: "fresh, another spelling", key: "A"},
		{name: "fresh, never started", key: "a", stopped: true},
		{name: "fresh, another spelling, never started", key: "A", stopped: true},
		{name: "offline", key: "a", offline: true},
		{name: "offline, another spelling", key: "A", offline: true},
		{name: "stale, waiting", key: "a", failing: true, prepare: age, without: "GetFresh"},
		{name: "stale, waiting, another spelling", key: "A", failing: true, prepare: age, without: "GetFresh"},
		{name: "stale, never started", key: "a", stopped: true, prepare: age, without: "GetFresh GetOrFetch GetOr"},
		{name: "stopped", key: "a", prepare: func(_ *testing.T, c *cache) { c.Stop() }},
	} {
		proves(t, "NoAlloc "+tt.name, func(t *testing.T) {
			src := docs("a")
			c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) {
				cfg.Canonical = func(key string) (string, error) { return strings.ToLower(key), nil }
				cfg.RefreshInterval = 10 * time.Minute
				cfg.BackoffMin, cfg.BackoffMax = time.Hour, time.Hour
				if tt.offline {
					cfg.TTL = nil
				}
			}))
			if !tt.stopped {
				require.NoError(t, c.Start(ctx))
			}
			c.Set("a", &doc{"a v1"})
			c.Get("A") // is indexed here
			synctest.Wait()
			if tt.failing {
				src.Always(broken[*doc](promptcache.KindUnavailable))
			}
			if tt.prepare != nil {
				tt.prepare(t, c)
			}
			for name, call := range calls {
				if strings.Contains(tt.without+" ", name+" ") {
					continue
				}
				for range 5 { // the first ones see to it that a stale one is refetched
					require.True(t, call(c, tt.key), name)
					synctest.Wait()
				}
				hits := true
				allocs := testing.AllocsPerRun(500, func() { hits = call(c, tt.key) && hits })
				require.True(t, hits, name)
				require.Zero(t, allocs, name)
			}
		})
	}
}
