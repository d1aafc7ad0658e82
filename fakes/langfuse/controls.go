package fakelangfuse

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Version is one version of a prompt, as it is pushed.
type Version struct {
	// Prompt is a JSON string, which makes a text prompt, or an array of
	// messages, which makes a chat prompt: see [Text] and [Chat]. Fields of a
	// message beside role and content are kept as they are.
	Prompt json.RawMessage
	// Config is any JSON. Empty means {}.
	Config json.RawMessage
	// Labels are taken from the versions that have them. The newest version has
	// "latest" without being told.
	Labels []string
	// Tags are those of all versions from now on. Nil keeps them as they are.
	Tags []string
	// CommitMessage is served as null if empty.
	CommitMessage string
}

// Push adds a version to a prompt, making the prompt if it does not exist, and
// returns its number. It refuses what the registry would refuse, but for the
// prompts that it is composed of, which need not exist.
func (s *Server) Push(prompt string, v Version) (version int, err error) {
	r, err := s.ref(prompt)
	if err != nil {
		return 0, err
	}
	made, err := v.make(r)
	if err != nil {
		return 0, fmt.Errorf("fakelangfuse: push %s: %w", r, err)
	}
	g := s.registry
	g.mu.Lock()
	defer g.mu.Unlock()
	if problem := g.problemLocked(made); problem != "" {
		return 0, fmt.Errorf("fakelangfuse: push %s: %s", r, problem)
	}
	s.addLocked(made, v.Tags)
	return made.number, nil
}

// make returns the version of the prompt r that v describes, not yet numbered,
// or all that is wrong with it.
func (v Version) make(r ref) (*entry, error) {
	content, kind, err := readPrompt(v.Prompt)
	problems := []error{err}
	config := v.Config
	if len(config) == 0 {
		config = json.RawMessage("{}")
	}
	if json.Valid(config) {
		config = compact(config)
	} else {
		problems = append(problems, errors.New("the config is not JSON"))
	}
	for _, label := range v.Labels {
		problems = append(problems, checkLabel(label))
	}
	created := now()
	made := &entry{
		ref: r, kind: kind, content: content, config: config, createdBy: "fake", labels: slices.Clone(v.Labels),
		created: created, updated: created,
	}
	if v.CommitMessage != "" {
		made.commitMessage = &v.CommitMessage
	}
	return made, errors.Join(problems...)
}

func checkLabel(label string) error {
	if problem := labelProblem(label); problem != "" {
		return fmt.Errorf("label %q: %s", label, problem)
	}
	return nil
}

// problemLocked is what the registry says of a version that does not fit to
// those before it, or to itself.
func (g *registry) problemLocked(v *entry) string {
	if p := g.prompts[v.ref]; p != nil && p.kind != v.kind {
		return "Previous versions have different prompt type. Create a new prompt with a different name."
	}
	if both := ambiguousNames(v.content); len(both) > 0 {
		return "Cannot create prompt, variables and placeholders must be unique, the following are not: " + strings.Join(both, ", ")
	}
	return ""
}

// addLocked adds a version and tells the webhook.
func (s *Server) addLocked(v *entry, tags []string) {
	touched := s.registry.addLocked(v, tags)
	s.notifyLocked("created", v)
	s.notifyLocked("updated", touched...)
}

// PushText pushes a text prompt with the label "production".
func (s *Server) PushText(prompt, template string) (version int, err error) {
	return s.Push(prompt, Version{Prompt: Text(template), Labels: []string{production}})
}

// PushChat pushes a chat prompt with the label "production".
func (s *Server) PushChat(prompt string, messages ...Message) (version int, err error) {
	return s.Push(prompt, Version{Prompt: Chat(messages...), Labels: []string{production}})
}

// MoveLabel gives a version one more label, which the version that had it
// loses.
func (s *Server) MoveLabel(prompt, label string, version int) error {
	return s.relabel(prompt, version, []string{label}, func(has []string) []string { return append(has, label) })
}

// SetLabels gives a version these labels and no others, but for "latest", which
// stays where it is.
func (s *Server) SetLabels(prompt string, version int, labels ...string) error {
	return s.relabel(prompt, version, labels, func(has []string) []string {
		if slices.Contains(has, latest) {
			return append(slices.Clone(labels), latest)
		}
		return labels
	})
}

func (s *Server) relabel(prompt string, number int, labels []string, want func(has []string) []string) error {
	var problems []error
	for _, label := range labels {
		problems = append(problems, checkLabel(label))
		if label == latest {
			problems = append(problems, errors.New(`"latest" is always the newest version's`))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("fakelangfuse: prompt %q: %w", prompt, err)
	}
	return s.change(prompt, func(p *history) error {
		v, err := p.get(number)
		if err != nil {
			return err
		}
		s.notifyLocked("updated", s.registry.relabelLocked(v, unique(want(slices.Clone(v.labels))...))...)
		return nil
	})
}

// SetTags replaces the tags, which all versions share.
func (s *Server) SetTags(prompt string, tags ...string) error {
	return s.change(prompt, func(p *history) error {
		s.notifyLocked("updated", p.setTags(tags)...)
		return nil
	})
}

// Delete removes a prompt with its versions, also if others are composed of it,
// and tells the webhook, as the registry's own pages do. A push of the same name
// begins with version 1.
func (s *Server) Delete(prompt string) error {
	return s.change(prompt, func(p *history) error {
		s.removeLocked(p, slices.Clone(p.versions))
		return nil
	})
}

// DeleteVersion removes one version as [Server.Delete] does.
func (s *Server) DeleteVersion(prompt string, version int) error {
	return s.change(prompt, func(p *history) error {
		v, err := p.get(version)
		if err != nil {
			return err
		}
		s.removeLocked(p, []*entry{v})
		return nil
	})
}

// removeLocked tells the webhook of versions and removes them.
func (s *Server) removeLocked(p *history, gone []*entry) {
	s.notifyLocked("deleted", gone...)
	s.registry.removeLocked(p.ref, gone)
}

// change runs fn on a prompt, which must exist, under the registry's lock.
func (s *Server) change(prompt string, fn func(*history) error) error {
	r, err := s.ref(prompt)
	if err != nil {
		return err
	}
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	if p := s.registry.prompts[r]; p != nil {
		return fn(p)
	}
	return fmt.Errorf("%w: prompt %s", ErrNotFound, r)
}
