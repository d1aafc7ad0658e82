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
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var settings = suite.Settings{Rounds: 3, Time: time.Millisecond, Largest: 1_000}

func standing(against string, ratio float64) suite.Standing {
	return suite.Standing{Crew: "one", Peer: against, Ratio: rounds.Exact(ratio)}
}

func TestCheck(t *testing.T) {
	limits := gate.Limits{"one": {"a": 2, "b": 3}}
	require.NoError(t, limits.Check([]suite.Standing{standing("a", 2), standing("b", 0.1)}))

	err := limits.Check([]suite.Standing{standing("a", 2.01), standing("c", 1)})
	require.ErrorContains(t, err, "a hit takes 2.01 × a, one (2.01–2.01); the limit is 2.00")
	require.ErrorContains(t, err, "no limit for c, one")
	require.ErrorContains(t, err, "b, one: not measured")

	require.ErrorContains(t, limits.Check([]suite.Standing{standing("a", math.NaN()), standing("b", 1)}), "NaN")
	require.Error(t, limits.Check(nil))
}

// measured answers with one list of standings after the other.
func measured(answers ...[]suite.Standing) gate.Measure {
	return func(context.Context, suite.Settings, ...string) ([]suite.Standing, error) {
		next := answers[0]
		answers = answers[1:]
		return next, nil
	}
}

func TestOneGoodAttemptIsEnough(t *testing.T) {
	limits := gate.Limits{"one": {"a": 2}}
	slow, quick := []suite.Standing{standing("a", 5)}, []suite.Standing{standing("a", 1)}
	var out strings.Builder
	require.NoError(t, gate.Run(t.Context(), &out, measured(slow, quick), settings, limits, 3))
	require.Equal(t, 2, strings.Count(out.String(), "limit 2.00)"))
	require.ErrorContains(t, gate.Run(t.Context(), &out, measured(slow, slow, slow), settings, limits, 3), "a hit takes 5.00 × a")
}

func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	failing := func(context.Context, suite.Settings, ...string) ([]suite.Standing, error) { return nil, broken }
	require.ErrorIs(t, gate.Run(t.Context(), &strings.Builder{}, failing, settings, gate.Today(), 1), broken)
	require.ErrorContains(t, gate.Run(t.Context(), &strings.Builder{}, failing, settings, gate.Today(), 0), "0 attempts")
	require.ErrorContains(t, gate.Run(t.Context(), &strings.Builder{}, failing, suite.Settings{}, gate.Today(), 1), "0 rounds")
}

// TestEveryLimitIsMeasured: the names in the limits are those of the suite. The
// ratios themselves are not checked here, for tests run under the race detector.
func TestEveryLimitIsMeasured(t *testing.T) {
	standings, err := suite.Standings(t.Context(), settings, gate.Otter, gate.Limit)
	require.NoError(t, err)
	require.Len(t, standings, 4)
	limits := gate.Today()
	for _, s := range standings {
		require.Positive(t, s.Ratio.Median)
		require.Contains(t, limits[s.Crew], s.Peer)
	}
	standings, err = suite.Standings(t.Context(), settings, peer.EmptyName)
	require.NoError(t, err)
	require.Greater(t, standings[0].Ratio.Median, 2.0, "our time by that of a loop that does nothing")
	_, err = suite.Standings(t.Context(), settings, "nobody")
	require.ErrorContains(t, err, `no peer "nobody"`)
}
