package promptcacheotel_test

import (
	"context"
	"fmt"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/promptcache/promptcache-go/fakes/source"
	promptcacheotel "github.com/promptcache/promptcache-go/metrics/otel"
	"github.com/promptcache/promptcache-go/promptcache"
)

func ExampleNew() {
	src := source.New[string]()
	src.Put("greeting", "Hello {name}")
	reader := sdkmetric.NewManualReader() // yours exports

	otel, err := promptcacheotel.New(promptcacheotel.Config{
		Cache:         "prompts",
		MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer otel.Close() //nolint:errcheck // its callback was registered
	cfg := promptcache.DefaultConfig()
	cfg.OnFetch = append(cfg.OnFetch, otel.OnFetch)
	cache, err := promptcache.New(src.Fetch, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	otel.Watch(cache)

	_, _ = cache.GetOrFetch(context.Background(), "greeting")
	_, _ = cache.Get("greeting")
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &collected); err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range collected.ScopeMetrics[0].Metrics {
		if sum, ok := m.Data.(metricdata.Sum[float64]); ok && (m.Name == "promptcache.hits" || m.Name == "promptcache.misses") {
			fmt.Println(m.Name, m.Unit, sum.DataPoints[0].Value)
		}
	}
	// Output:
	// promptcache.hits {read} 1
	// promptcache.misses {read} 1
}
