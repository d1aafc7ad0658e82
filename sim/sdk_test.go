package sim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/sim"
)

// small is one instance with two prompts and an outage.
func small(outage sim.Outage) (sim.Scenario, *sim.Stage) {
	s := sim.Standard(1, sim.Unlimited)
	s.Prompts, s.Duration, s.Outages = 2, 20*time.Minute, []sim.Outage{outage}
	return s, sim.NewStage(s, 5*time.Minute)
}

func TestSerialScan(t *testing.T) {
	policy := sim.SerialScan{TTL: 5 * time.Minute, Interval: time.Minute}
	t.Run("a scan fetches what is stale one after the other, and what failed at the next scan", func(t *testing.T) {
		s, stage := small(sim.Outage{From: 6 * time.Minute, To: 8*time.Minute + 30*time.Second})
		_, asked := sim.Traced(s, policy)
		require.Len(t, asked[0], 2+3*2+2+2)
		loaded := min(asked[0][0]+stage.Latency(0, 0, 0), asked[0][1]+stage.Latency(0, 1, 0))
		require.Equal(t, []time.Duration{s.LoadGap, 2 * s.LoadGap}, asked[0][:2])
		for n, minute := range []time.Duration{6, 7, 8, 9} {
			scan := loaded + minute*60e9
			first := asked[0][2+2*n]
			require.Equal(t, scan, first, "scans count from the first prompt's arrival")
			require.Contains(t, []time.Duration{
				first + stage.Latency(0, 0, n+1), first + stage.Latency(0, 1, n+1),
			}, asked[0][3+2*n], "the second fetch begins when the first ends")
		}
		require.Equal(t, loaded+15*time.Minute, asked[0][10], "a TTL after what the outage has delayed")
	})
	t.Run("the least recently used goes first", func(t *testing.T) {
		s, stage := small(sim.Outage{From: 6 * time.Minute, To: 15 * time.Minute})
		_, asked := sim.Traced(s, policy)
		orders := make(map[int]bool)
		for n := range 8 {
			first, second := asked[0][2+2*n], asked[0][3+2*n]
			k := 0
			if sim.LastRead(s, 0, 1, first) < sim.LastRead(s, 0, 0, first) {
				k = 1
			}
			orders[k] = true
			require.Equal(t, first+stage.Latency(0, k, n+1), second)
		}
		require.Len(t, orders, 2, "both come first at times")
	})
	t.Run("every read of a missing prompt asks", func(t *testing.T) {
		s, stage := small(sim.Outage{To: time.Minute})
		r, asked := sim.Traced(s, policy)
		require.Equal(t, readsUntil(stage, s.Prompts, time.Minute), asked[0][:r.FailedReads])
		require.Equal(t, 12, r.FailedReads, "both prompts in each of six spans")
		later := []time.Duration{stage.NextRead(0, 0, time.Minute), stage.NextRead(0, 1, time.Minute)}
		slices.Sort(later)
		require.Equal(t, later, asked[0][12:14])
	})
}

func TestOnRead(t *testing.T) {
	policy := sim.OnRead{TTL: 5 * time.Minute}
	t.Run("the read after the TTL asks, and every read until one succeeds", func(t *testing.T) {
		s, stage := small(sim.Outage{From: 5 * time.Minute, To: 7 * time.Minute})
		s.Prompts = 1
		r, asked := sim.Traced(s, policy)
		want := []time.Duration{s.LoadGap}
		expiry := s.LoadGap + stage.Latency(0, 0, 0) + policy.TTL
		for at := stage.NextRead(0, 0, expiry+1); at < s.Duration; {
			n := len(want)
			want = append(want, at)
			landing := at + stage.Latency(0, 0, n)
			if at < 7*time.Minute {
				at = stage.NextRead(0, 0, landing)
				continue
			}
			at = stage.NextRead(0, 0, landing+policy.TTL+1)
		}
		require.Equal(t, want, asked[0])
		require.Greater(t, len(want), 12)
		require.Zero(t, r.FailedReads)
		require.Positive(t, r.BackAfter)
	})
	t.Run("every read of a missing prompt asks", func(t *testing.T) {
		s, stage := small(sim.Outage{To: time.Minute})
		r, asked := sim.Traced(s, policy)
		require.Equal(t, readsUntil(stage, s.Prompts, time.Minute), asked[0][:r.FailedReads])
	})
	t.Run("one fetch of a prompt at a time", func(t *testing.T) {
		s, _ := small(sim.Outage{From: 5 * time.Minute, To: 19 * time.Minute})
		s.Prompts, s.Latency = 1, 25*time.Second
		_, asked := sim.Traced(s, policy)
		require.Greater(t, len(asked[0]), 15)
		for i := 4; i < len(asked[0]); i++ { // the first reads come while it is missing
			require.GreaterOrEqual(t, asked[0][i]-asked[0][i-1], s.Latency)
		}
	})
}

// readsUntil returns the reads of an instance up to a moment, in order.
func readsUntil(stage *sim.Stage, prompts int, to time.Duration) []time.Duration {
	var out []time.Duration
	for k := range prompts {
		for at := stage.NextRead(0, k, 0); at < to; at = stage.NextRead(0, k, at+1) {
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return out
}

func TestResultOfAFleet(t *testing.T) {
	t.Run("no prompt is stale after the outage where there is none", func(t *testing.T) {
		s := sim.Standard(2, sim.Unlimited)
		s.Outages = nil
		for _, p := range sim.Policies() {
			require.Negative(t, run(t, s, p).BackAfter)
		}
	})
	t.Run("what is still from before the outage at the end is never back", func(t *testing.T) {
		s := sim.Standard(2, sim.Unlimited)
		s.Outages[0].To = s.Duration - 1
		for _, p := range sim.Policies() {
			require.Negative(t, run(t, s, p).BackAfter)
		}
	})
	t.Run("a fleet is the sum of its instances, and runs the same again", func(t *testing.T) {
		for instances := range 7 {
			s := sim.Standard(instances+1, sim.Unlimited)
			s.Outages = append([]sim.Outage{{To: time.Minute}}, s.Outages...)
			for _, p := range sim.Policies() {
				one, asked := sim.Traced(s, p) // one after the other
				r := run(t, s, p)
				require.Equal(t, one, r)
				require.Equal(t, r, run(t, s, p))
				total := 0
				for _, times := range asked {
					total += len(times)
				}
				require.Equal(t, total, sum(r.Requests))
				require.Positive(t, r.FailedReads)
				require.Positive(t, r.BackAfter)
			}
		}
	})
	t.Run("a limit that is never reached changes nothing", func(t *testing.T) {
		s := sim.Standard(5, sim.Unlimited)
		for _, p := range sim.Policies() {
			free := run(t, s, p)
			limited := s
			limited.Limit = 1_000_000
			r := run(t, limited, p)
			r.Scenario.Limit = 0
			require.Equal(t, free, r)
		}
	})
}
