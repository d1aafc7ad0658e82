package sdktest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// requireNode in the environment makes the absence of Node or of its packages a
// failure: the gate sets it to 1.
const requireNode = "PROMPTCACHE_REQUIRE_NODE"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node is where Node is. Without it, or without the SDK that package.json names,
// the test is skipped, unless the environment requires it.
func node(t *testing.T) string {
	t.Helper()
	problem := ""
	path, err := exec.LookPath("node")
	if err != nil {
		problem = "Node is not installed"
	} else if wanted, installed := sdkVersions(t); installed != wanted {
		problem = "npm package langsmith " + wanted + " is not installed: npm ci --prefix fakes/sdktest"
	}
	switch {
	case problem == "":
		return path
	case os.Getenv(requireNode) == "1":
		t.Fatalf("%s, and %s=1", problem, requireNode)
	default:
		t.Skipf("SKIPPED: the official LangSmith SDK is not run against the fake: %s", problem)
	}
	return ""
}

// sdkVersions are the SDK's version that package.json names and the one that is
// installed, "" if none is.
func sdkVersions(t *testing.T) (wanted, installed string) {
	t.Helper()
	var manifest struct {
		Dependencies map[string]string `json:"dependencies"`
		Version      string            `json:"version"`
	}
	content, err := os.ReadFile("package.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &manifest))
	if content, err := os.ReadFile(filepath.Join("node_modules", "langsmith", "package.json")); err == nil {
		wanted = manifest.Dependencies["langsmith"]
		require.NoError(t, json.Unmarshal(content, &manifest))
		return wanted, manifest.Version
	}
	return manifest.Dependencies["langsmith"], ""
}

// run runs Node in this folder and returns what it printed.
func run(t *testing.T, stdin string, env []string, args ...string) (stdout string, err error) {
	t.Helper()
	_, err = os.ReadDir(".") // so that go test does not serve a result from before a script was changed
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), node(t), args...)
	command.Stdin = strings.NewReader(stdin)
	command.Env = append(os.Environ(), env...)
	var out, problems bytes.Buffer
	command.Stdout, command.Stderr = &out, &problems
	err = command.Run()
	if problems.Len() > 0 {
		t.Logf("node %s: %s", strings.Join(args, " "), problems.String())
	}
	return out.String(), err
}

// TestLockFile guards what is committed: the lock pins everything by its hash,
// and names no address to download from.
func TestLockFile(t *testing.T) {
	content, err := os.ReadFile("package-lock.json")
	require.NoError(t, err)
	require.NotContains(t, string(content), `"resolved"`)
	var lock struct {
		Packages map[string]struct {
			Version      string            `json:"version"`
			Integrity    string            `json:"integrity"`
			Dependencies map[string]string `json:"dependencies"`
		} `json:"packages"`
	}
	require.NoError(t, json.Unmarshal(content, &lock))
	require.Contains(t, lock.Packages, "node_modules/langsmith")
	for path, locked := range lock.Packages {
		if path != "" {
			require.True(t, strings.HasPrefix(locked.Integrity, "sha512-"), path)
		}
	}
	wanted, _ := sdkVersions(t)
	require.Regexp(t, `^\d+\.\d+\.\d+$`, wanted, "an exact version")
	require.Equal(t, wanted, lock.Packages["node_modules/langsmith"].Version)
	require.Equal(t, wanted, lock.Packages[""].Dependencies["langsmith"])
}
