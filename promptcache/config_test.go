package promptcache_test

import (
	"context"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func TestDefaultConfig(t *testing.T) {
	require.Equal(t, promptcache.Config{
		MaxSize:            100,
		TTL:                new(5 * time.Minute),
		RefreshInterval:    time.Minute,
		RefreshJitter:      0.1,
		RefreshConcurrency: 8,
		FetchTimeout:       10 * time.Second,
		NegativeTTL:        30 * time.Second,
		IdleAfter:          24 * time.Hour,
		BackoffMin:         time.Second,
		BackoffMax:         5 * time.Minute,
		DownAfter:          3, MaxRetryAfter: 10 * time.Minute,
	}, promptcache.DefaultConfig())
	*promptcache.DefaultConfig().TTL = 1
	require.Equal(t, ttl, *promptcache.DefaultConfig().TTL, "each call's TTL is its own")
}

func TestConfigProblems(t *testing.T) {
	type change = func(cfg *promptcache.Config)
	problems := map[string]change{
		"MaxSize is -1":            func(cfg *promptcache.Config) { cfg.MaxSize = -1 },
		"TTL is 0s":                func(cfg *promptcache.Config) { cfg.TTL = new(time.Duration(0)) },
		"TTL is -1s":               func(cfg *promptcache.Config) { cfg.TTL = new(-time.Second) },
		"RefreshInterval is 0s":    func(cfg *promptcache.Config) { cfg.RefreshInterval = 0 },
		"RefreshInterval is -1s":   func(cfg *promptcache.Config) { cfg.RefreshInterval = -time.Second },
		"RefreshConcurrency is 0":  func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 0 },
		"RefreshConcurrency is -1": func(cfg *promptcache.Config) { cfg.RefreshConcurrency = -1 },
		"FetchTimeout is 0s":       func(cfg *promptcache.Config) { cfg.FetchTimeout = 0 },
		"FetchTimeout is -1s":      func(cfg *promptcache.Config) { cfg.FetchTimeout = -time.Second },
		"RefreshJitter is NaN":     func(cfg *promptcache.Config) { cfg.RefreshJitter = math.NaN() },
		"RefreshJitter is 1.01":    func(cfg *promptcache.Config) { cfg.RefreshJitter = 1.01 },
		"RefreshJitter is -0.01":   func(cfg *promptcache.Config) { cfg.RefreshJitter = -0.01 },
		"RefreshJitter is +Inf":    func(cfg *promptcache.Config) { cfg.RefreshJitter = math.Inf(1) },
		"MaxStale is -1s":          func(cfg *promptcache.Config) { cfg.MaxStale = -time.Second },
		"NegativeTTL is -1s":       func(cfg *promptcache.Config) { cfg.NegativeTTL = -time.Second },
		"IdleAfter is -1s":         func(cfg *promptcache.Config) { cfg.IdleAfter = -time.Second },
		"BackoffMin is -1s":        func(cfg *promptcache.Config) { cfg.BackoffMin = -time.Second },
		"BackoffMax is 1ms":        func(cfg *promptcache.Config) { cfg.BackoffMax = time.Millisecond },
		"MaxRetryAfter is -1s":     func(cfg *promptcache.Config) { cfg.MaxRetryAfter = -time.Second },
		"NotFound is 3":            func(cfg *promptcache.Config) { cfg.NotFound = 3 },
	}
	for want, change := range problems {
		proves(t, "NB-38 "+want, func(t *testing.T) {
			_, err := promptcache.New(docs().Fetch, exactly(change))
			require.ErrorContains(t, err, "promptcache: config: "+want+"; want ")
			require.NotContains(t, err.Error(), "\n", "one problem, one line")
		})
	}

	proves(t, "NB-38 all problems in one error, and nothing changed", func(t *testing.T) {
		wrong := exactly(func(cfg *promptcache.Config) {
			*cfg = promptcache.Config{
				MaxSize: -1, TTL: new(-time.Second), RefreshInterval: -1, RefreshJitter: 2, RefreshConcurrency: -1, FetchTimeout: -1,
				MaxStale: -1, NegativeTTL: -1, IdleAfter: -1, BackoffMin: -1, BackoffMax: -2, MaxRetryAfter: -1, NotFound: 9,
			}
		})
		_, err := promptcache.New(docs().Fetch, wrong)
		require.Len(t, lines(err), 13)

		src := docs("a", "b", "c")
		c := started(t, src.Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context(), "a", "b", "c"))
		before := c.Config()
		require.EqualError(t, c.Configure(wrong), err.Error())
		require.Equal(t, before, c.Config())
		half := exactly(func(cfg *promptcache.Config) { cfg.MaxSize, cfg.TTL, cfg.RefreshJitter = 1, new(time.Second), -1 })
		require.Error(t, c.Configure(half))
		require.Equal(t, before, c.Config())
		require.Equal(t, 3, c.Len())
		pass(ttl + interval)
		require.Equal(t, 6, src.Total(), "and refreshing goes on as before")
	})

	proves(t, "NB-38 a nil fetch is a problem with a TTL only", func(t *testing.T) {
		_, err := promptcache.New[*doc](nil, exactly(func(cfg *promptcache.Config) { cfg.MaxSize = -1 }))
		require.Len(t, lines(err), 2)
		require.ErrorContains(t, err, "there is a TTL but no fetch")
		c := newCache[*doc](t, nil, exactly(offline))
		require.ErrorContains(t, c.Configure(exactly()), "there is a TTL but no fetch")
		require.Nil(t, c.Config().TTL)
	})

	proves(t, "NB-38 offline what matters only online may be anything", func(t *testing.T) {
		newCache[*doc](t, nil, promptcache.Config{RefreshInterval: -1, RefreshConcurrency: -1, FetchTimeout: -1})
		_, err := promptcache.New[*doc](nil, promptcache.Config{MaxStale: -1})
		require.Error(t, err)
	})

	proves(t, "NB-38 the limits themselves are good", func(t *testing.T) {
		newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) {
			*cfg = promptcache.Config{
				TTL: new(time.Duration(1)), RefreshInterval: 1, RefreshConcurrency: 1, FetchTimeout: 1, RefreshJitter: 1,
			}
		}))
	})
}

