package promptfs

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrInvalidKey is wrapped by every error about a key that cannot name a prompt.
var ErrInvalidKey = errors.New("promptfs: invalid prompt key")

const (
	maxKeyBytes  = 1024 // far more than people write; keeps errors short
	maxPartBytes = 240  // with an extension, what file systems permit
)

// extensions are those of prompt files.
var extensions = []string{".json", ".yaml", ".yml", ".txt"}

// Canonical returns key, which has no other spellings, if it can name a prompt.
// It is what promptcache.Config.Canonical wants. Its errors wrap
// [ErrInvalidKey].
//
// A key is a path with slashes, of up to 1024 bytes of UTF-8, without an
// extension. No part of it may be empty or have more than 240 bytes, begin with a
// dot, begin or end with a blank, or contain a backslash or a character that
// does not print.
func Canonical(key string) (string, error) {
	if problem := keyProblem(key); problem != "" {
		if len(key) > 100 {
			key = key[:100] + "…"
		}
		return "", fmt.Errorf("%w %q: %s; want name or folder/name", ErrInvalidKey, key, problem)
	}
	return key, nil
}

// keyProblem says why key cannot name a prompt, or nothing.
func keyProblem(key string) string {
	parts := strings.Split(key, "/")
	hidden := func(part string) bool { return strings.HasPrefix(part, ".") }
	long := func(part string) bool { return len(part) > maxPartBytes }
	padded := func(part string) bool { return strings.TrimSpace(part) != part }
	switch {
	case key == "":
		return "it is empty"
	case len(key) > maxKeyBytes:
		return fmt.Sprintf("it has %d bytes, more than %d", len(key), maxKeyBytes)
	case !utf8.ValidString(key):
		return "it is not UTF-8"
	case strings.Contains(key, `\`):
		return "it contains a backslash; folders are separated by slashes"
	case strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "it contains a character that does not print"
	case slices.ContainsFunc(parts, hidden):
		return "a part of it begins with a dot"
	case slices.ContainsFunc(parts, long):
		return fmt.Sprintf("a part of it has more than %d bytes", maxPartBytes)
	case slices.ContainsFunc(parts, padded):
		return "a part of it begins or ends with a blank"
	case !fs.ValidPath(key):
		return "it begins or ends with a slash, or has two in a row"
	case promptName(key) != "":
		return "it has the extension of a file"
	}
	return ""
}

// promptName returns the name of the prompt that a file is, "" for a file that
// is none.
func promptName(file string) string {
	for _, extension := range extensions {
		if name, ok := strings.CutSuffix(file, extension); ok {
			return name
		}
	}
	return ""
}
