package metrics

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind says how an instrument's values are to be read.
type Kind uint8

// The kinds of instruments.
const (
	Counter   Kind = iota // only grows, but for promptcache's ResetMetrics, which sets it to 0
	Gauge                 // goes up and down
	Histogram             // values by size; it has no Points
)

// Names of labels.
const (
	LabelCache   = "cache"   // which cache of the process; the exporters add it to everything
	LabelDomain  = "domain"  // a registry, by what Config.Domain returns
	LabelState   = "state"   // a promptcache.State in words
	LabelOutcome = "outcome" // how a refresh or a fetch ended
	LabelPrompt  = "prompt"  // a prompt's key; see Names
)

// Instrument is one number of a cache, or one for each value of its labels. It
// is a description: it is not changed, and holds nothing.
type Instrument struct {
	// Name is its name, with dots: "promptcache.stale_hits".
	Name string
	// Unit is UCUM's: "s", or in braces what is counted. "" is a flag, 0 or 1.
	Unit string
	// Help says in one line what it tells.
	Help string
	Kind Kind
	// Labels are the names of its labels, LabelCache left out.
	Labels []string

	points func(r *Reading, emit func(value float64, labels ...string))
}

// Point is one value of an instrument.
type Point struct {
	Value  float64
	Labels []string // the values of the instrument's Labels, in their order; valid UTF-8
}

// Points returns the instrument's values in a reading. There are none where
// there is nothing to tell: of a time that has not come, a TTL that is not set, a
// Domain that was not asked. They must not be changed.
func (i Instrument) Points(r Reading) []Point {
	if i.points == nil {
		return nil
	}
	var out []Point
	i.points(&r, func(value float64, labels ...string) {
		out = append(out, Point{value, labels})
	})
	return out
}

// Prometheus returns the name by Prometheus's conventions, the one that
// OpenTelemetry's exporters to Prometheus make of Name:
// "promptcache_stale_hits_total".
func (i Instrument) Prometheus() string {
	name := strings.ReplaceAll(i.Name, ".", "_")
	if i.Unit == "s" {
		name += "_seconds"
	}
	if i.Kind == Counter {
		name += "_total"
	}
	return name
}

// with returns a copy of labels that ends in more; Points does not share them.
func with(labels []string, more ...string) []string { return slices.Concat(labels, more) }

// Label returns s as the value of a label: quoted if it is not valid UTF-8, which
// Prometheus refuses together with everything else of the scrape.
func Label(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strconv.Quote(s)
}
