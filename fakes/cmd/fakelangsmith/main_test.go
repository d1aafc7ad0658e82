package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

// asCommand in the environment makes the test binary the command itself.
const asCommand = "FAKELANGSMITH_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) == "1" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// running is the command in this process.
type running struct {
	url  string
	stop func() (code int, stderr string)
}

func begin(t *testing.T, args ...string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	read, write := io.Pipe()
	var stderr strings.Builder
	ended := make(chan int, 1)
	go func() {
		code := run(ctx, args, write, &stderr)
		_ = write.Close()
		ended <- code
	}()
	url := firstLine(t, read)
	return running{url: url, stop: func() (int, string) {
		cancel()
		return <-ended, stderr.String()
	}}
}

// firstLine reads "listening on URL".
func firstLine(t *testing.T, stdout io.Reader) (url string) {
	t.Helper()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	url, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "listening on ")
	require.True(t, ok, line)
	require.Regexp(t, `^http://127\.0\.0\.1:[1-9]\d*$`, url)
	return url
}

func ask(t *testing.T, method, url, key, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Close = true
	req.Header.Set("X-Api-Key", key)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close() //nolint:errcheck // read only
	read, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(read)
}

func TestServesTheDemo(t *testing.T) {
	command := begin(t, "--addr", "127.0.0.1:0")
	for _, path := range []string{
		"/commits/-/greeting/production", "/api/v1/commits/acme/greeting/staging", "/commits/-/assistant/latest",
		"/commits/-/translator/latest?include_model=true", "/commits/demo-hub/rag/latest",
	} {
		status, answer := ask(t, http.MethodGet, command.url+path, fakelangsmith.DefaultKey, "")
		require.Equal(t, 200, status, answer)
	}
	status, answer := ask(t, http.MethodPost, command.url+"/_fake/prompts/-/new/commits", "", `{"template":"x"}`)
	require.Equal(t, 200, status, answer)
	status, _ = ask(t, http.MethodGet, command.url+"/commits/-/new/latest", fakelangsmith.DefaultKey, "")
	require.Equal(t, 200, status)
	code, stderr := command.stop()
	require.Zero(t, code)
	require.Equal(t, "the key is lsv2_fake_key, of workspace acme\n", stderr)
}

func TestKeysAndPromptFiles(t *testing.T) {
	dir := t.TempDir()
	text, manifest := filepath.Join(dir, "hello.txt"), filepath.Join(dir, "m.json")
	require.NoError(t, os.WriteFile(text, []byte("Hello {name}"), 0o600))
	require.NoError(t, os.WriteFile(manifest, []byte(`{"a":1}`), 0o600))
	command := begin(t, "-addr=127.0.0.1:0", "-demo=false", "-key", "k1", "-key", "k2=beta", "-key", "org=",
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
		status, answer := ask(t, http.MethodGet, command.url+want.path, want.key, "")
		require.Equal(t, want.status, status, want)
		require.Contains(t, answer, want.contains)
	}
	code, stderr := command.stop()
	require.Zero(t, code)
	require.Empty(t, stderr, "keys that were given are not told")
}

// ended is a context with which the command ends at once should it start.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
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
		var stdout, stderr strings.Builder
		require.Equal(t, exitUsage, run(ended(), args, &stdout, &stderr), args)
		require.Contains(t, stderr.String(), want)
		require.Contains(t, stderr.String(), "-h lists the flags")
		require.Empty(t, stdout.String())
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
		var stdout, stderr strings.Builder
		require.Equal(t, exitFailure, run(ended(), args, &stdout, &stderr), args)
		require.Contains(t, stderr.String(), want)
		require.Empty(t, stdout.String())
	}
	var stderr strings.Builder
	require.Equal(t, exitFailure, run(ended(), nil, brokenWriter{}, &stderr))
	require.Contains(t, stderr.String(), "say where it listens: broken")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestHelp(t *testing.T) {
	for _, flag := range []string{"-h", "--help"} {
		var stdout, stderr strings.Builder
		require.Zero(t, run(ended(), []string{flag}, &stdout, &stderr))
		for _, name := range []string{"Usage: fakelangsmith", "-addr HOST:PORT", "-key SECRET[=WORKSPACE]", "-prompt [OWNER/]NAME=FILE", "-demo", "-allow-remote"} {
			require.Contains(t, stderr.String(), name)
		}
	}
}

func TestLoopback(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "127.9.9.9:80", "[::1]:0", "localhost:0"} {
		require.NoError(t, checkLoopback(addr), addr)
	}
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:0", "localhost.example.com:0", "", "::1"} {
		require.Error(t, checkLoopback(addr), addr)
	}
	opts, err := parse([]string{"-addr", "0.0.0.0:0", "-allow-remote"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, "0.0.0.0:0", opts.addr)
}
