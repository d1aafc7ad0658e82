package demo

import (
	"strings"
	"unicode"
)

// Report is all that a run of the demo has found. Its JSON is what
// `promptcache demo --json` prints.
type Report struct {
	// Version is the version of the program.
	Version string `json:"version"`
	// Kind is the kind of registry: "langsmith" or "langfuse".
	Kind string `json:"kind"`
	// Registry is the address of a real registry, or "fake".
	Registry string `json:"registry"`
	// Prompt is the canonical key of the prompt that it is all about.
	Prompt string `json:"prompt"`
	// OK says that every step that was run went as expected.
	OK bool `json:"ok"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
	// Steps are those that were run, in their order.
	Steps []Step `json:"steps"`
	// LeftOut are those that were not; never nil.
	LeftOut []LeftOut `json:"left_out"`
}

// Step is what one step of the demo has found.
type Step struct {
	// Name names the step for programs: "cold-fetch".
	Name  string `json:"name"`
	Title string `json:"title"`
	// OK says that all Checks are, and that there is no Error.
	OK      bool    `json:"ok"`
	Seconds float64 `json:"seconds"`
	// Error is why the step could not be finished, "" if it was.
	Error string `json:"error,omitempty"`
	// Checks compare what was expected with what was seen.
	Checks []Check `json:"checks"`
	// Measures are the numbers, those that were checked included.
	Measures []Measure `json:"measures"`
	// Notes say what was done.
	Notes []string `json:"notes"`
	// Log is what the cache logged meanwhile, at level INFO and above.
	Log []string `json:"log"`
}

// Check is something that was expected.
type Check struct {
	Name     string `json:"name"`
	Expected string `json:"expected"`
	Seen     string `json:"seen"`
	OK       bool   `json:"ok"`
}

// Measure is a number.
type Measure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Unit is "ms" or "ns", or in the plural what was counted: "requests".
	Unit string `json:"unit"`
}

// LeftOut is a step that was not run.
type LeftOut struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Why   string `json:"why"`
}

// newStep returns a step in which nothing has happened yet.
func newStep(name, title string) Step {
	return Step{
		Name: name, Title: title, OK: true,
		Checks: []Check{}, Measures: []Measure{}, Notes: []string{}, Log: []string{},
	}
}

// slug makes the name of a measure of its label: "cache.Get, median" becomes
// "cache_get_median".
func slug(label string) string {
	words := strings.FieldsFunc(strings.ToLower(label), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, "_")
}
