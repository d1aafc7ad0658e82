package prompt

import (
	"encoding/json"
	"fmt"
)

// fill appends the messages that the caller gives for a placeholder.
func (it *item) fill(s *state, out []Message, syntax Syntax) []Message {
	placeholder := *it.message.Placeholder
	messages, given, err := s.messages(placeholder.Name)
	if err != nil {
		s.fail(fmt.Errorf("placeholder %.80q: %w", placeholder.Name, err))
		return out
	}
	if !given {
		if placeholder.Optional {
			return out
		}
		stays := syntax.expandsPlaceholders()
		s.unfilled(placeholder.Name, !stays)
		if stays {
			out = append(out, Message{Placeholder: &placeholder})
		}
		return out
	}
	if placeholder.Limit > 0 && len(messages) > placeholder.Limit {
		messages = messages[len(messages)-placeholder.Limit:]
	}
	strict := s.strict
	s.strict = false // what others wrote is no fault of the prompt's
	defer func() { s.strict = strict }()
	for i, m := range messages {
		if m.Placeholder != nil || m.Role == "" {
			s.fail(fmt.Errorf("placeholder %.80q: %w: [%d] is not a message with a role", placeholder.Name, ErrVariable, i))
			return out
		}
		m = m.clone()
		m.Syntax = ""
		t, err := parse(m.Content, it.message.Syntax)
		if err != nil {
			s.fail(fmt.Errorf("placeholder %.80q: [%d]: %w", placeholder.Name, i, err))
			return out
		}
		m.Content = t.render(s)
		out = append(out, m)
	}
	return out
}

// messages returns the messages given under a name, and false if there are none.
func (s *state) messages(name string) ([]Message, bool, error) {
	v, given := s.vars[name]
	if !given {
		v, given = s.partials[name]
	}
	if !given {
		return nil, false, nil
	}
	messages, err := toMessages(v)
	return messages, true, err
}

// toMessages reads a value as a list of messages.
func toMessages(v any) ([]Message, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []Message:
		return v, nil
	case Message, *Message, Compiled, string, []byte, error:
		return nil, fmt.Errorf("%w: a %T is not a list of messages", ErrVariable, v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: a %T is not a list of messages: %w", ErrVariable, v, err)
	}
	var messages []Message
	if err := json.Unmarshal(text, &messages); err != nil {
		return nil, fmt.Errorf("%w: a %T is not a list of messages: %w", ErrVariable, v, err)
	}
	return messages, nil
}
