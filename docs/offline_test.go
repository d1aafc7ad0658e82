//go:build linux

// Package docs_test runs what the documents tell their readers to run.
package docs_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// requireNamespaces in the environment makes it a failure that network namespaces
// cannot be made here: the gate sets it to 1.
const requireNamespaces = "PROMPTCACHE_REQUIRE_NETNS"

// blockTimeout bounds the commands of a block, a build among them.
const blockTimeout = 3 * time.Minute

// block is a fenced block of a document: commands, and what they print.
type block struct {
	side     string // "online" or "offline"
	commands string
	output   string // "" if the document does not say; "…" stands for anything
}

// fence matches a fenced block: its info string and its content.
var fence = regexp.MustCompile("(?ms)^```([a-z]+(?: [a-z]+)?)\n(.*?)^```$")

// blocks reads the blocks of a document, in their order.
func blocks(t *testing.T, path string) []block {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, bytes.Count(content, []byte("\n```")), 2*len(fence.FindAll(content, -1)), "a fence that is not understood")
	var found []block
	for _, match := range fence.FindAllStringSubmatch(string(content), -1) {
		info, text := match[1], match[2]
		switch side, isShell := strings.CutPrefix(info, "sh "); {
		case isShell && (side == "online" || side == "offline"):
			found = append(found, block{side: side, commands: text})
		case info == "text" && len(found) > 0 && found[len(found)-1].output == "":
			found[len(found)-1].output = text
		default:
			require.Fail(t, "what is this block for?", "```%s\n%s", info, text)
		}
	}
	return found
}

// pattern returns what matches a block's output.
func pattern(output string) string {
	pieces := strings.Split(output, "…")
	for i, piece := range pieces {
		pieces[i] = regexp.QuoteMeta(piece)
	}
	return `(?s)\A` + strings.Join(pieces, ".*") + `\z`
}

// withoutNetwork returns the command line that runs a shell where there is nothing
// but loopback. The test is skipped where no such place can be made, unless the
// environment requires it.
func withoutNetwork(t *testing.T) []string {
	t.Helper()
	const inside = `ip link set lo up && test "$(ip -oneline link | grep --count .)" = 1 && exec bash -euo pipefail -s`
	var problems []error
	for _, unshare := range [][]string{{"unshare", "--net"}, {"unshare", "--map-root-user", "--net"}} {
		command := slices.Concat(unshare, []string{"bash", "-c", inside})
		out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
		if err == nil {
			return command
		}
		problems = append(problems, errors.New(strings.Join(unshare, " ")+": "+err.Error()+": "+strings.TrimSpace(string(out))))
	}
	if os.Getenv(requireNamespaces) == "1" {
		t.Fatalf("no network namespace can be made here, and %s=1: %v", requireNamespaces, errors.Join(problems...))
	}
	t.Skipf("SKIPPED: the commands of offline.md are not run: no network namespace can be made here: %v", errors.Join(problems...))
	return nil
}

// walk is a run of a document's commands.
type walk struct {
	fake  *fakelangsmith.Server
	media string
	home  string            // nothing is in it
	dirs  map[string]string // by side
	alone []string          // what runs a shell without a network
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	w := &walk{alone: withoutNetwork(t), media: t.TempDir(), home: t.TempDir()}
	w.fake = fakelangsmith.StartTest(t, fakelangsmith.Config{Admin: true})
	w.dirs = map[string]string{"online": t.TempDir(), "offline": t.TempDir()}
	_, err := w.fake.Push("greeting", fakelangsmith.Commit{Manifest: fakelangsmith.Text("Hello {name}"), Tags: []string{"production"}})
	require.NoError(t, err)
	_, err = w.fake.PushChat("assistant",
		fakelangsmith.Message{Role: "system", Template: "You answer in {language}."},
		fakelangsmith.Message{Role: "placeholder", Template: "history"},
		fakelangsmith.Message{Role: "human", Template: "{question}"},
	)
	require.NoError(t, err)
	return w
}

// run runs a block and returns what it printed.
func (w *walk) run(t *testing.T, b block) string {
	t.Helper()
	checkout, err := filepath.Abs("..")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), blockTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-s")
	command.Env = append(os.Environ(),
		"CHECKOUT="+checkout, "MEDIA="+w.media, "LANGSMITH_ENDPOINT="+w.fake.URL(), "LANGSMITH_API_KEY="+fakelangsmith.DefaultKey)
	if b.side == "offline" { // nothing of this side is known there
		command = exec.CommandContext(ctx, w.alone[0], w.alone[1:]...)
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.home, "MEDIA=" + w.media}
	}
	var out, problems bytes.Buffer
	command.Dir, command.Stdin = w.dirs[b.side], strings.NewReader(b.commands)
	command.Stdout, command.Stderr = &out, &problems
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.WaitDelay = time.Second
	err = command.Run()
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) // a service that a failure has left behind
	require.NoError(t, err, "%s:\n%s%s%s", b.side, b.commands, out.String(), problems.String())
	return out.String()
}

// TestOffline walks through docs/offline.md: LS-20, LS-21.
func TestOffline(t *testing.T) {
	all := blocks(t, "offline.md")
	var commands strings.Builder
	for _, b := range all {
		commands.WriteString(b.side + ": " + strings.ReplaceAll(b.commands, "\n", "\n"+b.side+": "))
	}
	for _, part := range []string{
		"online: ./promptcache pull ", "online: ./promptcache verify ", "online: ./promptcache diff ",
		"offline: ./promptcache verify ", "offline: ./promptcache get ", "offline: ./promptcache diff ", "offline: ./service ",
	} {
		require.Contains(t, commands.String(), part, "the walk has lost a part")
	}
	w := newWalk(t)
	for _, b := range all {
		asked := w.fake.Count()
		out := w.run(t, b)
		t.Logf("%s:\n%s\n%s", b.side, b.commands, out)
		if b.output != "" {
			require.Regexp(t, pattern(b.output), out, b.commands)
		}
		if b.side == "offline" {
			require.Equal(t, asked, w.fake.Count(), "somebody asked the registry")
		}
	}
	require.Positive(t, w.fake.Count())
}

// TestNoNetworkIsNone: where the offline half is run, the registry is out of reach.
func TestNoNetworkIsNone(t *testing.T) {
	w := newWalk(t)
	out := w.run(t, block{side: "offline", commands: `
if curl --silent --max-time 5 ` + w.fake.URL() + `/_fake/requests; then echo reached; else echo "not reached"; fi
test -z "${LANGSMITH_API_KEY:-}" && echo "no key"
`})
	require.Equal(t, "not reached\nno key\n", out)
}

func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		output, printed string
		want            bool
	}{
		{"a\n", "a\n", true},
		{"a\n", "a\nb\n", false},
		{"a…\n", "a, and more\nand more\n", true},
		{"…\nb\n", "a\nb\n", true},
		{"…\nb\n", "a\nc\n", false},
		{"a (b)\n", "a (b)\n", true},
	} {
		require.Equal(t, tt.want, regexp.MustCompile(pattern(tt.output)).MatchString(tt.printed), tt)
	}
}
