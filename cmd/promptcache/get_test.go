package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestGetCanBeInterrupted(t *testing.T) {
	fake, env := realRegistry(t)
	_, err := fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Hang})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_ = fake.WaitRequests(t.Context(), 1) // or the status is another one
		cancel()
	}()
	got := command(ctx, env, "get", "welcome")
	require.Equal(t, exitInterrupted, got.status, got.err)
	require.Empty(t, got.out)
}

func TestGetTimesOut(t *testing.T) {
	fake, env := realRegistry(t)
	_, err := fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Hang})
	require.NoError(t, err)
	got := command(t.Context(), env, "get", "welcome", "--timeout", "100ms")
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.err, "hint: --timeout 100ms was too short for it\n")
}

func TestGetRetriesAndKeepsTheLastAnswer(t *testing.T) {
	fake, env := realRegistry(t)
	_, err := fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Status, Status: 503, Times: 1})
	require.NoError(t, err)
	got := command(t.Context(), env, "get", "welcome", "--raw")
	require.Zero(t, got.status, got.err)
	require.Contains(t, got.out, `"template": "Welcome {name}"`)
	require.NotContains(t, got.out, "detail", "the first answer is shown too")
	require.Equal(t, 2, fake.Count())
}

func TestGetSaysThatItCannotWrite(t *testing.T) {
	_, env := realRegistry(t)
	for _, form := range []string{"", "--json", "--messages", "--raw"} {
		args := []string{"get", "welcome", "--var", "name=Ada"}
		if form == "--raw" {
			args = args[:2]
		}
		if form != "" {
			args = append(args, form)
		}
		var complaint strings.Builder
		status := run(t.Context(), args, streams{nil, full{}, &complaint, func(name string) string { return env[name] }, time.Now})
		require.Equal(t, exitFailed, status, form)
		require.Contains(t, complaint.String(), "no space left", form)
	}
}

func TestErrorsAreFitForATerminal(t *testing.T) {
	got := command(t.Context(), nil, "get", "langsmith:a\x1b[2J")
	require.Equal(t, exitUsage, got.status)
	require.NotContains(t, got.err, "\x1b")
	require.Contains(t, got.err, `\x1b`)
}
