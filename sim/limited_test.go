package sim_test

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
	"github.com/promptcache/promptcache-go/sim"
)

// TestALimitedFleetIsPlayedExactly holds fleets that compete for a limit, which
// are played minute by minute, against the same played request by request.
func TestALimitedFleetIsPlayedExactly(t *testing.T) {
	processors(t, 3)
	refused, failed := 0, 0
	for seed := range uint64(60) {
		dice := rand.New(rand.NewPCG(seed, 0))
		s := anyScenario(dice)
		ttl := time.Duration(10+dice.IntN(400)) * time.Second
		cfg := promptcache.DefaultConfig()
		cfg.TTL = &ttl
		cfg.RefreshInterval = time.Duration(5+dice.IntN(60)) * time.Second
		cfg.RefreshConcurrency = 1 + dice.IntN(4)      // so that some wait when a minute ends
		cfg.RefreshJitter = float64(dice.IntN(2)) / 10 // without, instances ask at the same moments
		for _, p := range []sim.Policy{
			sim.Background{Config: cfg},
			sim.SerialScan{TTL: ttl, Interval: cfg.RefreshInterval},
			sim.OnRead{TTL: ttl},
		} {
			want := sim.OneByOne(s, p)
			require.Equal(t, want, run(t, s, p), "%s, seed %d: %+v", p.Name(), seed, s)
			refused += sum(want.Refused)
			failed += want.FailedReads
		}
	}
	require.Greater(t, refused, 10_000)
	require.Greater(t, failed, 10_000)
}

// Prompts that wait for a slot when a minute ends are asked for in the next one.
func TestALimitedFleetIsPlayedExactlyWhereMinutesMeet(t *testing.T) {
	ttl, cfg := 20*time.Second, promptcache.DefaultConfig()
	cfg.TTL, cfg.RefreshInterval, cfg.RefreshJitter, cfg.RefreshConcurrency = &ttl, 29*time.Second, 0, 2
	p := sim.Background{Config: cfg}
	s := sim.Standard(2, sim.Unlimited)
	s.Latency, s.Duration, s.Outages = 3*time.Second, 10*time.Minute, nil
	for s.Limit = 1; s.Limit < 120; s.Limit++ {
		require.Equal(t, sim.OneByOne(s, p), run(t, s, p), "a limit of %d", s.Limit)
	}
}

func TestAnyNumberOfProcessorsPlaysTheSame(t *testing.T) {
	for _, p := range sim.Policies() {
		for _, limit := range []float64{sim.Unlimited, sim.BelowNeed} {
			s := sim.Standard(7, limit)
			processors(t, 1)
			want := run(t, s, p)
			for _, n := range []int{2, 5, 16} {
				processors(t, n)
				require.Equal(t, want, run(t, s, p), "%s, %d processors", p.Name(), n)
			}
		}
	}
}

// processors has so many be used until the test ends.
func processors(t *testing.T, n int) {
	t.Helper()
	before := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// anyScenario returns a small fleet's, with a limit that is mostly reached.
func anyScenario(dice *rand.Rand) sim.Scenario {
	s := sim.Scenario{
		Instances: 1 + dice.IntN(8),
		Prompts:   1 + dice.IntN(20),
		Duration:  time.Duration(1+dice.IntN(1200)) * time.Second,
		LoadGap:   time.Duration(1+dice.IntN(50)) * time.Millisecond,
		ReadGap:   time.Duration(1+dice.IntN(20)) * time.Second,
		Latency:   time.Duration(1+dice.IntN(3000)) * time.Millisecond,
		Seed:      dice.Uint64(),
	}
	s.Limit = 1 + dice.IntN(2*s.Instances*s.Prompts)
	for at := time.Duration(0); dice.IntN(3) > 0; {
		at += time.Duration(dice.IntN(300_000)) * time.Millisecond
		o := sim.Outage{From: at, Limited: dice.IntN(2) == 0, RetryAfter: dice.IntN(2) == 0}
		at += time.Duration(1+dice.IntN(200_000)) * time.Millisecond
		o.To = at
		s.Outages = append(s.Outages, o)
	}
	return s
}
