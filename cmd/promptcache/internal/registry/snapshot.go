package registry

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// Snapshot is a snapshot whose entries were decoded.
type Snapshot struct {
	// Registry is the one whose own format the file has, "" for a routed one and
	// for one of a format that is not known here.
	Registry string
	// Routed says that it is of a cache of several registries: its keys have
	// schemes.
	Routed bool
	// Version, Format, CreatedAt and Checksum are promptcache.Snapshot's. The
	// format of a bare file is that of LangSmith's SDKs, "langsmith".
	Version   int
	Format    string
	CreatedAt time.Time
	Checksum  string
	// Entries are in the file's order, the least recently used first.
	Entries []Entry
}

// Entry is a prompt of a snapshot.
type Entry struct {
	// Key has its scheme, if the registry is known.
	Key string
	// Registry is the key's scheme, "" if it is not known.
	Registry string
	// Value is nil if there is an Err, with which it could not be decoded.
	Value Value
	Err   error
	// Facts are what the file says; its Key has no scheme but in a routed one.
	Facts promptcache.SnapshotEntry
}

// Age returns how old the prompt is, 0 if the file does not say.
func (e Entry) Age(now time.Time) time.Duration {
	if e.Facts.FetchedAt.IsZero() {
		return 0
	}
	return max(now.Sub(e.Facts.FetchedAt), 0)
}

// Address returns where the prompt's registry is, "" if the file does not say.
func (e Entry) Address() string {
	source := e.Facts.Source
	if _, domain, routed := strings.Cut(source, e.Registry+"="); routed {
		source = domain
	}
	return addressOf(source, e.Registry)
}

// ReadSnapshot reads and verifies a snapshot, and decodes its entries. Its error
// is a *promptcache.SnapshotError; what is wrong with one entry is for that to
// say.
func ReadSnapshot(path string) (*Snapshot, error) {
	file, err := promptcache.ReadSnapshotFile(path)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{
		Version: file.Version, Format: file.Format, CreatedAt: file.CreatedAt, Checksum: file.Checksum,
		Entries: make([]Entry, len(file.Entries)),
	}
	if s.Version == 0 {
		s.Format = "langsmith"
	}
	k, known := findFormat(s.Format)
	for i, facts := range file.Entries {
		e := Entry{Key: facts.Key, Facts: facts}
		if !known {
			e.Err = fmt.Errorf("it is of the format %.40q, which this program cannot decode", s.Format)
			s.Entries[i] = e
			continue
		}
		e.decode(k)
		routed := e.place(k)
		s.Routed = s.Routed || routed
		s.Entries[i] = e
	}
	if known && !s.Routed {
		s.Registry = k.name
	}
	return s, nil
}

// decode sets the value or the error, and the key that the codec knows.
func (e *Entry) decode(k kind) {
	key, v, err := k.decode(e.Facts.Name, e.Facts.Value)
	value, ok := v.(Value)
	switch {
	case err != nil:
		e.Err = err
	case !ok:
		e.Err = fmt.Errorf("it is a %T", v) // cannot happen: each kind decodes Values
	case e.Facts.Key != e.Facts.Name && e.Facts.Key != key:
		e.Err = fmt.Errorf("the file gives it the key %.100q, but it is that of %.100q", e.Facts.Key, key)
	default:
		e.Key, e.Value = key, value // a bare file has only names
	}
}

// place sets the registry, and gives the key its scheme and its canonical
// spelling. It reports whether the key had its scheme by itself, as in a routed
// snapshot. Of the format of *prompt.Prompt the entry's source tells such a key
// from a file's that happens to look like one.
func (e *Entry) place(k kind) (routed bool) {
	rest := e.Key
	if source := e.Facts.Source; k.format == neutralFormat && source != "promptfs" && !strings.HasPrefix(source, "promptfs:") {
		var scheme string
		scheme, rest, _ = strings.Cut(e.Key, ":")
		if k, routed = find(scheme); !routed {
			return true
		}
	}
	if canonical, err := k.canonical(rest); err == nil {
		rest = canonical
	}
	e.Registry, e.Key = k.name, k.name+":"+rest
	return routed
}

// findFormat returns the kind that decodes entries of a format.
func findFormat(format string) (kind, bool) {
	for _, k := range kinds() {
		if k.format == format {
			return k, true
		}
	}
	return kind{}, false
}

// Find returns the entry of a key, with or without its scheme; from is the
// registry of one without, "" for any. Other spellings of a key find it too.
func (s *Snapshot) Find(key, from string) (Entry, error) {
	if s.Registry != "" && from == "" {
		from = s.Registry
	}
	name, rest, err := Split(key, from)
	if err != nil {
		return Entry{}, err
	}
	var found []string
	for _, e := range s.Entries {
		if (e.Key == key || (name == "" || e.Registry == name) && e.isOf(rest)) && !slices.Contains(found, e.Key) {
			found = append(found, e.Key)
		}
	}
	switch len(found) {
	case 1:
		e, _ := s.Entry(found[0])
		return e, nil
	case 0:
		return Entry{}, s.notThere(key, rest)
	}
	return Entry{}, fmt.Errorf("which one is %.100q? Write %s", key, oneOf(found))
}

// Entry returns the entry of a canonical key with its scheme. Of several, which a
// bare file can have in several spellings, it is the last, as caches load them.
func (s *Snapshot) Entry(key string) (Entry, bool) {
	for _, e := range slices.Backward(s.Entries) {
		if e.Key == key {
			return e, true
		}
	}
	return Entry{}, false
}

// isOf reports whether rest is a spelling of the entry's key without the scheme.
func (e Entry) isOf(rest string) bool {
	k, ok := find(e.Registry)
	if !ok {
		return e.Key == rest
	}
	canonical, err := k.canonical(rest)
	return err == nil && k.name+":"+canonical == e.Key
}

// NotInSnapshotError says that a snapshot does not have a prompt.
type NotInSnapshotError struct {
	Key string
	// Near are keys that it has and that are close, the closest first.
	Near []string
}

// Error says which key.
func (e *NotInSnapshotError) Error() string {
	return fmt.Sprintf("%.200s: it is not in the snapshot", e.Key)
}

// Advice says what it may have been, or nothing.
func (e *NotInSnapshotError) Advice() string {
	if len(e.Near) == 0 {
		return ""
	}
	return fmt.Sprintf("did you mean %s?", oneOf(e.Near))
}

func (s *Snapshot) notThere(key, rest string) error {
	candidates := make([]nearKey, 0, len(s.Entries))
	for _, e := range s.Entries {
		name := strings.TrimPrefix(e.Key, e.Registry+":")
		candidates = append(candidates, nearKey{e.Key, distance(strings.ToLower(rest), strings.ToLower(name))})
	}
	return &NotInSnapshotError{Key: key, Near: closest(candidates, rest)}
}
