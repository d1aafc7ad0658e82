package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench runs the command line.
func bench(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, problems strings.Builder
	code = run(t.Context(), args, &out, &problems)
	return code, out.String(), problems.String()
}

var tiny = []string{"-quick", "-rounds=1", "-time=100us", "-largest=1000", "-run=scan"}

func TestReport(t *testing.T) {
	code, stdout, stderr := bench(t, tiny...)
	require.Equal(t, exitOK, code, stderr)
	require.Contains(t, stderr, "scan of 100\n", "progress")
	require.NotContains(t, stderr, "memory", "left out")
	require.Contains(t, stdout, "# Benchmarks\n\nMedians of 1 rounds")
	require.Contains(t, stdout, "This is a quick run")
	require.Contains(t, stdout, "- command: `go run ./cmd/bench -quick -rounds=1 -time=100us -largest=1000 -run=scan`, in bench/")
	require.Regexp(t, `- Go: go1\.\d+`, stdout)
	require.Regexp(t, `- promptcache: (unknown commit|commit [0-9a-f]{7,}(-dirty)?)\n`, stdout)
	require.Regexp(t, `- date: \d{4}-\d\d-\d\d\n`, stdout)
	require.Regexp(t, `\n## Targets\n\nOf \d+ targets 0 were measured`, stdout, "there is no target for so few entries")
	require.Contains(t, stdout, "### A scan that finds nothing due")
	require.Contains(t, stdout, "- Section hits: -run left it out.")
}

func TestReportGoesIntoAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	code, stdout, stderr := bench(t, append(tiny, "-out", path)...)
	require.Equal(t, exitOK, code, stderr)
	require.Empty(t, stdout)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(content), "# Benchmarks")
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file")
}

func TestWhatIsWrong(t *testing.T) {
	for args, want := range map[string]string{
		"-rounds=-1": "must not be negative", "-time=-1s": "must not be negative", "-largest=-1": "must not be negative",
		"-run=(": "missing closing )", "more": `unexpected argument "more"`, "-nothing": "flag provided but not defined",
	} {
		code, stdout, stderr := bench(t, args)
		require.Equal(t, exitUsage, code, args)
		require.Contains(t, stderr, want)
		require.Empty(t, stdout)
	}
	code, _, stderr := bench(t, "-run=nothing")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, `no section matches "nothing"; there are hits, `)

	code, _, stderr = bench(t, "-largest=10", "-run=scan")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "10 entries in the largest cache")

	code, _, stderr = bench(t, append(tiny, "-out", filepath.Join(t.TempDir(), "absent", "x.md"))...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "absent")

	code, _, stderr = bench(t, "-h")
	require.Equal(t, exitOK, code)
	require.Contains(t, stderr, "-quick")
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, problems strings.Builder
	require.Equal(t, exitFailed, run(ctx, tiny, &out, &problems))
	require.Contains(t, problems.String(), "section scan")
	require.Contains(t, problems.String(), "canceled")
	require.Empty(t, out.String())
}
