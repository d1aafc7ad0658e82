package metrics_test

import (
	"context"
	"fmt"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/metrics"
	"github.com/promptcache/promptcache-go/promptcache"
)

// An exporter is a loop.
func ExampleInstruments() {
	src := source.New[string]()
	src.Put("greeting", "Hello {name}")
	cache, err := promptcache.New(src.Fetch, promptcache.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = cache.GetOrFetch(context.Background(), "greeting")
	_, _ = cache.Get("greeting")

	reading := metrics.Read(cache)
	for _, instrument := range metrics.Instruments() {
		for _, point := range instrument.Points(reading) {
			if instrument.Kind == metrics.Counter && point.Value > 0 {
				fmt.Println(instrument.Prometheus(), point.Labels, point.Value)
			}
		}
	}
	// Output:
	// promptcache_hits_total [] 1
	// promptcache_misses_total [] 1
	// promptcache_fetches_total [] 1
}
