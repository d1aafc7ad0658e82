package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ran is what a run of the command line came to.
type ran struct {
	status   int
	out, err string
}

// command runs the command line with an environment.
func command(ctx context.Context, env map[string]string, args ...string) ran {
	var out, err bytes.Buffer
	status := run(ctx, args, streams{nil, &out, &err, func(name string) string { return env[name] }, time.Now})
	return ran{status, out.String(), err.String()}
}

func TestHelp(t *testing.T) {
	for _, tt := range []struct {
		args  []string
		wants []string
	}{
		{[]string{"--help"}, []string{"Usage: promptcache <command>", "promptcache demo", "Exit status"}},
		{[]string{"get", "--help"}, []string{
			"Usage: promptcache get", "promptcache get langsmith:greeting:production", "--var=NAME=TEXT",
			"LANGSMITH_API_KEY", "LANGFUSE_SECRET_KEY", "LANGFUSE_BASE_URL", "NO_COLOR", "Exit status",
		}},
		{[]string{"watch", "--help"}, []string{
			"Usage: promptcache watch", "promptcache watch greeting assistant:production", "recovered", "age_seconds",
			"Ctrl-C, or SIGTERM, is how it ends, with exit status 0", "NO_COLOR", "Exit status",
		}},
		{[]string{"pull", "--help"}, []string{"Usage: promptcache pull", "pull --update -o prompts.json", "--keep-going", "--exit-code", "Exit status"}},
		{[]string{"ls", "--help"}, []string{"Usage: promptcache ls", "promptcache ls prompts.json", "Exit status"}},
		{[]string{"inspect", "--help"}, []string{"Usage: promptcache inspect", "promptcache inspect prompts.json", "Exit status"}},
		{[]string{"diff", "--help"}, []string{"Usage: promptcache diff", "promptcache diff old.json new.json", "--exit-code", "Exit status"}},
		{[]string{"verify", "--help"}, []string{"Usage: promptcache verify", "promptcache verify prompts.json", "Exit status"}},
		{[]string{"demo", "--help"}, []string{
			"Usage: promptcache demo", "promptcache demo --json", "promptcache demo greeting:production",
			"LANGSMITH_API_KEY", "LANGSMITH_ENDPOINT", "NO_COLOR", "Exit status",
		}},
	} {
		got := command(t.Context(), nil, tt.args...)
		require.Zero(t, got.status)
		require.Empty(t, got.err)
		for _, want := range tt.wants {
			require.Contains(t, got.out, want)
		}
	}
}

func TestVersion(t *testing.T) {
	got := command(t.Context(), nil, "--version")
	require.Zero(t, got.status)
	require.Regexp(t, `^promptcache \S+ \(go\S+, \w+/\w+\)\n$`, got.out)
}

func TestWrongUsage(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no command":        {nil, `expected one of "get", "pull"`},
		"unknown command":   {[]string{"dmeo"}, "--help"},
		"unknown flag":      {[]string{"demo", "--jsno"}, "--json"},
		"no prompt":         {[]string{"demo", "--endpoint", "https://registry.example"}, "say which prompt"},
		"no public prompt":  {[]string{"demo", "--allow-public"}, "say which prompt"},
		"invalid prompt":    {[]string{"demo", "a:b:c"}, "want [owner/]name[:version]"},
		"public prompt":     {[]string{"demo", "someone/greeting"}, "--allow-public"},
		"unknown registry":  {[]string{"demo", "--registry", "hub"}, `there is no demo with the registry "hub"; want langsmith or langfuse`},
		"two registries":    {[]string{"demo", "--registry", "langsmith", "langfuse:greeting"}, "write langsmith:langfuse:greeting"},
		"insecure endpoint": {[]string{"demo", "--endpoint", "http://registry.example", "greeting"}, "is not encrypted"},
	} {
		t.Run(name, func(t *testing.T) {
			got := command(t.Context(), nil, tt.args...)
			require.Equal(t, exitUsage, got.status)
			require.Empty(t, got.out)
			require.Regexp(t, "^promptcache: error: ", got.err)
			require.Contains(t, got.err, tt.want)
		})
	}
}

func TestExitStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want int
	}{
		"none":        {nil, exitOK},
		"any":         {errors.New("disk full"), exitFailed},
		"failed":      {errFailed, exitFailed},
		"usage":       {usageError{errors.New("no such flag")}, exitUsage},
		"interrupted": {errors.Join(context.Canceled, errors.New("and more")), exitInterrupted},
	} {
		t.Run(name, func(t *testing.T) {
			var out, err bytes.Buffer
			require.Equal(t, tt.want, fail(streams{nil, &out, &err, nil, time.Now}, tt.err))
			require.Empty(t, out.String())
		})
	}
}
