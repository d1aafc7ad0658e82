package promptcacheotel_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/promptcache/promptcache-go/fakes/source"
	promptcacheotel "github.com/promptcache/promptcache-go/metrics/otel"
	"github.com/promptcache/promptcache-go/promptcache"
)

// scene is a cache that is observed.
type scene struct {
	*promptcache.PromptCache[string]
	src     *source.Source[string]
	otel    *promptcacheotel.Instrumentation
	reader  *sdkmetric.ManualReader
	traces  *sdktrace.TracerProvider
	spans   *tracetest.SpanRecorder
	collect func() map[string]float64
}

func newScene(t *testing.T, cfg promptcacheotel.Config) *scene {
	t.Helper()
	s := &scene{src: source.New[string](), reader: sdkmetric.NewManualReader(), spans: tracetest.NewSpanRecorder()}
	s.traces = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.spans))
	cfg.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(s.reader))
	cfg.TracerProvider = s.traces
	var err error
	s.otel, err = promptcacheotel.New(cfg)
	require.NoError(t, err)
	settings := promptcache.DefaultConfig()
	settings.RefreshJitter = 0
	settings.Logger = slog.New(slog.DiscardHandler)
	settings.Domain = func(key string) string { domain, _, _ := strings.Cut(key, "/"); return domain }
	settings.OnFetch = append(settings.OnFetch, s.otel.OnFetch)
	s.PromptCache, err = promptcache.New(s.src.Fetch, settings)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, s.otel.Close())
		require.NoError(t, s.Shutdown(context.Background()))
	})
	s.collect = func() map[string]float64 { return collect(t, s.reader) }
	return s
}

// collect returns everything that a reader collects, by its name and attributes.
// Of a histogram it has the count and the sum.
func collect(t *testing.T, reader *sdkmetric.ManualReader) map[string]float64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(context.Background(), &all))
	out := make(map[string]float64)
	for _, in := range all.ScopeMetrics {
		require.Equal(t, "github.com/promptcache/promptcache-go/metrics/otel", in.Scope.Name)
		for _, m := range in.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[float64]:
				require.True(t, data.IsMonotonic, m.Name)
				for _, p := range data.DataPoints {
					out[m.Name+labels(p.Attributes)] = p.Value
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					out[m.Name+labels(p.Attributes)] = p.Value
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					out[m.Name+labels(p.Attributes)+" count"] = float64(p.Count)
					out[m.Name+labels(p.Attributes)+" sum"] = p.Sum
				}
			default:
				require.Fail(t, "no such data is expected", "%s: %T", m.Name, m.Data)
			}
		}
	}
	return out
}

func labels(set attribute.Set) string {
	out := make([]string, 0, set.Len())
	for _, a := range set.ToSlice() {
		out = append(out, string(a.Key)+"="+a.Value.AsString())
	}
	slices.Sort(out)
	return "{" + strings.Join(out, " ") + "}"
}

// attributes returns a span's attributes by name.
func attributes(span sdktrace.ReadOnlySpan) map[string]any {
	out := make(map[string]any)
	for _, a := range span.Attributes() {
		out[string(a.Key)] = a.Value.AsInterface()
	}
	return out
}
