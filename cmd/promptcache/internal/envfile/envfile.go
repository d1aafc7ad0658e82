// Package envfile reads variables of the environment from a file, for
// credentials that should be in no shell's history.
package envfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"
)

// maxBytes is far more than a file of variables has; what is larger is something
// else.
const maxBytes = 1 << 20

// Over returns a getenv that looks a variable up with getenv, and if it is not
// there, or empty, in the file. A path of "" is no file.
//
// A line of the file is NAME=VALUE, perhaps with "export " before it; the quotes
// around a value, ' or ", are not part of it, and nothing in it is replaced.
// Empty lines and those that begin with # are nothing. Of two lines of a name the
// last counts. Errors name the file and the line, and quote nothing of what
// follows a "=".
func Over(getenv func(name string) string, path string) (func(name string) string, error) {
	if path == "" {
		return getenv, nil
	}
	text, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("read the variables of %s: %w", path, err)
	}
	values, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	return func(name string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return values[name]
	}, nil
}

func read(path string) (string, error) {
	file, err := os.Open(path) //nolint:gosec // whoever runs the program says which file
	if err != nil {
		return "", cause(err)
	}
	defer file.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	switch {
	case err != nil:
		return "", cause(err)
	case len(text) > maxBytes:
		return "", fmt.Errorf("it has more than %d bytes", maxBytes)
	case !utf8.Valid(text):
		return "", errors.New("it is not UTF-8")
	}
	return string(text), nil
}

// cause returns err without the path, which the caller names.
func cause(err error) error {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		return inner.Err
	}
	return err
}

// parse reads the lines. Its errors begin with a line's number.
func parse(text string) (map[string]string, error) {
	values := make(map[string]string)
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		name = strings.TrimSpace(strings.TrimPrefix(name, "export "))
		if !found || !isName(name) {
			return nil, fmt.Errorf("%d: want NAME=VALUE, or # and a comment", n)
		}
		values[name] = unquoted(strings.TrimSpace(value))
	}
	return values, nil
}

func isName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	}) < 0
}

func unquoted(value string) string {
	for _, quote := range []string{`"`, `'`} {
		if len(value) >= 2 && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			return value[1 : len(value)-1]
		}
	}
	return value
}
