package promptcache

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// needsNoMutex runs f while the cache's mutex is held.
func needsNoMutex(t *testing.T, c *PromptCache[*int], what string, f func()) {
	t.Helper()
	require.True(t, doneWhileLocked(c, f), "it needs the mutex: %s", what)
}

// doneWhileLocked reports whether f ends while the mutex is held. f has ended
// when it returns.
func doneWhileLocked(c *PromptCache[*int], f func()) bool {
	var done atomic.Bool
	ended := make(chan struct{})
	c.mu.Lock()
	go func() {
		defer close(ended)
		f()
		done.Store(true)
	}()
	for range 200_000 { // far more than it takes where f needs no mutex
		if done.Load() {
			break
		}
		runtime.Gosched()
	}
	in := done.Load()
	c.unlock()
	<-ended
	return in
}

// registryOf answers with numbers, or fails with err.
type registryOf struct {
	calls atomic.Int64
	err   atomic.Pointer[FetchError]
}

func (r *registryOf) fetch(context.Context, string) (*int, error) {
	n := int(r.calls.Add(1))
	if err := r.err.Load(); err != nil {
		return nil, err
	}
	return &n, nil
}

func lower(key string) (string, error) { return strings.ToLower(key), nil }

func TestHitsNeedNoMutex(t *testing.T) {
	ctx := context.Background()
	calls := func(c *PromptCache[*int], key string) map[string]func() bool {
		return map[string]func() bool{
			"Get":        func() bool { _, ok := c.Get(key); return ok },
			"GetOrFetch": func() bool { _, err := c.GetOrFetch(ctx, key); return err == nil },
			"GetOr":      func() bool { return c.GetOr(ctx, key, nil) != nil },
			"GetFresh":   func() bool { _, err := c.GetFresh(ctx, key); return err == nil },
			"Lookup":     func() bool { _, ok := c.Lookup(key); return ok },
		}
	}
	for _, tt := range []struct {
		name    string
		key     string
		start   bool
		prepare func(c *PromptCache[*int])
		but     string // the calls that need it all the same
	}{
		{name: "fresh", key: "a", start: true},
		{name: "another spelling", key: "A", start: true},
		{name: "never started", key: "a"},
		{name: "offline", key: "a", prepare: func(c *PromptCache[*int]) {
			cfg := c.Config()
			cfg.TTL = nil
			require.NoError(t, c.Configure(cfg))
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			reg := &registryOf{}
			c := internalCache(t, reg.fetch, func(cfg *Config) { cfg.Canonical = lower })
			c.Set("a", new(1))
			c.Get("A") // is indexed here
			if tt.start {
				require.NoError(t, c.Start(ctx))
				synctest.Wait()
			}
			if tt.prepare != nil {
				tt.prepare(c)
			}
			for name, call := range calls(c, tt.key) {
				needsNoMutex(t, c, tt.name+": "+name, func() { require.True(t, call()) })
			}
			require.False(t, doneWhileLocked(c, func() { c.Len() }), "the check finds what needs it")
		})
	}
}

func TestReadersOfStalePromptsNeedNoMutex(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  *FetchError
		down int
		wait time.Duration // from the failure to when it may be asked again
	}{
		{name: "one that fails", err: &FetchError{Kind: KindConflict, Err: errors.New("broken")}, wait: time.Second},
		{name: "one whose registry asked for a pause", err: &FetchError{Kind: KindRateLimited, RetryAfter: 20 * time.Second}, wait: 20 * time.Second},
		{name: "one whose registry is down", err: &FetchError{Kind: KindUnavailable}, down: 1, wait: time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reg := &registryOf{}
				c := internalCache(t, reg.fetch, func(cfg *Config) {
					cfg.RefreshInterval, cfg.DownAfter = time.Hour, tt.down
					cfg.BackoffMin, cfg.BackoffMax = time.Second, time.Hour
				})
				require.NoError(t, c.Start(context.Background()))
				c.Set("a", new(0))
				time.Sleep(*c.Config().TTL + 1)
				reg.err.Store(tt.err)
				c.Lookup("a") // stale: asked for at once, which fails
				synctest.Wait()
				require.EqualValues(t, 1, reg.calls.Load())

				for range 2 { // a wait, the next failure, and its wait
					asked := reg.calls.Load()
					for range 3 { // the first few see to it that the others have nothing to do
						c.Get("a")
						synctest.Wait()
					}
					require.False(t, c.peekAt("a").is(isCalling), "nor have they anything to tell the refresher")
					for range 5 {
						needsNoMutex(t, c, "Get", func() {
							_, ok := c.Get("a")
							require.True(t, ok)
						})
					}
					require.Equal(t, asked, reg.calls.Load(), "nobody is asked meanwhile")
					next := c.nextOf("a")
					time.Sleep(next - c.time.now())
					c.Get("a")
					synctest.Wait()
					require.Equal(t, asked+1, reg.calls.Load(), "the first reader after the wait is heard")
					require.GreaterOrEqual(t, next, tt.wait)
				}

				reg.err.Store(nil)
				time.Sleep(c.nextOf("a") - c.time.now())
				c.Get("a")
				synctest.Wait()
				v, ok := c.Get("a")
				require.True(t, ok)
				require.Positive(t, *v, "and when the registry is back")
			})
		})
	}
}

func TestAnotherSpellingOfAStalePrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := &registryOf{}
		reg.err.Store(&FetchError{Kind: KindConflict, Err: errors.New("broken")})
		c := internalCache(t, reg.fetch, func(cfg *Config) { cfg.Canonical = lower })
		require.NoError(t, c.Start(context.Background()))
		c.Set("a", new(1))
		c.Get("A") // is indexed here
		time.Sleep(*c.Config().TTL + c.Config().RefreshInterval)
		synctest.Wait()
		require.Positive(t, reg.calls.Load())
		for range 3 {
			c.Get("A") // sees to it that the next has nothing to do
			synctest.Wait()
		}
		before := c.Metrics()
		needsNoMutex(t, c, "Get", func() {
			_, ok := c.Get("A")
			require.True(t, ok)
		})
		after := c.Metrics()
		require.Equal(t, before.Hits+1, after.Hits)
		require.Equal(t, before.StaleHits+1, after.StaleHits)
	})
}

// A registry is down and to be left alone for an hour, until a late answer says that
// ten seconds will do: readers who had nothing to do for that hour are heard then.
func TestReadersAreHeardWhenTheWaitBecomesShorter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		late := make(chan struct{})
		c := internalCache(t, func(_ context.Context, key string) (*int, error) {
			asked.Add(1)
			switch key {
			case "late":
				<-late
				return nil, &FetchError{Kind: KindRateLimited, RetryAfter: 10 * time.Second}
			case "a":
				return nil, &FetchError{Kind: KindUnavailable}
			default:
				return nil, &FetchError{Kind: KindUnavailable, RetryAfter: time.Hour}
			}
		}, func(cfg *Config) {
			cfg.RefreshInterval, cfg.FetchTimeout, cfg.DownAfter = time.Hour, time.Hour, 2
			cfg.MaxRetryAfter = time.Hour
		})
		require.NoError(t, c.Start(context.Background()))
		c.Set("late", new(0))
		c.Set("a", new(0))
		c.Set("b", new(0))
		c.Set("held", new(0))
		time.Sleep(*c.Config().TTL + 1)
		for i, key := range []string{"late", "a", "b"} {
			c.Lookup(key)
			synctest.Wait()
			require.EqualValues(t, i+1, asked.Load())
		}
		for range 3 {
			c.Lookup("held")
			synctest.Wait()
		}
		require.False(t, c.peekAt("held").is(isCalling))

		close(late)
		synctest.Wait()
		require.Less(t, c.nextOf("held")-c.time.now(), 12*time.Second)
		time.Sleep(c.nextOf("held") - c.time.now())
		require.EqualValues(t, 3, asked.Load())
		c.Get("held")
		synctest.Wait()
		require.EqualValues(t, 4, asked.Load())
	})
}

// peekAt returns the entry of a canonical key.
func (c *PromptCache[V]) peekAt(key string) *entry[V] {
	c.mu.Lock()
	defer c.unlock()
	return c.entries.peek(key)
}

// nextOf returns the moment at which a prompt may be refetched.
func (c *PromptCache[V]) nextOf(key string) time.Duration {
	c.mu.Lock()
	defer c.unlock()
	e := c.entries.peek(key)
	next := c.dueAtLocked(e)
	if e.registry.held {
		next = max(next, e.registry.next)
	}
	return next
}
