package promptcache

import (
	"encoding/json"
	"time"
)

// SnapshotConfig is what becomes of a cache's prompts when its process ends. The
// zero value keeps nothing; Dump and Load work all the same.
type SnapshotConfig struct {
	// Path is the file that New loads, and that autosave writes. "" means
	// neither. A file that is missing is no error. One that cannot be used, or
	// not all of it, is logged and shown in Status, and set aside as
	// PATH.rejected when the first autosave would overwrite it.
	Path string

	// Every is how often, at most, changes are written to Path while the
	// refresher runs: what was changed meanwhile is written together, and if
	// nothing was, nothing is. 0 never writes them. Negative, and more than 0
	// without a Path, are errors.
	Every time.Duration

	// OnShutdown has Shutdown write what has not been written. Without a Path it
	// is an error.
	OnShutdown bool

	// AllowEmpty lets an empty cache replace a file, in DumpFile and autosave.
	AllowEmpty bool

	// AnySource loads entries whatever registry, workspace or project they come
	// from. Otherwise only those are loaded that Config.Domain gives the same
	// name as is recorded with them. An entry without a recorded source, and
	// every entry in a cache without a Domain, is loaded always.
	AnySource bool

	// MaxBytes is the largest file that is read or written. 0 means 256 MiB.
	// Negative is an error.
	MaxBytes int64
}

const (
	snapshotVersion  = 1
	maxSnapshotBytes = 256 << 20
)

// limit returns MaxBytes, or its default.
func (cfg SnapshotConfig) limit() int64 {
	if cfg.MaxBytes == 0 {
		return maxSnapshotBytes
	}
	return cfg.MaxBytes
}

// validate tells problem what is wrong with cfg.
func (cfg SnapshotConfig) validate(problem func(format string, args ...any)) {
	if cfg.Every < 0 {
		problem("Snapshot.Every is %v; want 0 (never) or more", cfg.Every)
	}
	if cfg.Every > 0 && cfg.Path == "" {
		problem("Snapshot.Every is %v without a Snapshot.Path; want a file to write to", cfg.Every)
	}
	if cfg.OnShutdown && cfg.Path == "" {
		problem("Snapshot.OnShutdown is set without a Snapshot.Path; want a file to write to")
	}
	if cfg.MaxBytes < 0 {
		problem("Snapshot.MaxBytes is %d; want 0 (256 MiB) or more", cfg.MaxBytes)
	}
}

// Snapshot is a snapshot as it stands in its file, for tools. It is not made by
// hand: a cache dumps it.
type Snapshot struct {
	// Version is that of the file's layout, 1; 0 for a bare file, which has
	// entries and nothing of ours, such as those of LangSmith's SDKs.
	Version int
	// Format is that of the Codec that wrote the entries, "" in a bare file.
	Format string
	// CreatedAt is when it was dumped, zero in a bare file.
	CreatedAt time.Time
	// Checksum is the SHA-256 of the file in its canonical form, in hex, "" in a
	// bare file; docs/semantics.md says how it is computed.
	Checksum string
	// Entries are the prompts, the least recently used first.
	Entries []SnapshotEntry
}

// SnapshotEntry is one prompt of a Snapshot. All but Key, Name and Value is zero
// in a bare file.
type SnapshotEntry struct {
	Key       string    // the cache's key
	Name      string    // what the entry is called in the file
	Source    string    // Config.Domain of the key where it was dumped, "" if that had none
	Revision  string    // what the value's Revision() returned, "" without that method
	FetchedAt time.Time // when the fetch that brought it began
	Immutable bool      // what the value's Immutable() returned
	Stale     bool      // MarkStale had named it, and it was not refetched yet
	// Value is what the Codec made of the value. It shares the memory of the
	// other entries'.
	Value json.RawMessage
}

// ReadSnapshotFile is ReadSnapshot for a regular file. Its error names the path, and
// matches fs.ErrNotExist if the file is missing.
func ReadSnapshotFile(path string) (*Snapshot, error) {
	f, _, err := openSnapshotFile(path)
	if err != nil {
		return nil, &SnapshotError{Op: "read", Path: path, Err: err}
	}
	defer f.Close() //nolint:errcheck // nothing was written
	s, err := readSnapshot(f, maxSnapshotBytes)
	if err != nil {
		return nil, &SnapshotError{Op: "read", Path: path, Err: err}
	}
	return s, nil
}
