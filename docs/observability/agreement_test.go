package observability_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/metrics"
	promptcacheotel "github.com/promptcache/promptcache-go/metrics/otel"
	promptcacheprom "github.com/promptcache/promptcache-go/metrics/prometheus"
	"github.com/promptcache/promptcache-go/promptcache"
)

// series is a metric's value by its name in Prometheus, its labels and its kind.
// A histogram is a value for each of its parts.
type series map[string]float64

func key(name string, labels map[string]string) string {
	var out strings.Builder
	out.WriteString(name)
	for _, l := range []string{metrics.LabelCache, metrics.LabelDomain, metrics.LabelOutcome, metrics.LabelPrompt, metrics.LabelState} {
		if v, ok := labels[l]; ok {
			out.WriteString(" " + l + "=" + v)
			delete(labels, l)
		}
	}
	for l := range labels {
		out.WriteString(" UNKNOWN " + l)
	}
	return out.String()
}

// histogram adds the parts of a histogram. counts are those of each bucket alone.
func (s series) histogram(name string, count uint64, sum float64, bounds []float64, counts []uint64) {
	s[name+" count"], s[name+" sum"] = float64(count), sum
	for i, n := range counts {
		bound := "+Inf"
		if i < len(bounds) {
			bound = time.Duration(bounds[i] * float64(time.Second)).String()
		}
		s[name+" ≤ "+bound] = float64(n)
	}
}

func fromPrometheus(t *testing.T, registry *prometheus.Registry) series {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	out := make(series)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			labels := make(map[string]string)
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			name := key(family.GetName(), labels)
			switch {
			case m.GetCounter() != nil:
				out[name+" counter"] = m.GetCounter().GetValue()
			case m.GetGauge() != nil:
				out[name+" gauge"] = m.GetGauge().GetValue()
			default:
				h := m.GetHistogram()
				bounds := make([]float64, 0, len(h.GetBucket()))
				counts := make([]uint64, 0, len(h.GetBucket())+1)
				below := uint64(0)
				for _, b := range h.GetBucket() {
					bounds = append(bounds, b.GetUpperBound())
					counts = append(counts, b.GetCumulativeCount()-below)
					below = b.GetCumulativeCount()
				}
				out.histogram(name, h.GetSampleCount(), h.GetSampleSum(), bounds, append(counts, h.GetSampleCount()-below))
			}
		}
	}
	return out
}

func fromOpenTelemetry(t *testing.T, reader *sdkmetric.ManualReader) series {
	t.Helper()
	names := make(map[string]metrics.Instrument)
	for _, i := range instruments() {
		names[i.Name] = i
	}
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(context.Background(), &all))
	require.Len(t, all.ScopeMetrics, 1)
	out := make(series)
	for _, m := range all.ScopeMetrics[0].Metrics {
		instrument, known := names[m.Name]
		require.True(t, known, m.Name)
		require.Equal(t, instrument.Help, m.Description)
		require.Equal(t, instrument.Unit, m.Unit)
		name := instrument.Prometheus()
		labels := func(p interface{ labels() map[string]string }) string { return key(name, p.labels()) }
		switch data := m.Data.(type) {
		case metricdata.Sum[float64]:
			require.Equal(t, metricdata.CumulativeTemporality, data.Temporality)
			for _, p := range data.DataPoints {
				out[labels(point(p))+" counter"] = p.Value
			}
		case metricdata.Gauge[float64]:
			for _, p := range data.DataPoints {
				out[labels(point(p))+" gauge"] = p.Value
			}
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				out.histogram(labels(histogramPoint(p)), p.Count, p.Sum, p.Bounds, p.BucketCounts)
			}
		}
	}
	return out
}

type (
	point          metricdata.DataPoint[float64]
	histogramPoint metricdata.HistogramDataPoint[float64]
)

func (p point) labels() map[string]string {
	out := make(map[string]string)
	for _, a := range p.Attributes.ToSlice() {
		out[string(a.Key)] = a.Value.AsString()
	}
	return out
}

func (p histogramPoint) labels() map[string]string {
	return point{Attributes: p.Attributes}.labels()
}

