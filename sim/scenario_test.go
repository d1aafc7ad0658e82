package sim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/sim"
)

func TestScenario(t *testing.T) {
	t.Run("all that is wrong comes back in one error", func(t *testing.T) {
		_, err := sim.Run(sim.Scenario{Limit: -1, Outages: []sim.Outage{{From: 1, To: 1}, {From: 0, To: 2}}}, sim.Policies()[0])
		for _, what := range []string{"Instances is 0", "Prompts is 0", "Limit is -1", "Duration is 0s", "LoadGap", "ReadGap", "Latency", "outage 0", "outage 1"} {
			require.ErrorContains(t, err, what)
		}
		s := sim.Standard(1, sim.Unlimited)
		s.Prompts = 65
		_, err = sim.Run(s, sim.Policies()[0])
		require.ErrorContains(t, err, "Prompts is 65; want 1 to 64")
		s.Prompts, s.LoadGap = 20, time.Second
		_, err = sim.Run(s, sim.Policies()[0])
		require.ErrorContains(t, err, "the first reads take 20s")
	})
	t.Run("a prompt is read when it is loaded, then once in each span", func(t *testing.T) {
		s := sim.Standard(2, sim.Unlimited)
		stage := sim.NewStage(s, 5*time.Minute)
		first := stage.NextRead(1, 3, 0)
		require.Equal(t, 4*s.LoadGap, first)
		phases := make(map[time.Duration]bool)
		at := first
		for n := range time.Duration(100) {
			before := at
			at = stage.NextRead(1, 3, before+1)
			require.Equal(t, n+1, at/s.ReadGap)
			require.Equal(t, at, stage.NextRead(1, 3, at), "a read at the moment itself counts")
			require.Equal(t, before, sim.LastRead(s, 1, 3, at-1))
			require.Equal(t, at, sim.LastRead(s, 1, 3, at))
			phases[at%s.ReadGap] = true
		}
		require.Len(t, phases, 100, "at another moment each time")
		require.NotEqual(t, at, stage.NextRead(0, 3, at), "another instance reads at other moments")
	})
	t.Run("answers take from Latency to half as much again", func(t *testing.T) {
		s := sim.Standard(1, sim.Unlimited)
		all := make([]time.Duration, 0, 1000)
		for n := range 1000 {
			all = append(all, sim.NewStage(s, time.Minute).Latency(0, 0, n))
		}
		require.GreaterOrEqual(t, slices.Min(all), s.Latency)
		require.LessOrEqual(t, slices.Max(all), s.Latency*3/2)
		require.Greater(t, slices.Max(all)-slices.Min(all), s.Latency*2/5)
	})
	t.Run("the limit is a share of what the fleet needs", func(t *testing.T) {
		s := sim.Standard(1000, sim.AboveNeed)
		require.InDelta(t, 4000, s.Need(5*time.Minute), 0)
		require.Equal(t, 6000, s.Limit)
		require.Zero(t, sim.Standard(1000, sim.Unlimited).Limit)
	})
}

func TestRegistry(t *testing.T) {
	s := sim.Standard(1, sim.Unlimited)
	s.Limit = 2
	s.Outages[0].RetryAfter = true
	stage := sim.NewStage(s, time.Minute)
	for _, request := range []struct {
		at   time.Duration
		want sim.Answer
	}{
		{59 * time.Second, sim.Answer{OK: true}},
		{59 * time.Second, sim.Answer{OK: true}},
		{59*time.Second + 1, sim.Answer{Limited: true, RetryAfter: time.Second}},
		{time.Minute, sim.Answer{OK: true}},
		{61 * time.Second, sim.Answer{OK: true}},
		{time.Minute + 10*time.Second + 1, sim.Answer{Limited: true, RetryAfter: 50 * time.Second}},
		{40*time.Minute - 1, sim.Answer{OK: true}},
		{40 * time.Minute, sim.Answer{RetryAfter: 30 * time.Minute}},
		{70*time.Minute - 1, sim.Answer{RetryAfter: time.Second}},
		{70 * time.Minute, sim.Answer{OK: true}},
	} {
		require.Equal(t, request.want, stage.Ask(request.at), "at %v", request.at)
	}
	r := stage.Result(sim.Policies()[0])
	require.Equal(t, []int{3, 2}, []int{r.Rate(0, time.Minute).Total, r.Rate(60*time.Second, 62*time.Second).Total})
	require.Equal(t, 3, r.Requests[59])
	require.Equal(t, 1, r.Refused[59])
	require.Equal(t, 2, sum(r.Refused))
}

func TestResult(t *testing.T) {
	s := sim.Standard(1, sim.Unlimited)
	stage := sim.NewStage(s, 90*time.Second)
	for age := time.Second; age <= 100*time.Second; age += time.Second {
		stage.See(10*time.Minute, age)
		stage.See(20*time.Minute, 0)
	}
	stage.Fail()
	for _, at := range []time.Duration{0, 1, time.Second, 9 * time.Second} {
		stage.Ask(at)
	}
	r := stage.Result(sim.Policies()[0])
	require.Equal(t, 201, r.Reads)
	require.Equal(t, 1, r.FailedReads)
	require.Equal(t, 10, r.StaleReads)
	require.Equal(t, 100*time.Second, r.Oldest)
	require.Zero(t, r.Age(0.5))
	require.Equal(t, 98*time.Second, r.Age(0.99))
	require.Equal(t, 100*time.Second, r.Age(1))
	require.Equal(t, 50*time.Second, r.AgeInMinute(10, 0.5))
	require.Zero(t, r.AgeInMinute(20, 0.5))
	require.Zero(t, r.AgeInMinute(30, 0.5), "nothing was read")
	require.Equal(t, sim.Rate{Total: 4, Peak: 2, P99: 2, Mean: 0.4}, r.Rate(0, 10*time.Second))
	require.Equal(t, time.Second, r.Rate(time.Second, 10*time.Second).PeakTime)
	require.Zero(t, r.Rate(time.Second, time.Second))
}
