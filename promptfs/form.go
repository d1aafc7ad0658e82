package promptfs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/promptcache/promptcache-go/prompt"
)

// maxProblems bounds what one error names.
const maxProblems = 20

// form makes the Spec of a prompt from what a file says. It goes on after a
// problem, to name them all.
type form struct {
	file     string
	spec     prompt.Spec
	lines    map[string]int // where in the file the parts of the Spec are, by prompt.New's paths
	problems []error
	more     int // problems beyond those
}

func (f *form) problem(line int, path, format string, args ...any) {
	if len(f.problems) == maxProblems {
		f.more++
		return
	}
	if path != "" {
		path += ": "
	}
	f.problems = append(f.problems, fmt.Errorf("%s:%d: %s%s", f.file, line, path, fmt.Sprintf(format, args...)))
}

// place notes on which line a part of the Spec is.
func (f *form) place(path string, n *node) {
	if f.lines == nil {
		f.lines = make(map[string]int)
	}
	f.lines[path] = n.line
}

// prompt returns the prompt, or all that is wrong with it.
func (f *form) prompt() (*prompt.Prompt, error) {
	if len(f.problems) == 0 {
		made, err := prompt.New(f.spec)
		if err == nil {
			return made, nil
		}
		f.refused(err)
	}
	if f.more > 0 {
		f.problems = append(f.problems, fmt.Errorf("%s: and %d more problems", f.file, f.more))
	}
	return nil, errors.Join(f.problems...)
}

// refused takes apart what prompt.New says, which knows no lines.
func (f *form) refused(err error) {
	list, ok := errors.Unwrap(err).(interface{ Unwrap() []error })
	if !ok {
		f.problems = append(f.problems, fmt.Errorf("%s: %w", f.file, err))
		return
	}
	for _, err := range list.Unwrap() {
		path, _, _ := strings.Cut(err.Error(), ": ")
		f.problems = append(f.problems, fmt.Errorf("%s:%d: %w", f.file, f.lineOf(path), err))
	}
}

// lineOf returns the line of the part of the Spec at path, or of what it is in.
func (f *form) lineOf(path string) int {
	for path != "" {
		if line := f.lines[path]; line > 0 {
			return line
		}
		path = path[:max(strings.LastIndexByte(path, '.'), 0)]
	}
	return 1
}

// text makes a text prompt of a file that is a template.
func (f *form) text(data []byte) { f.spec.Text = withoutLineBreak(data) }

// root reads the object that is a prompt.
func (f *form) root(n *node) {
	if n.kind != isObject {
		f.problem(n.line, "", "the file is %v; want an object", n.kind)
		return
	}
	if n.field("kind") != nil {
		f.stored(n)
		return
	}
	text, messages := n.field("text"), n.field("messages")
	switch {
	case text == nil && messages == nil:
		f.problem(n.line, "", "there is no prompt; want a text, or messages")
	case text != nil && messages != nil:
		f.problem(n.line, "", "there are a text and messages; want one of them")
	}
	f.object("", n, map[string]func(path string, n *node){
		"text":     func(path string, n *node) { f.spec.Text = f.string(path, n) },
		"messages": f.messages,
		"syntax":   func(path string, n *node) { f.spec.Syntax = f.syntax(path, n) },
		"partials": f.partials,
		"config":   func(_ string, n *node) { f.spec.Config = n.json() },
		"schema":   func(_ string, n *node) { f.spec.Schema = n.json() },
		"revision": func(path string, n *node) { f.spec.Revision = f.string(path, n) },
	})
}

// stored reads what prompt.Prompt.MarshalJSON writes. That it could never change
// where it came from, and how to ask there, means nothing here.
func (f *form) stored(n *node) {
	var p prompt.Prompt
	if err := json.Unmarshal(n.json(), &p); err != nil {
		f.problem(n.line, "", "it has a kind, and is not what prompt.Prompt.MarshalJSON writes: %v", err)
		return
	}
	f.spec = p.Spec()
	f.spec.Immutable, f.spec.Validator = false, ""
}

// object hands each field of n to the function of its name.
func (f *form) object(path string, n *node, known map[string]func(path string, n *node)) {
	for _, field := range n.fields {
		inner := field.name
		if path != "" {
			inner = path + "." + field.name
		}
		read := known[field.name]
		if read == nil {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			f.problem(field.line, path, "the field %.40q is not known; want one of %s", field.name, strings.Join(names, ", "))
			continue
		}
		f.place(inner, field.value)
		read(inner, field.value)
	}
}

func (f *form) string(path string, n *node) string {
	if n.kind != isText {
		f.problem(n.line, path, "it is %v; want a string%s", n.kind, map[bool]string{true: ", in quotes"}[n.kind < isText])
		return ""
	}
	return n.text
}

func (f *form) syntax(path string, n *node) prompt.Syntax {
	syntax := prompt.Syntax(f.string(path, n))
	if err := prompt.Check("", syntax); err != nil && n.kind == isText {
		f.problem(n.line, path, "%v", err)
	}
	return syntax
}

func (f *form) partials(path string, n *node) {
	if n.kind != isObject {
		f.problem(n.line, path, "it is %v; want an object", n.kind)
		return
	}
	f.spec.Partials = make(prompt.Vars, len(n.fields))
	for _, field := range n.fields {
		f.place(path+"."+field.name, field.value)
		d := json.NewDecoder(bytes.NewReader(field.value.json()))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			f.problem(field.line, path, "%v", err)
		}
		f.spec.Partials[field.name] = v
	}
}