// One cache with both exporters goes through a day; they tell the same series
// with the same values, at every stage of it.
func TestBothTellTheSameNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prom := promptcacheprom.New(promptcacheprom.Config{Cache: "prompts", Prompts: 2})
		reader := sdkmetric.NewManualReader()
		otel, err := promptcacheotel.New(promptcacheotel.Config{
			Cache: "prompts", Prompts: 2, MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)),
		})
		require.NoError(t, err)
		src := source.New[string]()
		cfg := promptcache.DefaultConfig()
		cfg.MaxSize = 3
		cfg.MaxStale = 20 * time.Minute
		cfg.RefreshJitter = 0
		cfg.Logger = slog.New(slog.DiscardHandler)
		cfg.Domain = func(key string) string { domain, _, _ := strings.Cut(key, "/"); return domain }
		cfg.Snapshot = promptcache.SnapshotConfig{Path: filepath.Join(t.TempDir(), "prompts.json")}
		cfg.OnFetch = append(cfg.OnFetch, prom.OnFetch, otel.OnFetch)
		cache, err := promptcache.New(src.Fetch, cfg)
		require.NoError(t, err)
		prom.Watch(cache)
		otel.Watch(cache)
		registry := prometheus.NewPedanticRegistry()
		require.NoError(t, registry.Register(prom))

		agree := func(stage string) series {
			synctest.Wait()
			a, b := fromPrometheus(t, registry), fromOpenTelemetry(t, reader)
			require.Equal(t, a, b, stage)
			return a
		}

		agree("before Start")
		require.NoError(t, cache.Start(t.Context()))
		slowly := func(ctx context.Context, _ string) (string, error) {
			time.Sleep(300 * time.Millisecond)
			return "one", ctx.Err()
		}
		src.Always(slowly)
		for _, key := range []string{"smith/a", "fuse/b", "c", "smith/d", "smith/a"} { // more than fit
			_, err := cache.GetOrFetch(t.Context(), key)
			require.NoError(t, err)
		}
		src.Always(nil)
		require.Equal(t, "here", cache.GetOr(t.Context(), "smith/missing", "here"))
		require.NoError(t, cache.DumpFile(cfg.Snapshot.Path))
		_, err = cache.LoadFile(cfg.Snapshot.Path + ".missing")
		require.Error(t, err)
		cache.Get("fuse/b")
		agree("warm")

		src.Always(slowly)
		time.Sleep(7 * time.Minute) // refreshed, unchanged
		src.Always(source.Value("two"))
		time.Sleep(6 * time.Minute) // and changed
		agree("a good day")
		src.Always(source.Fail[string](promptcache.ErrInvalid))
		time.Sleep(6 * time.Minute)
		agree("rejected")
		src.Always(source.Fail[string](promptcache.ErrUnavailable))
		time.Sleep(10 * time.Minute)
		cache.Get("smith/a")
		down := agree("down")
		require.InDelta(t, 1, down["promptcache_state cache=prompts state=down gauge"], 0)
		time.Sleep(30 * time.Minute)
		agree("too old")
		src.Hold()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err = cache.Refresh(ctx, "smith/a")
		require.Error(t, err)
		cancel()
		agree("a fetch under way")
		cache.ResetMetrics()
		cache.Invalidate("smith/a")
		agree("reset")
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		_ = cache.Shutdown(ctx) // it says what was canceled, if anything was
		over := agree("shut down")
		require.InDelta(t, 1, over["promptcache_state cache=prompts state=shutdown gauge"], 0)
		require.NoError(t, otel.Close())
	})
}

// fixed is a cache that tells something else of everything.
type fixed struct {
	counts promptcache.Metrics
	status promptcache.Status
	cfg    promptcache.Config
}

func (f *fixed) Metrics() promptcache.Metrics { return f.counts }
func (f *fixed) Status() promptcache.Status   { return f.status }
func (f *fixed) Config() promptcache.Config   { return f.cfg }

// fill gives every number, time and flag below v a value of its own, the next
// ones after n.
func fill(v reflect.Value, n *int64) {
	*n++
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Unix(1_700_000_000+*n, 0)
	case *promptcache.State:
		*x = promptcache.StateDown
	case *time.Duration:
		*x = time.Duration(*n) * time.Second
	case *error:
		*x = errors.New("it failed")
	case *uint64:
		*x = uint64(*n) * 1000 // so that a sum of two is none of the others
	case *int:
		*x = int(*n)
	case *bool:
		*x = true
	default:
		if v.Kind() == reflect.Struct {
			for i := range v.NumField() {
				fill(v.Field(i), n)
			}
		}
	}
}

// There is no number that only one of them tells, or that both take for 0.
func TestBothTellEveryNumber(t *testing.T) {
	f := &fixed{cfg: promptcache.Config{MaxSize: 99, TTL: new(98 * time.Second)}}
	f.status.Domains = make([]promptcache.DomainStatus, 2)
	var n int64
	for _, of := range []any{&f.counts, &f.status, &f.status.Domains[0], &f.status.Domains[1]} {
		fill(reflect.ValueOf(of).Elem(), &n)
	}
	f.counts.Refreshes += 1_000_000 // it has Unchanged in it
	f.status.Domains[0].Domain = "smith"

	prom := promptcacheprom.New(promptcacheprom.Config{Prompts: 1})
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(prom))
	prom.Watch(f)
	reader := sdkmetric.NewManualReader()
	otel, err := promptcacheotel.New(promptcacheotel.Config{Prompts: 1, MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})
	require.NoError(t, err)
	otel.Watch(f)
	for _, hook := range []promptcache.FetchHook{prom.OnFetch, otel.OnFetch} {
		for d := range 40 {
			_, end := hook(t.Context(), promptcache.FetchInfo{Key: "a", Domain: "smith"})
			end(promptcache.FetchResult{Duration: time.Duration(d) * time.Second})
		}
	}

	got := fromPrometheus(t, registry)
	require.Equal(t, got, fromOpenTelemetry(t, reader))
	for _, i := range instruments() {
		require.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(got)), func(name string) bool {
			metric, _, _ := strings.Cut(name, " ")
			return metric == i.Prometheus() && got[name] != 0
		}), "%s is 0", i.Name)
	}
	require.NoError(t, otel.Close())
}
