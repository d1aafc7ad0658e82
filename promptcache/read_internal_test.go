package promptcache

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
)

// hooked is a clock that calls out when it is looked at.
type hooked struct {
	clock.Clock
	onSince, onNow func()
}

func (h *hooked) Since(t time.Time) time.Duration {
	if h.onSince != nil {
		h.onSince()
	}
	return h.Clock.Since(t)
}

func (h *hooked) Now() time.Time {
	if h.onNow != nil {
		h.onNow()
	}
	return h.Clock.Now()
}

// internalCache is a cache of numbers without chance.
func internalCache(t *testing.T, fetch FetchFunc[*int], changes ...func(cfg *Config)) *PromptCache[*int] {
	t.Helper()
	cfg := DefaultConfig()
	cfg.RefreshJitter = 0
	cfg.Logger = slog.New(slog.DiscardHandler)
	for _, change := range changes {
		change(&cfg)
	}
	c, err := New(fetch, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Shutdown(context.Background()) })
	return c
}

func noFetch(context.Context, string) (*int, error) { return nil, ErrNotFound }

func everyKey(string) bool { return true }

func TestMarksAndReaders(t *testing.T) {
	t.Run("a marked value is not fresh because it is replaced while it is looked at", func(t *testing.T) {
		at := &hooked{Clock: clock.NewMock()}
		c := internalCache(t, noFetch, func(cfg *Config) { cfg.Clock = at })
		c.Set("a", new(1))
		require.Equal(t, 1, c.MarkStale(everyKey))
		replaced := false
		at.onSince = func() {
			at.onSince, replaced = nil, true
			c.Set("a", new(2))
		}
		if _, s, _ := c.fresh("a"); s != nil {
			require.Equal(t, 2, *s.value, "1 was marked before it was looked for")
		}
		require.True(t, replaced, "the clock is asked in between")
	})

	for name, cached := range map[string]bool{"of a cached prompt": true, "of another": false} {
		t.Run("what MarkStale was called during the fetch of is at no moment fresh: "+name, func(t *testing.T) {
			at := &hooked{Clock: clock.NewMock()}
			var c *PromptCache[*int]
			looks, fresh := 0, 0
			c = internalCache(t, func(context.Context, string) (*int, error) {
				c.MarkStale(everyKey)
				at.onNow = func() { // also between every two steps of storing it, for there is an event of each
					looks++
					if _, s, _ := c.fresh("a"); s != nil {
						fresh++
					}
				}
				return new(7), nil
			}, func(cfg *Config) { cfg.Clock = at })
			t.Cleanup(c.Subscribe(func(Event) {}))
			if cached {
				c.Set("a", new(1))
			}
			v, err := c.Refresh(t.Context(), "a")
			require.NoError(t, err)
			require.Equal(t, 7, *v)
			require.GreaterOrEqual(t, looks, 2)
			require.Zero(t, fresh)
		})
	}

	t.Run("a marked prompt is at no moment fresh while it is loaded", func(t *testing.T) {
		from := internalCache(t, nil, func(cfg *Config) { cfg.TTL = nil })
		from.Set("a", new(1))
		from.MarkStale(everyKey)
		var file bytes.Buffer
		require.NoError(t, from.Dump(&file))

		at := &hooked{Clock: clock.New()}
		c := internalCache(t, func(context.Context, string) (*int, error) { return new(2), nil }, func(cfg *Config) { cfg.Clock = at })
		t.Cleanup(c.Subscribe(func(Event) {}))
		looks, fresh := 0, 0
		at.onNow = func() {
			looks++
			if _, s, _ := c.fresh("a"); s != nil {
				fresh++
			}
		}
		n, err := c.Load(&file)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.GreaterOrEqual(t, looks, 2)
		require.Zero(t, fresh)
	})
}

// hit does what recency.use does: once readers have met, it copies the clock's
// stamp, and counts the hit elsewhere.
func TestHitsOnceReadersHaveMet(t *testing.T) {
	c := internalCache(t, noFetch, func(cfg *Config) { cfg.TTL = nil })
	c.Set("a", new(1))
	c.Set("b", new(2))
	now := &c.entries.recency.clock
	a, b := c.entries.peek("a"), c.entries.peek("b")
	require.Less(t, a.stamp.Load(), b.stamp.Load())
	now.Or(shared)
	before := now.Load()
	for range 2 {
		_, ok := c.Get("a")
		require.True(t, ok)
		require.Equal(t, before&^shared, a.stamp.Load())
	}
	require.Equal(t, before, now.Load(), "the clock was not moved on")
	require.EqualValues(t, 2, c.Metrics().Hits)
}

// Lookup tells of a fresh prompt when it may be refetched, which is not before its
// registry is asked again.
func TestLookupWhileARegistryIsHeld(t *testing.T) {
	c, mock, r := many(t, 1)
	for r.passChunkLocked(c.time.now(), true) {
	}
	mock.Add(1)
	e, ok := c.Lookup("owner/prompt-0")
	require.True(t, ok)
	require.False(t, e.Stale)
	due := e.NextAttempt
	require.Equal(t, e.FetchedAt.Add(ttlOf(c)+1), due)
	c.mu.Lock()
	reg := c.registryLocked("")
	c.holdBackLocked(reg)
	reg.next = 10 * ttlOf(c)
	c.noteStateLocked()
	c.publishLocked()
	c.unlock()
	e, ok = c.Lookup("owner/prompt-0")
	require.True(t, ok)
	require.True(t, e.NextAttempt.After(due), "%v, and by its age %v", e.NextAttempt, due)
}

// A refresh adds nothing, so it looks for nobody to evict, though the cache is full
// and readers have used what would be first: reads meanwhile would tie.
func TestRefreshLooksForNobodyToEvict(t *testing.T) {
	c := internalCache(t, (&registryOf{}).fetch, func(cfg *Config) { cfg.MaxSize = 2 })
	c.Set("a", new(1))
	c.Set("b", new(2))
	_, ok := c.Get("a")
	require.True(t, ok)
	before := c.entries.recency.clock.Load()
	_, err := c.Refresh(context.Background(), "b")
	require.NoError(t, err)
	require.EqualValues(t, 1, c.Metrics().Refreshes)
	require.Equal(t, before, c.entries.recency.clock.Load())
	require.Equal(t, []string{"a", "b"}, c.Keys())
}
