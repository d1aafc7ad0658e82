package rounds_test

import (
	"context"
	"errors"
	"math"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/bench/rounds"
)

// costing is a subject whose operation takes cost, by its own account, and
// that writes down its turns.
func costing(name string, cost time.Duration, turns *[]string) rounds.Subject {
	return rounds.Subject{Name: name, Run: func(_ context.Context, n int) (time.Duration, error) {
		*turns = append(*turns, name)
		return time.Duration(n) * cost, nil
	}}
}

func TestSubjectsTakeTurns(t *testing.T) {
	var turns []string
	results, err := rounds.Compare(t.Context(), rounds.Config{Rounds: 4, Time: time.Millisecond}, []rounds.Subject{
		costing("a", time.Microsecond, &turns), costing("b", 2*time.Microsecond, &turns), costing("c", time.Hour, &turns),
	})
	require.NoError(t, err)
	require.Equal(t, "abc"+"abc"+"bca"+"cab", strings.Join(turns[len(turns)-12:], ""))
	require.Len(t, results, 3)
	require.Equal(t, []float64{1000, 1000, 1000, 1000}, results[0].Samples)
	require.Equal(t, []float64{2000, 2000, 2000, 2000}, results[1].Samples)
	require.Equal(t, 1000, results[0].Ops, "as many as take a millisecond")
	require.Equal(t, 500, results[1].Ops)
	require.Equal(t, 1, results[2].Ops, "one at least, however slow")
	ratio, err := rounds.Ratio(results[1], results[0])
	require.NoError(t, err)
	require.Equal(t, rounds.Exact(2), ratio)
}

func TestEveryOneBeginsARound(t *testing.T) {
	first := map[int]int{}
	for round := range 10 {
		order := rounds.Turns(5, round, 10)
		require.ElementsMatch(t, []int{0, 1, 2, 3, 4}, order)
		first[order[0]]++
	}
	require.Equal(t, map[int]int{0: 2, 1: 2, 2: 2, 3: 2, 4: 2}, first)
}

func TestOperationsAreMultiplesOfTheStep(t *testing.T) {
	var turns []string
	for cost, want := range map[time.Duration]int{time.Microsecond: 9_600, time.Hour: 600, 0: 1<<30 - 1<<30%600} {
		results, err := rounds.Compare(t.Context(), rounds.Config{Rounds: 1, Time: 10 * time.Millisecond, Step: 600}, []rounds.Subject{costing("a", cost, &turns)})
		require.NoError(t, err)
		require.Equal(t, want, results[0].Ops, cost)
	}
}

func TestCalibrationGrowsAtMostTenfold(t *testing.T) {
	last := 1
	_, err := rounds.Compare(t.Context(), rounds.Config{Rounds: 1, Time: time.Second}, []rounds.Subject{
		{Name: "fast at first", Run: func(_ context.Context, n int) (time.Duration, error) {
			require.LessOrEqual(t, n, 10*last)
			last = n
			return time.Duration(n*n) * time.Nanosecond, nil
		}},
	})
	require.NoError(t, err)
	require.Equal(t, 10_000, last, "what 100,000 operations in 10 s promise of one second")
}

func TestTheCollectorRestsInTheRounds(t *testing.T) {
	before := debug.SetGCPercent(77)
	defer debug.SetGCPercent(before)
	for keep, want := range map[bool]int{false: -1, true: 77} {
		var seen int
		_, err := rounds.Compare(t.Context(), rounds.Config{Rounds: 1, Time: 1, KeepGC: keep}, []rounds.Subject{
			{Name: "a", Run: func(context.Context, int) (time.Duration, error) {
				seen = debug.SetGCPercent(77)
				debug.SetGCPercent(seen)
				return 1, nil
			}},
		})
		require.NoError(t, err)
		require.Equal(t, want, seen)
		require.Equal(t, 77, debug.SetGCPercent(77), "as it was")
	}
}

func TestErrors(t *testing.T) {
	var turns []string
	good := costing("good", time.Microsecond, &turns)
	failing := func(at int) rounds.Subject {
		calls := 0
		return rounds.Subject{Name: "bad", Run: func(context.Context, int) (time.Duration, error) {
			calls++
			if calls == at {
				return 0, errors.New("broken")
			}
			return time.Second, nil
		}}
	}
	cfg := rounds.Config{Rounds: 3, Time: time.Millisecond}
	for at, want := range map[int]string{1: "rounds: bad: warm-up: broken", 3: "rounds: bad: round 2: broken"} {
		results, err := rounds.Compare(t.Context(), cfg, []rounds.Subject{good, failing(at)})
		require.EqualError(t, err, want)
		require.Nil(t, results)
	}

	_, err := rounds.Compare(t.Context(), rounds.Config{Step: -1}, nil)
	require.ErrorContains(t, err, "0 rounds")
	require.ErrorContains(t, err, "0s for each measurement")
	require.ErrorContains(t, err, "a step of -1")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = rounds.Compare(ctx, cfg, []rounds.Subject{good})
	require.ErrorIs(t, err, context.Canceled)

	_, err = rounds.Ratio(rounds.Result{Name: "a", Samples: []float64{1}}, rounds.Result{Name: "b"})
	require.ErrorContains(t, err, "a has 1 rounds and b has 0")
}

func TestRatioIsFormedWithinARound(t *testing.T) {
	slowTwice := rounds.Result{Samples: []float64{10, 100, 12}}
	base := rounds.Result{Samples: []float64{5, 50, 6}}
	ratio, err := rounds.Ratio(slowTwice, base)
	require.NoError(t, err)
	require.Equal(t, rounds.Exact(2), ratio, "a slow round slowed down both")
}

func TestQuantile(t *testing.T) {
	samples := []float64{50, 10, 40, 20, 30}
	for _, row := range []struct{ q, want float64 }{{0, 10}, {0.5, 30}, {1, 50}, {0.25, 20}, {0.1, 14}, {0.9, 46}, {0.999, 49.96}} {
		require.InDelta(t, row.want, rounds.Quantile(samples, row.q), 1e-9, row.q)
	}
	require.Equal(t, []float64{50, 10, 40, 20, 30}, samples, "not sorted in place")
	require.InDelta(t, 7.0, rounds.Quantile([]float64{7}, 0.9), 0)
	for _, q := range []float64{-0.1, 1.1, math.NaN()} {
		require.True(t, math.IsNaN(rounds.Quantile(samples, q)), q)
	}
	require.True(t, math.IsNaN(rounds.Quantile(nil, 0.5)))
	require.Equal(t, rounds.Summary{Median: 30, Low: 14, High: 46}, rounds.Summarize(samples))
}

func TestOverlaps(t *testing.T) {
	a := rounds.Summary{Median: 10, Low: 9, High: 12}
	for other, want := range map[rounds.Summary]bool{
		{Median: 13, Low: 12, High: 14}: true, {Median: 13, Low: 12.1, High: 14}: false,
		{Median: 8, Low: 7, High: 9}: true, {Median: 8, Low: 7, High: 8.9}: false, {Median: 10, Low: 9.5, High: 11}: true,
	} {
		require.Equal(t, want, a.Overlaps(other), other)
		require.Equal(t, want, other.Overlaps(a), other)
	}
}
