// Package promptdiff says what is different between two prompts.
package promptdiff

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/show"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
	"github.com/promptcache/promptcache-go/prompt"
)

// Side is one of the two.
type Side struct {
	// Label says where it comes from.
	Label string
	// Key is what it is called there.
	Key string
	// Revision names its content.
	Revision string
	// Value is the prompt; nil if it could not be decoded.
	Value registry.Value
	// Raw is the prompt as the snapshot has it, for one that cannot be read.
	Raw json.RawMessage
}

// SideOf returns the side of a snapshot's entry.
func SideOf(label string, e registry.Entry) *Side {
	side := &Side{Label: label, Key: e.Key, Revision: e.Facts.Revision, Value: e.Value, Raw: e.Facts.Value}
	if e.Value != nil {
		side.Revision = e.Value.Revision()
	}
	return side
}

// Kind is how two sides differ.
type Kind string

// The kinds.
const (
	Same    Kind = "same"
	Changed Kind = "changed"
	Added   Kind = "added"   // only the second side has it
	Removed Kind = "removed" // only the first side has it
)

// Difference is what is different.
type Difference struct {
	Kind Kind
	// Parts are what differs in a Changed one: kind, syntax, variables,
	// placeholders, text, messages, partials, config, schema; raw if one of the
	// prompts cannot be read; or revision if nothing else does.
	Parts []string
	// AddedVariables and RemovedVariables are those of the templates, with "*"
	// behind a placeholder's.
	AddedVariables, RemovedVariables []string
	// Unified is the unified diff; "" if nothing differs that could be shown.
	Unified string
}

// Compare compares two sides, of which one may be nil.
func Compare(a, b *Side) Difference {
	switch {
	case a == nil && b == nil:
		return Difference{Kind: Same}
	case a == nil:
		return Difference{Kind: Added, AddedVariables: b.needs(), Unified: unified("/dev/null", b.heading(), "", b.text())}
	case b == nil:
		return Difference{Kind: Removed, RemovedVariables: a.needs(), Unified: unified(a.heading(), "/dev/null", a.text(), "")}
	}
	d := Difference{Kind: Changed, Parts: parts(a, b)}
	switch {
	case len(d.Parts) > 0:
	case a.Revision != b.Revision:
		d.Parts = []string{"revision"}
	default:
		return Difference{Kind: Same}
	}
	d.AddedVariables = without(b.needs(), a.needs())
	d.RemovedVariables = without(a.needs(), b.needs())
	d.Unified = unified(a.heading(), b.heading(), a.text(), b.text())
	if d.Unified == "" && !slices.Equal(d.Parts, []string{"revision"}) {
		d.Unified = unified(a.heading(), b.heading(), a.json(), b.json()) // such as other line ends
	}
	return d
}

// prompt returns the neutral prompt, nil if there is none.
func (s *Side) prompt() *prompt.Prompt {
	if s.Value == nil {
		return nil
	}
	p, err := s.Value.Prompt()
	if err != nil {
		return nil
	}
	return p
}

// heading names the side in a diff, in one line.
func (s *Side) heading() string {
	heading := s.Label
	if !strings.HasSuffix(heading, s.Key) {
		heading += " " + s.Key
	}
	if s.Revision != "" {
		heading += " " + show.Short(s.Revision)
	}
	return term.OneLine(heading)
}

// text returns what is compared line by line.
func (s *Side) text() string {
	p := s.prompt()
	if p == nil {
		return s.json()
	}
	var b strings.Builder
	if err := show.Template(&b, p); err != nil {
		return s.json()
	}
	return b.String()
}

// json returns the prompt as JSON.
func (s *Side) json() string {
	raw := s.Raw
	if p := s.prompt(); p != nil {
		raw, _ = p.MarshalJSON() // only that of the zero Prompt fails
	} else if raw == nil && s.Value != nil {
		raw, _ = s.Value.MarshalJSON()
	}
	return term.SafeJSON(show.Sorted(raw)) + "\n"
}

// needs returns the names of the variables, and the placeholders with "*".
func (s *Side) needs() []string {
	names := []string{}
	p := s.prompt()
	if p == nil {
		return names
	}
	names = append(names, p.Variables()...)
	for _, place := range p.Placeholders() {
		names = append(names, place.Name+"*")
	}
	return names
}

// contents are the members of a prompt's JSON that are its content.
var contents = []string{"kind", "syntax", "text", "messages", "partials", "config", "schema"}

// parts returns what differs.
func parts(a, b *Side) []string {
	p, q := a.prompt(), b.prompt()
	if p == nil || q == nil {
		if a.json() == b.json() {
			return nil
		}
		return []string{"raw"}
	}
	var differ []string
	from, to := members(p), members(q)
	for _, name := range contents {
		if show.Sorted(from[name]) != show.Sorted(to[name]) {
			differ = append(differ, name)
		}
	}
	if !slices.Equal(p.Variables(), q.Variables()) {
		differ = append(differ, "variables")
	}
	if !slices.Equal(p.Placeholders(), q.Placeholders()) {
		differ = append(differ, "placeholders")
	}
	return differ
}

func members(p *prompt.Prompt) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	raw, err := p.MarshalJSON()
	if err == nil {
		_ = json.Unmarshal(raw, &m) // it is what was just made
	}
	if string(m["config"]) == "{}" {
		delete(m, "config") // some registries always have one
	}
	return m
}

// without returns what of names is not in others.
func without(names, others []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(others, name) })
}

func unified(a, b, from, to string) string { return udiff.Unified(a, b, from, to) }
