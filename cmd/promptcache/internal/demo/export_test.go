package demo

import "time"

// What the tests look at from inside.
var (
	MostAttempts = mostAttempts
	Short        = short
	LangSmithKey = langSmithKeyOf
	LangfuseKey  = langfuseKeyOf
)

// Percentile is latencies.percentile, of times in any order.
func Percentile(p int, times ...time.Duration) time.Duration { return sorted(times).percentile(p) }

// InMS and InNS are how a quantity of time looks.
func InMS(d time.Duration) string { return ms(d).String() }
func InNS(d float64) string       { return ns(d).String() }
