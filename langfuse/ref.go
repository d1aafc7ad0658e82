package langfuse

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// ErrInvalidRef is wrapped by every error about a key that cannot name a prompt.
var ErrInvalidRef = errors.New("langfuse: invalid prompt key")

const (
	defaultLabel  = "production"  // what the registry serves if nothing else is asked for
	labelMark     = "@"           // comes before a label
	versionMark   = "#"           // comes before a version
	maxNameBytes  = 1024          // far more than people write; keeps URLs and errors short
	maxLabelBytes = 36            // the registry's limit
	maxVersion    = math.MaxInt32 // what the registry can count up to
)

// Ref names a prompt of the registry, and which of its versions. Refs that
// [ParseRef] returns name the same one if and only if they are equal.
type Ref struct {
	// Name is the prompt's name with its folders, "folder/name". It is required.
	Name string
	// Label is a label that one version of the prompt has. "" means
	// "production", unless there is a Version.
	Label string
	// Version is the number of a version, counted from 1. 0 means that the
	// Label decides. Both are an error.
	Version int
}

// ParseRef reads a key, as people write it:
//
//	key     = name [ "@" label | "#" version ]
//	name    = 1 to 1024 bytes
//	label   = 1 to 36 of a–z 0–9 _ . -
//	version = 1 to 2147483647, without a leading zero
//
// Without a label and a version it is the label "production". The last "@" or
// "#" of the key is where the name ends; a name that contains one is written
// with its label or version, so that "C# tutor@production" is the prompt
// "C# tutor", and "C# tutor" is an error.
//
// A name may have folders, but no slash at its beginning or end, no two in a
// row, and no folder "." or "..", percent-encoded neither; no "|", no HTML tag
// (a "<" and after it a ">"), no control character; and it is more than blanks.
// All other characters are permitted, and escaped on the wire. Its errors wrap
// [ErrInvalidRef].
func ParseRef(key string) (Ref, error) {
	ref, problem := split(key)
	if problem == "" {
		problem = ref.problem()
	}
	if problem != "" {
		return Ref{}, refError(key, problem)
	}
	return ref.normal(), nil
}

// split takes a key apart, or says why it cannot be.
func split(key string) (Ref, string) {
	i := strings.LastIndexAny(key, labelMark+versionMark)
	if i < 0 {
		return Ref{Name: key}, ""
	}
	name, mark, rest := key[:i], key[i:i+1], key[i+1:]
	if mark == labelMark {
		if p := labelProblem(rest); p != "" {
			return Ref{}, fmt.Sprintf(`what follows its last "@" %s; if the "@" belongs to the name, add "@production"`, p)
		}
		return Ref{Name: name, Label: rest}, ""
	}
	version, err := strconv.Atoi(rest)
	if err != nil || version < 1 || version > maxVersion || rest[0] < '1' || rest[0] > '9' {
		return Ref{}, `what follows its last "#" is no version, 1 or more; if the "#" belongs to the name, add "@production"`
	}
	return Ref{Name: name, Version: version}, ""
}

// Canonical maps the spellings of one prompt's key to the shortest: "greeting"
// for "greeting" and "greeting@production". It is what
// promptcache.Config.Canonical wants. Its errors wrap [ErrInvalidRef].
func Canonical(key string) (canonical string, err error) {
	ref, err := ParseRef(key)
	if err == nil {
		canonical = ref.String()
	}
	return canonical, err
}

// String returns the shortest key of the prompt; [ParseRef] reads it back. That
// holds for a valid Ref only: check one that was put together by hand with
// Validate.
func (r Ref) String() string {
	r = r.normal()
	switch {
	case r.Version != 0:
		return r.Name + versionMark + strconv.Itoa(r.Version)
	case r.Label == defaultLabel && !strings.ContainsAny(r.Name, labelMark+versionMark):
		return r.Name
	default:
		return r.Name + labelMark + r.Label
	}
}

// Validate reports what is wrong with a Ref that [ParseRef] did not make. Its
// errors wrap [ErrInvalidRef].
func (r Ref) Validate() error {
	if problem := r.problem(); problem != "" {
		return refError(r.String(), problem)
	}
	return nil
}

// normal returns r with nothing left to a default.
func (r Ref) normal() Ref {
	if r.Version == 0 && r.Label == "" {
		r.Label = defaultLabel
	}
	return r
}

// problem says what is wrong with r, or nothing.
func (r Ref) problem() string {
	switch {
	case r.Version != 0 && r.Label != "":
		return "it has a label and a version"
	case r.Version < 0 || r.Version > maxVersion:
		return fmt.Sprintf("its version is not 1 to %d", maxVersion)
	case r.Label != "":
		if p := labelProblem(r.Label); p != "" {
			return "its label " + p
		}
	}
	return nameProblem(r.Name)
}

// labelProblem says why label cannot be one, or nothing.
func labelProblem(label string) string {
	stranger := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("_.-", r)
	}
	if label == "" || len(label) > maxLabelBytes || strings.ContainsFunc(label, stranger) {
		return fmt.Sprintf("is no label, 1 to %d of a–z 0–9 _ . -", maxLabelBytes)
	}
	return ""
}

// nameProblem says why the registry cannot have a prompt of that name, or why
// it cannot be asked for safely, or nothing.
func nameProblem(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "its name is empty"
	case len(name) > maxNameBytes:
		return fmt.Sprintf("its name has %d bytes, more than %d", len(name), maxNameBytes)
	case !utf8.ValidString(name):
		return "its name is not UTF-8"
	case strings.ContainsFunc(name, isControl):
		return "its name contains a control character"
	case strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") || strings.Contains(name, "//"):
		return `its name begins or ends with "/" or contains "//"`
	case strings.Contains(name, "|"):
		return `its name contains "|"`
	case hasTag(name):
		return "its name contains an HTML tag"
	case httpsource.Climbs(name):
		return `its name has a folder "." or ".."`
	}
	return ""
}

// isControl reports whether r steers a terminal or a log, and is no text.
func isControl(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) }

// hasTag reports whether the registry takes a part of name for an HTML tag.
func hasTag(name string) bool {
	_, after, found := strings.Cut(name, "<")
	return found && strings.Contains(after, ">")
}

func refError(key, problem string) error {
	if len(key) > 100 {
		key = key[:100] + "…"
	}
	return fmt.Errorf("%w %q: %s; want name, name@label or name#version", ErrInvalidRef, key, problem)
}
