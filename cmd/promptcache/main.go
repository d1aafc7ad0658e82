// Command promptcache shows what the library does. Run it with --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit statuses, which the help names.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// cli is the command line.
type cli struct {
	Demo    demoCmd          `cmd:"" help:"Show what the cache does, with real requests, and check every step."`
	Version kong.VersionFlag `help:"Show the version and exit."`
}

// Help is shown below the summary; see kong.HelpProvider.
func (cli) Help() string {
	return `Begin with

    promptcache demo

Exit status: 0 if all went as expected, 1 if something did not, 2 if the
arguments or settings are wrong, 130 if it was interrupted.`
}

// streams is where a command writes to, and what else it has of the process.
type streams struct {
	out, err io.Writer
	getenv   func(string) string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr, os.Getenv})
	stop()
	os.Exit(code)
}

// run runs the command line and returns the exit status.
func run(ctx context.Context, args []string, std streams) int {
	var (
		c      cli
		exited *int // by --help or --version, after which kong goes on parsing
	)
	parser, err := kong.New(&c,
		kong.Name("promptcache"),
		kong.Description("A prompt registry cache for Go."),
		kong.Vars{"version": "promptcache " + version()},
		kong.Writers(std.out, std.err),
		kong.Exit(func(code int) { exited = &code }),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}),
	)
	if err != nil {
		return fail(std, err)
	}
	command, err := parser.Parse(args)
	if exited != nil {
		return *exited
	}
	if err != nil {
		return fail(std, usageError{fmt.Errorf(`%w; "promptcache --help" shows what there is`, err)})
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return fail(std, command.Run(std))
}

// usageError is an error that other arguments or settings would mend.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// errFailed is the error of a command that has already said what went wrong.
var errFailed = errors.New("something did not go as expected")

// fail reports err, if it is one, and returns the exit status for it.
func fail(std streams, err error) int {
	if err == nil {
		return exitOK
	}
	if !errors.Is(err, errFailed) {
		_, _ = fmt.Fprintf(std.err, "promptcache: error: %v\n", err)
	}
	switch _, usage := errors.AsType[usageError](err); {
	case usage:
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	default:
		return exitFailed
	}
}
