package fakelangfuse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

// The types of prompts.
const (
	typeText = "text"
	typeChat = "chat"
)

// Message is one message of a chat prompt. A message with more fields is pushed
// as JSON: see [Version].
type Message struct {
	// Role is system, user, assistant or any other. The Content of a
	// "placeholder" is its name: what the caller's own messages replace.
	Role    string
	Content string
}

// Text is the prompt of a text prompt.
func Text(template string) json.RawMessage { return fakeserver.Encode(template) }

// Chat is the prompt of a chat prompt.
func Chat(messages ...Message) json.RawMessage {
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	type placeholder struct {
		Type string `json:"type"`
		Name string `json:"name"`
	}
	list := make([]any, len(messages))
	for i, m := range messages {
		list[i] = message(m)
		if m.Role == "placeholder" {
			list[i] = placeholder{Type: "placeholder", Name: m.Content}
		}
	}
	return fakeserver.Encode(list)
}

// readPrompt returns what a prompt's content is and its type, or what is wrong
// with it.
func readPrompt(raw json.RawMessage) (content json.RawMessage, kind string, err error) {
	var text *string
	if json.Unmarshal(raw, &text) == nil && text != nil {
		return Text(*text), typeText, nil
	}
	var messages []json.RawMessage
	if json.Unmarshal(raw, &messages) != nil || messages == nil {
		return nil, "", errors.New("the prompt is neither a JSON string nor an array of messages")
	}
	for i, m := range messages {
		if problem := messageProblem(m); problem != "" {
			return nil, "", fmt.Errorf("message %d of the prompt: %s", i, problem)
		}
	}
	return compact(raw), typeChat, nil
}

var placeholderName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]*$`)

// messageProblem says what is wrong with a message, "" if nothing.
func messageProblem(raw json.RawMessage) string {
	var m struct {
		Type, Name, Role, Content *string
	}
	if json.Unmarshal(raw, &m) != nil {
		return "Invalid input"
	}
	switch {
	case m.Type != nil && *m.Type == "placeholder":
		if m.Name == nil || !placeholderName.MatchString(*m.Name) {
			return "Placeholder name must start with a letter and contain only alphanumeric characters and underscores"
		}
	case m.Role == nil || m.Content == nil:
		return "Invalid input"
	}
	return ""
}

var variable = regexp.MustCompile(`\{\{\s*([^{}]+?)\s*\}\}`)

// ambiguousNames are those of the placeholders of a chat prompt that are also
// variables of its messages.
func ambiguousNames(content json.RawMessage) []string {
	var messages []struct{ Type, Name, Content string }
	if json.Unmarshal(content, &messages) != nil {
		return nil // a text
	}
	var variables, placeholders []string
	for _, m := range messages {
		if m.Type == "placeholder" {
			placeholders = append(placeholders, m.Name)
		}
		for _, match := range variable.FindAllStringSubmatch(m.Content, -1) {
			variables = append(variables, match[1])
		}
	}
	var both []string
	for _, name := range variables {
		if slices.Contains(placeholders, name) && !slices.Contains(both, name) {
			both = append(both, name)
		}
	}
	return both
}

// compact returns valid JSON without insignificant space, in memory of its own.
func compact(raw json.RawMessage) json.RawMessage {
	var buf bytes.Buffer
	if err := json.Compact(&buf, raw); err != nil {
		panic("fakelangfuse: compact: " + err.Error()) // its callers have decoded it
	}
	return bytes.Clone(buf.Bytes())
}

// unique returns the texts without repetitions, in the order of their first
// appearance, none of them empty; never nil.
func unique(texts ...string) []string {
	kept := []string{}
	for _, text := range texts {
		if strings.TrimSpace(text) != "" && !slices.Contains(kept, text) {
			kept = append(kept, text)
		}
	}
	return kept
}
