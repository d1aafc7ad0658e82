// Package suite is the sections of the benchmark: each measures one thing of
// every peer and returns its tables.
package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
)

// Settings say how thoroughly to measure.
type Settings struct {
	// Rounds and Time are those of rounds.Config, for every comparison.
	Rounds int
	Time   time.Duration
	// Quick leaves out tables and columns that resemble others.
	Quick bool
	// Largest bounds the number of entries of a cache, and with it memory and
	// time: larger ones are left out or made as small as this. The tables say how
	// large theirs are. Less than 1,000 is an error.
	Largest int
	// Repository is the root of the repository, where the fakes' Node packages
	// are. "" means that the Node clients cannot be run.
	Repository string
	// Progress is told what is being measured. nil discards it.
	Progress io.Writer
}

func (s Settings) config(step int) rounds.Config {
	return rounds.Config{Rounds: s.Rounds, Time: s.Time, Step: step}
}

// Validate returns what is wrong with the settings.
func (s Settings) Validate() error {
	var err error
	if s.Rounds < 1 {
		err = fmt.Errorf("suite: %d rounds, want at least 1", s.Rounds)
	}
	if s.Time <= 0 {
		err = errors.Join(err, fmt.Errorf("suite: %v for a measurement, want more than 0", s.Time))
	}
	if s.Largest < smallest {
		err = errors.Join(err, fmt.Errorf("suite: %d entries in the largest cache, want at least %d", s.Largest, smallest))
	}
	return err
}

// smallest is what the sections can do with.
const smallest = 1_000

// atMost returns n or, if that is smaller, Largest.
func (s Settings) atMost(n int) int { return min(n, s.Largest) }

// say reports progress.
func (s Settings) say(format string, args ...any) {
	if s.Progress != nil {
		_, _ = fmt.Fprintf(s.Progress, format+"\n", args...)
	}
}

// Found is what a section found.
type Found struct {
	Tables []report.Table
	// Measured are figures that targets may be about.
	Measured target.Measured
	// Missing are sentences about what could not be measured here.
	Missing []string
}

// Section is one part of the benchmark.
type Section struct {
	// Name is what -run selects by.
	Name string
	Run  func(ctx context.Context, s Settings) (Found, error)
}

// Sections returns all of them, in the order of the report.
func Sections() []Section {
	return []Section{
		{"hits", hits},
		{"calls", calls},
		{"counters", counters},
		{"contended", contended},
		{"misses", misses},
		{"memory", memory},
		{"scan", scan},
		{"stall", stall},
		{"refresh", refresh},
		{"ratio", hitRatio},
		{"snapshot", snapshot},
		{"behaviour", behaviour},
		{"clients", wholeClients},
	}
}

// prompts returns one for each key.
func prompts(keys []string) []*peer.Prompt {
	out := make([]*peer.Prompt, len(keys))
	for i, key := range keys {
		out[i] = &peer.Prompt{Name: key, Commit: fmt.Sprintf("%08x", i), Template: "Hello {name}"}
	}
	return out
}

// peers returns those for which keep is true.
func peers(keep func(p peer.Peer) bool) []peer.Peer {
	var out []peer.Peer
	for _, p := range peer.All() {
		if keep(p) {
			out = append(out, p)
		}
	}
	return out
}

// rows returns a row without cells for each peer.
func rows(of []peer.Peer) []report.Row {
	out := make([]report.Row, len(of))
	for i, p := range of {
		out[i] = report.Row{Name: p.Name, Ours: p.Ours && !p.Variant, Unranked: !p.Stores()}
	}
	return out
}

// addColumn appends a column, and its cells to the rows.
func addColumn(t *report.Table, column report.Column, cells []report.Cell) {
	t.Columns = append(t.Columns, column)
	for i := range t.Rows {
		t.Rows[i].Cells = append(t.Rows[i].Cells, cells[i])
	}
}
