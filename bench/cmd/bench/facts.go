package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
)

// facts is what a reader needs to repeat the run.
func facts(ctx context.Context, args []string) []report.Fact {
	return []report.Fact{
		{Name: "machine", Value: fmt.Sprintf("%s, %d processors, %s/%s", cpu(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)},
		{Name: "load at the end", Value: load()},
		{Name: "Go", Value: runtime.Version()},
		{Name: "promptcache", Value: commit(ctx)},
		{Name: "peers", Value: strings.Join(versions(), ", ")},
		{Name: "date", Value: time.Now().UTC().Format(time.DateOnly)},
		{Name: "command", Value: "`" + strings.Join(append([]string{"go run ./cmd/bench"}, args...), " ") + "`, in bench/"},
	}
}

// commit is what git calls the state of the working tree that this runs in.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		return "unknown commit"
	}
	return "commit " + strings.TrimSpace(string(out))
}

// cpu is the processor's name as Linux has it.
func cpu() string {
	content, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(content)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return "unknown processor"
}

// load is how many processes wanted to run in the last minute, this one
// included.
func load() string {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	average, _, _ := strings.Cut(string(content), " ")
	return average
}

// versions lists the modules of the peers.
func versions() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return []string{"unknown"}
	}
	known := make(map[string]string)
	for _, m := range info.Deps {
		known[m.Path] = m.Version
	}
	var out []string
	seen := make(map[string]bool)
	for _, p := range peer.All() {
		if p.Module != "" && !seen[p.Module] {
			seen[p.Module] = true
			out = append(out, p.Module+" "+known[p.Module])
		}
	}
	return out
}