func TestConfigCopies(t *testing.T) {
	proves(t, "NB-38 changing the TTL variable afterwards changes nothing", func(t *testing.T) {
		c := newCache(t, docs("a").Fetch, exactly())
		given := exactly(func(cfg *promptcache.Config) { cfg.TTL = new(ttl) })
		fresh := newCache(t, docs("a").Fetch, given)
		require.NoError(t, c.Configure(given))
		*given.TTL = 1
		*c.Config().TTL = 1
		*fresh.Config().TTL = 1
		for _, c := range []*promptcache.PromptCache[*doc]{c, fresh} {
			require.Equal(t, ttl, *c.Config().TTL)
			loadedWith(t, c, "a")
		}
		pass(ttl)
		for _, c := range []*promptcache.PromptCache[*doc]{c, fresh} {
			e, _ := c.Lookup("a")
			require.False(t, e.Stale)
		}
	})

	proves(t, "the collaborators are filled in and do not change", func(t *testing.T) {
		mock, log := clock.NewMock(), slog.New(slog.DiscardHandler)
		upper := func(string) (string, error) { return "UPPER", nil }
		c := newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) { cfg.Clock, cfg.Logger, cfg.Canonical = mock, log, upper }))
		require.NoError(t, c.Configure(exactly(func(cfg *promptcache.Config) {
			cfg.Clock, cfg.Logger, cfg.Canonical, cfg.Domain = clock.New(), nil, nil, func(string) string { return "x" }
		})))
		require.Same(t, mock, c.Config().Clock)
		require.Same(t, log, c.Config().Logger)
		require.Nil(t, c.Config().Domain)
		c.Set("a", &doc{})
		require.Equal(t, []string{"UPPER"}, c.Keys())

		plain, err := promptcache.New(docs().Fetch, promptcache.DefaultConfig())
		require.NoError(t, err)
		require.NotNil(t, plain.Config().Clock)
		require.Same(t, slog.Default(), plain.Config().Logger)
	})

	proves(t, "after Shutdown Configure changes nothing", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		require.NoError(t, c.Shutdown(context.Background()))
		require.ErrorIs(t, c.Configure(exactly(disabled)), promptcache.ErrShutdown)
		require.Equal(t, 100, c.Config().MaxSize)
	})
}

// lines returns the lines of err's message: errors.Join puts each error on one.
func lines(err error) []string { return strings.Split(err.Error(), "\n") }
