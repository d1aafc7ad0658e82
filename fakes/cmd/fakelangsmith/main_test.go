package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd"
	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd/fakecmdtest"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestMain(m *testing.M) {
	fakecmdtest.Main(command())
	goleak.VerifyTestMain(m)
}

func ask(t *testing.T, method, url, key, body string) (status int, answer string) {
	t.Helper()
	return fakecmdtest.Ask(t, method, url, "X-Api-Key", key, body)
}

func TestServesTheDemo(t *testing.T) {
	running := fakecmdtest.Begin(t, command(), "--addr", "127.0.0.1:0")
	for _, path := range []string{
		"/commits/-/greeting/production", "/api/v1/commits/acme/greeting/staging", "/commits/-/assistant/latest",
		"/commits/-/translator/latest?include_model=true", "/commits/demo-hub/rag/latest",
	} {
		status, answer := ask(t, http.MethodGet, running.URL+path, fakelangsmith.DefaultKey, "")
		require.Equal(t, 200, status, answer)
	}
	status, answer := ask(t, http.MethodPost, running.URL+"/_fake/prompts/-/new/commits", "", `{"template":"x"}`)
	require.Equal(t, 200, status, answer)
	status, _ = ask(t, http.MethodGet, running.URL+"/commits/-/new/latest", fakelangsmith.DefaultKey, "")
	require.Equal(t, 200, status)
	code, stderr := running.Stop()
	require.Zero(t, code)
	require.Equal(t, "the key is lsv2_fake_key, of workspace acme\n", stderr)
}

func TestKeysAndPromptFiles(t *testing.T) {
	dir := t.TempDir()
	text, manifest := filepath.Join(dir, "hello.txt"), filepath.Join(dir, "m.json")
	require.NoError(t, os.WriteFile(text, []byte("Hello {name}"), 0o600))
	require.NoError(t, os.WriteFile(manifest, []byte(`{"a":1}`), 0o600))
	running := fakecmdtest.Begin(t, command(), "-addr=127.0.0.1:0", "-demo=false", "-key", "k1", "-key", "k2=beta", "-key", "org=",
		"-prompt", "hello="+text, "-prompt", "beta/m="+manifest)
	for _, want := range []struct {
		key, path string
		status    int
		contains  string
	}{
		{"k1", "/commits/-/hello/latest", 200, `"Hello {name}"`},
		{"k2", "/commits/-/m/latest", 200, `"manifest":{"a":1}`},
		{"k1", "/commits/-/m/latest", 404, "not found"},
		{"org", "/commits/-/m/latest", 403, "org_scoped_key_requires_workspace"},
		{"k1", "/commits/-/greeting/latest", 404, "not found"},
		{fakelangsmith.DefaultKey, "/commits/-/hello/latest", 401, "Invalid"},
	} {
		status, answer := ask(t, http.MethodGet, running.URL+want.path, want.key, "")
		require.Equal(t, want.status, status, want)
		require.Contains(t, answer, want.contains)
	}
	code, stderr := running.Stop()
	require.Zero(t, code)
	require.Empty(t, stderr, "keys that were given are not told")
}

func TestUsageErrors(t *testing.T) {
	for want, args := range map[string][]string{
		"can be reached by other hosts":                        {"-addr", "0.0.0.0:0"},
		`-addr ":8080" can be reached`:                         {"-addr", ":8080"},
		`-addr "example.com:80" can be`:                        {"-addr", "example.com:80"},
		"want HOST:PORT":                                       {"-addr", "8080"},
		"flag provided but not defined: -nope":                 {"-nope"},
		`unexpected argument "more"`:                           {"more"},
		`invalid value "=w" for flag -key: the key`:            {"-key", "=w"},
		`invalid value "x" for flag -prompt: want`:             {"-prompt", "x"},
		`invalid value "x=" for flag -prompt: want`:            {"-prompt", "x="},
		`invalid boolean value "perhaps" for -demo: parse err`: {"-demo=perhaps"},
	} {
		fakecmdtest.Fails(t, command(), fakecmd.ExitUsage, want, args...)
	}
}

func TestFailures(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.json")
	require.NoError(t, os.WriteFile(bad, []byte("[]"), 0o600))
	for want, args := range map[string][]string{
		"prompt p: open ":                         {"-prompt", "p=" + filepath.Join(dir, "absent")},
		bad + ": fakelangsmith: push acme/p":      {"-prompt", "p=" + bad},
		"fakelangsmith: listen: ":                 {"-addr", "127.0.0.1:99999"},
		"fakelangsmith: key 1 is given twice":     {"-key", "k", "-key", "k=other"},
		`key 0: workspace "a/b" contains '/'`:     {"-key", "k=a/b"},
		`fakelangsmith: prompt "a/b/c": name "b/`: {"-prompt", "a/b/c=" + bad},
	} {
		fakecmdtest.Fails(t, command(), fakecmd.ExitFailure, want, args...)
	}
	var stderr strings.Builder
	require.Equal(t, fakecmd.ExitFailure, command().Run(fakecmdtest.Ended(), nil, brokenWriter{}, &stderr))
	require.Contains(t, stderr.String(), "say where it listens: broken")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestHelp(t *testing.T) {
	fakecmdtest.Helps(t, command(), "Usage: fakelangsmith", "-key SECRET[=WORKSPACE]", "-prompt [OWNER/]NAME=FILE", "-demo")
}
