package demo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/demo"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestMain(m *testing.M) {
	if slices.Contains(os.Args[1:], demo.OfflineCommand) { // the demo runs its own program
		if err := demo.Offline(context.Background(), os.Stdin, os.Stdout); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

type fetch = promptcache.FetchFunc[registry.Value]

// tell runs the steps that any registry will do for, with the cache's fetches
// wrapped.
func tell(t *testing.T, limit time.Duration, wrap func(fetch) fetch) (demo.Report, string) {
	t.Helper()
	fake := fakelangsmith.StartTest(t, fakelangsmith.Config{})
	_, err := fake.PushText("welcome", "Welcome {name}")
	require.NoError(t, err)
	var out bytes.Buffer
	r, err := demo.Run(t.Context(), demo.Config{
		Prompt:   "welcome",
		Endpoint: fake.URL(),
		Getenv: func(name string) string {
			return map[string]string{"LANGSMITH_API_KEY": fakelangsmith.DefaultKey}[name]
		},
		Out:   &out,
		Style: term.Fancy(80),
		Wrap:  wrap,

		StepTimeout: limit,
	})
	require.NoError(t, err)
	return r, out.String()
}

func failed(r demo.Report) (checks []demo.Check) {
	for _, step := range r.Steps {
		for _, c := range step.Checks {
			if !c.OK {
				checks = append(checks, c)
			}
		}
	}
	return checks
}

func TestATerminalGetsColours(t *testing.T) {
	r, out := tell(t, 0, nil)
	require.True(t, r.OK)
	require.Contains(t, out, "\x1b[32m✓\x1b[0m")
	require.NotContains(t, out, "✗")
}

func TestAStepThatFailsSaysSo(t *testing.T) {
	r, out := tell(t, 0, func(next fetch) fetch {
		return func(ctx context.Context, key string) (registry.Value, error) {
			if _, err := next(ctx, key); err != nil {
				return nil, err
			}
			return next(ctx, key)
		}
	})
	require.False(t, r.OK)
	require.Len(t, r.Steps, 5, "a failed check keeps no other step from being run")
	require.Equal(t, []demo.Check{
		{Name: "requests to the registry", Expected: "1", Seen: "2"},
		{Name: "requests to the registry for the crowd", Expected: "1", Seen: "2"},
	}, failed(r))
	require.Contains(t, out, "✗\x1b[0m    requests to the registry: expected 1, saw 2\n")
	require.Contains(t, out, "4 of 5 steps as expected")
}

func TestAStepThatCannotBeFinishedEndsTheStory(t *testing.T) {
	var calls atomic.Int32
	r, out := tell(t, 4*time.Second, func(next fetch) fetch {
		return func(ctx context.Context, key string) (registry.Value, error) {
			if calls.Add(1) > 2 {
				return nil, errors.New("worn out")
			}
			return next(ctx, key)
		}
	})
	require.False(t, r.OK)
	require.Len(t, r.Steps, 3)
	require.Equal(t, "slow-registry", r.Steps[2].Name)
	require.NotEmpty(t, r.Steps[2].Error)
	require.Equal(t, "offline", r.LeftOut[len(r.LeftOut)-1].Name)
	require.Contains(t, out, "expected under way, saw none")
}

func TestOfflineSaysWhatIsWrong(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"no errand":        {"", "it is for promptcache demo to run this command"},
		"another registry": {`{"registry":"hub"}`, "there is no demo with the registry"},
		"no file":          {`{"registry":"langsmith","snapshot":"/nowhere/prompts.json"}`, "/nowhere/prompts.json"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.ErrorContains(t, demo.Offline(t.Context(), strings.NewReader(tt.in), &out), tt.want)
			require.Empty(t, out.String())
		})
	}
}

// TestAnotherProcessAnswersOffline: its last step has a process of its own.
func TestAnotherProcessAnswersOffline(t *testing.T) {
	r, out := tell(t, 0, nil)
	require.True(t, r.OK)
	last := r.Steps[len(r.Steps)-1]
	require.Equal(t, "offline", last.Name)
	for _, want := range []demo.Check{
		{Name: "process", Expected: "another", Seen: "another", OK: true},
		{Name: "prompts it has loaded", Expected: "1", Seen: "1", OK: true},
		{Name: "state of its cache", Expected: "offline", Seen: "offline", OK: true},
		{Name: "its answers", Expected: "the same, byte for byte", Seen: "the same, byte for byte", OK: true},
		{Name: "its answer for one that is not there", Expected: "promptcache: offline", Seen: "promptcache: offline", OK: true},
		{Name: "fetches it has tried", Expected: "0", Seen: "0", OK: true},
		{Name: "its goroutines of the cache", Expected: "0", Seen: "0", OK: true},
	} {
		require.Contains(t, last.Checks, want, out)
	}
}

