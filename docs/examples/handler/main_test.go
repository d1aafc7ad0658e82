package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs the program against fake. shutDown ends it as a signal does.
func start(t *testing.T, fake *fakelangsmith.Server) (base string, shutDown func()) {
	t.Helper()
	t.Setenv("LANGSMITH_ENDPOINT", fake.URL())
	t.Setenv("LANGSMITH_API_KEY", fakelangsmith.DefaultKey)
	http.DefaultServeMux = http.NewServeMux() // the program registers its handler there

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, listener) }()
	return "http://" + listener.Addr().String(), func() {
		t.Helper()
		cancel()
		select {
		case err := <-ended:
			require.NoError(t, err)
		case <-time.After(30 * time.Second):
			t.Fatal("it does not shut down")
		}
		http.DefaultClient.CloseIdleConnections() // the cache's and the test's own
	}
}

// get asks for the greeting and returns the status and the revision served.
func get(t require.TestingT, base string) (status int, revision string) {
	resp, err := http.Get(base + "/greet")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, resp.Header.Get("X-Prompt-Revision")
}

func push(t *testing.T, fake *fakelangsmith.Server) (revision string) {
	t.Helper()
	revision, err := fake.Push("greeting", fakelangsmith.Commit{
		Manifest: fakelangsmith.Text("Hello {name}"),
		Tags:     []string{"production"},
	})
	require.NoError(t, err)
	return revision
}

func TestServesThroughAnOutage(t *testing.T) {
	fake := fakelangsmith.StartTest(t, fakelangsmith.Config{})
	pushed := push(t, fake)
	base, shutDown := start(t, fake)

	status, revision := get(t, base)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, pushed, revision)
	require.Equal(t, 1, fake.Count(), "the warm-up has fetched it, and nobody else")

	fake.Down()
	status, revision = get(t, base)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, pushed, revision)

	shutDown()
	_, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	require.Error(t, err, "it still listens")
}

func TestStartsWithoutARegistry(t *testing.T) {
	fake := fakelangsmith.StartTest(t, fakelangsmith.Config{})
	pushed := push(t, fake)
	fake.Down()
	base, shutDown := start(t, fake)
	defer shutDown()

	status, _ := get(t, base)
	require.Equal(t, http.StatusServiceUnavailable, status)

	require.NoError(t, fake.Up())
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		status, revision := get(c, base)
		require.Equal(c, http.StatusOK, status)
		require.Equal(c, pushed, revision)
	}, 30*time.Second, 50*time.Millisecond)
}

func TestTellsWhatIsWrongWithTheSettings(t *testing.T) {
	t.Setenv("LANGSMITH_ENDPOINT", "http://registry.example")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	require.ErrorContains(t, run(t.Context(), listener), "is not encrypted")
}

func TestSaysThatThePortIsTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	require.Error(t, listenAndRun(t.Context(), listener.Addr().String()))
}

// TestREADME checks that the program is what README shows.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(readme), "\n## Use it\n")
	require.True(t, found)
	_, section, found = strings.Cut(section, "\n```go\n")
	require.True(t, found)
	shown, _, found := strings.Cut(section, "```\n")
	require.True(t, found)

	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	_, compiled, found := strings.Cut(string(program), "\t// README.md shows what follows, up to \"the end\".\n")
	require.True(t, found)
	compiled, _, found = strings.Cut(compiled, "\t// The end.\n")
	require.True(t, found)
	compiled = strings.TrimPrefix(strings.ReplaceAll("\n"+compiled, "\n\t", "\n"), "\n")
	require.Equal(t, compiled, shown, "README.md and main.go differ")
}
