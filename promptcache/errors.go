package promptcache

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What a registry's answer can mean. A [FetchError] matches the one of its
// kind, so errors.Is(err, promptcache.ErrNotFound) works on every error that
// this package returns.
var (
	// ErrNotFound: the registry itself says that this prompt does not exist.
	// A 404 from a proxy or a wrong path is not that; it is ErrUnavailable.
	ErrNotFound = errors.New("promptcache: prompt not found")
	// ErrUnauthorized: the registry does not accept the credentials, or there are none.
	ErrUnauthorized = errors.New("promptcache: unauthorized")
	// ErrForbidden: the credentials are good, but not for this prompt.
	ErrForbidden = errors.New("promptcache: forbidden")
	// ErrConflict: the registry cannot put this prompt together as it stands.
	ErrConflict = errors.New("promptcache: conflict")
	// ErrRateLimited: too many requests; FetchError.RetryAfter says how long to wait, if the registry did.
	ErrRateLimited = errors.New("promptcache: rate limited")
	// ErrUnavailable: no usable answer: network failure, timeout, 5xx, a proxy's page.
	ErrUnavailable = errors.New("promptcache: registry unavailable")
	// ErrInvalid: the key cannot name a prompt, or the answer is not a prompt
	// that may be served (malformed, too large, another prompt, rejected by
	// [Validate]).
	ErrInvalid = errors.New("promptcache: invalid prompt")
)

// What a call on a cache can be refused with.
var (
	// ErrOffline: the cache has no TTL, so it never calls out, and what was
	// asked for is not in it.
	ErrOffline = errors.New("promptcache: offline")
	// ErrShutdown: Shutdown was called; nothing is fetched any more.
	ErrShutdown = errors.New("promptcache: shut down")
	// ErrRunning: Start was called on a cache that is started.
	ErrRunning = errors.New("promptcache: already started")
	// ErrStale: the value returned beside this error is the one that was
	// cached; the fetch that should have replaced it failed, for the reason
	// that the error also wraps.
	ErrStale = errors.New("promptcache: serving stale prompt")
	// ErrPanicked: the fetch panicked or ended its goroutine; see [PanicError].
	ErrPanicked = errors.New("promptcache: fetch panicked")
)

// ErrNotModified is returned by a fetch to say that the value it found with
// [Previous] is still the current one. It is an answer, not a failure: the
// cached value keeps its identity and its age starts anew.
var ErrNotModified = errors.New("promptcache: not modified")

// ErrorKind says what kind of failure a [FetchError] is.
type ErrorKind uint8

// The kinds of failure. Each but KindUnknown has a sentinel of the same name
// that a FetchError of that kind matches.
const (
	KindUnknown      ErrorKind = iota // an error that says nothing about itself
	KindNotFound                      // ErrNotFound
	KindUnauthorized                  // ErrUnauthorized
	KindForbidden                     // ErrForbidden
	KindConflict                      // ErrConflict
	KindRateLimited                   // ErrRateLimited
	KindUnavailable                   // ErrUnavailable
	KindInvalid                       // ErrInvalid
	KindPanicked                      // ErrPanicked
)

var kinds = [...]struct {
	name     string
	sentinel error
}{
	KindUnknown:      {"unknown", nil},
	KindNotFound:     {"not found", ErrNotFound},
	KindUnauthorized: {"unauthorized", ErrUnauthorized},
	KindForbidden:    {"forbidden", ErrForbidden},
	KindConflict:     {"conflict", ErrConflict},
	KindRateLimited:  {"rate limited", ErrRateLimited},
	KindUnavailable:  {"unavailable", ErrUnavailable},
	KindInvalid:      {"invalid", ErrInvalid},
	KindPanicked:     {"panicked", ErrPanicked},
}

// String returns the kind in words: "not found", "rate limited".
func (k ErrorKind) String() string {
	if int(k) >= len(kinds) {
		return fmt.Sprintf("ErrorKind(%d)", uint8(k))
	}
	return kinds[k].name
}

