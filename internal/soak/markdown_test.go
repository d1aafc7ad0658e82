package soak_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/soak"
)

func TestMarkdown(t *testing.T) {
	report := soak.Report{
		Seed: 7, Length: 10 * time.Minute, Prompts: 5000, Readers: 64, Machine: "a machine",
		Began: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Late: 34 * time.Millisecond, Excused: 2,
		Counts: map[soak.Invariant]int{soak.Single: 3},
		Sides: []soak.SideReport{
			{Requests: 1000, Edits: 10, Saw: []soak.FaultReport{
				{Kind: soak.Hangs, Episodes: 2, Span: time.Second, Fetches: 1000, Requests: 1500, Reads: 999_000, Errors: 4, Oldest: time.Second, P99: 3 * time.Microsecond, Max: 2 * time.Second},
				{Kind: "none", Reads: 1, Max: 12},
			}, Outages: []soak.Outage{{Fetches: 5, Bound: 50}}},
			{Requests: 234, Edits: 5, Saw: []soak.FaultReport{
				{Kind: soak.Hangs, Episodes: 1, Span: 2 * time.Second, Fetches: 234, Requests: 300, Reads: 1000, Stale: 7, Misses: 5, Oldest: 2500 * time.Millisecond, P99: 1500 * time.Nanosecond},
			}, Outages: []soak.Outage{{Fetches: 6, Bound: 60}}},
		},
	}
	var b strings.Builder
	require.NoError(t, report.WriteMarkdown(&b))
	lines := strings.Split(b.String(), "\n")
	for _, want := range []string{
		"`go run ./internal/cmd/soak -length 10m0s -prompts 5000 -readers 64 -seed 7`",
		"on 4 March 2026, a machine.",
		"| hangs | 3 | 3 | 1,000,000 | 7 | 5 | 4 | 2.5 s | 3.0 µs | 2.0 s | 1,234 | 1,800 |",
		"| none | 0 | 0 | 1 | 0 | 0 | 0 | 0.0 s | 0 ns | 12 ns | 0 | 0 |",
		"| latency | 0 | 0 | 0 | 0 | 0 | 0 | 0.0 s | 0 ns | 0 ns | 0 | 0 |",
		"- 1,234 requests reached the registries, in which prompts were edited 15 times.",
		"- 2 outages were long enough to count their fetches: 11, where 110 are allowed.",
		"- The machine ran goroutines up to 34 ms late; 2 limits of time were passed by no more than that explains.",
		"| one fetch of a key at a time | 3 |",
		"| no call hangs | 0 |",
	} {
		require.Contains(t, lines, want)
	}
	require.Len(t, lines, 3+2+24+1+6+1+2+13+1, "a row for each of 23 faults, for calm, and for each of 13 invariants")
}
