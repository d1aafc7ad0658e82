// Command soak runs package internal/soak: the cache over real HTTP while
// everything around it goes wrong.
//
//	$ go run ./internal/cmd/soak -length 10m -seed 7 -json soak.json
//
// It exits with 1 if an invariant was breached; the seed that it prints
// reproduces the faults.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/promptcache/promptcache-go/internal/soak"
)

// The exit codes.
const (
	exitOK        = 0
	exitViolation = 1
	exitUsage     = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run soaks as args say and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg := soak.Config{Progress: stderr}
	var jsonPath, page string
	var quiet, plan, again bool
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Uint64Var(&cfg.Seed, "seed", rand.Uint64(), "draw the faults from `SEED`") //nolint:gosec // no secret
	flags.DurationVar(&cfg.Length, "length", time.Minute, "let faults happen for `DURATION`")
	flags.IntVar(&cfg.Prompts, "prompts", 5000, "cache `N` prompts")
	flags.IntVar(&cfg.Readers, "readers", 64, "read with `N` goroutines")
	flags.StringVar(&jsonPath, "json", "", "write the report as JSON to `FILE`, too")
	flags.StringVar(&page, "page", "", "put the report that -json names into the Markdown document `FILE`, too")
	flags.BoolVar(&again, "again", false, "do not soak: only put an earlier report into the document")
	flags.BoolVar(&quiet, "quiet", false, "do not tell what is happening")
	flags.BoolVar(&plan, "plan", false, "print the faults of the seed, and do nothing")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		return exitUsage
	}
	if quiet {
		cfg.Progress = nil
	}
	if plan {
		for _, e := range soak.Plan(cfg.Seed, cfg.Length) {
			_, _ = fmt.Fprintln(stdout, e)
		}
		return exitOK
	}
	if page != "" && jsonPath == "" || again && page == "" {
		_, _ = fmt.Fprintln(stderr, errPageNeedsJSON)
		return exitUsage
	}
	code := exitOK
	if !again {
		code = soaked(ctx, cfg, jsonPath, stdout, stderr)
	}
	if code == exitUsage || page == "" {
		return code
	}
	if err := writePage(jsonPath, page); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return exitUsage
	}
	return code
}

func soaked(ctx context.Context, cfg soak.Config, jsonPath string, stdout, stderr io.Writer) int {
	_, _ = fmt.Fprintf(stderr, "seed %d\n", cfg.Seed)
	report, err := soak.Run(ctx, cfg)
	if err == nil {
		err = report.WriteText(stdout)
	}
	if err == nil && jsonPath != "" {
		err = writeJSON(report, jsonPath)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "%v\n", err)
		return exitUsage
	}
	if !report.Passed() {
		return exitViolation
	}
	return exitOK
}

func writeJSON(report *soak.Report, path string) error {
	file, err := os.Create(path) //nolint:gosec // the user's choice
	if err != nil {
		return err
	}
	return errors.Join(report.WriteJSON(file), file.Close())
}
