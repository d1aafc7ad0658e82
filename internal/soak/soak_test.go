package soak_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/internal/soak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	report, err := soak.Run(t.Context(), soak.Config{Seed: 5, Length: soak.MinLength, Prompts: 200, Readers: 8})
	require.NoError(t, err)
	require.True(t, report.Passed(), "%+v", report.Violations)

	require.Len(t, report.Sides, 2)
	kinds := make(map[soak.Kind]int64)
	for _, side := range report.Sides {
		require.Positive(t, side.Edits)
		require.Greater(t, side.Requests, 100)
		require.Greater(t, side.Metrics.Hits, uint64(1000))
		for _, f := range side.Saw {
			kinds[f.Kind] += f.Episodes
		}
	}
	planned := make(map[soak.Kind]int64)
	for _, e := range soak.Plan(5, soak.MinLength) {
		planned[e.Kind]++
	}
	delete(kinds, "none")
	require.Equal(t, planned, kinds, "what was planned has happened")
	require.Zero(t, report.GoroutinesLeft)
	require.Positive(t, report.Searched)

	var text, asJSON bytes.Buffer
	require.NoError(t, report.WriteText(&text))
	require.Contains(t, text.String(), "violations: 0\n")
	require.NoError(t, report.WriteJSON(&asJSON))
	var back soak.Report
	require.NoError(t, json.Unmarshal(asJSON.Bytes(), &back))
	require.Equal(t, report.Sides[0].Metrics, back.Sides[0].Metrics)
}

func TestRunThatIsCutShort(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := soak.Run(ctx, soak.Config{Length: time.Minute, Prompts: 20, Readers: 2})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestConfig(t *testing.T) {
	_, err := soak.Run(t.Context(), soak.Config{Length: time.Second, Prompts: 1, Readers: -1})
	require.ErrorContains(t, err, "the length is 1s")
	require.ErrorContains(t, err, "1 prompts")
	require.ErrorContains(t, err, "-1 readers")
}

func TestPlan(t *testing.T) {
	plan := soak.Plan(1, 10*time.Minute)
	require.Equal(t, plan, soak.Plan(1, 10*time.Minute), "the seed reproduces the faults")
	require.NotEqual(t, plan, soak.Plan(2, 10*time.Minute))
	end, registry := time.Duration(0), ""
	kinds, outages := make(map[soak.Kind]int), 0
	for _, e := range plan {
		if e.Registry != registry {
			end, registry = 0, e.Registry
		}
		require.GreaterOrEqual(t, e.At, end, "one after the other: %s", e)
		end = e.At + e.For
		require.LessOrEqual(t, end, 10*time.Minute)
		kinds[e.Kind]++
		if e.Total && e.For > 7*time.Second {
			outages++
		}
	}
	require.Len(t, kinds, 23)
	require.Equal(t, 10*time.Minute, end, "the last is an outage")
	require.True(t, plan[len(plan)-1].Total)
	for kind, n := range kinds {
		require.Greater(t, n, 5, kind)
	}
	require.Greater(t, outages, 20)
}
