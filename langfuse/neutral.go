package langfuse

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/promptcache/promptcache-go/prompt"
)

// neutral is the [prompt.Prompt] that a Prompt is read into, once.
type neutral struct {
	once   sync.Once
	prompt *prompt.Prompt
	err    error
}

// Prompt returns the prompt ready to compile, with Langfuse's rules. It is made
// once, at the first call; all callers get the same one, or the same error: that
// the prompt has something which cannot be compiled. To keep such a prompt out
// of a cache, call Prompt in a promptcache.Validate.
func (p *Prompt) Prompt() (*prompt.Prompt, error) {
	if p.neutral == nil {
		return nil, fmt.Errorf("langfuse: %w: the zero Prompt cannot be compiled", prompt.ErrInvalid)
	}
	p.neutral.once.Do(func() { p.neutral.prompt, p.neutral.err = p.read() })
	return p.neutral.prompt, p.neutral.err
}

// read makes the neutral prompt.
func (p *Prompt) read() (*prompt.Prompt, error) {
	spec := prompt.Spec{
		Name:      p.Name(),
		Revision:  p.revision,
		Immutable: p.Immutable(),
		Validator: validator(p.ref, p.etag),
		Kind:      prompt.KindText,
		Text:      p.text,
		Syntax:    prompt.SyntaxLangfuse,
	}
	if string(p.config) != "null" {
		spec.Config = p.config
	}
	if p.kind == Chat {
		spec.Kind = prompt.KindChat
		spec.Messages = make([]prompt.Message, len(p.messages))
	}
	for i, m := range p.messages {
		if m.Placeholder != "" { // whatever else it has is not a message's
			spec.Messages[i].Placeholder = &prompt.Placeholder{Name: m.Placeholder}
			continue
		}
		if err := json.Unmarshal(m.Raw, &spec.Messages[i]); err != nil {
			return nil, fmt.Errorf("langfuse: %q, message %d: %w", p.ref, i+1, err)
		}
	}
	w, err := p.wire(p.Name())
	if err == nil {
		spec.Raw, err = json.Marshal(w)
	}
	if err != nil {
		return nil, fmt.Errorf("langfuse: %q: %w", p.ref, err)
	}
	made, err := prompt.New(spec)
	if err != nil {
		return nil, fmt.Errorf("langfuse: %q: %w", p.ref, err)
	}
	return made, nil
}
