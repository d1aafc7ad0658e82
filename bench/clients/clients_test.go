package clients_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/bench/clients"
	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGo(t *testing.T) {
	var connected, ended, saved int
	var pulls atomic.Int64
	var started []string
	g := clients.NewGo([]string{"a", "b"}, func(snapshot string) (clients.Connection, error) {
		connected++
		started = append(started, snapshot)
		return clients.Connection{
			Pull: func(context.Context, string) error {
				pulls.Add(1)
				return nil
			},
			Save: func(path string) error {
				saved++
				return os.WriteFile(path, nil, 0o600)
			},
			End: func() { ended++ },
		}, nil
	})
	_, err := g.First(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{1, 0, 1}, []int{connected, ended, int(pulls.Load())})
	_, err = g.Storm(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []int{2, 1, 21}, []int{connected, ended, int(pulls.Load())}, "with nothing cached")
	_, err = g.Hits(t.Context(), 5)
	require.NoError(t, err)
	require.Equal(t, []int{2, 1, 26}, []int{connected, ended, int(pulls.Load())}, "with all cached")
	require.Equal(t, []string{"", ""}, started)
	for range 2 {
		_, err = g.Restored(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, []int{4, 3, 28}, []int{connected, ended, int(pulls.Load())}, "each time anew")
	require.Equal(t, 1, saved)
	require.FileExists(t, started[2])
	require.Equal(t, started[2], started[3])
	require.NoError(t, g.Close())
	require.Equal(t, 4, ended)
	require.NoDirExists(t, filepath.Dir(started[2]))
}

func TestGoErrors(t *testing.T) {
	broken := errors.New("broken")
	var connecting error
	g := clients.NewGo([]string{"a"}, func(string) (clients.Connection, error) {
		return clients.Connection{
			Pull: func(context.Context, string) error { return broken },
			Save: func(string) error { return broken },
			End:  func() {},
		}, connecting
	})
	_, err := g.Restored(t.Context())
	require.ErrorIs(t, err, clients.ErrNoSnapshots, "nothing to save")
	_, err = g.First(t.Context())
	require.ErrorIs(t, err, broken)
	_, err = g.Storm(t.Context(), 2)
	require.ErrorIs(t, err, broken)
	_, err = g.Hits(t.Context(), 1)
	require.ErrorIs(t, err, broken)
	_, err = g.Restored(t.Context())
	require.ErrorIs(t, err, broken)

	connecting = errors.New("refused")
	_, err = g.First(t.Context())
	require.ErrorIs(t, err, connecting)
	_, err = g.Storm(t.Context(), 1)
	require.ErrorIs(t, err, connecting)
	require.NoError(t, g.Close())
}

// packages is where the official SDKs are. Without Node or without them the test
// is skipped, unless the environment requires them, as in the gate.
func packages(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../fakes/sdktest")
	require.NoError(t, err)
	_, err = exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, "node_modules", "langsmith"))
	}
	if err != nil && os.Getenv("PROMPTCACHE_REQUIRE_NODE") != "1" {
		t.Skipf("SKIPPED: the official SDK is not run: %v", err)
	}
	require.NoError(t, err)
	return dir
}

