// Package watch follows prompts with a cache that refreshes them, and tells what
// happens to them.
package watch

import (
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
)

// Kind says what happened.
type Kind string

// The kinds of events.
const (
	Found     Kind = "found"     // fetched for the first time, or for the first time since it was removed
	Changed   Kind = "changed"   // replaced by another one
	Removed   Kind = "removed"   // the registry says that it does not exist any more; Err says it
	Failed    Kind = "failed"    // the latest fetch failed, and the one before it did not, or in another way
	Stale     Kind = "stale"     // it still fails, and what is served is older than it should be
	Recovered Kind = "recovered" // fetched again after failures
	State     Kind = "state"     // a registry's state, at the beginning and when it changes
)

// Event is something that happened.
type Event struct {
	Kind Kind
	At   time.Time
	// Registry is the name of the prompt's registry, or the one whose state it is.
	Registry string
	// Key is the prompt's, with its scheme; "" for State.
	Key string
	// Old and New are the prompt before and after; nil for none. Old is set for
	// Changed and Removed, New for Found, Changed and Recovered and, if it is
	// still served, for Failed and Stale.
	Old, New registry.Value
	// Age is New's.
	Age time.Duration
	// Err is why, for Removed, Failed and Stale.
	Err error
	// Healthy says, for State, that no prompt's latest fetch failed. Failing is
	// how many did, of Prompts.
	Healthy          bool
	Failing, Prompts int
}

// PromptError says that a prompt cannot be followed.
type PromptError struct {
	Key string // with its scheme
	Err error
}

// Error names the prompt and says why.
func (e *PromptError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap returns why.
func (e *PromptError) Unwrap() error { return e.Err }
