// Package metrics lists what a cache tells operators as instruments: names,
// units, help, and how each number is read. The exporters for Prometheus and
// OpenTelemetry, in modules of their own beneath this package, are made of this
// list, so they tell the same numbers; an exporter for something else is a loop:
//
//	reading := metrics.Read(cache)
//	for _, instrument := range metrics.Instruments() {
//		for _, point := range instrument.Points(reading) {
//			send(instrument.Name, point.Labels, point.Value)
//		}
//	}
//
// What is not in Metrics and Status, how long fetches took and which prompts
// they were for, comes from a promptcache.FetchHook; see [FetchDuration],
// [PromptFetches] and [Outcome].
package metrics