func TestNodeLangSmith(t *testing.T) {
	t.Setenv("LANGSMITH_WORKSPACE_ID", "another") // not to be heeded
	fake := fakelangsmith.StartTest(t, fakelangsmith.Config{})
	for _, name := range []string{"a", "b"} {
		_, err := fake.PushText(name, "Hello {name}")
		require.NoError(t, err)
	}
	cfg := clients.NodeConfig{SDK: "langsmith", Packages: packages(t), URL: fake.URL(), Key: fakelangsmith.DefaultKey, Prompts: []string{"a", "b"}}
	n, err := clients.StartNode(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, "langsmith", n.Package())
	require.Regexp(t, `^\d+\.\d+\.\d+$`, n.Version())
	require.Regexp(t, `^\d+\.\d+\.\d+$`, n.Runtime())

	took, err := n.First(t.Context())
	require.NoError(t, err)
	require.Positive(t, took)
	require.Equal(t, 1, fake.Count())
	require.Empty(t, fake.Requests()[0].Header.Get("X-Tenant-Id"), "this environment's configuration")
	_, err = n.Storm(t.Context(), 5)
	require.NoError(t, err)
	require.Equal(t, 11, fake.Count(), "it does not coalesce")
	took, err = n.Hits(t.Context(), 100)
	require.NoError(t, err)
	require.Positive(t, took)
	require.Equal(t, 11, fake.Count(), "all cached")
	for range 2 {
		took, err = n.Restored(t.Context())
		require.NoError(t, err)
		require.Positive(t, took)
	}
	_, err = n.Hits(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, 11, fake.Count(), "all from the snapshot")
	_, err = n.First(t.Context())
	require.NoError(t, err)
	require.Equal(t, 12, fake.Count(), "nothing cached")
	require.NoError(t, n.Close())
}

func TestNodeLangfuse(t *testing.T) {
	for sdk, name := range map[string]string{"langfuse": "langfuse", "langfuse-client": "@langfuse/client"} {
		t.Run(name, func(t *testing.T) {
			fake := fakelangfuse.StartTest(t, fakelangfuse.Config{})
			for _, prompt := range []string{"a", "b"} {
				_, err := fake.Push(prompt, fakelangfuse.Version{Prompt: fakelangfuse.Text("Hello {{name}}"), Labels: []string{"production"}})
				require.NoError(t, err)
			}
			n, err := clients.StartNode(t.Context(), clients.NodeConfig{
				SDK: sdk, Packages: packages(t), URL: fake.URL(), Public: fakelangfuse.DefaultPublicKey, Key: fakelangfuse.DefaultSecretKey, Prompts: []string{"a", "b"},
			})
			require.NoError(t, err)
			require.Equal(t, name, n.Package())
			took, err := n.First(t.Context())
			require.NoError(t, err)
			require.Positive(t, took)
			require.Equal(t, 1, fake.Count())
			_, err = n.Storm(t.Context(), 5)
			require.NoError(t, err)
			stormed := fake.Count()
			require.GreaterOrEqual(t, stormed, 3)
			took, err = n.Hits(t.Context(), 100)
			require.NoError(t, err)
			require.Positive(t, took)
			require.Equal(t, stormed, fake.Count(), "all cached")
			_, err = n.Restored(t.Context())
			require.ErrorIs(t, err, clients.ErrNoSnapshots)
			_, err = n.First(t.Context())
			require.NoError(t, err)
			require.Equal(t, stormed+1, fake.Count(), "nothing cached")
			require.NoError(t, n.Close())
		})
	}
}

func TestNodeErrors(t *testing.T) {
	fake := fakelangsmith.StartTest(t, fakelangsmith.Config{})
	cfg := clients.NodeConfig{SDK: "langsmith", Packages: packages(t), URL: fake.URL(), Key: fakelangsmith.DefaultKey, Prompts: []string{"absent"}}
	n, err := clients.StartNode(t.Context(), cfg)
	require.NoError(t, err)
	_, err = n.First(t.Context())
	require.ErrorContains(t, err, "clients: Node: first:")
	require.NoError(t, n.Close())

	cfg.SDK = "nothing"
	_, err = clients.StartNode(t.Context(), cfg)
	require.ErrorContains(t, err, "nothing.mjs")
	require.NotErrorIs(t, err, clients.ErrNoNode)

	cfg.Packages = t.TempDir()
	_, err = clients.StartNode(t.Context(), cfg)
	require.ErrorIs(t, err, clients.ErrNoNode)
	require.ErrorContains(t, err, "make sdk")

	t.Setenv("PATH", t.TempDir())
	_, err = clients.StartNode(t.Context(), cfg)
	require.ErrorIs(t, err, clients.ErrNoNode)
}
