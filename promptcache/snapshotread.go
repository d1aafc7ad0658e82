package promptcache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
	"unicode/utf8"
)

// ReadSnapshot reads a snapshot without a cache, of any format, and verifies all
// of it: that it is one JSON object of at most 256 MiB and no deeper than 100,
// in UTF-8, with no name twice, that it says of each of its entries what it must
// and of no others, and that its checksum is right. What is wrong is in a
// *SnapshotError, with the byte where it was found. Whether a value can be
// decoded only its Codec knows.
func ReadSnapshot(r io.Reader) (*Snapshot, error) {
	s, err := readSnapshot(r, maxSnapshotBytes)
	if err != nil {
		return nil, &SnapshotError{Op: "read", Err: err}
	}
	return s, nil
}

func readSnapshot(r io.Reader, limit int64) (*Snapshot, error) {
	data, err := readBounded(r, limit)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("byte %d: it is not UTF-8", invalidUTF8(data))
	}
	p := snapshotParser{scan: jsonScanner{data: data, sum: newCanonicalSum()}}
	if err := p.scan.document(p.file); err != nil {
		return nil, err
	}
	return p.verified()
}

// readBounded reads all of r, but stops as soon as that is more than limit or
// nests too deep.
func readBounded(r io.Reader, limit int64) ([]byte, error) {
	var (
		data  = make([]byte, 0, firstRead(r, limit))
		guard nestingGuard
	)
	for {
		n, err := r.Read(data[len(data):cap(data)])
		if guardErr := guard.see(data[len(data) : len(data)+n]); guardErr != nil {
			return nil, guardErr
		}
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > limit:
			return nil, fmt.Errorf("it is larger than %d bytes (Snapshot.MaxBytes)", limit)
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			return nil, err
		case len(data) == cap(data):
			data = append(data, 0)[:len(data)]
		}
	}
}

// firstRead returns how much room to make for r: for all of it, if it says how
// much that is and it may be read.
func firstRead(r io.Reader, limit int64) int64 {
	size := int64(-1)
	switch r := r.(type) {
	case interface{ Len() int }:
		size = int64(r.Len())
	case interface{ Stat() (fs.FileInfo, error) }:
		if info, err := r.Stat(); err == nil {
			size = info.Size()
		}
	}
	if size < 0 || size >= limit {
		size = 64 << 10
	}
	return max(size+1, 512) // one more, to see the end without growing
}

// nestingGuard sees JSON go by and stops what nests too deep before all of it is
// in memory.
type nestingGuard struct {
	depth   int
	quoted  bool // in a string
	escaped bool // after a backslash in a string
}

func (g *nestingGuard) see(chunk []byte) error {
	for _, c := range chunk {
		switch {
		case g.escaped:
			g.escaped = false
		case g.quoted:
			g.escaped = c == '\\'
			g.quoted = c != '"'
		case c == '"':
			g.quoted = true
		case c == '[' || c == '{':
			if g.depth++; g.depth > maxNesting {
				return errNesting
			}
		case c == ']' || c == '}':
			g.depth--
		}
	}
	return nil
}

// snapshotParser is a snapshot while it is being read.
type snapshotParser struct {
	scan    jsonScanner
	snap    Snapshot
	entries bool // there are some
	ours    bool // there is our part
	facts   map[string]snapshotFacts
}

// snapshotFacts is what our part says of an entry.
type snapshotFacts struct {
	key, source, revision string
	fetchedAt             time.Time
	immutable, stale      bool
}

func (p *snapshotParser) file() error {
	return p.scan.object(func(name string) error {
		switch name {
		case "entries":
			p.entries = true
			return p.scan.object(p.entry)
		case "promptcache":
			p.ours = true
			return p.scan.object(p.part)
		default:
			return p.scan.value()
		}
	})
}

