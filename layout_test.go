// Package layout_test checks which package imports which. The arrows are those
// of docs/architecture.md.
package layout_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/promptcache/promptcache-go"

// allowed says, for each package or folder of packages (".../"), which packages
// of ours it may import, and which of others'. A package that is in no row may
// import nothing.
var allowed = []struct {
	pkg    string
	ours   []string
	others []string // "*" is any
}{
	{
		pkg:    "promptcache",
		others: []string{"github.com/benbjohnson/clock", "github.com/hashicorp/golang-lru/v2/expirable"},
	},
	{pkg: "langsmith", ours: []string{"promptcache", "prompt", "internal/httpsource"}},
	{pkg: "langfuse", ours: []string{"promptcache", "prompt", "internal/httpsource"}},
	{pkg: "promptfs", ours: []string{"promptcache", "prompt"}, others: []string{"go.yaml.in/yaml/v3"}},
	{pkg: "prompt"},
	{pkg: "internal/httpsource", ours: []string{"promptcache"}},
	{
		pkg: "internal/httpsource/sourcetest", ours: []string{"promptcache"},
		others: []string{"github.com/benbjohnson/clock", "github.com/stretchr/testify/require"},
	},
	{pkg: "metrics", ours: []string{"promptcache"}},
	{
		pkg: "metrics/prometheus", ours: []string{"promptcache", "metrics"},
		others: []string{"github.com/prometheus/client_golang/prometheus"},
	},
	{
		pkg: "metrics/otel", ours: []string{"promptcache", "metrics"}, // the API; the SDK is its users' to choose
		others: []string{
			"go.opentelemetry.io/otel", "go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/codes",
			"go.opentelemetry.io/otel/metric", "go.opentelemetry.io/otel/trace",
		},
	},
	{pkg: "fakes/source", ours: []string{"promptcache"}},
	{pkg: "fakes/internal/fakeserver"},
	{pkg: "fakes/internal/fakeserver/fakeservertest", others: []string{"github.com/stretchr/testify/require"}},
	{pkg: "fakes/faultnet"},
	{pkg: "fakes/cmd/faultnet", ours: []string{"fakes/faultnet", "fakes/internal/fakecmd"}},
	{
		pkg: "internal/soak", ours: []string{"promptcache", "langsmith", "langfuse", "fakes/langsmith", "fakes/langfuse", "fakes/faultnet"},
		others: []string{"github.com/benbjohnson/clock"},
	},
	{pkg: "internal/cmd/soak", ours: []string{"internal/soak"}},
	{pkg: "fakes/langsmith", ours: []string{"fakes/internal/fakeserver"}},
	{pkg: "fakes/langfuse", ours: []string{"fakes/internal/fakeserver"}},
	{pkg: "fakes/internal/fakecmd"},
	{
		pkg: "fakes/internal/fakecmd/fakecmdtest", ours: []string{"fakes/internal/fakecmd"},
		others: []string{"github.com/stretchr/testify/require"},
	},
	{pkg: "fakes/cmd/fakelangsmith", ours: []string{"fakes/langsmith", "fakes/internal/fakecmd"}},
	{pkg: "fakes/cmd/fakelangfuse", ours: []string{"fakes/langfuse", "fakes/internal/fakecmd"}},
	{pkg: "cmd/", ours: []string{"promptcache", "prompt", "langsmith", "langfuse", "promptfs", "fakes/langsmith", "fakes/langfuse", "cmd/"}, others: []string{"*"}},
	{pkg: "sim", ours: []string{"promptcache"}},
	{pkg: "sim/plot"},
	{pkg: "sim/cmd/fleet", ours: []string{"promptcache", "sim", "sim/plot"}},
	{pkg: "docs/examples/", ours: []string{"promptcache", "prompt", "langsmith"}},
}

type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

// exporters are modules of their own that users import.
var exporters = []string{"metrics/prometheus", "metrics/otel"}

// listed returns a module's packages and all that they need.
func listed(t *testing.T, dir string) []pkg {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Standard,Imports", "./...")
	command.Dir = dir
	out, err := command.Output()
	require.NoError(t, err)
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		require.NoError(t, err)
		pkgs = append(pkgs, p)
	}
}

func TestImports(t *testing.T) {
	pkgs := listed(t, ".")
	for _, dir := range exporters {
		pkgs = append(pkgs, listed(t, dir)...)
	}
	standard := map[string]bool{"C": true}
	for _, p := range pkgs {
		if p.Standard {
			standard[p.ImportPath] = true
		}
	}
	checked := make(map[string]bool)
	for _, p := range pkgs {
		name, ours := strings.CutPrefix(p.ImportPath, module+"/")
		if !ours {
			continue
		}
		checked[name] = true
		for _, imported := range p.Imports {
			if !standard[imported] && !permitted(name, imported) {
				t.Errorf("%s imports %s; if that is right, say so in the table above and in docs/architecture.md", name, imported)
			}
		}
	}
	require.GreaterOrEqual(t, len(checked), 3, "the check found hardly any packages")
	for _, dir := range exporters {
		require.Contains(t, checked, dir)
	}
}

// permitted reports whether the package of ours may import the other one.
func permitted(name, imported string) bool {
	for _, row := range allowed {
		if !covers(row.pkg, name) {
			continue
		}
		if local, ours := strings.CutPrefix(imported, module+"/"); ours {
			return slices.ContainsFunc(row.ours, func(pattern string) bool { return covers(pattern, local) })
		}
		return slices.Contains(row.others, "*") || slices.Contains(row.others, imported)
	}
	return false
}

func covers(pattern, name string) bool {
	if folder, ok := strings.CutSuffix(pattern, "/"); ok {
		return strings.HasPrefix(name, folder+"/")
	}
	return pattern == name
}

func TestTheCheckCanFail(t *testing.T) {
	for _, wrong := range [][2]string{
		{"promptcache", module + "/langsmith"},
		{"promptcache", "github.com/stretchr/testify/require"},
		{"promptcache", "github.com/hashicorp/golang-lru/v2"},
		{"langsmith", module + "/langfuse"},
		{"langsmith", module + "/cmd/promptcache"},
		{"fakes/langsmith", module + "/langsmith"},
		{"docs/examples/handler", module + "/cmd/promptcache"},
		{"metrics", "github.com/prometheus/client_golang/prometheus"},
		{"metrics/otel", "go.opentelemetry.io/otel/sdk/metric"},
		{"metrics/otel", module + "/metrics/prometheus"},
		{"nowhere", module + "/promptcache"},
	} {
		require.False(t, permitted(wrong[0], wrong[1]), "%s → %s", wrong[0], wrong[1])
	}
	require.True(t, permitted("promptcache", "github.com/benbjohnson/clock"))
	require.True(t, permitted("cmd/promptcache", module+"/langsmith"))
}
