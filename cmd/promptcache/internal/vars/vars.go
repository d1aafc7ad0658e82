// Package vars reads the values of a prompt's variables from a command line.
package vars

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/promptcache/promptcache-go/prompt"
)

// maxFileBytes is more than all that a prompt may compile to.
const maxFileBytes = 2 * prompt.MaxCompiledBytes

// Parse returns the values that a command line gives: those of a JSON object in
// a file, "-" for stdin and "" for none, and over them the assignments.
//
// An assignment is name=text or name:=JSON. The name ends at the first "=", and
// what follows is taken as it is: no file is ever read because of a value. So a
// script may pass on what somebody else has typed. A name that contains "=", or
// ends with ":", must come from the file. A name that is assigned to twice is an
// error.
func Parse(assignments []string, file string, stdin io.Reader) (prompt.Vars, error) {
	values, err := readFile(file, stdin)
	if err != nil {
		return nil, err
	}
	assigned := make(map[string]bool)
	for _, assignment := range assignments {
		name, value, err := parse(assignment)
		if err != nil {
			return nil, err
		}
		if assigned[name] {
			return nil, fmt.Errorf("--var %s: it is given twice", name)
		}
		assigned[name] = true
		if values == nil {
			values = make(prompt.Vars)
		}
		values[name] = value
	}
	return values, nil
}

func parse(assignment string) (name string, value any, err error) {
	name, text, found := strings.Cut(assignment, "=")
	name, isJSON := strings.CutSuffix(name, ":")
	switch {
	case !found || name == "":
		return "", nil, fmt.Errorf("--var %.60q: want name=text or name:=JSON", assignment)
	case !utf8.ValidString(assignment):
		return "", nil, fmt.Errorf("--var %.60q: it is not UTF-8", name)
	case !isJSON:
		return name, text, nil
	}
	if err := decode([]byte(text), &value); err != nil {
		return "", nil, fmt.Errorf("--var %s: what follows := is not JSON: %w; for a text write %s=", name, err, name)
	}
	return name, value, nil
}

// readFile returns the values in a file, nil if there is none.
func readFile(path string, stdin io.Reader) (prompt.Vars, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readAll(path, stdin)
	if err != nil {
		if inner, ok := errors.AsType[*fs.PathError](err); ok {
			err = inner.Err // the path is named already
		}
		return nil, fmt.Errorf("--vars-file %s: %w", path, err)
	}
	values := prompt.Vars{}
	if err := decode(data, &values); err != nil || values == nil {
		if err == nil {
			err = errors.New("it is null")
		}
		return nil, fmt.Errorf(`--vars-file %s: want one JSON object, {"name": value, …}: %w`, path, err)
	}
	return values, nil
}

func readAll(path string, stdin io.Reader) ([]byte, error) {
	in := stdin
	if path != "-" {
		file, err := os.Open(path) //nolint:gosec // whoever runs the program says which file
		if err != nil {
			return nil, err
		}
		defer file.Close() //nolint:errcheck // read only
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFileBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxFileBytes:
		return nil, fmt.Errorf("it has more than %d bytes", maxFileBytes)
	case !utf8.Valid(data):
		return nil, errors.New("it is not UTF-8")
	}
	return data, nil
}

// decode reads one JSON value, its numbers as they are written.
func decode(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("it is empty")
		}
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}
