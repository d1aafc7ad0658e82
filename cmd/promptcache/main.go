// Command promptcache reads prompts of registries, and shows what the library
// does. Run it with --help, or see docs/cli.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
)

// The exit statuses, which the help names.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitChanged     = 3
	exitInterrupted = 130
)

// exitStatuses is what the help of every command ends with. docs/cli.md has it as
// a table.
const exitStatuses = `Exit status: 0 if all went as expected, 1 if something did not, 2 if the
arguments or settings are wrong, 3 with --exit-code if there are differences, 130
if it was interrupted.`

// cli is the command line.
type cli struct {
	Get     getCmd           `cmd:"" help:"Print one prompt, as it is or compiled."`
	Pull    pullCmd          `cmd:"" help:"Fetch prompts into a snapshot, or refresh one."`
	Ls      lsCmd            `cmd:"" help:"List the prompts of a snapshot."`
	Inspect inspectCmd       `cmd:"" help:"Show what a snapshot is, or one of its prompts."`
	Diff    diffCmd          `cmd:"" help:"Show how prompts differ between snapshots, registries or versions."`
	Verify  verifyCmd        `cmd:"" help:"Check snapshots, and that every prompt compiles."`
	Watch   watchCmd         `cmd:"" help:"Follow prompts, and print each change as it happens."`
	Demo    demoCmd          `cmd:"" help:"Show what the cache does, with real requests, and check every step."`
	Offline offlineCmd       `cmd:"" hidden:"" name:"demo-offline" help:"The other process of demo."`
	Version kong.VersionFlag `help:"Show the version and exit."`
}

// Help is shown below the summary; see kong.HelpProvider.
func (cli) Help() string {
	return `Begin with

    promptcache demo                     see what the cache does
    promptcache get langsmith:greeting   see one of your prompts
    promptcache pull --all -o prompts.json
                                         keep them in a file that works offline

` + exitStatuses
}

// streams is what a command has of the process.
type streams struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	now      func() time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr, os.Getenv, time.Now})
	stop()
	os.Exit(code)
}

// run runs the command line and returns the exit status.
func run(ctx context.Context, args []string, std streams) int {
	var (
		c      cli
		exited *int // by --help or --version, after which kong goes on parsing
	)
	parser, err := newParser(&c, std, func(code int) { exited = &code })
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

// newParser returns what reads the command line into c. exit is called after
// --help and --version.
func newParser(c *cli, std streams, exit func(code int)) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("promptcache"),
		kong.Description("A prompt registry cache for Go."),
		kong.Vars{"version": "promptcache " + version()},
		kong.Writers(std.out, std.err),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}),
	)
}

// usageError is an error that other arguments or settings would mend.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// advisedError is an error about which there is something to be done that it does
// not say itself.
type advisedError struct {
	error

	advice string
}

func (e advisedError) Unwrap() error { return e.error }

// advised returns err with advice, which may be "".
func advised(err error, advice string) error {
	if advice == "" {
		return err
	}
	return advisedError{err, advice}
}

// errFailed is the error of a command that has already said what went wrong.
var errFailed = errors.New("something did not go as expected")

// errChanged is the error of a command that --exit-code tells there are
// differences.
var errChanged = errors.New("there are differences")

// fail reports err, if it is one, and returns the exit status for it.
func fail(std streams, err error) int {
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errChanged) {
		return exitChanged
	}
	if !errors.Is(err, errFailed) {
		say(std, "promptcache: error:", err.Error())
	}
	if a, ok := errors.AsType[advisedError](err); ok {
		say(std, "hint:", a.advice)
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

// say tells those who run the program something that is not its output.
func say(std streams, what, text string) {
	style := term.StyleOf(std.err, std.getenv)
	text = strings.ReplaceAll(term.Visible(text), "\n", "\n  ") // a line that begins at the margin is ours
	for i, line := range style.Fold(what+" "+text, 0) {
		if after, ok := strings.CutPrefix(line, what); ok && i == 0 {
			line = style.Bold(what) + after
		}
		_, _ = fmt.Fprintln(std.err, line) // there is nobody else to tell
	}
}
