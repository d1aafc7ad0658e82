package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/demo"
	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

// steps are the names of the demo's steps, in their order.
var steps = []string{"cold-fetch", "hits", "edit", "slow-registry", "outage", "recovery", "bad-prompt", "stop", "offline"}

// decode reads the one JSON document that out is, and no field that Report has not.
func decode(t *testing.T, out string) demo.Report {
	t.Helper()
	var r demo.Report
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&r), out)
	require.ErrorIs(t, dec.Decode(&struct{}{}), io.EOF, "there is more than one document")
	return r
}

func names(r demo.Report) []string {
	names := make([]string, 0, len(r.Steps))
	for _, step := range r.Steps {
		names = append(names, step.Name)
	}
	return names
}

func TestDemoTellsTheStory(t *testing.T) {
	began := time.Now()
	got := command(t.Context(), nil, "demo")
	require.Zero(t, got.status, got.out)
	require.Empty(t, got.err)
	require.Less(t, time.Since(began), 15*time.Second)

	require.Contains(t, got.out, "9 of 9 steps as expected")
	require.Contains(t, got.out, `msg="serving stale prompt"`)
	require.Contains(t, got.out, `msg="no longer serving stale prompts"`)
	require.NotContains(t, got.out, "FAILED")
	for line := range strings.Lines(got.out) {
		require.Regexp(t, `^[ -~]*\n$`, line, "not plain ASCII")
		require.LessOrEqual(t, len(line), 101, line)
	}
}

func TestDemoWithLangfuse(t *testing.T) {
	got := command(t.Context(), nil, "demo", "--registry", "langfuse", "--json")
	require.Zero(t, got.status, got.out)
	r := decode(t, got.out)
	require.True(t, r.OK)
	require.Equal(t, steps, names(r))
	require.Equal(t, "langfuse", r.Kind)
	require.Equal(t, "fake", r.Registry)
	require.Equal(t, "greeting", r.Prompt)
	require.Contains(t, r.Steps[2].Checks, demo.Check{Name: "revision that readers get", Expected: "2", Seen: "2", OK: true})
	require.Contains(t, r.Steps[5].Checks, demo.Check{Name: "revision that readers get", Expected: "3", Seen: "3", OK: true})
}

func TestDemoWithARealLangfuse(t *testing.T) {
	fake := fakelangfuse.StartTest(t, fakelangfuse.Config{})
	_, err := fake.PushText("folder/wel come", "Welcome {{name}}")
	require.NoError(t, err)
	got := command(t.Context(), map[string]string{
		"LANGFUSE_BASE_URL":   fake.URL(),
		"LANGFUSE_PUBLIC_KEY": fakelangfuse.DefaultPublicKey,
		"LANGFUSE_SECRET_KEY": fakelangfuse.DefaultSecretKey,
	}, "demo", "--json", "langfuse:folder/wel come@production")
	require.Zero(t, got.status, got.out)
	r := decode(t, got.out)
	require.Equal(t, []string{"cold-fetch", "hits", "slow-registry", "stop", "offline"}, names(r))
	require.Equal(t, "langfuse", r.Kind)
	require.Equal(t, fake.URL(), r.Registry)
	require.Equal(t, "folder/wel come", r.Prompt)
	require.NotContains(t, got.out, fakelangfuse.DefaultSecretKey)
}

func TestDemoJSON(t *testing.T) {
	got := command(t.Context(), map[string]string{
		"LANGSMITH_ENDPOINT": "http://127.0.0.1:1", // is for a real registry, and ignored without a prompt
	}, "demo", "--json")
	require.Zero(t, got.status, got.out)
	require.Empty(t, got.err)

	r := decode(t, got.out)
	require.True(t, r.OK)
	require.Equal(t, steps, names(r))
	require.Empty(t, r.LeftOut)
	require.Equal(t, version(), r.Version)
	require.Equal(t, "langsmith", r.Kind)
	require.Equal(t, "fake", r.Registry)
	require.Equal(t, "greeting:production", r.Prompt)
	for _, step := range r.Steps {
		require.True(t, step.OK)
		require.NotEmpty(t, step.Checks, step.Name)
		require.NotEmpty(t, step.Measures, step.Name)
		require.NotEmpty(t, step.Notes, step.Name)
		seen := map[string]bool{}
		for _, c := range step.Checks {
			require.True(t, c.OK)
			require.False(t, seen[c.Name], "two checks of %s are named %q", step.Name, c.Name)
			seen[c.Name] = true
		}
		for _, m := range step.Measures {
			require.NotEmpty(t, m.Unit)
			require.Regexp(t, `^[a-z0-9_]+$`, m.Name)
			require.False(t, seen[m.Name], "two measures of %s are named %q", step.Name, m.Name)
			seen[m.Name] = true
		}
	}
	require.NotEmpty(t, r.Steps[4].Log, "the outage was not logged")
}

