// Package promptcacheprom tells Prometheus how a cache is doing. A [Collector] is
// one cache's:
//
//	prom := promptcacheprom.New(promptcacheprom.Config{})
//	cfg := promptcache.DefaultConfig()
//	cfg.OnFetch = append(cfg.OnFetch, prom.OnFetch)
//	cache, err := langsmith.NewCache(src, cfg)
//	...
//	prom.Watch(cache)
//	err = registry.Register(prom)
//
// It registers nothing by itself. What its metrics are is the list of package
// metrics, which the exporter for OpenTelemetry shares; which questions they
// answer, and rules for alerts, are in docs/observability.
package promptcacheprom
