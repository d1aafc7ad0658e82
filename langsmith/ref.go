package langsmith

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// ErrInvalidRef is wrapped by every error about an identifier that cannot name
// a prompt.
var ErrInvalidRef = errors.New("langsmith: invalid prompt identifier")

const (
	ownWorkspace  = "-"      // the owner that means the workspace of the credentials
	latestVersion = "latest" // the version that means the newest commit
	modelFlag     = "?model" // what a key ends with to ask for the model too
	maxKeyBytes   = 1024     // far more than a registry takes; keeps URLs and errors short
)

// Ref names a prompt of the registry, and whether the model that is configured
// with it is wanted too. Refs that [ParseRef] returns name the same prompt if
// and only if they are equal.
type Ref struct {
	// Owner is the handle of a public prompt's owner, or "-" for the workspace
	// of the credentials. "" means "-".
	Owner string
	// Name is the prompt's name, without its owner. It is required.
	Name string
	// Version is a commit hash, the beginning of one, a tag, or "latest", the
	// newest commit. "" means "latest".
	Version string
	// Model asks for the prompt together with its model, which has another
	// manifest: a sequence of the two.
	Model bool
}

// ParseRef reads an identifier [owner/]name[:version], as LangSmith's own SDKs
// write it, with "?model" at its end to ask for the model too. A missing owner
// is "-", a missing or empty version is "latest".
//
// No part may be "." or "..", nor a path with one for a server that decodes it
// twice ("..%2fx"), contain one of / : ? \ or a character that does not print, or
// begin or end with a blank; the whole may have 1024 bytes. Other characters are
// permitted, and escaped on the wire. Its errors wrap [ErrInvalidRef].
func ParseRef(identifier string) (Ref, error) {
	rest, model := strings.CutSuffix(identifier, modelFlag)
	path, version, _ := strings.Cut(rest, ":")
	owner, name, found := strings.Cut(path, "/")
	if !found {
		owner, name = ownWorkspace, path
	}
	problem := ""
	switch {
	case len(identifier) > maxKeyBytes:
		problem = fmt.Sprintf("it has %d bytes, more than %d", len(identifier), maxKeyBytes)
	case rest == "":
		problem = "it is empty"
	case strings.Contains(version, ":"):
		problem = `it has more than one ":"`
	case strings.Contains(version, "/"):
		problem = `its version contains "/"`
	case strings.Contains(name, "/"):
		problem = `it has more than one "/"`
	case found && owner == "":
		problem = `it begins with "/"`
	case found && name == "":
		problem = `nothing follows its "/"`
	case strings.Contains(rest, "?"):
		problem = `it has a "?" that is not the "?model" at its end`
	}
	ref := Ref{Owner: owner, Name: name, Version: version, Model: model}.normal()
	if problem == "" {
		problem = ref.problem()
	}
	if problem != "" {
		return Ref{}, refError(identifier, problem)
	}
	return ref, nil
}

// Canonical maps the spellings of one prompt's key to the shortest: "al" for
// "al", "al:latest", "-/al" and "-/al:latest". It is what
// promptcache.Config.Canonical wants. Its errors wrap [ErrInvalidRef].
func Canonical(key string) (string, error) {
	ref, err := ParseRef(key)
	if err != nil {
		return "", err
	}
	return ref.String(), nil
}

// String returns the shortest identifier of the prompt; [ParseRef] reads it
// back. That holds for a valid Ref only: nothing is escaped, so check a Ref that
// was put together by hand with Validate.
func (r Ref) String() string {
	r = r.normal()
	s := r.Name
	if r.Owner != ownWorkspace {
		s = r.Owner + "/" + s
	}
	if r.Version != latestVersion {
		s += ":" + r.Version
	}
	if r.Model {
		s += modelFlag
	}
	return s
}

// Public reports whether the prompt is somebody's by name, and not the
// workspace's own.
func (r Ref) Public() bool { return r.normal().Owner != ownWorkspace }

// Validate reports what is wrong with a Ref that [ParseRef] did not make. Its
// errors wrap [ErrInvalidRef].
func (r Ref) Validate() error {
	if problem := r.normal().problem(); problem != "" {
		return refError(r.String(), problem)
	}
	return nil
}

// normal returns r with nothing left to a default.
func (r Ref) normal() Ref {
	if r.Owner == "" {
		r.Owner = ownWorkspace
	}
	if r.Version == "" {
		r.Version = latestVersion
	}
	return r
}

// problem says what is wrong with a normal r, or nothing.
func (r Ref) problem() string {
	for _, part := range []struct{ what, text string }{{"owner", r.Owner}, {"name", r.Name}, {"version", r.Version}} {
		if p := segmentProblem(part.text); p != "" {
			return "its " + part.what + " " + p
		}
	}
	return ""
}

// segmentProblem says why s cannot be one segment of a path, or nothing.
func segmentProblem(s string) string {
	switch {
	case s == "":
		return "is empty"
	case len(s) > maxKeyBytes:
		return fmt.Sprintf("has more than %d bytes", maxKeyBytes)
	case httpsource.IsDots(s):
		return fmt.Sprintf("is %q", s)
	case strings.ContainsAny(s, `/:?\`): // some proxies read \ as /
		return `contains one of / : ? \`
	case httpsource.Climbs(s):
		return `is a path with "." or ".." for a server that decodes it twice`
	case !utf8.ValidString(s):
		return "is not UTF-8"
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "contains a character that does not print"
	case strings.TrimSpace(s) != s:
		return "begins or ends with a blank"
	}
	return ""
}

func refError(identifier, problem string) error {
	if len(identifier) > 100 {
		identifier = identifier[:100] + "…"
	}
	return fmt.Errorf("%w %q: %s; want [owner/]name[:version][?model]", ErrInvalidRef, identifier, problem)
}
