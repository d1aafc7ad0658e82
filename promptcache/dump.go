package promptcache

import (
	"errors"
	"io"
	"time"
)

// Dump writes a snapshot of the cache to w: one JSON object, its "entries" the
// prompts as the Codec writes them, least recently used first, and in
// "promptcache" what is known of them and a checksum. Fallbacks (see
// [MarkFallback]) are left out. Readers are not held up: the entries are encoded
// without the lock. An entry that is changed meanwhile
// is in the snapshot as it was or as it is.
//
// It returns a *SnapshotError if w failed or the snapshot would be larger than
// Snapshot.MaxBytes; what was written then is of no use. It returns a
// *SkippedError if some entries could not be encoded; the others are written.
func (c *PromptCache[V]) Dump(w io.Writer) error {
	written, skipped, err := c.write(w, c.collect())
	if err != nil {
		return &SnapshotError{Op: "dump", Err: err}
	}
	return leftOut("dump", "", written, skipped)
}

// DumpFile writes a snapshot of the cache to the file path, as Dump does, and
// replaces what is there, whole or not at all: a crash at any moment leaves the
// old file or the new one. It makes the directories that are missing (mode
// 0700); the file's mode is 0600. A path that is a symbolic link stays one: the
// file it leads to is replaced. What writers of path that were killed have left
// behind is removed.
//
// An empty cache does not replace a file: that is ErrEmptySnapshot, unless
// Snapshot.AllowEmpty is set. The other errors are Dump's.
func (c *PromptCache[V]) DumpFile(path string) error {
	_, err := c.dumpFile(path, "")
	return err
}

// dumpFile is DumpFile, which puts aside what is at path under the name aside
// first, if that is not empty. It returns at which state of the cache the file
// was written.
func (c *PromptCache[V]) dumpFile(path, aside string) (snapshotState, error) {
	c.mu.Lock()
	state := c.saves.now
	c.unlock()
	entries := c.collect()

	var written int
	var skipped []Skipped
	err := replaceFile(path, aside, func(w io.Writer) (err error) {
		written, skipped, err = c.write(w, entries)
		return err
	}, func() bool { return written > 0 || c.snapshots.AllowEmpty })
	switch {
	case errors.Is(err, ErrEmptySnapshot):
	case err != nil:
		err = &SnapshotError{Op: "dump", Path: path, Err: err}
	default:
		err = leftOut("dump", path, written, skipped)
	}
	c.noteDump(err)
	return state, err
}

// leftOut returns a SkippedError if something was skipped that should not be.
func leftOut(op, path string, done int, skipped []Skipped) error {
	var missed []Skipped
	for _, s := range skipped {
		if !needless(s.Reason) {
			missed = append(missed, s)
		}
	}
	if missed == nil {
		return nil
	}
	return &SkippedError{Op: op, Path: path, Done: done, Skipped: missed}
}

// dumped is an entry to be written.
type dumped[V any] struct {
	key, source string
	snap        *snapshot[V]
	marked      bool
}

// collect returns all entries but the fallbacks, which would come back as the
// registry's, least recently used first. It lets go of the lock after every few.
func (c *PromptCache[V]) collect() []dumped[V] {
	entries := c.choose(func(e *entry[V]) bool { return !e.snap().fallback() })
	out := make([]dumped[V], 0, len(entries))
	c.inChunks(len(entries), func(i int) {
		if e := entries[i]; !e.is(isGone) && !e.snap().fallback() {
			out = append(out, dumped[V]{e.key, e.registry.domain, e.snap(), e.is(isMarked)})
		}
	})
	return out
}

// write encodes entries and writes them to w.
func (c *PromptCache[V]) write(w io.Writer, entries []dumped[V]) (written int, skipped []Skipped, err error) {
	out := newSnapshotWriter(w, c.snapshots.limit())
	for _, e := range entries {
		name, data, err := encode(c.codec, e.key, e.snap.value)
		if err == nil {
			err = out.add(name, data, e.facts())
		}
		if err != nil {
			skipped = append(skipped, Skipped{e.key, err})
			continue
		}
		written++
		if out.err != nil {
			return 0, nil, out.err
		}
	}
	var format string
	if err := survive(func() error { format = c.codec.Format(); return nil }); err != nil {
		return 0, nil, err
	}
	return written, skipped, out.close(format, c.time.clock.Now())
}

func (d dumped[V]) facts() entryFacts {
	return entryFacts{
		Key:       d.key,
		Source:    d.source,
		FetchedAt: timestamp(d.snap.wall(time.UTC)),
		Revision:  d.snap.revision,
		Immutable: d.snap.immutable(),
		Stale:     d.marked,
	}
}
