package main

import (
	"context"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pull writes a snapshot of the greeting as the registry has it.
func pull(t *testing.T, fake *fakelangsmith.Server, path string) {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	src, err := langsmith.New(langsmith.Config{
		Endpoint: fake.URL(), APIKey: langsmith.NewSecret(fakelangsmith.DefaultKey),
		HTTPClient: &http.Client{Transport: transport}, Getenv: func(string) string { return "" },
	})
	require.NoError(t, err)
	cache, err := langsmith.NewCache(src, promptcache.DefaultConfig())
	require.NoError(t, err)
	require.NoError(t, cache.Prefetch(t.Context(), "greeting"))
	require.NoError(t, cache.DumpFile(path))
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport}).Get(url)
	require.NoError(t, err)
	defer resp.Body.Close() //nolint:errcheck // read only
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, strings.TrimSpace(string(content))
}

func TestService(t *testing.T) {
	fake := fakelangsmith.StartTest(t, fakelangsmith.Config{})
	_, err := fake.PushText("greeting", "Hello {name}")
	require.NoError(t, err)
	snapshot := filepath.Join(t.TempDir(), "prompts.json")
	pull(t, fake, snapshot)
	_, err = fake.PushText("greeting", "Good day, {name}")
	require.NoError(t, err)
	fake.ResetRequests()

	cache, err := load(snapshot)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	again, ended := make(chan os.Signal, 1), make(chan error, 1)
	go func() { ended <- run(ctx, listener, cache, snapshot, again) }()
	base := "http://" + listener.Addr().String() + "/prompts/"

	for path, want := range map[string]string{
		"greeting?name=Ada": "Hello Ada",
		"greeting":          `missing variables: "name"`, // LangSmith makes it an error
		"other":             "the snapshot has no such prompt",
	} {
		_, body := get(t, base+path)
		require.Contains(t, body, want)
	}
	require.Zero(t, fake.Count(), "it asked the registry")

	pull(t, fake, snapshot)
	again <- syscall.SIGHUP
	require.Eventually(t, func() bool {
		_, body := get(t, base+"greeting?name=Ada")
		return body == "Good day, Ada"
	}, 20*time.Second, 5*time.Millisecond)

	require.NoError(t, os.WriteFile(snapshot, []byte("{"), 0o600))
	again <- syscall.SIGHUP
	require.Eventually(t, func() bool { return cache.Metrics().SnapshotErrors == 1 }, 20*time.Second, 5*time.Millisecond)
	status, body := get(t, base+"greeting?name=Ada")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "Good day, Ada", body)

	cancel()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("it does not shut down")
	}
}

func TestNoSnapshot(t *testing.T) {
	err := listenAndRun(t.Context(), "127.0.0.1:0", filepath.Join(t.TempDir(), "nothing.json"), nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
