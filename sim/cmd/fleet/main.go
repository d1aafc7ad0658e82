// Command fleet plays fleets through the standard scenario of package sim and
// writes what came of it: DIR/numbers.csv, pictures in DIR, and the tables in
// DIR.md. What is there of other fleets stays.
//
//	go run ./sim/cmd/fleet -out docs/fleet
//
// With -check it writes nothing, and fails if a file would change; it plays the
// fleets of up to 1,000 if -instances does not name others.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/sim"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func run(args []string, log io.Writer) error {
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(log)
	out := flags.String("out", "docs/fleet", "the directory for numbers and pictures; DIR.md has the tables")
	sizes := flags.String("instances", "1,100,1000,100000", "the fleets' sizes; 100000 takes minutes, and 1 GB of memory")
	check := flags.Bool("check", false, "write nothing; fail if a file would change; -instances is 1,100,1000 if not given")
	if err := flags.Parse(args); err != nil {
		return err
	}
	given := false
	flags.Visit(func(f *flag.Flag) { given = given || f.Name == "instances" })
	if *check && !given {
		*sizes = "1,100,1000"
	}
	fleets, err := parseSizes(*sizes)
	if err != nil {
		return err
	}
	files, err := produce(*out, fleets, log)
	if err != nil {
		return err
	}
	if *check {
		return compare(files)
	}
	return write(files)
}

func parseSizes(list string) ([]int, error) {
	var out []int
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-instances: %q is no size of a fleet; want numbers from 1 on, with commas between", field)
		}
		out = append(out, n)
	}
	return out, nil
}

// produce plays the fleets and returns the files that come of it, by path. The
// pictures over time are of the fleet of 1,000 and are drawn if that is played.
func produce(dir string, sizes []int, log io.Writer) (map[string][]byte, error) {
	path := filepath.Join(dir, "numbers.csv")
	kept, err := readNumbers(path)
	if err != nil {
		return nil, err
	}
	var rows numbers
	toDraw := make(results)
	for _, l := range limits {
		toDraw[l.name] = make(map[string]*sim.Result)
		for _, size := range sizes {
			for _, p := range sim.Policies() {
				began := time.Now()
				r, err := sim.Run(sim.Standard(size, l.share), p)
				if err != nil {
					return nil, err
				}
				rows = append(rows, numbersOf(l.name, r))
				if size == drawn {
					toDraw[l.name][p.Name()] = r
				}
				_, _ = fmt.Fprintf(log, "limit: %s, %d instances, %s: %v\n", l.name, size, p.Name(), time.Since(began).Round(time.Millisecond))
			}
		}
	}
	all := kept.with(rows)
	files := map[string][]byte{path: all.encode()}
	page := dir + ".md"
	document, err := os.ReadFile(page) //nolint:gosec // the user's own choice
	if err != nil {
		return nil, err
	}
	if files[page], err = insert(document, all); err != nil {
		return nil, fmt.Errorf("%s: %w", page, err)
	}
	if slices.Contains(sizes, drawn) {
		for name, svg := range figures(toDraw, all) {
			files[filepath.Join(dir, name)] = svg
		}
	}
	return files, nil
}

// compare returns an error that names each file that is not as it should be.
func compare(files map[string][]byte) error {
	var errs []error
	for path, want := range files {
		got, err := os.ReadFile(path) //nolint:gosec // the user's own choice
		switch {
		case err != nil:
			errs = append(errs, err)
		case !bytes.Equal(got, want):
			errs = append(errs, fmt.Errorf("%s is not what this command writes; run it without -check", path))
		}
	}
	return errors.Join(errs...)
}

func write(files map[string][]byte) error {
	for path, data := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // documentation, for all to read
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil { //nolint:gosec // likewise
			return err
		}
	}
	return nil
}
