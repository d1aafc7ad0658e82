package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tmc/langchaingo/llms"

	"github.com/promptcache/promptcache-go/prompt"
)

// errLoss: a message has something that langchaingo has no place for.
var errLoss = errors.New("langchaingo cannot carry it")

// roles are langchaingo's names of the roles whose messages are text and images.
var roles = map[string]llms.ChatMessageType{
	"system":    llms.ChatMessageTypeSystem,
	"developer": llms.ChatMessageTypeSystem,
	"user":      llms.ChatMessageTypeHuman,
	"assistant": llms.ChatMessageTypeAI,
}

// messages returns the messages of c as langchaingo has them. What would get
// lost is an error that matches errLoss and says where it is: the author's name,
// roles of others, fields and types of parts that are not OpenAI's text and
// images, calls of tools that are not functions, a tool's result in several
// parts, and placeholders that were left open.
//
// What changes without changing the meaning is let through. The role developer
// becomes system. langchaingo's model of OpenAI sends a null content as "", a
// single text part as a string, and no name of a tool; for the models o1 and o3
// it puts the system's texts in front of the first user's.
func messages(c prompt.Compiled) ([]llms.MessageContent, error) {
	out := make([]llms.MessageContent, len(c.Messages))
	for i, m := range c.Messages {
		message, err := message(m)
		if err != nil {
			return nil, fmt.Errorf("messages[%d]: %w", i, err)
		}
		out[i] = message
	}
	return out, nil
}

func message(m prompt.Message) (llms.MessageContent, error) {
	switch {
	case m.Placeholder != nil:
		return llms.MessageContent{}, fmt.Errorf("%w: the placeholder %q", errLoss, m.Placeholder.Name)
	case len(m.Extra) > 0:
		return llms.MessageContent{}, fmt.Errorf("%w: %s", errLoss, fields(m.Extra))
	case m.Role == "tool":
		return result(m)
	case m.Name != "":
		return llms.MessageContent{}, fmt.Errorf("%w: the name %q", errLoss, m.Name)
	case m.ToolCallID != "":
		return llms.MessageContent{}, fmt.Errorf("%w: a tool_call_id in a message of the role %q", errLoss, m.Role)
	}
	role, ok := roles[m.Role]
	if !ok {
		return llms.MessageContent{}, fmt.Errorf("%w: the role %q", errLoss, m.Role)
	}
	content, err := parts(m)
	if err != nil {
		return llms.MessageContent{}, err
	}
	calls, err := toolCalls(m.ToolCalls)
	return llms.MessageContent{Role: role, Parts: append(content, calls...)}, err
}

// parts returns the texts and images of a message.
func parts(m prompt.Message) ([]llms.ContentPart, error) {
	if m.NoContent {
		return nil, nil
	}
	if m.Parts == nil {
		return []llms.ContentPart{llms.TextPart(m.Content)}, nil
	}
	out := make([]llms.ContentPart, len(m.Parts))
	for i, p := range m.Parts {
		switch {
		case len(p.Extra) > 0:
			return nil, fmt.Errorf("content[%d]: %w: %s", i, errLoss, fields(p.Extra))
		case p.Type == prompt.TextPart:
			out[i] = llms.TextPart(p.Text)
		case p.Type == prompt.ImagePart:
			out[i] = llms.ImageURLWithDetailPart(p.ImageURL, p.Detail)
		default:
			return nil, fmt.Errorf("content[%d]: %w: a part of type %q", i, errLoss, p.Type)
		}
	}
	return out, nil
}

// toolCall is langchaingo's without its UnmarshalJSON, which reads another shape
// than the API's.
type toolCall llms.ToolCall

// toolCalls reads the calls of functions that an assistant's message has.
func toolCalls(raw json.RawMessage) ([]llms.ContentPart, error) {
	if raw == nil {
		return nil, nil
	}
	var calls []toolCall
	if err := decode(raw, &calls); err != nil {
		return nil, fmt.Errorf("tool_calls: %w", err)
	}
	out := make([]llms.ContentPart, len(calls))
	for i, call := range calls {
		if call.FunctionCall == nil { // sending it would panic
			return nil, fmt.Errorf("tool_calls[%d]: %w: a call of type %q", i, errLoss, call.Type)
		}
		out[i] = llms.ToolCall(call)
	}
	return out, nil
}

// result returns a tool's message.
func result(m prompt.Message) (llms.MessageContent, error) {
	text := m.Content
	switch {
	case m.ToolCalls != nil:
		return llms.MessageContent{}, fmt.Errorf("%w: tool_calls in a tool's message", errLoss)
	case m.Parts != nil:
		if len(m.Parts) != 1 || m.Parts[0].Type != prompt.TextPart || len(m.Parts[0].Extra) > 0 {
			return llms.MessageContent{}, fmt.Errorf("%w: a tool's result that is not one text", errLoss)
		}
		text = m.Parts[0].Text
	}
	return llms.MessageContent{Role: llms.ChatMessageTypeTool, Parts: []llms.ContentPart{
		llms.ToolCallResponse{ToolCallID: m.ToolCallID, Name: m.Name, Content: text},
	}}, nil
}

// fields names the fields that there is no place for.
func fields(extra map[string]json.RawMessage) string {
	return fmt.Sprintf("the fields %q", slices.Sorted(maps.Keys(extra)))
}

// decode reads JSON into a type of langchaingo's; a field that the type does not
// have is an error, for it would not be sent.
func decode(raw json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", errLoss, err)
	}
	return nil
}
