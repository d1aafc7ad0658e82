package promptcache

import (
	"errors"
	"fmt"
)

// What can be wrong with a snapshot.
var (
	// ErrSnapshot is matched by every SnapshotError: the file as a whole could
	// not be read, verified or written. Nothing of it was applied.
	ErrSnapshot = errors.New("promptcache: unusable snapshot")
	// ErrEmptySnapshot: the cache is empty and there is a file that would be
	// replaced by nothing; see SnapshotConfig.AllowEmpty.
	ErrEmptySnapshot = errors.New("promptcache: the cache is empty; the snapshot that is there stays")
)

// Why an entry of a snapshot was not loaded, in Skipped.Reason.
var (
	// ErrOtherSource: it was fetched from another registry, workspace or
	// project than this cache's; see SnapshotConfig.AnySource.
	ErrOtherSource = errors.New("promptcache: the entry is another source's")
	// ErrNewerCached: what is cached under its key is as new or newer, or is
	// being refetched.
	ErrNewerCached = errors.New("promptcache: a newer one is cached")
	// ErrNoRoom: it did not fit beside what is cached and what was used more
	// recently.
	ErrNoRoom = errors.New("promptcache: there is no room for it")
	// ErrTooOld: it is older than TTL + MaxStale, so it would not be served.
	ErrTooOld = errors.New("promptcache: the entry is too old to be served")
	// ErrOtherSpelling: a later entry of the file is the same prompt's.
	ErrOtherSpelling = errors.New("promptcache: a later entry is the same prompt's")
)

// SnapshotError is a snapshot that cannot be used, or could not be written, as
// a whole.
type SnapshotError struct {
	Op   string // "read", "load" or "dump"
	Path string // "" for a reader or a writer
	Err  error  // what is wrong, or the error of the file system
}

// Error returns `promptcache: OP snapshot "PATH": CAUSE`.
func (e *SnapshotError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("promptcache: %s snapshot: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("promptcache: %s snapshot %q: %v", e.Op, e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *SnapshotError) Unwrap() error { return e.Err }

// Is reports whether target is ErrSnapshot.
func (e *SnapshotError) Is(target error) bool { return target == ErrSnapshot }

// Skipped is an entry that was left out, and why.
type Skipped struct {
	Key    string // the cache's, as far as it is known; else the file's name for it
	Reason error
}

// SkippedError says that some entries were left out of a load or a dump because
// something is wrong with them; the others were loaded or written. What was
// left out because it was not needed (ErrNewerCached, ErrNoRoom, ErrTooOld,
// ErrOtherSpelling) is no error; Status().Snapshot has both.
type SkippedError struct {
	Op      string    // "load" or "dump"
	Path    string    // "" for a reader or a writer
	Done    int       // entries that were loaded or written
	Skipped []Skipped // in the file's order, least recently used first
}

// Error names the first entry that was left out and counts the others.
func (e *SkippedError) Error() string {
	s := "promptcache: " + e.Op + " snapshot"
	if e.Path != "" {
		s += fmt.Sprintf(" %q", e.Path)
	}
	s += fmt.Sprintf(": %d of %d entries were left out", len(e.Skipped), len(e.Skipped)+e.Done)
	if len(e.Skipped) > 0 {
		s += fmt.Sprintf("; the first is %q: %v", e.Skipped[0].Key, e.Skipped[0].Reason)
	}
	return s
}

// Unwrap returns the reasons.
func (e *SkippedError) Unwrap() []error {
	reasons := make([]error, len(e.Skipped))
	for i, s := range e.Skipped {
		reasons[i] = s.Reason
	}
	return reasons
}

// needless reports whether an entry that was left out for this reason is not
// missed.
func needless(reason error) bool {
	for _, r := range []error{ErrNewerCached, ErrNoRoom, ErrTooOld, ErrOtherSpelling} {
		if errors.Is(reason, r) {
			return true
		}
	}
	return false
}
