package fakelangsmith

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Commit is one version of a prompt, as it is pushed.
type Commit struct {
	// Manifest is the prompt in LangChain's serialization, a JSON object: see
	// [Text], [Chat] and [WithModel]. Its bytes are kept as they are, but for
	// insignificant space. A RunnableSequence is served whole to a client that
	// asks for the model, and otherwise as its first member.
	Manifest json.RawMessage
	// Examples is a JSON array or null. Empty means [].
	Examples json.RawMessage
	// Description is served as null if empty.
	Description string
	// Draft marks the commit as a draft, which is served by its hash and its
	// tags but is never "latest".
	Draft bool
	// Tags are moved to the commit in the same step.
	Tags []string
}

// Push adds a commit to a prompt, making the prompt, private, if it does not
// exist, and returns the commit's hash.
func (s *Server) Push(prompt string, c Commit) (hash string, err error) {
	r, err := s.ref(prompt)
	if err != nil {
		return "", err
	}
	if err := c.validate(); err != nil {
		return "", fmt.Errorf("fakelangsmith: push %s: %w", r, err)
	}
	examples := c.Examples
	if len(examples) == 0 {
		examples = json.RawMessage("[]")
	}
	return s.registry.push(r, &commit{
		manifest:    bytes.Clone(c.Manifest),
		examples:    bytes.Clone(examples),
		description: c.Description,
		draft:       c.Draft,
		created:     time.Now().UTC(),
	}, c.Tags), nil
}

func (c Commit) validate() error {
	var problems []error
	var object map[string]json.RawMessage
	if err := json.Unmarshal(c.Manifest, &object); err != nil || object == nil {
		problems = append(problems, errors.New("the manifest is not a JSON object"))
	}
	var array []json.RawMessage
	if len(c.Examples) > 0 && json.Unmarshal(c.Examples, &array) != nil {
		problems = append(problems, errors.New("the examples are not a JSON array"))
	}
	for _, tag := range c.Tags {
		problems = append(problems, checkTag(tag))
	}
	return errors.Join(problems...)
}

// PushText pushes an f-string text prompt.
func (s *Server) PushText(prompt, template string) (hash string, err error) {
	return s.Push(prompt, Commit{Manifest: Text(template)})
}

// PushChat pushes a chat prompt.
func (s *Server) PushChat(prompt string, messages ...Message) (hash string, err error) {
	return s.Push(prompt, Commit{Manifest: Chat(messages...)})
}

// SetTag makes tag mean the commit that version (a hash, a prefix, a tag,
// "latest") means now.
func (s *Server) SetTag(prompt, tag, version string) error {
	if err := checkTag(tag); err != nil {
		return fmt.Errorf("fakelangsmith: prompt %q: %w", prompt, err)
	}
	return s.change(prompt, func(p *repo) error {
		c := p.resolve(version)
		if c == nil {
			return fmt.Errorf("%w: commit %q of prompt %s", ErrNotFound, version, p.ref)
		}
		p.tags[tag] = c
		return nil
	})
}

func checkTag(tag string) error {
	if tag == latest {
		return errors.New(`"latest" cannot be a tag`)
	}
	return checkSegment("tag", tag)
}

// DeleteTag removes a tag; the commit stays.
func (s *Server) DeleteTag(prompt, tag string) error {
	return s.change(prompt, func(p *repo) error {
		if p.tags[tag] == nil {
			return fmt.Errorf("%w: tag %q of prompt %s", ErrNotFound, tag, p.ref)
		}
		delete(p.tags, tag)
		return nil
	})
}

// SetPublic lets every workspace read the prompt, or no longer.
func (s *Server) SetPublic(prompt string, public bool) error {
	return s.change(prompt, func(p *repo) error {
		p.public = public
		return nil
	})
}

// DeletePrompt removes a prompt with its commits and tags. A push of the same
// name begins a new history.
func (s *Server) DeletePrompt(prompt string) error {
	r, err := s.ref(prompt)
	if err != nil {
		return err
	}
	return s.registry.remove(r)
}

func (s *Server) change(prompt string, fn func(*repo) error) error {
	r, err := s.ref(prompt)
	if err != nil {
		return err
	}
	return s.registry.change(r, fn)
}
