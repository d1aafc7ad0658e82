// Command bench measures this project's cache beside those that people use in
// its place, and writes a report in Markdown. Run it within the repository:
//
//	$ go run ./cmd/bench -quick
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/suite"
	"github.com/promptcache/promptcache-go/bench/target"
)

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the flags.
type options struct {
	quick    bool
	out      string
	sections *regexp.Regexp
	rounds   int
	largest  int
	time     time.Duration
}

func parse(args []string, stderr io.Writer) (options, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var o options
	var pattern string
	flags.BoolVar(&o.quick, "quick", false, "measure less, in about a minute")
	flags.StringVar(&o.out, "out", "", "write the report to this `file`; without it, to standard output")
	flags.StringVar(&pattern, "run", "", "only the sections whose name matches this `regexp`: "+names())
	flags.IntVar(&o.rounds, "rounds", 0, "how many rounds (default 10, or 6 with -quick)")
	flags.DurationVar(&o.time, "time", 0, "about how long each measurement takes (default 30ms, or 5ms with -quick)")
	flags.IntVar(&o.largest, "largest", 0, "the `entries` of the largest cache (default 1000000, about 4 GB for all peers, or 100000 with -quick)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.rounds < 0 || o.time < 0 || o.largest < 0 {
		return o, errors.New("-rounds, -time and -largest must not be negative")
	}
	usual := options{rounds: 10, time: 30 * time.Millisecond, largest: 1_000_000}
	if o.quick {
		usual = options{rounds: 6, time: 5 * time.Millisecond, largest: 100_000}
	}
	o.rounds = cmp.Or(o.rounds, usual.rounds)
	o.time = cmp.Or(o.time, usual.time)
	o.largest = cmp.Or(o.largest, usual.largest)
	var err error
	o.sections, err = regexp.Compile(pattern)
	return o, err
}

func names() string {
	sections := suite.Sections()
	out := make([]string, len(sections))
	for i, s := range sections {
		out[i] = s.Name
	}
	return strings.Join(out, ", ")
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "bench: %v\n(-h lists the flags)\n", err)
		return exitUsage
	}
	doc, err := measure(ctx, o, stderr)
	if err == nil {
		doc.Facts = facts(ctx, args)
		err = write(doc, o.out, stdout)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "bench: %v\n", err)
		return exitFailed
	}
	return exitOK
}

func measure(ctx context.Context, o options, progress io.Writer) (report.Document, error) {
	doc := report.Document{Method: method(o)}
	measured := target.Measured{}
	settings := suite.Settings{Rounds: o.rounds, Time: o.time, Quick: o.quick, Largest: o.largest, Repository: repository(), Progress: progress}
	if err := settings.Validate(); err != nil {
		return doc, err
	}
	ran := 0
	for _, s := range suite.Sections() {
		if !o.sections.MatchString(s.Name) {
			doc.Missing = append(doc.Missing, fmt.Sprintf("Section %s: -run left it out.", s.Name))
			continue
		}
		ran++
		found, err := s.Run(ctx, settings)
		if err != nil {
			return doc, fmt.Errorf("section %s: %w", s.Name, err)
		}
		doc.Tables = append(doc.Tables, found.Tables...)
		doc.Missing = append(doc.Missing, found.Missing...)
		measured.Add(found.Measured)
	}
	if ran == 0 {
		return doc, fmt.Errorf("no section matches %q; there are %s", o.sections, names())
	}
	doc.Summaries = []report.Table{target.Table(target.Judge(target.All(), measured))}
	return doc, nil
}

func method(o options) string {
	text := fmt.Sprintf("Medians of %d rounds in which all take turns, about %v each time; in brackets the tenth and the ninetieth percentile. "+
		"Ratios are formed within a round: compare those, not the figures of two runs or two machines. "+
		"The row \"empty\" is the loop around the calls, which is part of every figure. Limits neither evict nor count.", o.rounds, o.time)
	if o.quick {
		text += " This is a quick run: its figures are rougher, and some are left out."
	}
	return text
}

// write puts the report into a file, whole or not at all, or on standard output.
func write(doc report.Document, path string, stdout io.Writer) error {
	text := doc.Markdown()
	if path == "" {
		_, err := io.WriteString(stdout, text)
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }() // gone already if all went well
	_, err = temp.WriteString(text)
	const readable = 0o644
	if err := errors.Join(err, temp.Chmod(readable), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// repository returns the root of the repository that this runs in, "" if it is
// none.
func repository() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "fakes", "sdktest", "package.json")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