func TestMostAttempts(t *testing.T) {
	for _, tt := range []struct {
		lasted time.Duration
		want   int
	}{
		{0, 1},                      // at once
		{99 * time.Millisecond, 1},  // the first wait is 200 ms, or 100 at least
		{100 * time.Millisecond, 2}, //
		{299 * time.Millisecond, 2}, // the next is 400 ms
		{300 * time.Millisecond, 3}, // and then 500 ms, which is the most
		{549 * time.Millisecond, 3},
		{550 * time.Millisecond, 4},
		{800 * time.Millisecond, 5},
	} {
		require.Equal(t, tt.want, demo.MostAttempts(tt.lasted, 200*time.Millisecond, 500*time.Millisecond), tt.lasted)
	}
}

func TestPercentile(t *testing.T) {
	times := make([]time.Duration, 0, 200)
	require.Zero(t, demo.Percentile(50))
	for d := range time.Duration(200) {
		times = append(times, 200-d)
	}
	require.Equal(t, time.Duration(100), demo.Percentile(50, times...))
	require.Equal(t, time.Duration(198), demo.Percentile(99, times...))
	require.Equal(t, time.Duration(200), demo.Percentile(100, times...))
	require.Equal(t, time.Duration(7), demo.Percentile(1, 7))
}

func TestTimesForPeople(t *testing.T) {
	got := make([]string, 0, 5)
	for _, d := range []time.Duration{1234567, 12345678, 123456789, 1234567890, 12345} {
		got = append(got, demo.InMS(d))
	}
	require.Equal(t, "1.23 ms, 12.3 ms, 123 ms, 1.23 s, 0.012 ms", strings.Join(got, ", "))
	require.Equal(t, "88 ns", demo.InNS(88.4))
	require.Equal(t, "0.050 ms", demo.InNS(50_000))
}

func TestLangSmithKey(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/commits/-/al/latest":                    "al",
		"/api/v1/commits/acme/al/v2":                     "acme/al:v2",
		"/langsmith/api/v1/commits/-/al/v2":              "al:v2",
		"/api/v1/commits/-/al/latest?include_model=true": "al?model",
		"/api/v1/commits/-/caf%C3%A9%20menu/latest":      "café menu",
		"/": "",
	} {
		u, err := url.Parse("https://registry.example" + path)
		require.NoError(t, err)
		require.Equal(t, want, demo.LangSmithKey(u), path)
	}
}

func TestLangfuseKey(t *testing.T) {
	for path, want := range map[string]string{
		"/api/public/v2/prompts/greeting?label=production": "greeting",
		"/api/public/v2/prompts/greeting?label=staging":    "greeting@staging",
		"/proxy/api/public/v2/prompts/a%2Fb%20c?version=3": "a/b c#3",
		"/api/public/v2/prompts/C%23?label=production":     "C#@production",
		"/api/public/v2/prompts/":                          "",
	} {
		u, err := url.Parse("https://registry.example" + path)
		require.NoError(t, err)
		require.Equal(t, want, demo.LangfuseKey(u), path)
	}
}

func TestAFakeNeedsNothingThatARealRegistryNeeds(t *testing.T) {
	r, err := demo.Run(t.Context(), demo.Config{
		Registry: "langfuse", AllowPublic: true, Endpoint: "nowhere", StepTimeout: time.Millisecond,
		Getenv: func(string) string { return "pk-wrong" },
	})
	require.NoError(t, err)
	require.Equal(t, "langfuse", r.Kind)
	require.False(t, r.OK, "a millisecond is not enough for anything")
}

func TestShort(t *testing.T) {
	require.Equal(t, "0123abcd", demo.Short("0123abcdef"))
	require.Equal(t, "12", demo.Short("12+0123abcdef"), "of Langfuse's revisions the version is enough")
	require.Empty(t, demo.Short(""))
}
