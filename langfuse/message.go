package langfuse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// Message is one element of a chat prompt: a message, or a placeholder that
// stands for any number of them.
type Message struct {
	// Role and Content are a message's; its Content has its variables in it.
	// Both are empty for a placeholder.
	Role, Content string
	// Placeholder is the name of a placeholder, and empty for a message.
	Placeholder string
	// Raw is the element as the registry has it, one JSON object with all its
	// fields, also those that are not known here (tool_calls, name …).
	Raw json.RawMessage
}

// decodeMessages reads the elements of a chat prompt.
func decodeMessages(raw json.RawMessage) ([]Message, error) {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil || elements == nil {
		return nil, errors.New("its prompt is not an array of messages, as its type chat says")
	}
	messages := make([]Message, len(elements))
	for i, element := range elements {
		m, err := decodeMessage(element)
		if err != nil {
			return nil, fmt.Errorf("its message %d: %w", i+1, err)
		}
		messages[i] = m
	}
	return messages, nil
}

func decodeMessage(raw json.RawMessage) (Message, error) {
	var fields map[string]json.RawMessage // a struct would take "Role" for "role"
	if err := json.Unmarshal(raw, &fields); err != nil {
		return Message{}, err
	}
	m := Message{Raw: httpsource.Compact(raw)}
	kind, typed := stringField(fields, "type")
	if !typed && (fields["type"] == nil || string(fields["type"]) == "null") {
		kind = "message"
	}
	switch kind {
	case "placeholder":
		m.Placeholder, _ = stringField(fields, "name")
		if m.Placeholder == "" {
			return Message{}, errors.New("it is a placeholder without a name")
		}
	case "message", "chatmessage":
		var content bool
		m.Role, _ = stringField(fields, "role")
		m.Content, content = stringField(fields, "content")
		if m.Role == "" || !content {
			return Message{}, errors.New("it has no role or no content, or they are no strings")
		}
	default:
		return Message{}, fmt.Errorf("it is of the unknown type %.80s", fields["type"])
	}
	return m, nil
}

// stringField returns a field, and whether it is there and a string.
func stringField(fields map[string]json.RawMessage, name string) (string, bool) {
	var s *string
	if json.Unmarshal(fields[name], &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}

// copyMessages returns messages with memory of their own.
func copyMessages(messages []Message) []Message {
	out := make([]Message, len(messages))
	for i, m := range messages {
		m.Raw = bytes.Clone(m.Raw)
		out[i] = m
	}
	return out
}
