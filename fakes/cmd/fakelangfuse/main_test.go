package main

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd"
	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd/fakecmdtest"
)

const prompts = "/api/public/v2/prompts/"

func TestMain(m *testing.M) {
	fakecmdtest.Main(command())
	goleak.VerifyTestMain(m)
}

func ask(t *testing.T, method, url, pair, body string) (status int, answer string) {
	t.Helper()
	return fakecmdtest.Ask(t, method, url, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)), body)
}

func TestDemoPrompts(t *testing.T) {
	fake := fakecmdtest.Begin(t, command(), "--addr=127.0.0.1:0")
	for path, contains := range map[string]string{
		"greeting":               `"prompt":"Hello {{name}}"`,
		"greeting?label=staging": `"commitMessage":"shorter"`,
		"assistant":              `{"type":"placeholder","name":"history"}`,
		"support%2Freply":        `in two sentences.\nYours, {{team}}"`,
	} {
		status, answer := ask(t, http.MethodGet, fake.URL+prompts+path, "pk-lf-fake:sk-lf-fake", "")
		require.Equal(t, http.StatusOK, status, answer)
		require.Contains(t, answer, contains)
	}
	status, answer := ask(t, http.MethodPost, fake.URL+"/_fake/prompts/-/a%2Fnew/versions", "", `{"text":"x","labels":["production"]}`)
	require.Equal(t, http.StatusOK, status, answer)
	status, _ = ask(t, http.MethodGet, fake.URL+prompts+"a%2Fnew", "pk-lf-fake:sk-lf-fake", "")
	require.Equal(t, http.StatusOK, status)
	code, stderr := fake.Stop()
	require.Equal(t, fakecmd.ExitOK, code)
	require.Equal(t, "the keys are pk-lf-fake and sk-lf-fake, of project acme\n", stderr)
}

func TestOwnKeysAndPrompts(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) (path string) {
		path = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	fake := fakecmdtest.Begin(t, command(), "-demo=false", "-key", "p1:s1", "-key", "p2:s2=beta", "-key", "org:s3=",
		"-prompt", "a/hello="+write("hello.txt", "Hello"), "-prompt", "beta|chat="+write("chat.json", `[{"role":"user","content":"x"}]`))
	for _, want := range []struct {
		pair, name string
		status     int
		contains   string
	}{
		{"p1:s1", "a%2Fhello", http.StatusOK, `"projectId":"acme"`},
		{"p1:s1", "chat", http.StatusNotFound, "LangfuseNotFoundError"},
		{"p2:s2", "chat", http.StatusOK, `"projectId":"beta"`},
		{"p2:s1", "chat", http.StatusUnauthorized, "Invalid credentials"},
		{"org:s3", "chat", http.StatusForbidden, "ForbiddenError"},
		{"p1:s1", "greeting", http.StatusNotFound, "LangfuseNotFoundError"},
		{"pk-lf-fake:sk-lf-fake", "chat", http.StatusUnauthorized, "Invalid public key"},
	} {
		status, answer := ask(t, http.MethodGet, fake.URL+prompts+want.name, want.pair, "")
		require.Equal(t, want.status, status, want)
		require.Contains(t, answer, want.contains)
	}
	_, stderr := fake.Stop()
	require.Empty(t, stderr, "keys that were given are not told")
}

func TestRefusals(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	require.NoError(t, os.WriteFile(bad, []byte("{}"), 0o600))
	for _, key := range []string{"", "p", "p:", ":s", "=beta"} {
		fakecmdtest.Fails(t, command(), fakecmd.ExitUsage, "flag -key: want PUBLIC:SECRET", "-key", key)
	}
	for want, args := range map[string][]string{
		"prompt p: open ": {"-prompt", "p=" + bad + "x"},
		bad + ": fakelangfuse: push acme|p: the prompt":    {"-prompt", "p=" + bad},
		"fakelangfuse: key 1 is given twice":               {"-key", "p:s", "-key", "p:t=other"},
		`fakelangfuse: prompt "/p": Name cannot start`:     {"-prompt", "/p=" + bad},
		`fakelangfuse: key 0 has a bad project: project "`: {"-key", "p:s=a/b"},
	} {
		fakecmdtest.Fails(t, command(), fakecmd.ExitFailure, want, args...)
	}
	fakecmdtest.Helps(t, command(), "Usage: fakelangfuse", "-key PUBLIC:SECRET[=PROJECT]", "-prompt [PROJECT|]NAME=FILE", "-demo")
}
