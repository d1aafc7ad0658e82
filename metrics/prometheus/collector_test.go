package promptcacheprom_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/metrics"
	promptcacheprom "github.com/promptcache/promptcache-go/metrics/prometheus"
	"github.com/promptcache/promptcache-go/promptcache"
)

type cache = *promptcache.PromptCache[string]

// watched returns a cache with a collector in a registry of its own. Its keys
// are in the Domain before their slash.
func watched(t *testing.T, cfg promptcacheprom.Config, fetch promptcache.FetchFunc[string]) (cache, *prometheus.Registry) {
	t.Helper()
	collector := promptcacheprom.New(cfg)
	settings := promptcache.DefaultConfig()
	settings.RefreshJitter = 0
	settings.Logger = slog.New(slog.DiscardHandler)
	settings.Domain = func(key string) string { domain, _, _ := strings.Cut(key, "/"); return domain }
	settings.OnFetch = append(settings.OnFetch, collector.OnFetch)
	c, err := promptcache.New(fetch, settings)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Shutdown(context.Background())) })
	collector.Watch(c)
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(collector))
	return c, registry
}

// eventful makes a cache go through a day with everything in it.
func eventful(t *testing.T, c cache, src *source.Source[string]) {
	t.Helper()
	src.Put("smith/a", "one")
	src.Put("fuse/b", "one")
	src.Always(func(ctx context.Context, key string) (string, error) {
		time.Sleep(300 * time.Millisecond)
		src.Always(nil)
		return src.Fetch(ctx, key)
	})
	require.NoError(t, c.Start(t.Context()))
	for _, key := range []string{"smith/a", "fuse/b", "smith/a"} {
		_, err := c.GetOrFetch(t.Context(), key)
		require.NoError(t, err)
	}
	_, err := c.GetOrFetch(t.Context(), "smith/missing")
	require.ErrorIs(t, err, promptcache.ErrNotFound)
	src.Put("fuse/b", "two")
	time.Sleep(6 * time.Minute)
	synctest.Wait() // both are refreshed, one with a change
	src.Always(source.Fail[string](promptcache.ErrUnavailable))
	time.Sleep(8 * time.Minute)
	synctest.Wait() // neither can be
	_, ok := c.Get("smith/a")
	require.True(t, ok)
}

// scrape returns everything that a registry gathers, by its name and labels. Of
// a histogram it has the count and the sum.
func scrape(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	out := make(map[string]float64)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			labels := make([]string, 0, len(m.GetLabel()))
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			name := family.GetName() + "{" + strings.Join(labels, " ") + "}"
			switch {
			case m.GetCounter() != nil:
				out[name] = m.GetCounter().GetValue()
			case m.GetGauge() != nil:
				out[name] = m.GetGauge().GetValue()
			default:
				out[name+" count"] = float64(m.GetHistogram().GetSampleCount())
				out[name+" sum"] = m.GetHistogram().GetSampleSum()
			}
		}
	}
	return out
}

func TestCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := source.New[string]()
		c, registry := watched(t, promptcacheprom.Config{Cache: "prompts"}, src.Fetch)
		eventful(t, c, src)
		m, s := c.Metrics(), c.Status()
		require.Equal(t, promptcache.StateDown, s.State)
		require.Positive(t, m.RefreshErrors)
		got := scrape(t, registry)
		for name, want := range map[string]float64{
			"promptcache_hits_total{cache=prompts}":                                                  2,
			"promptcache_stale_hits_total{cache=prompts}":                                            1,
			"promptcache_misses_total{cache=prompts}":                                                3,
			"promptcache_fetches_total{cache=prompts}":                                               float64(m.Fetches),
			"promptcache_fetches_not_found_total{cache=prompts}":                                     1,
			"promptcache_refreshes_total{cache=prompts outcome=changed}":                             1,
			"promptcache_refreshes_total{cache=prompts outcome=unchanged}":                           1,
			"promptcache_refreshes_total{cache=prompts outcome=failed}":                              float64(m.RefreshErrors),
			"promptcache_state{cache=prompts state=down}":                                            1,
			"promptcache_state{cache=prompts state=healthy}":                                         0,
			"promptcache_domain_state{cache=prompts domain=smith state=down}":                        1,
			"promptcache_domain_state{cache=prompts domain=fuse state=healthy}":                      0,
			"promptcache_entries{cache=prompts domain=smith}":                                        1,
			"promptcache_entries_serving_stale{cache=prompts domain=fuse}":                           1,
			"promptcache_oldest_age_seconds{cache=prompts domain=smith}":                             s.Domains[1].Oldest.Seconds(),
			"promptcache_max_entries{cache=prompts}":                                                 100,
			"promptcache_ttl_seconds{cache=prompts}":                                                 300,
			"promptcache_last_success_timestamp_seconds{cache=prompts domain=smith}":                 float64(s.Domains[1].LastSuccess.UnixNano()) / 1e9,
			"promptcache_fetch_duration_seconds{cache=prompts domain=smith outcome=ok} count":        1,
			"promptcache_fetch_duration_seconds{cache=prompts domain=smith outcome=ok} sum":          0.3,
			"promptcache_fetch_duration_seconds{cache=prompts domain=smith outcome=not_found} count": 1,
			"promptcache_fetch_duration_seconds{cache=prompts domain=smith outcome=unchanged} count": 1,
			"promptcache_fetch_duration_seconds{cache=prompts domain=fuse outcome=ok} count":         2,
		} {
			require.Contains(t, got, name)
			require.InDelta(t, want, got[name], 0, name)
		}
		var fetches float64
		for name, value := range got {
			require.NotContains(t, name, "prompt=", "no names unless asked for")
			if strings.HasPrefix(name, "promptcache_fetch_duration_seconds{") && strings.HasSuffix(name, " count") {
				fetches += value
			}
		}
		require.InDelta(t, float64(m.Fetches), fetches, 0, "every fetch is in the histogram")

		problems, err := testutil.GatherAndLint(registry)
		require.NoError(t, err)
		require.Empty(t, problems)
	})
}

