// Package promptcacheotel tells OpenTelemetry how a cache is doing, and makes a
// span of each fetch. An [Instrumentation] is one cache's:
//
//	otel, err := promptcacheotel.New(promptcacheotel.Config{})
//	...
//	cfg := promptcache.DefaultConfig()
//	cfg.OnFetch = append(cfg.OnFetch, otel.OnFetch)
//	cache, err := langsmith.NewCache(src, cfg)
//	...
//	otel.Watch(cache)
//	defer otel.Close()
//
// Its instruments are the list of package metrics, which the collector for
// Prometheus shares: the same numbers under the names that Prometheus's
// conventions make of these.
//
// # Spans
//
// A fetch that a reader began is a span in the trace of that reader's request,
// below the span that its context has; those who wait for the same fetch have
// none of their own. It may end after the request, for a fetch that everybody has
// left goes on. A fetch that the refresher began belongs to no request: it is a
// trace of its own, with a link to the span that Start's context had, if any.
// What the FetchFunc does, such as an HTTP request, is below that span.
//
// The span is called "promptcache.fetch". It has the attributes
// promptcache.cache, .domain, .key, .cached, .background and .outcome (see
// metrics.Outcome) and, of a failure, error.type and http.response.status_code.
// A failure sets its status, with the error's text, which has no credentials.
package promptcacheotel
