package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/show"
	"github.com/promptcache/promptcache-go/promptcache"
)

// readSnapshot reads a snapshot that must be there.
func readSnapshot(path string) (*registry.Snapshot, error) {
	s, err := registry.ReadSnapshot(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usageError{advised(plain(err), "promptcache pull KEY... -o "+path+" makes one")}
	case err != nil:
		return nil, plain(err)
	}
	return s, nil
}

// findIn returns the entry of a key in a snapshot.
func findIn(path, key, from string) (registry.Entry, error) {
	s, err := readSnapshot(path)
	if err != nil {
		return registry.Entry{}, err
	}
	e, err := s.Find(key, from)
	if missing, ok := errors.AsType[*registry.NotInSnapshotError](err); ok {
		return e, advised(fmt.Errorf("%s: %w", path, err), missing.Advice())
	}
	if err != nil {
		return e, usageError{err}
	}
	if e.Err != nil {
		return e, fmt.Errorf("%s: %s cannot be read: %w", path, e.Key, e.Err)
	}
	return e, nil
}

// documentOf returns what a snapshot says of a prompt beside the prompt itself.
func documentOf(e registry.Entry, now time.Time) show.Document {
	d := show.Document{Key: e.Key, Registry: e.Registry, Address: e.Address()}
	if at := e.Facts.FetchedAt; !at.IsZero() {
		d.FetchedAt = &at
		d.Details = append(d.Details, show.Detail{Name: "fetched", Text: fmt.Sprintf("%s, %s ago", at.Format(time.RFC3339), age(e.Age(now)))})
	}
	d.Details = append(d.Details, detailsOf(e.Registry, e.Value)...)
	return d
}

// plain returns err without the name of the library's package, which is the
// program's as well.
func plain(err error) error { return plainError{err} }

type plainError struct{ error }

// Error implements error.
func (e plainError) Error() string { return strings.TrimPrefix(e.error.Error(), "promptcache: ") }

// Unwrap returns the error itself.
func (e plainError) Unwrap() error { return e.error }

// cause returns what is in the error of a fetch or of a snapshot, and any other
// error as it is.
func cause(err error) error {
	if fe, ok := errors.AsType[*promptcache.FetchError](err); ok && fe.Err != nil {
		return fe.Err
	}
	if se, ok := errors.AsType[*promptcache.SnapshotError](err); ok {
		return se.Err
	}
	return err
}

// age returns a span of time, in the largest unit of which there are two at
// least.
func age(d time.Duration) string {
	for _, unit := range []struct {
		span time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d >= 2*unit.span {
			return fmt.Sprintf("%d%s", d/unit.span, unit.name)
		}
	}
	return fmt.Sprintf("%ds", max(d, 0)/time.Second)
}

// size returns a number of bytes for people.
func size(n int) string {
	switch {
	case n < 10<<10:
		return fmt.Sprintf("%d B", n)
	case n < 10<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d MiB", n>>20)
	}
}
