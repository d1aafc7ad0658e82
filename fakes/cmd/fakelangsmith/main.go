// Command fakelangsmith runs a fake LangSmith prompt registry for tests and
// demos that are not written in Go:
//
//	$ go run ./fakes/cmd/fakelangsmith -addr 127.0.0.1:0
//	listening on http://127.0.0.1:43121
//
// That line is the first one on standard output, and says that the server is
// ready. Everything else goes to standard error. It serves until SIGINT or
// SIGTERM. Point a client at the URL with the key lsv2_fake_key.
//
// The endpoints below /_fake/ push prompts, move tags, inject faults and list
// the requests; the documentation of Server.ServeHTTP in package fakes/langsmith
// lists them. They have no authentication, so the server listens on loopback
// addresses only, unless -allow-remote says that everybody who reaches it may
// drive it.
//
// -h lists the flags.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

// signals end the server.
var signals = []os.Signal{os.Interrupt, syscall.SIGTERM}

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run serves until ctx ends and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "fakelangsmith: %v\n(-h lists the flags)\n", err)
		return exitUsage
	}
	if err := serve(ctx, opts, stdout, stderr); err != nil {
		_, _ = fmt.Fprintf(stderr, "fakelangsmith: %v\n", err)
		return exitFailure
	}
	return exitOK
}

func serve(ctx context.Context, opts options, stdout, stderr io.Writer) error {
	fake, err := fakelangsmith.New(fakelangsmith.Config{Addr: opts.addr, Keys: opts.keys, Admin: true})
	if err != nil {
		return err
	}
	defer fake.Close()
	if err := seed(fake, opts); err != nil {
		return err
	}
	if err := fake.Up(); err != nil {
		return err
	}
	if len(opts.keys) == 0 {
		_, _ = fmt.Fprintf(stderr, "the key is %s, of workspace %s\n", fakelangsmith.DefaultKey, fakelangsmith.DefaultWorkspace)
	}
	if _, err := fmt.Fprintf(stdout, "listening on %s\n", fake.URL()); err != nil {
		return fmt.Errorf("say where it listens: %w", err)
	}
	<-ctx.Done()
	return nil
}