// realRegistry starts a fake that stands for a real registry, and returns the
// environment in which it is found.
func realRegistry(t *testing.T) (*fakelangsmith.Server, map[string]string) {
	t.Helper()
	fake := fakelangsmith.StartTest(t, fakelangsmith.Config{})
	_, err := fake.PushText("welcome", "Welcome {name}")
	require.NoError(t, err)
	return fake, map[string]string{
		"LANGSMITH_ENDPOINT": fake.URL(),
		"LANGSMITH_API_KEY":  fakelangsmith.DefaultKey,
	}
}

func TestDemoWithARealRegistry(t *testing.T) {
	fake, env := realRegistry(t)
	got := command(t.Context(), env, "demo", "--json", "--", "-/welcome:latest")
	require.Zero(t, got.status, got.out)

	r := decode(t, got.out)
	require.Equal(t, []string{"cold-fetch", "hits", "slow-registry", "stop", "offline"}, names(r))
	require.Len(t, r.LeftOut, len(steps)-5)
	require.Equal(t, "welcome", r.Prompt)
	require.Equal(t, fake.URL(), r.Registry)

	require.NoError(t, fake.SetPublic("welcome", true))
	got = command(t.Context(), env, "demo", "acme/welcome", "--allow-public", "--endpoint", fake.URL())
	require.Zero(t, got.status, got.out)
	require.Contains(t, got.out, "5 of 5 steps as expected")
	require.Contains(t, got.out, "Left out")
}

func TestDemoSaysWhatItExpectedAndSaw(t *testing.T) {
	fake, env := realRegistry(t)
	for name, tt := range map[string]struct {
		env  map[string]string
		args []string
		want string
	}{
		"unknown prompt": {env, []string{"nobody"}, "check the name"},
		"no key":         {nil, []string{"welcome", "--endpoint", fake.URL()}, "LANGSMITH_API_KEY"},
		"nobody there":   {nil, []string{"welcome", "--endpoint", "http://127.0.0.1:1"}, "check the network"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"demo"}, tt.args...)
			got := command(t.Context(), tt.env, args...)
			require.Equal(t, exitFailed, got.status)
			text := strings.Join(strings.Fields(got.out), " ")
			require.Contains(t, text, "FAILED answer to the first request: expected a prompt, saw 503 Service Unavailable")
			require.Contains(t, text, tt.want)
			require.Contains(t, text, "0 of 1 steps as expected")

			got = command(t.Context(), tt.env, append(args, "--json")...)
			require.Equal(t, exitFailed, got.status)
			r := decode(t, got.out)
			require.False(t, r.OK)
			require.False(t, r.Steps[0].OK)
			require.False(t, r.Steps[0].Checks[0].OK)
			require.Contains(t, r.Steps[0].Checks[0].Seen, tt.want)
			require.Len(t, r.LeftOut, len(steps)-1)
		})
	}
}

// interrupter is a terminal at which somebody presses Ctrl-C.
type interrupter struct {
	strings.Builder
	at     string
	cancel context.CancelFunc
}

func (w *interrupter) Write(text []byte) (int, error) {
	if strings.Contains(string(text), w.at) {
		w.cancel()
	}
	return w.Builder.Write(text)
}

func TestDemoCanBeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &interrupter{at: "registry refuses connections", cancel: cancel}
	var complaint strings.Builder
	status := run(ctx, []string{"demo"}, streams{nil, out, &complaint, func(string) string { return "" }, time.Now})
	require.Equal(t, exitInterrupted, status)
	require.Contains(t, complaint.String(), "interrupted")
	require.Contains(t, out.String(), "Left out, because step \"outage\" could not be finished")

	got := command(ctx, nil, "demo")
	require.Equal(t, exitInterrupted, got.status, "it was interrupted before it began")
}

// full is a disk that is.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestDemoSaysThatItCannotWrite(t *testing.T) {
	_, env := realRegistry(t)
	for _, args := range [][]string{{"demo", "welcome"}, {"demo", "welcome", "--json"}} {
		var complaint strings.Builder
		status := run(t.Context(), args, streams{nil, full{}, &complaint, func(name string) string { return env[name] }, time.Now})
		require.Equal(t, exitFailed, status)
		require.Contains(t, complaint.String(), "no space left")
	}
}
