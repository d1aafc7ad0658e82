package promptcache

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// snapshotWriter writes a snapshot entry by entry, and computes its checksum
// meanwhile. What it holds in memory is our part of the file, not the entries.
type snapshotWriter struct {
	w     *bufio.Writer
	sum   *canonicalSum
	parts bytes.Buffer // our part's entries, as they will be written
	names map[string]bool
	err   error // of w; then nothing more is written

	entry     bytes.Buffer  // room for one
	canonical *canonicalSum // room for one
}

// entryFacts is what our part says of an entry.
type entryFacts struct {
	Key       string `json:"key,omitempty"` // if it is not the name
	Source    string `json:"source,omitempty"`
	FetchedAt string `json:"fetched_at"`
	Revision  string `json:"revision,omitempty"`
	Immutable bool   `json:"immutable,omitempty"`
	Stale     bool   `json:"stale,omitempty"`
}

// newSnapshotWriter writes to w, but no more than limit bytes.
func newSnapshotWriter(w io.Writer, limit int64) *snapshotWriter {
	s := &snapshotWriter{
		w:         bufio.NewWriterSize(&boundedWriter{w: w, left: limit, limit: limit}, 64<<10),
		sum:       newCanonicalSum(),
		names:     make(map[string]bool),
		canonical: &canonicalSum{held: true},
	}
	s.put("{\n  \"entries\": {", `{"entries":{`)
	return s
}

// put writes pretty, which is canonical in the canonical form.
func (s *snapshotWriter) put(pretty, canonical string) {
	if _, err := s.w.WriteString(pretty); err != nil {
		s.err = err
	}
	s.sum.text(canonical)
}

// add writes an entry, the least recently used one first, or says why it cannot
// be written; then nothing of it is.
func (s *snapshotWriter) add(name string, value []byte, facts entryFacts) error {
	if s.names[name] {
		return fmt.Errorf("another entry has its name in the file, %.100q", name)
	}
	if facts.Key == name {
		facts.Key = ""
	}
	if !utf8.ValidString(name) || !utf8.ValidString(facts.Key) || !utf8.Valid(value) {
		return errors.New("it is not UTF-8")
	}
	s.entry.Reset()
	s.canonical.buf = s.canonical.buf[:0]
	scan := jsonScanner{data: value, depth: 2, sum: s.canonical, out: &s.entry}
	if err := scan.document(scan.value); err != nil {
		return fmt.Errorf("the codec made no usable JSON of it: %w", err)
	}
	fact, err := json.Marshal(facts)
	if err != nil {
		return err
	}

	comma := ""
	if len(s.names) > 0 {
		comma = ","
	}
	s.names[name] = true
	quoted := quote(name)
	s.put(comma+"\n    "+quoted+": ", comma+quoted+":")
	if _, err := s.w.Write(s.entry.Bytes()); err != nil {
		s.err = err
	}
	s.sum.write(s.canonical.buf)
	s.parts.WriteString(comma + "\n      " + quoted + ": ")
	s.parts.Write(fact)
	return nil
}

// close writes our part, and returns the error of whatever could not be written.
func (s *snapshotWriter) close(format string, createdAt time.Time) error {
	end := func(lines string) string {
		if len(s.names) == 0 {
			return "}"
		}
		return lines + "}"
	}
	s.put(end("\n  ")+",\n  \"promptcache\": ", `},"promptcache":`)
	part := fmt.Sprintf("{\n    \"version\": %d,\n    \"format\": %s,\n    \"created_at\": %s,\n    \"entries\": {%s,\n    \"sha256\": ",
		snapshotVersion, quote(format), quote(timestamp(createdAt)), s.parts.String()+end("\n    "))
	scan := jsonScanner{data: []byte(part + `""}`), sum: s.sum}
	if err := scan.document(scan.value); err != nil {
		return fmt.Errorf("promptcache: this is a bug: %w", err)
	}
	s.sum.text("}")
	s.put(part+quote(s.sum.sum())+"\n  }\n}\n", "")
	return s.w.Flush()
}

// quote returns s, which is UTF-8, as a canonical JSON string.
func quote(s string) string {
	b := append(make([]byte, 0, len(s)+2), '"')
	for _, r := range s {
		b = appendChar(b, r)
	}
	return string(append(b, '"'))
}

// timestamp writes a point in time as snapshots have it.
func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// boundedWriter passes on limit bytes and refuses more.
type boundedWriter struct {
	w           io.Writer
	left, limit int64
}

func (b *boundedWriter) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, fmt.Errorf("it would be larger than %d bytes (Snapshot.MaxBytes)", b.limit)
	}
	return b.w.Write(p)
}
