package promptcacheprom_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/promptcache/promptcache-go/fakes/source"
	promptcacheprom "github.com/promptcache/promptcache-go/metrics/prometheus"
	"github.com/promptcache/promptcache-go/promptcache"
)

func ExampleNew() {
	src := source.New[string]()
	src.Put("greeting", "Hello {name}")

	prom := promptcacheprom.New(promptcacheprom.Config{Cache: "prompts"})
	cfg := promptcache.DefaultConfig()
	cfg.OnFetch = append(cfg.OnFetch, prom.OnFetch)
	cache, err := promptcache.New(src.Fetch, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	prom.Watch(cache)
	registry := prometheus.NewRegistry()
	if err := registry.Register(prom); err != nil {
		fmt.Println(err)
		return
	}
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{}) // for your mux, at /metrics

	_, _ = cache.GetOrFetch(context.Background(), "greeting")
	_, _ = cache.Get("greeting")
	page := httptest.NewRecorder()
	handler.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(page.Body.String()) {
		if strings.HasPrefix(line, "promptcache_hits_total") || strings.HasPrefix(line, "promptcache_misses_total") {
			fmt.Print(line)
		}
	}
	// Output:
	// promptcache_hits_total{cache="prompts"} 1
	// promptcache_misses_total{cache="prompts"} 1
}
