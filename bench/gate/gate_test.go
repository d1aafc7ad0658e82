package gate_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/bench/gate"
	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/suite"
	"github.com/promptcache/promptcache-go/bench/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	settings = suite.Settings{Rounds: 3, Time: time.Millisecond, Largest: 1_000}
	targets  = []target.Target{{Name: "a", Limit: 1.5, Gate: 2}, {Name: "b", Limit: 2, Gate: 3}, {Name: "c", Limit: 1}}
)

func TestCheck(t *testing.T) {
	require.NoError(t, gate.Check(targets, target.Measured{"a": rounds.Exact(2), "b": rounds.Exact(0.1), "c": rounds.Exact(9)}))

	err := gate.Check(targets, target.Measured{"a": {Median: 2.01, Low: 1.9, High: 3}})
	require.ErrorContains(t, err, "a: 2.01 × (1.90–3.00), want at most 2.00; the target is 1.50")
	require.ErrorContains(t, err, "b: not measured")
	require.NotContains(t, err.Error(), "c:")

	require.ErrorContains(t, gate.Check(targets, target.Measured{"a": rounds.Exact(math.NaN()), "b": rounds.Exact(1)}), "a: NaN")
	require.Error(t, gate.Check(targets, nil))
	require.ErrorContains(t, gate.Check(targets[2:], nil), "no target has a gate")
}

// measured answers with the figures of a and b in one attempt after the other.
func measured(answers ...[2]float64) gate.Measure {
	return func(context.Context, suite.Settings, ...string) (target.Measured, error) {
		next := answers[0]
		answers = answers[1:]
		return target.Measured{"a": rounds.Exact(next[0]), "b": rounds.Exact(next[1])}, nil
	}
}

func TestTheBestOfTheAttemptsCounts(t *testing.T) {
	var out strings.Builder
	require.NoError(t, gate.Run(t.Context(), &out, measured([2]float64{5, 1}, [2]float64{1, 5}), settings, targets, 3))
	require.Equal(t, 2, strings.Count(out.String(), "gate 2.00, target 1.50)"))
	require.Equal(t, 1, strings.Count(out.String(), "over a gate"))
	require.NoError(t, gate.Run(t.Context(), &out, measured([2]float64{math.NaN(), 1}, [2]float64{1, 1}), settings, targets, 2))
	err := gate.Run(t.Context(), &out, measured([2]float64{5, 1}, [2]float64{4, 9}, [2]float64{6, 9}), settings, targets, 3)
	require.ErrorContains(t, err, "a: 4.00 ×")
	require.NotContains(t, err.Error(), "b:")
}

func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	failing := func(context.Context, suite.Settings, ...string) (target.Measured, error) { return nil, broken }
	require.ErrorIs(t, gate.Run(t.Context(), &strings.Builder{}, failing, settings, targets, 1), broken)
	require.ErrorContains(t, gate.Run(t.Context(), &strings.Builder{}, failing, settings, targets, 0), "0 attempts")
	require.ErrorContains(t, gate.Run(t.Context(), &strings.Builder{}, failing, suite.Settings{}, targets, 1), "0 rounds")
}

// TestEveryGateIsMeasured: the names of the targets that have a gate are those of
// the suite. The ratios themselves are not checked here, for tests run under the
// race detector.
func TestEveryGateIsMeasured(t *testing.T) {
	found, err := suite.Standings(t.Context(), settings, gate.Peers()...)
	require.NoError(t, err)
	gates := 0
	for _, g := range target.All() {
		if g.Gate == 0 {
			continue
		}
		gates++
		require.Contains(t, found, g.Name)
		require.Positive(t, found[g.Name].Median)
		require.Greater(t, g.Gate, g.Limit, "%s: the gate has room", g.Name)
		require.Less(t, g.Gate, 1.6*g.Limit, "%s: and not more", g.Name)
	}
	require.Len(t, found, gates, "nothing is measured in vain")
}

func TestStandings(t *testing.T) {
	found, err := suite.Standings(t.Context(), settings, peer.EmptyName)
	require.NoError(t, err)
	require.Greater(t, found[target.Hit("100 keys", "one goroutine", peer.EmptyName)].Median, 2.0, "our time by that of a loop that does nothing")
	_, err = suite.Standings(t.Context(), settings, "nobody")
	require.ErrorContains(t, err, `no peer "nobody"`)
}