// FetchError is a failed fetch of one prompt. Sources return it to say what
// went wrong; the cache wraps any other error in one. It is immutable once
// returned: the same error answers every reader until the next attempt.
type FetchError struct {
	Key        string        // the key that was fetched, as the cache knows it
	Kind       ErrorKind     // what the failure means
	StatusCode int           // the HTTP status, 0 if there was none
	RetryAfter time.Duration // how long the registry asked to be left alone, 0 if it did not
	Err        error         // the cause; may be nil
}

// Error returns `promptcache: fetch "KEY": KIND (HTTP STATUS): CAUSE`, without the parts that are not known.
func (e *FetchError) Error() string {
	s := fmt.Sprintf("promptcache: fetch %q", e.Key)
	if e.Kind != KindUnknown {
		s += ": " + e.Kind.String()
	}
	if e.StatusCode != 0 {
		s += fmt.Sprintf(" (HTTP %d)", e.StatusCode)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *FetchError) Unwrap() error { return e.Err }

// Is reports whether target is the sentinel of the error's kind.
func (e *FetchError) Is(target error) bool {
	return target != nil && int(e.Kind) < len(kinds) && kinds[e.Kind].sentinel == target
}

// DownError is the cause of a FetchError that was answered without a fetch,
// because the prompt's Domain is down or has asked for a pause. The FetchError
// has the kind and status of Err.
type DownError struct {
	Domain      string
	NextAttempt time.Time   // when the Domain is asked again, at the earliest; zero if it is being asked
	Err         *FetchError // the Domain's latest failure, of whatever key
}

// Error says since when what is not asked for.
func (e *DownError) Error() string {
	s := "not asked for"
	if e.Domain != "" {
		s += fmt.Sprintf(" in %q", e.Domain)
	}
	if e.NextAttempt.IsZero() {
		s += " while it is seen whether the registry is back"
	} else {
		s += " until " + e.NextAttempt.Format(time.TimeOnly)
	}
	return s + fmt.Sprintf(", for the registry fails: %v", e.Err)
}

// Unwrap returns the Domain's latest failure.
func (e *DownError) Unwrap() error { return e.Err }

// PanicError is the cause of a FetchError of KindPanicked.
type PanicError struct {
	Value any    // what was passed to panic; nil if the fetch called runtime.Goexit
	Stack []byte // the stack of the goroutine that panicked
}

// Error returns the panic's value in words; the stack is not part of it.
func (e *PanicError) Error() string {
	if e.Value == nil {
		return "runtime.Goexit was called"
	}
	return fmt.Sprintf("panic: %v", e.Value)
}

// Unwrap returns the panic's value if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// asFetchError returns err as a *FetchError of key. An error that is one
// already, or wraps one, keeps its status and Retry-After, and its kind if it
// says one.
func asFetchError(key string, err error) *FetchError {
	if fe, ok := err.(*FetchError); ok && fe.Key == key && fe.Kind == kindOf(fe) { //nolint:errorlint // only an unwrapped one that says it all may be passed on as it is
		return fe
	}
	out := &FetchError{Key: key, Kind: kindOf(err), Err: err}
	if inner, ok := errors.AsType[*FetchError](err); ok {
		out.StatusCode, out.RetryAfter = inner.StatusCode, inner.RetryAfter
	}
	return out
}

// kindOf classifies err: by its FetchError if it has one, then by the
// sentinels it matches.
func kindOf(err error) ErrorKind {
	if fe, ok := errors.AsType[*FetchError](err); ok && fe.Kind != KindUnknown {
		return fe.Kind
	}
	for kind, k := range kinds {
		if k.sentinel != nil && errors.Is(err, k.sentinel) {
			return ErrorKind(kind)
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return KindUnavailable
	}
	return KindUnknown
}
