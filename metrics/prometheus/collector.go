package promptcacheprom

import (
	"context"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/promptcache/promptcache-go/metrics"
	"github.com/promptcache/promptcache-go/promptcache"
)

// Config is how a Collector is made. Its zero value is good for a process with
// one cache.
type Config struct {
	// Cache is the value of the label "cache", which tells the caches of one
	// registry apart. Default "default".
	Cache string
	// Prompts is how many prompts have series of their own, named by the label
	// "prompt", that count their fetches: the first ones fetched with success. The
	// others are counted together. 0 or less names and counts none. Default 0.
	Prompts int
}

// Collector is a prometheus.Collector of one cache. All methods may be called
// from any goroutine.
//
// A scrape reads the cache's Metrics and its Status once: the counters are of one
// moment, and so are the gauges. Status looks at every prompt, so scrape every
// few seconds at most. After ResetMetrics the counters start from 0, which
// Prometheus takes for a restart.
type Collector struct {
	cache atomic.Pointer[metrics.Cache] // nil before Watch

	instruments []instrument
	duration    *prometheus.HistogramVec
	names       *metrics.Names
	prompts     *prometheus.CounterVec // nil if no prompts are named
}

// instrument is one of the list with what Prometheus must know of it.
type instrument struct {
	metrics.Instrument
	desc      *prometheus.Desc
	valueType prometheus.ValueType
}

// New returns a Collector. It has nothing to tell before Watch and the first
// fetch that it sees.
func New(cfg Config) *Collector {
	if cfg.Cache == "" {
		cfg.Cache = "default"
	}
	constant := prometheus.Labels{metrics.LabelCache: metrics.Label(cfg.Cache)}
	c := &Collector{names: metrics.NewNames(cfg.Prompts)}
	for _, i := range metrics.Instruments() {
		valueType := prometheus.GaugeValue
		if i.Kind == metrics.Counter {
			valueType = prometheus.CounterValue
		}
		c.instruments = append(c.instruments, instrument{i, prometheus.NewDesc(i.Prometheus(), i.Help, i.Labels, constant), valueType})
	}
	duration := metrics.FetchDuration()
	c.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: duration.Prometheus(), Help: duration.Help, ConstLabels: constant, Buckets: metrics.FetchDurationBuckets(),
	}, duration.Labels)
	if cfg.Prompts > 0 {
		fetches := metrics.PromptFetches()
		c.prompts = prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: fetches.Prometheus(), Help: fetches.Help, ConstLabels: constant,
		}, fetches.Labels)
	}
	return c
}

// Watch makes cache the one whose numbers are told, in place of one before. A
// cache that was shut down still tells its last ones.
func (c *Collector) Watch(cache metrics.Cache) { c.cache.Store(&cache) }

// OnFetch is the promptcache.FetchHook that sees how long fetches take. Without
// it there is no promptcache_fetch_duration_seconds.
func (c *Collector) OnFetch(ctx context.Context, f promptcache.FetchInfo) (context.Context, func(promptcache.FetchResult)) {
	return ctx, func(r promptcache.FetchResult) {
		outcome := metrics.Outcome(r)
		c.duration.WithLabelValues(metrics.Label(f.Domain), outcome).Observe(r.Duration.Seconds())
		if c.prompts != nil {
			c.prompts.WithLabelValues(c.names.Label(f.Key, r.Err == nil && !r.Canceled), outcome).Inc()
		}
	}
}

// Describe is prometheus.Collector's.
func (c *Collector) Describe(descs chan<- *prometheus.Desc) {
	for i := range c.instruments {
		descs <- c.instruments[i].desc
	}
	c.duration.Describe(descs)
	if c.prompts != nil {
		c.prompts.Describe(descs)
	}
}

// Collect is prometheus.Collector's.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	if cache := c.cache.Load(); cache != nil {
		reading := metrics.Read(*cache)
		for i := range c.instruments {
			instrument := &c.instruments[i]
			for _, p := range instrument.Points(reading) {
				out <- prometheus.MustNewConstMetric(instrument.desc, instrument.valueType, p.Value, p.Labels...)
			}
		}
	}
	c.duration.Collect(out)
	if c.prompts != nil {
		c.prompts.Collect(out)
	}
}
