package clients

import (
	"bufio"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed *.mjs
var scripts embed.FS

// NodeConfig says which SDK to run, and what it is to ask.
type NodeConfig struct {
	// SDK is the name of a script beside driver.mjs, without its extension.
	SDK string `json:"sdk"`
	// Packages is the folder whose node_modules has the SDK.
	Packages string `json:"packages"`
	URL      string `json:"url"`
	// Public is the public key, of a registry whose keys are pairs.
	Public string `json:"public"`
	Key    string `json:"key"`
	// Prompts are pulled in this order.
	Prompts []string `json:"prompts"`
}

// Node is an official SDK in a Node process of its own.
type Node struct {
	about   about
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	stdout  *bufio.Reader
	stderr  *strings.Builder
	scripts string // the folder that the scripts were written to, and snapshots
	saved   bool   // there is a snapshot
}

// about is the first thing that the driver says.
type about struct {
	Name, Version, Node string
	Snapshots           bool
}

// ErrNoNode says that there is no Node, or not the SDK's package.
var ErrNoNode = errors.New("clients: no Node or not the SDK's package")

// StartNode starts the process, which ends with ctx or Close.
func StartNode(ctx context.Context, cfg NodeConfig) (*Node, error) {
	path, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoNode, err)
	}
	if _, err := os.Stat(filepath.Join(cfg.Packages, "node_modules")); err != nil {
		return nil, fmt.Errorf("%w: make sdk installs it: %w", ErrNoNode, err)
	}
	settings, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "promptcache-bench-")
	if err != nil {
		return nil, err
	}
	n := &Node{scripts: dir, stderr: &strings.Builder{}}
	if err := n.start(ctx, path, string(settings)); err != nil {
		return nil, errors.Join(fmt.Errorf("clients: start Node with %s: %w", cfg.SDK, err), n.Close())
	}
	return n, nil
}

func (n *Node) start(ctx context.Context, path, settings string) error {
	if err := os.CopyFS(n.scripts, scripts); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, filepath.Join(n.scripts, "driver.mjs"), settings) //nolint:gosec // our own script
	cmd.Env = append(withoutSDKs(os.Environ()), "LANGSMITH_TRACING=false", "LANGSMITH_CONFIG_FILE="+os.DevNull)
	cmd.Stderr = n.stderr
	var err error
	if n.stdin, err = cmd.StdinPipe(); err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	n.stdout = bufio.NewReader(stdout)
	if err := cmd.Start(); err != nil {
		return err
	}
	n.cmd = cmd
	return n.answer(&n.about)
}

// withoutSDKs removes what would configure an SDK from an environment.
func withoutSDKs(environ []string) []string {
	out := make([]string, 0, len(environ))
	for _, variable := range environ {
		if !strings.HasPrefix(variable, "LANGSMITH_") && !strings.HasPrefix(variable, "LANGCHAIN_") && !strings.HasPrefix(variable, "LANGFUSE_") {
			out = append(out, variable)
		}
	}
	return out
}

// Package is the name of the SDK's package, and Version its version.
func (n *Node) Package() string { return n.about.Name }

// Version is the SDK's.
func (n *Node) Version() string { return n.about.Version }

// Runtime is Node's version.
func (n *Node) Runtime() string { return n.about.Node }

// First implements Client.
func (n *Node) First(context.Context) (time.Duration, error) { return n.command("first", 0, "") }

// Storm implements Client.
func (n *Node) Storm(_ context.Context, callers int) (time.Duration, error) {
	return n.command("storm", callers, "")
}

// Hits implements Client.
func (n *Node) Hits(_ context.Context, count int) (time.Duration, error) {
	return n.command("hits", count, "")
}

// Restored implements Client.
func (n *Node) Restored(context.Context) (time.Duration, error) {
	if !n.about.Snapshots {
		return 0, ErrNoSnapshots
	}
	path := filepath.Join(n.scripts, "snapshot.json")
	if !n.saved {
		if _, err := n.command("save", 0, path); err != nil {
			return 0, err
		}
		n.saved = true
	}
	return n.command("restored", 0, path)
}

func (n *Node) command(op string, count int, path string) (time.Duration, error) {
	line, err := json.Marshal(map[string]any{"op": op, "n": count, "path": path})
	if err != nil {
		return 0, err
	}
	if _, err := fmt.Fprintf(n.stdin, "%s\n", line); err != nil {
		return 0, fmt.Errorf("clients: Node: %w", err)
	}
	var answer struct {
		NS    int64
		Error string
	}
	if err := n.answer(&answer); err != nil {
		return 0, err
	}
	if answer.Error != "" {
		return 0, fmt.Errorf("clients: Node: %s", answer.Error)
	}
	return time.Duration(answer.NS), nil
}

func (n *Node) answer(into any) error {
	line, err := n.stdout.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("clients: Node said nothing more: %w: %s", errors.Join(err, n.end()), n.stderr)
	}
	return json.Unmarshal(line, into)
}

// Close ends the process, and returns when it has ended.
func (n *Node) Close() error {
	return errors.Join(n.end(), os.RemoveAll(n.scripts))
}

// end is Close without the scripts; what it printed may then be read.
func (n *Node) end() error {
	if n.cmd == nil {
		return nil
	}
	cmd := n.cmd
	n.cmd = nil
	return errors.Join(n.stdin.Close(), cmd.Wait())
}
