package langfuse

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Type says of what a prompt consists.
type Type string

// The types of prompts.
const (
	Text Type = "text" // one text; see Prompt.Text
	Chat Type = "chat" // messages; see Prompt.Messages
)

// Prompt is one version of a prompt, as Langfuse's prompts endpoint answers with
// it. It cannot be changed: every accessor returns a copy of what could be, so
// one Prompt may be shared by any number of goroutines.
//
// Make one from JSON, for a fallback or a test; see UnmarshalJSON.
type Prompt struct {
	ref           Ref // what was asked for, normal
	version       int
	kind          Type
	text          string
	messages      []Message
	config        json.RawMessage // compact, not empty
	labels, tags  []string
	commitMessage string
	graph         json.RawMessage // compact; "null" if the registry says so, nil if it does not say
	etag          string
	revision      string
	neutral       *neutral
}

// Ref returns what was asked for when this prompt was fetched: by a label, or by
// a version.
func (p *Prompt) Ref() Ref { return p.ref }

// Name returns the prompt's name with its folders.
func (p *Prompt) Name() string { return p.ref.Name }

// Version returns the number of this version, whether it was asked for by that
// or by a label.
func (p *Prompt) Version() int { return p.version }

// Type returns Text or Chat.
func (p *Prompt) Type() Type { return p.kind }

// Text returns the template of a text prompt, and "" of a chat prompt.
func (p *Prompt) Text() string { return p.text }

// Messages returns a copy of a chat prompt's messages and placeholders, in their
// order, and nil of a text prompt.
func (p *Prompt) Messages() []Message {
	if p.kind != Chat {
		return nil
	}
	return copyMessages(p.messages)
}

// Config returns a copy of the configuration that is stored with the prompt: any
// JSON value, its numbers as the registry wrote them; "null" if there is none.
func (p *Prompt) Config() json.RawMessage { return bytes.Clone(p.config) }

// Labels returns a copy of the labels that this version had when it was fetched.
func (p *Prompt) Labels() []string { return slices.Clone(p.labels) }

// Tags returns a copy of the prompt's tags, which all its versions share.
func (p *Prompt) Tags() []string { return slices.Clone(p.tags) }

// CommitMessage returns what its author said of this version, "" if nothing.
func (p *Prompt) CommitMessage() string { return p.commitMessage }

// ResolutionGraph returns a copy of what the registry says of the prompts that
// this one was composed of, nil if there are none.
func (p *Prompt) ResolutionGraph() json.RawMessage {
	if p.composed() == no {
		return nil
	}
	return bytes.Clone(p.graph)
}

// ETag returns the entity tag that the prompt came with, "" if there was none.
func (p *Prompt) ETag() string { return p.etag }

// Revision names the content, all that the accessors but Ref and ETag return:
// the version, "+" and the beginning of a SHA-256. A version keeps its number
// when its labels move, or when a prompt that it is composed of changes. See
// promptcache.FetchFunc.
func (p *Prompt) Revision() string { return p.revision }

// Immutable reports whether a later fetch of the same key must bring the same
// text: the prompt was asked for by its version, and the registry says that it
// is not composed of others. Its labels and tags may still change; those of an
// immutable prompt are as they were when it was fetched. See
// promptcache.FetchFunc.
func (p *Prompt) Immutable() bool { return p.ref.Version != 0 && p.composed() == no }

// composition is whether a prompt is put together from others, whose changes
// then change it.
type composition uint8

const (
	unsaid composition = iota
	no
	yes
)

func (p *Prompt) composed() composition {
	switch string(p.graph) {
	case "":
		return unsaid
	case "null":
		return no
	default:
		return yes
	}
}
