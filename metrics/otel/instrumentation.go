package promptcacheotel

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/promptcache/promptcache-go/metrics"
	"github.com/promptcache/promptcache-go/promptcache"
)

// scope names the instrumentation to OpenTelemetry.
const scope = "github.com/promptcache/promptcache-go/metrics/otel"

// Config is how an Instrumentation is made. Its zero value is good for a process
// with one cache and global providers.
type Config struct {
	// Cache is the value of the attribute "cache" (of spans,
	// "promptcache.cache"), which tells the caches of one process apart. Default
	// "default".
	Cache string
	// Prompts is how many prompts have a value of the attribute "prompt" of their
	// own in promptcache.prompt.fetches: the first ones fetched with success. The
	// others are counted together. 0 or less names and counts none. Spans name
	// the prompt in any case. Default 0.
	Prompts int
	// MeterProvider makes the instruments. nil is the global one.
	MeterProvider metric.MeterProvider
	// TracerProvider makes the spans. nil is the global one.
	TracerProvider trace.TracerProvider
}

// Instrumentation observes one cache. All methods may be called from any
// goroutine.
//
// A collection reads the cache's Metrics and its Status once: the counters are
// of one moment, and so are the gauges. After ResetMetrics the counters start
// from 0.
type Instrumentation struct {
	cache atomic.Pointer[metrics.Cache] // nil before Watch
	name  attribute.KeyValue            // of metrics

	tracer   trace.Tracer
	duration metric.Float64Histogram
	names    *metrics.Names
	prompts  metric.Float64Counter // nil if no prompts are named
	observed []observed
	callback metric.Registration
}

// observed is an instrument of the list and OpenTelemetry's for it.
type observed struct {
	metrics.Instrument
	as metric.Float64Observable
}

// New returns an Instrumentation, whose instruments observe nothing before
// Watch. The error is the providers'; then there is nothing to Close.
func New(cfg Config) (*Instrumentation, error) {
	if cfg.Cache == "" {
		cfg.Cache = "default"
	}
	if cfg.MeterProvider == nil {
		cfg.MeterProvider = otel.GetMeterProvider()
	}
	if cfg.TracerProvider == nil {
		cfg.TracerProvider = otel.GetTracerProvider()
	}
	i := &Instrumentation{
		name:   attribute.String(metrics.LabelCache, metrics.Label(cfg.Cache)),
		tracer: cfg.TracerProvider.Tracer(scope),
		names:  metrics.NewNames(cfg.Prompts),
	}
	if err := i.instruments(cfg.MeterProvider.Meter(scope), cfg.Prompts > 0); err != nil {
		return nil, fmt.Errorf("promptcacheotel: the instruments cannot be made: %w", err)
	}
	return i, nil
}

// instruments makes the instruments and begins to observe.
func (i *Instrumentation) instruments(meter metric.Meter, named bool) error {
	var errs []error
	list := metrics.Instruments()
	observables := make([]metric.Observable, 0, len(list))
	for _, instrument := range list {
		as, err := observable(meter, instrument)
		errs = append(errs, err)
		i.observed = append(i.observed, observed{instrument, as})
		observables = append(observables, as)
	}
	duration := metrics.FetchDuration()
	var err error
	i.duration, err = meter.Float64Histogram(duration.Name, metric.WithDescription(duration.Help), metric.WithUnit(duration.Unit),
		metric.WithExplicitBucketBoundaries(metrics.FetchDurationBuckets()...))
	errs = append(errs, err)
	if named {
		fetches := metrics.PromptFetches()
		i.prompts, err = meter.Float64Counter(fetches.Name, metric.WithDescription(fetches.Help), metric.WithUnit(fetches.Unit))
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	i.callback, err = meter.RegisterCallback(i.observe, observables...)
	return err
}

func observable(meter metric.Meter, i metrics.Instrument) (metric.Float64Observable, error) {
	if i.Kind == metrics.Counter {
		return meter.Float64ObservableCounter(i.Name, metric.WithDescription(i.Help), metric.WithUnit(i.Unit))
	}
	return meter.Float64ObservableGauge(i.Name, metric.WithDescription(i.Help), metric.WithUnit(i.Unit))
}

// Watch makes cache the one whose numbers are told, in place of one before. A
// cache that was shut down still tells its last ones.
func (i *Instrumentation) Watch(cache metrics.Cache) { i.cache.Store(&cache) }

// Close ends the observation. Fetches that begin or end later still have their
// spans and durations.
func (i *Instrumentation) Close() error { return i.callback.Unregister() }

// observe is called for each collection.
func (i *Instrumentation) observe(_ context.Context, to metric.Observer) error {
	cache := i.cache.Load()
	if cache == nil {
		return nil
	}
	reading := metrics.Read(*cache)
	for _, o := range i.observed {
		for _, p := range o.Points(reading) {
			to.ObserveFloat64(o.as, p.Value, metric.WithAttributes(i.attributes(o.Labels, p.Labels)...))
		}
	}
	return nil
}

// attributes returns the attributes of a metric with these labels.
func (i *Instrumentation) attributes(names, values []string) []attribute.KeyValue {
	out := make([]attribute.KeyValue, 0, 1+len(names))
	out = append(out, i.name)
	for n, name := range names {
		out = append(out, attribute.String(name, values[n]))
	}
	return out
}

// OnFetch is the promptcache.FetchHook that makes spans of fetches and sees how
// long they take.
func (i *Instrumentation) OnFetch(ctx context.Context, f promptcache.FetchInfo) (context.Context, func(promptcache.FetchResult)) {
	ctx, span := i.startSpan(ctx, f)
	return ctx, func(r promptcache.FetchResult) {
		outcome := metrics.Outcome(r)
		i.duration.Record(ctx, r.Duration.Seconds(),
			metric.WithAttributes(i.attributes(metrics.FetchDuration().Labels, []string{metrics.Label(f.Domain), outcome})...))
		if i.prompts != nil {
			prompt := i.names.Label(f.Key, r.Err == nil && !r.Canceled)
			i.prompts.Add(ctx, 1, metric.WithAttributes(i.attributes(metrics.PromptFetches().Labels, []string{prompt, outcome})...))
		}
		endSpan(span, r, outcome)
	}
}