func TestNothingIsToldBeforeThereIsACache(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(promptcacheprom.New(promptcacheprom.Config{})))
	require.Empty(t, scrape(t, registry))
}

func TestSeveralCachesInOneRegistry(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	for _, name := range []string{"", "mails", "c\xff"} {
		c, err := promptcache.New(source.New[string]().Fetch, promptcache.DefaultConfig())
		require.NoError(t, err)
		c.Set("a", "one")
		for range len(name) {
			c.Get("a")
		}
		collector := promptcacheprom.New(promptcacheprom.Config{Cache: name, Prompts: 1})
		collector.Watch(c)
		require.NoError(t, registry.Register(collector))
	}
	got := scrape(t, registry)
	require.InDelta(t, 0, got["promptcache_hits_total{cache=default}"], 0)
	require.InDelta(t, 5, got["promptcache_hits_total{cache=mails}"], 0)
	require.InDelta(t, 2, got[`promptcache_hits_total{cache="c\xff"}`], 0)

	err := registry.Register(promptcacheprom.New(promptcacheprom.Config{Cache: "mails"}))
	require.ErrorContains(t, err, `{cache="mails"}`, "two of one name")
}

func TestPromptsAreNamedIfAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := source.New[string]()
		c, registry := watched(t, promptcacheprom.Config{Prompts: 2}, src.Fetch)
		for _, key := range []string{"made-up", "a", "b", "c"} {
			if key != "made-up" {
				src.Put(key, "one")
			}
			_, _ = c.GetOrFetch(t.Context(), key)
		}
		got := scrape(t, registry)
		require.InDelta(t, 1, got["promptcache_prompt_fetches_total{cache=default outcome=ok prompt=a}"], 0)
		require.InDelta(t, 1, got["promptcache_prompt_fetches_total{cache=default outcome=ok prompt=b}"], 0)
		require.InDelta(t, 1, got["promptcache_prompt_fetches_total{cache=default outcome=ok prompt=}"], 0)
		require.InDelta(t, 1, got["promptcache_prompt_fetches_total{cache=default outcome=not_found prompt=}"], 0)
		for name := range got {
			require.NotContains(t, name, "prompt=c")
			require.NotContains(t, name, "prompt=made-up")
		}
		problems, err := testutil.GatherAndLint(registry)
		require.NoError(t, err)
		require.Empty(t, problems)
	})
}

func TestDomainsAndNamesThatAreNoUTF8(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := source.New[string]()
		c, registry := watched(t, promptcacheprom.Config{Prompts: 5}, src.Fetch)
		for _, key := range []string{"\xff/a", "\xfe/a"} {
			src.Put(key, "one")
			_, err := c.GetOrFetch(t.Context(), key)
			require.NoError(t, err)
		}
		got := scrape(t, registry)
		require.InDelta(t, 1, got[`promptcache_entries{cache=default domain="\xff"}`], 0)
		require.InDelta(t, 1, got[`promptcache_prompt_fetches_total{cache=default outcome=ok prompt="\xfe/a"}`], 0)
	})
}

// still is a cache of which every scrape must read the same moment.
type still struct {
	metrics.Cache
	reads atomic.Int64
}

func (s *still) Status() promptcache.Status   { s.reads.Add(1); return s.Cache.Status() }
func (s *still) Metrics() promptcache.Metrics { s.reads.Add(1); return s.Cache.Metrics() }

func TestAScrapeReadsOnce(t *testing.T) {
	src := source.New[string]()
	collector := promptcacheprom.New(promptcacheprom.Config{})
	c, err := promptcache.New(src.Fetch, promptcache.DefaultConfig())
	require.NoError(t, err)
	c.Set("a", "one")
	s := &still{Cache: c}
	collector.Watch(s)
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(collector))

	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					c.Get("a")
					c.MarkStale(func(string) bool { return true })
				}
			}
		})
	}
	var before float64
	for range 50 {
		got := scrape(t, registry)
		hits, stale := got["promptcache_hits_total{cache=default}"], got["promptcache_stale_hits_total{cache=default}"]
		require.GreaterOrEqual(t, hits, stale, "of one moment")
		require.GreaterOrEqual(t, hits, before)
		before = hits
	}
	close(stop)
	readers.Wait()
	require.EqualValues(t, 100, s.reads.Load())
}
