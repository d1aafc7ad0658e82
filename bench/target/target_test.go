package target_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
)

func TestMet(t *testing.T) {
	most, least := target.Target{Limit: 2}, target.Target{Limit: 2, AtLeast: true}
	for v, want := range map[float64][2]bool{1.9: {true, false}, 2: {true, true}, 2.1: {false, true}} {
		require.Equal(t, want, [2]bool{most.Met(v), least.Met(v)}, v)
	}
	require.False(t, most.Met(math.NaN()))
	require.False(t, least.Met(math.NaN()))
}

func TestVerdicts(t *testing.T) {
	targets := []target.Target{
		{Name: "met", Limit: 2, Unit: "×"},
		{Name: "just", Limit: 2},
		{Name: "missed", Limit: 2, Why: "it cannot be"},
		{Name: "nearly", Limit: 2},
		{Name: "of nothing", Limit: 0},
		{Name: "slower", Limit: 10, AtLeast: true, Unit: "×"},
		{Name: "absent", Limit: 1, Why: "nothing"},
		{Name: "tested", Elsewhere: "a test"},
	}
	verdicts := target.Judge(targets, target.Measured{
		"met": {Median: 1, Low: 0.5, High: 2}, "just": {Median: 1.9, Low: 1.8, High: 2.1}, "missed": rounds.Exact(3), "nearly": {Median: 2.1, Low: 1.9, High: 2.2},
		"of nothing": rounds.Exact(4), "slower": rounds.Exact(5), "another": rounds.Exact(1),
	})
	want := []string{
		"met", "met, the limit is within the spread", "**missed**, 1.50 × the limit, for it cannot be", "**missed**, 1.05 × the limit, the limit is within the spread",
		"**missed**", "**missed**, 0.50 × the limit", "not measured", "a test",
	}
	for i, v := range verdicts {
		require.Equal(t, want[i], v.String(), v.Target.Name)
		require.Equal(t, i < 2, v.Met(), v.Target.Name)
	}
	require.Equal(t, `### Targets

Of 8 targets 6 were measured in this run, and 2 of them met.

| target | limit | measured | verdict |
| --- | ---: | ---: | ---: |
| met | ≤ 2 × | 1 (0.50–2) | met |
| just | ≤ 2 | 1.90 (1.80–2.10) | met, the limit is within the spread |
| missed | ≤ 2 | 3 | **missed**, 1.50 × the limit, for it cannot be |
| nearly | ≤ 2 | 2.10 (1.90–2.20) | **missed**, 1.05 × the limit, the limit is within the spread |
| of nothing | ≤ 0 | 4 | **missed** |
| slower | ≥ 10 × | 5 | **missed**, 0.50 × the limit |
| absent | ≤ 1 | – | not measured |
| tested | – | – | a test |
`, target.Table(verdicts).Markdown())
}

func TestTargets(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range target.All() {
		require.NotEmpty(t, g.Name)
		require.False(t, seen[g.Name], g.Name)
		seen[g.Name] = true
		require.True(t, g.Elsewhere == "" || g.Limit == 0 && g.Gate == 0, "%s: what is checked elsewhere has no limit here", g.Name)
		require.False(t, g.AtLeast && g.Gate != 0, "%s: a gate is what may be at most", g.Name)
	}
}

func TestAdd(t *testing.T) {
	m := target.Measured{"a": rounds.Exact(1), "b": rounds.Exact(1)}
	m.Add(target.Measured{"b": rounds.Exact(2), "c": rounds.Exact(2)})
	require.Equal(t, target.Measured{"a": rounds.Exact(1), "b": rounds.Exact(2), "c": rounds.Exact(2)}, m)
	m.Add(nil)
	require.Len(t, m, 3)
}
