package completionstest

import (
	"encoding/json"

	"github.com/promptcache/promptcache-go/prompt"
)

// Spec is a chat with every role, a placeholder, an image and a schema. It is
// the caller's own.
func Spec() prompt.Spec {
	return prompt.Spec{
		Name: "support",
		Messages: []prompt.Message{
			{Role: "system", Content: "You help the customers of {{shop}}."},
			{Role: "developer", Parts: []prompt.Part{{Text: "Answer in {{language}}."}}},
			{Placeholder: &prompt.Placeholder{Name: "history"}},
			{Role: "user", Parts: []prompt.Part{
				{Text: "{{question}}"},
				{ImageURL: "{{photo}}", Detail: "low"},
			}},
		},
		Schema: json.RawMessage(`{"title":"reply","type":"object","properties":{"text":{"type":"string"},"stars":{"type":"integer","enum":[1,9007199254740993]}},"required":["text","stars"],"additionalProperties":false}`),
	}
}

// Vars are values for Spec: with a call of a tool and its result.
func Vars() prompt.Vars {
	return prompt.Vars{
		"shop":     `"Tea & <Cups>"`,
		"language": "Français",
		"question": "When was it sent?",
		"photo":    "https://shop.example/7.png?a=1&b=2",
		"history": []prompt.Message{
			{Role: "user", Content: "Where is order 7?"},
			{Role: "assistant", NoContent: true, ToolCalls: json.RawMessage(`[{"id":"call_1","type":"function","function":{"name":"order","arguments":"{\"id\":7}"}}]`)},
			{Role: "tool", ToolCallID: "call_1", Content: `{"state":"sent"}`},
			{Role: "assistant", Content: "It was sent."},
		},
	}
}

// Tool is a tool, as the API takes it.
const Tool = `{"type":"function","function":{"name":"order","description":"An order's state","parameters":{"type":"object","properties":{"id":{"type":"integer"}}}}}`
