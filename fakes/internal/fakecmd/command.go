// Package fakecmd is what the commands that run a fake registry have in common:
// they listen on a loopback address until a signal comes, and say where on the
// first line of standard output.
package fakecmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes.
const (
	ExitOK      = 0
	ExitFailure = 1
	ExitUsage   = 2
)

// Server is a fake that does not listen yet.
type Server interface {
	Up() error
	URL() string
	Close()
}

// Command runs one registry's fake.
type Command struct {
	// Name begins the messages.
	Name string
	// Usage stands above the list of flags.
	Usage string
	// Flags defines the registry's own flags. -addr and -allow-remote are there.
	Flags func(*flag.FlagSet)
	// Open makes the fake that will listen on addr, with its prompts. note, if
	// any, is told on standard error. [Seeded] helps.
	Open func(addr string) (fake Server, note string, err error)
}

// Seeded is for the end of an Open: it returns the fake with the prompts that
// seed pushes to it, and the note; or closes it.
func Seeded[S Server](fake S, seed func(S) error, note string) (Server, string, error) {
	if err := seed(fake); err != nil {
		fake.Close()
		return nil, "", err
	}
	return fake, note, nil
}

// Main runs the command with the process's arguments until SIGINT or SIGTERM,
// and exits.
func (c Command) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := c.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Run serves until ctx ends and returns the exit code.
func (c Command) Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	addr, err := c.parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return ExitOK
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "%s: %v\n(-h lists the flags)\n", c.Name, err)
		return ExitUsage
	}
	if err := c.serve(ctx, addr, stdout, stderr); err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: %v\n", c.Name, err)
		return ExitFailure
	}
	return ExitOK
}

func (c Command) serve(ctx context.Context, addr string, stdout, stderr io.Writer) error {
	fake, note, err := c.Open(addr)
	if err != nil {
		return err
	}
	defer fake.Close()
	if err := fake.Up(); err != nil {
		return err
	}
	_, _ = io.WriteString(stderr, note)
	if _, err := fmt.Fprintf(stdout, "listening on %s\n", fake.URL()); err != nil {
		return fmt.Errorf("say where it listens: %w", err)
	}
	<-ctx.Done()
	return nil
}
