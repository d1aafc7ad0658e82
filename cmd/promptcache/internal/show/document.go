// Package show prints a prompt: for people, and for programs.
package show

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
	"github.com/promptcache/promptcache-go/prompt"
)

// Document is a prompt as `promptcache get --json` prints it.
type Document struct {
	// Key is the canonical key, with its scheme: "langfuse:greeting@staging".
	Key string `json:"key"`
	// Registry is the scheme, and Address where that registry is; a snapshot's
	// source, if it is from one.
	Registry string `json:"registry"`
	Address  string `json:"address"`
	// FetchedAt is when a snapshot's prompt was fetched; null if it comes from
	// the registry, or the snapshot does not say.
	FetchedAt *time.Time `json:"fetched_at"`
	Name      string     `json:"name"`
	// Revision names the content.
	Revision string `json:"revision"`
	// Immutable says that the key can never mean another content.
	Immutable bool `json:"immutable"`
	// Kind is "text" or "chat".
	Kind prompt.Kind `json:"kind"`
	// Syntax is how the templates are read: "langfuse", "f-string", "mustache".
	Syntax prompt.Syntax `json:"syntax"`
	// Variables and Placeholders are what the prompt needs; never null.
	Variables    []string      `json:"variables"`
	Placeholders []Placeholder `json:"placeholders"`
	// Compiled says whether Messages, and Text, are compiled or templates.
	Compiled bool `json:"compiled"`
	// Missing are the variables and placeholders that Compiled did without;
	// empty if it is not compiled, never null.
	Missing []string `json:"missing"`
	// Text is a text prompt's text; it is left out of a chat.
	Text *string `json:"text,omitempty"`
	// Messages are in the shape of OpenAI's chat API, a text as one message of
	// the user. A placeholder that was not filled is
	// {"type":"placeholder","name":…}.
	Messages []prompt.Message `json:"messages"`
	// Config is the model's settings, and Schema the JSON schema of the answer;
	// null if there is none.
	Config json.RawMessage `json:"config"`
	Schema json.RawMessage `json:"schema"`

	// Details are for people only.
	Details []Detail `json:"-"`
}

// Placeholder is a place for messages.
type Placeholder struct {
	Name     string `json:"name"`
	Optional bool   `json:"optional"`
	// Limit is how many of the messages are taken, the last ones; 0 is all.
	Limit int `json:"limit"`
}

// Detail is something that only one registry has.
type Detail struct{ Name, Text string }

// Describe sets all but Key, Registry, Address, FetchedAt and Details to what a
// prompt says itself. Text and Messages are its templates.
func (d *Document) Describe(p *prompt.Prompt) {
	d.Name = p.Name()
	d.Revision = p.Revision()
	d.Immutable = p.Immutable()
	d.Kind = p.Kind()
	d.Syntax = p.Syntax()
	d.Variables = append([]string{}, p.Variables()...)
	d.Placeholders = []Placeholder{}
	d.Missing = []string{}
	d.Messages = append([]prompt.Message{}, p.Messages()...)
	d.Config = p.Config()
	d.Schema = p.Schema()
	for _, place := range p.Placeholders() {
		d.Placeholders = append(d.Placeholders, Placeholder(place))
	}
	if p.Kind() == prompt.KindText {
		d.text(p.Text())
	}
}

func (d *Document) text(text string) {
	d.Text = &text
	d.Messages = []prompt.Message{{Role: "user", Content: text}}
}

// Compile makes it the document of the compiled prompt. What is missing is an
// error if strict, and otherwise for Missing to say.
func (d *Document) Compile(p *prompt.Prompt, values prompt.Vars, strict bool) error {
	compiled, err := p.CompileStrict(values)
	missing, lacks := errors.AsType[*prompt.MissingError](err)
	if lacks && !strict {
		compiled, err = p.Compile(values)
		d.Missing = slices.Concat(missing.Variables, missing.Placeholders)
	}
	if err != nil {
		return err
	}
	d.Compiled = true
	d.Messages = append([]prompt.Message{}, compiled.Messages...)
	if compiled.Kind == prompt.KindText {
		d.text(compiled.Text)
	}
	return nil
}

// Short returns a revision as it is shown in a line: of a hash, the beginning.
func Short(revision string) string {
	const shown = 12
	if len(revision) <= 16 || strings.Trim(revision, "0123456789abcdef") != "" {
		return revision
	}
	return revision[:shown]
}

// JSON prints v as one indented document, and nothing in it that a terminal
// would obey.
func JSON(w io.Writer, v any) error {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	if err == nil {
		_, err = io.WriteString(w, term.SafeJSON(text.String()))
	}
	if err != nil {
		return fmt.Errorf("print the JSON: %w", err)
	}
	return nil
}
