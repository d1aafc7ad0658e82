package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/internal/soak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSoaks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "soak.json")
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"-length", "5s", "-prompts", "40", "-readers", "4", "-seed", "9", "-json", path}, &stdout, &stderr)
	require.Equal(t, exitOK, code, "%s\n%s", stdout.String(), stderr.String())
	require.Contains(t, stderr.String(), "seed 9\n")
	require.Contains(t, stdout.String(), "violations: 0\n")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var report soak.Report
	require.NoError(t, json.Unmarshal(data, &report))
	require.EqualValues(t, 9, report.Seed)
	require.True(t, report.Passed())
}

func TestPlan(t *testing.T) {
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"-plan", "-seed", "9", "-length", "1m"}, &stdout, &stderr))
	require.Len(t, bytes.Split(bytes.TrimSpace(stdout.Bytes()), []byte("\n")), len(soak.Plan(9, 60e9)))
}

func TestFailures(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitUsage, run(ended, []string{"-nope"}, &stdout, &stderr))
	require.Equal(t, exitUsage, run(ended, []string{"-length", "1s"}, &stdout, &stderr))
	require.Contains(t, stderr.String(), "the length is 1s")
	require.Equal(t, exitUsage, run(ended, []string{"-prompts", "8", "-quiet"}, &stdout, &stderr))
	require.Contains(t, stderr.String(), "context canceled")
	require.Equal(t, exitOK, run(ended, []string{"-h"}, &stdout, &stderr))
	require.Empty(t, stdout.String())
}
