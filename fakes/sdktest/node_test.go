package sdktest_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// requireNode in the environment makes the absence of Node or of its packages a
// failure: the gate sets it to 1.
const requireNode = "PROMPTCACHE_REQUIRE_NODE"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node is where Node is. Without it, or without the packages that package.json
// names, the test is skipped, unless the environment requires it.
func node(t *testing.T) string {
	t.Helper()
	problem := ""
	path, err := exec.LookPath("node")
	if err != nil {
		problem = "Node is not installed"
	} else if missing := missingPackages(t); len(missing) > 0 {
		problem = "npm packages are not installed (" + strings.Join(missing, ", ") + "): npm ci --prefix fakes/sdktest"
	}
	switch {
	case problem == "":
		return path
	case os.Getenv(requireNode) == "1":
		t.Fatalf("%s, and %s=1", problem, requireNode)
	default:
		t.Skipf("SKIPPED: the official SDKs are not run: %s", problem)
	}
	return ""
}

// packages are the packages that package.json names, with their versions.
func packages(t *testing.T) map[string]string {
	t.Helper()
	var manifest struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	content, err := os.ReadFile("package.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &manifest))
	require.NotEmpty(t, manifest.Dependencies)
	return manifest.Dependencies
}

// missingPackages are the packages that are not installed in the version that
// package.json names.
func missingPackages(t *testing.T) []string {
	t.Helper()
	var missing []string
	wanted := packages(t)
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		var installed struct {
			Version string `json:"version"`
		}
		content, err := os.ReadFile(filepath.Join("node_modules", filepath.FromSlash(name), "package.json"))
		if err == nil {
			require.NoError(t, json.Unmarshal(content, &installed))
		}
		if installed.Version != wanted[name] {
			missing = append(missing, name+" "+wanted[name])
		}
	}
	return missing
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
	require.NotContains(t, string(content), ".tgz")
	var lock struct {
		Packages map[string]struct {
			Version      string            `json:"version"`
			Integrity    string            `json:"integrity"`
			Dependencies map[string]string `json:"dependencies"`
		} `json:"packages"`
	}
	require.NoError(t, json.Unmarshal(content, &lock))
	for path, locked := range lock.Packages {
		if path != "" {
			require.True(t, strings.HasPrefix(locked.Integrity, "sha512-"), path)
		}
	}
	wanted := packages(t)
	require.Equal(t, wanted, lock.Packages[""].Dependencies)
	for name, version := range wanted {
		require.Regexp(t, `^\d+\.\d+\.\d+$`, version, "an exact version of %s", name)
		require.Equal(t, version, lock.Packages["node_modules/"+name].Version)
	}
}
