package promptfs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/promptcache/promptcache-go/prompt"
)

// decode returns the prompt that is called name and is what a file says.
func (s *Source) decode(name, file string, data []byte) (*prompt.Prompt, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // the byte order mark of some editors
	if i := notUTF8(data); i >= 0 {
		return nil, fmt.Errorf("%s:%d: it is not UTF-8", file, 1+bytes.Count(data[:i], []byte("\n")))
	}
	form := form{file: file}
	var content []byte // what the revision is of
	if path.Ext(file) == ".txt" {
		form.text(data)
		content = []byte("text\n" + form.spec.Text)
	} else {
		root, err := parse(file, data)
		if err != nil {
			return nil, err
		}
		form.root(root)
		content = append([]byte("object\n"), root.json()...)
	}
	if form.spec.Syntax == "" {
		form.spec.Syntax = s.syntax
	}
	form.spec.Name = name
	form.spec.Revision = revision(form.spec, content)
	return form.prompt()
}

// notUTF8 returns where data is not UTF-8, or -1.
func notUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// parse reads a JSON or YAML file.
func parse(file string, data []byte) (*node, error) {
	read := readYAML
	if path.Ext(file) == ".json" {
		read = readJSON
	}
	root, err := read(data)
	if wrong, ok := errors.AsType[*lineError](err); ok {
		return nil, fmt.Errorf("%s:%d: %s", file, wrong.line, wrong.problem)
	}
	return root, err
}

// revision returns the one that the file has given itself, if it has, "+" and
// the beginning of a SHA-256 of what it says; and of how that is read.
func revision(spec prompt.Spec, content []byte) string {
	sum := sha256.Sum256(append([]byte(spec.Syntax+"\n"), content...))
	hash := hex.EncodeToString(sum[:8])
	if spec.Revision != "" {
		return spec.Revision + "+" + hash
	}
	return hash
}

// withoutLineBreak returns a file's text without the line break that editors put
// at its end.
func withoutLineBreak(data []byte) string {
	text, found := strings.CutSuffix(string(data), "\n")
	if found {
		text = strings.TrimSuffix(text, "\r")
	}
	return text
}
