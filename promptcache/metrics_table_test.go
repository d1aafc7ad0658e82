package promptcache_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// What each call counts: docs/semantics.md, line by line. Every cache holds "a",
// which is fresh unless the case ages it, and has room for two.
func TestMetricsTable(t *testing.T) {
	type cache = *promptcache.PromptCache[*doc]
	type registry = *source.Source[*doc]
	const (
		stale  = ttl + 1
		tooOld = 2*ttl + 1
	)
	read := func(ctx context.Context, c cache, key string) { _, _ = c.GetOrFetch(ctx, key) }
	// during runs act while n readers of key, which is not cached, wait for its fetch.
	during := func(ctx context.Context, c cache, src registry, n int, key string, act func()) {
		release := src.Hold()
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() { read(ctx, c, key) })
		}
		pass(0)
		act()
		release()
		wg.Wait()
	}
	fails := func(kind promptcache.ErrorKind) source.Step[*doc] { return broken[*doc](kind) }

	for name, row := range map[string]struct {
		age     time.Duration
		answer  source.Step[*doc] // to every fetch
		running bool
		act     func(ctx context.Context, c cache, src registry)
		want    metrics
	}{
		"Get, a hit":          {act: func(_ context.Context, c cache, _ registry) { c.Get("a") }, want: metrics{Hits: 1}},
		"Get, a stale hit":    {age: stale, act: func(_ context.Context, c cache, _ registry) { c.Get("a") }, want: metrics{Hits: 1, StaleHits: 1}},
		"Get, too old":        {age: tooOld, act: func(_ context.Context, c cache, _ registry) { c.Get("a") }, want: metrics{Misses: 1}},
		"Get, a miss":         {act: func(_ context.Context, c cache, _ registry) { c.Get("x") }, want: metrics{Misses: 1}},
		"Lookup, a hit":       {act: func(_ context.Context, c cache, _ registry) { c.Lookup("a") }, want: metrics{Hits: 1}},
		"Lookup, a stale hit": {age: stale, act: func(_ context.Context, c cache, _ registry) { c.Lookup("a") }, want: metrics{Hits: 1, StaleHits: 1}},
		"Lookup, too old":     {age: tooOld, act: func(_ context.Context, c cache, _ registry) { c.Lookup("a") }, want: metrics{Misses: 1}},
		"Lookup, a miss":      {act: func(_ context.Context, c cache, _ registry) { c.Lookup("x") }, want: metrics{Misses: 1}},

		"GetOrFetch, a hit":  {act: func(ctx context.Context, c cache, _ registry) { read(ctx, c, "a") }, want: metrics{Hits: 1}},
		"GetOrFetch, a miss": {act: func(ctx context.Context, c cache, _ registry) { read(ctx, c, "b") }, want: metrics{Misses: 1, Fetches: 1}},
		"GetOrFetch, a stale hit without a refresher": {
			age: stale, act: func(ctx context.Context, c cache, _ registry) { read(ctx, c, "a") },
			want: metrics{Hits: 1, StaleHits: 1, Fetches: 1, Refreshes: 1, Unchanged: 1},
		},
		"GetOrFetch, a stale hit, changed": {
			age: stale, answer: source.Value(&doc{"a v2"}), act: func(ctx context.Context, c cache, _ registry) { read(ctx, c, "a") },
			want: metrics{Hits: 1, StaleHits: 1, Fetches: 1, Refreshes: 1},
		},
		"GetOrFetch, a stale hit, failing, and again during the backoff": {
			age: stale, answer: fails(promptcache.KindUnavailable), act: func(ctx context.Context, c cache, _ registry) { read(ctx, c, "a"); read(ctx, c, "a") },
			want: metrics{Hits: 2, StaleHits: 2, Fetches: 1, FetchErrors: 1, RefreshErrors: 1},
		},
		"GetOrFetch, too old, failing": {
			age: tooOld, answer: fails(promptcache.KindUnavailable), act: func(ctx context.Context, c cache, _ registry) { read(ctx, c, "a") },
			want: metrics{Misses: 1, Fetches: 1, FetchErrors: 1, RefreshErrors: 1},
		},
		"GetOrFetch, not found, and again": {
			act:  func(ctx context.Context, c cache, _ registry) { read(ctx, c, "x"); read(ctx, c, "x") },
			want: metrics{Misses: 2, Fetches: 1, FetchErrors: 1, NotFound: 1},
		},
		"GetOrFetch, rejected": {
			answer: fails(promptcache.KindInvalid), act: func(ctx context.Context, c cache, _ registry) { read(ctx, c, "b") },
			want: metrics{Misses: 1, Fetches: 1, FetchErrors: 1, Rejected: 1},
		},
		"GetOrFetch, a panic": {
			answer: source.Panic[*doc]("oh"), act: func(ctx context.Context, c cache, _ registry) { read(ctx, c, "b") },
			want: metrics{Misses: 1, Fetches: 1, FetchErrors: 1},
		},
		"GetOrFetch, a timeout": {
			answer: source.Hang[*doc](), act: func(ctx context.Context, c cache, _ registry) { read(ctx, c, "b") },
			want: metrics{Misses: 1, Fetches: 1, FetchErrors: 1},
		},
		"GetFresh, a hit": {act: func(ctx context.Context, c cache, _ registry) { _, _ = c.GetFresh(ctx, "a") }, want: metrics{Hits: 1}},
		"GetFresh, a stale hit": {
			age: stale, act: func(ctx context.Context, c cache, _ registry) { _, _ = c.GetFresh(ctx, "a") },
			want: metrics{Hits: 1, StaleHits: 1, Fetches: 1, Refreshes: 1, Unchanged: 1},
		},
		"GetFresh, a miss":    {act: func(ctx context.Context, c cache, _ registry) { _, _ = c.GetFresh(ctx, "b") }, want: metrics{Misses: 1, Fetches: 1}},
		"GetOr, a hit":        {act: func(ctx context.Context, c cache, _ registry) { c.GetOr(ctx, "a", nil) }, want: metrics{Hits: 1}},
		"GetOr, a miss":       {act: func(ctx context.Context, c cache, _ registry) { c.GetOr(ctx, "b", nil) }, want: metrics{Misses: 1, Fetches: 1}},
		"GetOr, the fallback": {act: func(ctx context.Context, c cache, _ registry) { c.GetOr(ctx, "x", nil) }, want: metrics{Misses: 1, Fetches: 1, FetchErrors: 1, NotFound: 1, Fallbacks: 1}},
		"Refresh of a cached": {act: func(ctx context.Context, c cache, _ registry) { _, _ = c.Refresh(ctx, "a") }, want: metrics{Fetches: 1, Refreshes: 1, Unchanged: 1}},
		"Refresh of another":  {act: func(ctx context.Context, c cache, _ registry) { _, _ = c.Refresh(ctx, "b") }, want: metrics{Fetches: 1}},
		"Prefetch":            {act: func(ctx context.Context, c cache, _ registry) { _ = c.Prefetch(ctx, "a", "b") }, want: metrics{Fetches: 1}},
		"Prefetch of a stale": {age: stale, act: func(ctx context.Context, c cache, _ registry) { _ = c.Prefetch(ctx, "a") }, want: metrics{Fetches: 1, Refreshes: 1, Unchanged: 1}},
		"Set":                 {act: func(_ context.Context, c cache, _ registry) { c.Set("a", &doc{}); c.Set("b", &doc{}) }},
		"Set at capacity":     {act: func(_ context.Context, c cache, _ registry) { c.Set("b", &doc{}); c.Set("c", &doc{}) }, want: metrics{Evictions: 1}},
		"a fetch at capacity": {act: func(ctx context.Context, c cache, _ registry) { c.Set("c", &doc{}); read(ctx, c, "b") }, want: metrics{Misses: 1, Fetches: 1, Evictions: 1}},
		"Invalidate":          {act: func(_ context.Context, c cache, _ registry) { c.Set("b", &doc{}); c.Invalidate("a", "x", "a") }, want: metrics{Invalidations: 1}},
		"Clear":               {act: func(_ context.Context, c cache, _ registry) { c.Set("b", &doc{}); c.Clear() }, want: metrics{Invalidations: 2}},
		"Configure, shrinking": {act: func(_ context.Context, c cache, _ registry) {
			c.Set("b", &doc{})
			_ = c.Configure(exactly(func(cfg *promptcache.Config) { cfg.MaxSize = 1 }))
		}, want: metrics{Evictions: 1}},
		"MarkStale and insights": {act: func(_ context.Context, c cache, _ registry) {
			c.MarkStale(func(string) bool { return true })
			c.Len()
			c.Keys()
			c.Status()
			c.Config()
		}},
		"a prompt that is removed": {
			act: func(ctx context.Context, c cache, src registry) {
				src.Delete("a")
				_, _ = c.Refresh(ctx, "a")
				pass(interval)
				_, _ = c.Refresh(ctx, "a")
			},
			want: metrics{Fetches: 2, FetchErrors: 2, RefreshErrors: 2, NotFound: 2, Removals: 1},
		},
		"a hundred misses of one key": {
			act:  func(ctx context.Context, c cache, src registry) { during(ctx, c, src, 100, "b", func() {}) },
			want: metrics{Misses: 100, Fetches: 1},
		},
		"Invalidate during a fetch that is awaited": {
			act: func(ctx context.Context, c cache, src registry) {
				during(ctx, c, src, 2, "b", func() { c.Invalidate("b") })
			},
			want: metrics{Misses: 2, Fetches: 1, Dropped: 1},
		},
		"Invalidate during a fetch that is awaited and fails": {
			answer: fails(promptcache.KindUnavailable),
			act: func(ctx context.Context, c cache, src registry) {
				during(ctx, c, src, 2, "b", func() { c.Invalidate("b") })
			},
			want: metrics{Misses: 2, Fetches: 1, FetchErrors: 1},
		},
		"Set during a fetch": {
			act: func(ctx context.Context, c cache, src registry) {
				during(ctx, c, src, 2, "b", func() { c.Set("b", &doc{}) })
			},
			want: metrics{Misses: 2, Fetches: 1, FetchesCanceled: 1},
		},
		"everybody leaves": {
			act: func(ctx context.Context, c cache, src registry) {
				ctx, cancel := context.WithCancel(ctx)
				during(ctx, c, src, 2, "b", func() { cancel(); pass(0) })
			},
			want: metrics{Misses: 2, Fetches: 1, FetchesCanceled: 1},
		},
		"everybody leaves while the refresher runs": {
			running: true,
			act: func(ctx context.Context, c cache, src registry) {
				ctx, cancel := context.WithCancel(ctx)
				during(ctx, c, src, 2, "b", func() { cancel(); pass(0) })
			},
			want: metrics{Misses: 2, Fetches: 1},
		},
		"Stop during a refresh": {
			running: true,
			act: func(_ context.Context, c cache, src registry) {
				src.Hold()
				c.MarkStale(func(string) bool { return true })
				pass(0)
				c.Stop()
			},
			want: metrics{Fetches: 1, FetchesCanceled: 1},
		},
		"Clear during a refresh": {
			running: true,
			act: func(_ context.Context, c cache, src registry) {
				src.Hold()
				c.MarkStale(func(string) bool { return true })
				pass(0)
				c.Clear()
			},
			want: metrics{Fetches: 1, FetchesCanceled: 1, Invalidations: 1},
		},
	} {
		proves(t, "NB-40 "+name, func(t *testing.T) {
			src := docs("a", "b", "c")
			c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxSize, cfg.MaxStale = 2, ttl }))
			loadedWith(t, c, "a")
			pass(row.age)
			if row.running {
				require.NoError(t, c.Start(t.Context()))
			}
			src.Always(row.answer)
			c.ResetMetrics()
			row.act(t.Context(), c, src)
			pass(0)
			require.Equal(t, row.want, c.Metrics())
		})
	}
}
