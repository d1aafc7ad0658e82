package sim_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
	"github.com/promptcache/promptcache-go/sim"
)

// run is sim.Run of a scenario that makes sense.
func run(t *testing.T, s sim.Scenario, p sim.Policy) *sim.Result {
	t.Helper()
	r, err := sim.Run(s, p)
	require.NoError(t, err)
	return r
}

func TestFleet(t *testing.T) {
	// busiest returns the rate of 1,000 caches that were started together, the
	// initial misses aside.
	busiest := func(t *testing.T, jitter float64) sim.Rate {
		t.Helper()
		s, cfg := sim.Standard(1000, sim.Unlimited), promptcache.DefaultConfig()
		s.Outages = nil
		s.Duration, cfg.RefreshJitter = 10**cfg.TTL, jitter
		rate := run(t, s, sim.Background{Config: cfg}).Rate(time.Second, s.Duration)
		t.Logf("the busiest second has %d requests, the mean one %.1f", rate.Peak, rate.Mean)
		require.GreaterOrEqual(t, rate.Total, 8*s.Instances*s.Prompts)
		return rate
	}
	t.Run("NB-24 a fleet that was started together spreads its refreshes", func(t *testing.T) {
		rate := busiest(t, promptcache.DefaultConfig().RefreshJitter)
		require.Less(t, float64(rate.Peak), 5*rate.Mean)
	})
	t.Run("NB-24 without jitter it does not", func(t *testing.T) {
		rate := busiest(t, 0)
		require.Greater(t, float64(rate.Peak), 100*rate.Mean)
	})
}

// measures are what the model and real caches are compared by.
var measures = []struct {
	name string
	of   func(r *sim.Result) float64
}{
	{"requests", requestsFrom(0, 120)},
	{"requests before the outage", requestsFrom(0, 40)},
	{"requests in the outage", requestsFrom(40, 70)},
	{"requests after it", requestsFrom(70, 120)},
	{"requests in the sixth minute", requestsFrom(5, 6)},
	{"refused requests", func(r *sim.Result) float64 { return float64(sum(r.Refused)) }},
	{"failed reads", func(r *sim.Result) float64 { return float64(r.FailedReads) }},
	{"stale reads", func(r *sim.Result) float64 { return float64(r.StaleReads) }},
	{"median age", func(r *sim.Result) float64 { return r.Age(0.5).Seconds() }},
	{"age of all but a hundredth", func(r *sim.Result) float64 { return r.Age(0.99).Seconds() }},
}

// requestsFrom counts the requests from one minute to another.
func requestsFrom(from, to int64) func(r *sim.Result) float64 {
	return func(r *sim.Result) float64 {
		return float64(r.Rate(time.Duration(from)*time.Minute, time.Duration(to)*time.Minute).Total)
	}
}

// TestTheModelIsNear compares the model with real caches where chance decides:
// the defaults, and a limit that instances compete for. Real caches must do
// what could be one more run of the model.
func TestTheModelIsNear(t *testing.T) {
	for name, limit := range map[string]float64{
		"no limit":               sim.Unlimited,
		"a limit above the need": sim.AboveNeed,
		"a limit below the need": sim.BelowNeed,
	} {
		t.Run(name, func(t *testing.T) {
			const runs = 30
			s := sim.Standard(25, limit)
			p := sim.Background{Config: promptcache.DefaultConfig()}
			got, _ := really(t, s, p)
			model := make([]*sim.Result, runs)
			for i := range model {
				s.Seed = uint64(100 + i)
				model[i] = run(t, s, p)
			}
			for _, m := range measures {
				mean, square := 0.0, 0.0
				for _, r := range model {
					mean += m.of(r) / runs
					square += m.of(r) * m.of(r) / runs
				}
				deviation := math.Sqrt(max(0, square-mean*mean))
				t.Logf("%s: %.0f; the model's %.0f ± %.1f", m.name, m.of(got), mean, deviation)
				require.InDelta(t, mean, m.of(got), 6*deviation+0.002*mean, m.name)
			}
		})
	}
}

func sum(numbers []int) (total int) {
	for _, n := range numbers {
		total += n
	}
	return total
}