func (p *snapshotParser) entry(name string) error {
	began := p.scan.pos
	err := p.scan.value()
	p.snap.Entries = append(p.snap.Entries, SnapshotEntry{
		Key: name, Name: name, Value: p.scan.data[began:p.scan.pos:p.scan.pos],
	})
	return err
}

// part reads a member of our part.
func (p *snapshotParser) part(name string) (err error) {
	switch name {
	case "version":
		p.snap.Version, err = p.scan.integer()
		if err == nil && p.snap.Version != snapshotVersion {
			err = fmt.Errorf("its layout is version %d; this release reads version %d", p.snap.Version, snapshotVersion)
		}
	case "format":
		p.snap.Format, err = p.scan.str()
	case "created_at":
		p.snap.CreatedAt, err = p.scan.time()
	case "sha256":
		p.snap.Checksum, err = p.checksum()
	case "entries":
		p.facts = make(map[string]snapshotFacts, len(p.snap.Entries))
		err = p.scan.object(func(name string) error {
			f, err := p.fact()
			p.facts[name] = f
			return err
		})
	default:
		err = p.scan.value()
	}
	return err
}

// checksum reads the checksum, which is an empty string where it is summed.
func (p *snapshotParser) checksum() (string, error) {
	p.scan.sum.muted = true
	sum, err := p.scan.str()
	p.scan.sum.muted = false
	p.scan.sum.text(`""`)
	return sum, err
}

func (p *snapshotParser) fact() (f snapshotFacts, err error) {
	err = p.scan.object(func(name string) (err error) {
		switch name {
		case "key":
			f.key, err = p.scan.str()
		case "source":
			f.source, err = p.scan.str()
		case "revision":
			f.revision, err = p.scan.str()
		case "fetched_at":
			f.fetchedAt, err = p.scan.time()
		case "immutable":
			f.immutable, err = p.scan.boolean()
		case "stale":
			f.stale, err = p.scan.boolean()
		default:
			err = p.scan.value()
		}
		return err
	})
	return f, err
}

// time walks through a point in time, as RFC 3339 writes it.
func (s *jsonScanner) time() (time.Time, error) {
	s.peek()
	began := s.pos
	text, err := s.str()
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("byte %d: found %.40q where a time as of RFC 3339 should be", began, text)
	}
	return t.UTC(), nil
}

// verified puts together what was read, or says what is missing or wrong.
func (p *snapshotParser) verified() (*Snapshot, error) {
	switch {
	case !p.entries:
		return nil, errors.New(`it has no "entries"`)
	case !p.ours:
		return &p.snap, nil
	}
	switch sum := p.scan.sum.sum(); {
	case p.snap.Version == 0:
		return nil, errors.New(`its "promptcache" has no "version"`)
	case p.snap.Checksum != sum:
		return nil, fmt.Errorf("its checksum is %.80q, but its content's is %q: it was changed or damaged", p.snap.Checksum, sum)
	case p.snap.Format == "" || p.snap.CreatedAt.IsZero():
		return nil, errors.New(`its "promptcache" has no "format" or no "created_at"`)
	case len(p.facts) != len(p.snap.Entries):
		return nil, fmt.Errorf(`it has %d entries, but its "promptcache" lists %d`, len(p.snap.Entries), len(p.facts))
	}
	for i := range p.snap.Entries {
		e := &p.snap.Entries[i]
		f, ok := p.facts[e.Name]
		if !ok {
			return nil, fmt.Errorf(`its "promptcache" does not list the entry %.100q`, e.Name)
		}
		if f.fetchedAt.IsZero() {
			return nil, fmt.Errorf(`its "promptcache" does not say when the entry %.100q was fetched`, e.Name)
		}
		if f.key != "" {
			e.Key = f.key
		}
		e.Source, e.Revision, e.FetchedAt = f.source, f.revision, f.fetchedAt
		e.Immutable, e.Stale = f.immutable, f.stale
	}
	return &p.snap, nil
}

// invalidUTF8 returns where data is not UTF-8.
func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(data)
}
