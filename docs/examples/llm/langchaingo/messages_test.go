package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"

	"github.com/promptcache/promptcache-go/docs/examples/llm/internal/completionstest"
	"github.com/promptcache/promptcache-go/prompt"
)

const gpt = `{"model":"gpt-4.1"}`

func newPrompt(t *testing.T, s prompt.Spec) *prompt.Prompt {
	t.Helper()
	p, err := prompt.New(s)
	require.NoError(t, err)
	return p
}

// sent asks with the prompt, and returns what the server was sent.
func sent(t *testing.T, p *prompt.Prompt, vars prompt.Vars) map[string]json.RawMessage {
	t.Helper()
	server := completionstest.Start(t)
	server.Setenv(t)
	answer, err := ask(t.Context(), p, vars)
	require.NoError(t, err)
	require.Equal(t, completionstest.Answer, answer)
	return server.Sent(t)
}

// read is one message of a chat, as JSON has it.
func read(t *testing.T, raw string) prompt.Compiled {
	t.Helper()
	var m prompt.Message
	require.NoError(t, json.Unmarshal([]byte(raw), &m))
	c, err := newPrompt(t, prompt.Spec{Messages: []prompt.Message{m}}).Compile(nil)
	require.NoError(t, err)
	return c
}

func TestMessagesOfAChat(t *testing.T) {
	spec := completionstest.Spec()
	spec.Config = json.RawMessage(gpt)
	require.JSONEq(t, `[
		{"role":"system","content":"You help the customers of \"Tea & <Cups>\"."},
		{"role":"system","content":"Answer in Français."},
		{"role":"user","content":"Where is order 7?"},
		{"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":"function","function":{"name":"order","arguments":"{\"id\":7}"}}]},
		{"role":"tool","content":"{\"state\":\"sent\"}","tool_call_id":"call_1"},
		{"role":"assistant","content":"It was sent."},
		{"role":"user","content":[
			{"type":"text","text":"When was it sent?"},
			{"type":"image_url","image_url":{"url":"https://shop.example/7.png?a=1&b=2","detail":"low"}}]}
	]`, string(sent(t, newPrompt(t, spec), completionstest.Vars())["messages"]))
}

func TestMessages(t *testing.T) {
	const calls = `"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"2","type":"function","function":{"name":"g","arguments":""}}]`
	same := map[string]string{
		"system":            `{"role":"system","content":"a <b>"}`,
		"user":              `{"role":"user","content":""}`,
		"assistant":         `{"role":"assistant","content":"Hi"}`,
		"text and calls":    `{"role":"assistant","content":"Hi",` + calls + `}`,
		"parts and calls":   `{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],` + calls + `}`,
		"an image":          `{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a.example/?a&b"}}]}`,
		"an image's detail": `{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"high"}},{"type":"text","text":"a"}]}`,
		"a result":          `{"role":"tool","content":"{}","tool_call_id":"1"}`,
		"an empty result":   `{"role":"tool","content":"","tool_call_id":"1"}`,
	}
	changed := map[string][2]string{
		"a null content":       {`{"role":"assistant","content":null,` + calls + `}`, `{"role":"assistant","content":"",` + calls + `}`},
		"a single text":        {`{"role":"user","content":[{"type":"text","text":"a"}]}`, `{"role":"user","content":"a"}`},
		"a result in a part":   {`{"role":"tool","content":[{"type":"text","text":"a"}],"tool_call_id":"1"}`, `{"role":"tool","content":"a","tool_call_id":"1"}`},
		"the name of a tool":   {`{"role":"tool","content":"a","tool_call_id":"1","name":"f"}`, `{"role":"tool","content":"a","tool_call_id":"1"}`},
		"the role developer":   {`{"role":"developer","content":"a"}`, `{"role":"system","content":"a"}`},
		"no calls, and a list": {`{"role":"assistant","content":"a","tool_calls":[]}`, `{"role":"assistant","content":"a"}`},
	}
	for name, raw := range same {
		changed[name] = [2]string{raw, raw}
	}
	for name, test := range changed {
		t.Run(name, func(t *testing.T) {
			p := newPrompt(t, prompt.Spec{Messages: read(t, test[0]).Messages, Config: json.RawMessage(gpt)})
			require.JSONEq(t, "["+test[1]+"]", string(sent(t, p, nil)["messages"]))
		})
	}
}

// TestMessagesForOtherModels is of what the model of OpenAI does not show.
func TestMessagesForOtherModels(t *testing.T) {
	out, err := messages(prompt.Compiled{Messages: []prompt.Message{
		{Role: "assistant", NoContent: true, ToolCalls: json.RawMessage(`[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]`)},
		{Role: "tool", ToolCallID: "1", Name: "f", Content: "a"},
	}})
	require.NoError(t, err)
	require.Equal(t, []llms.MessageContent{
		{Role: llms.ChatMessageTypeAI, Parts: []llms.ContentPart{llms.ToolCall{ID: "1", Type: "function", FunctionCall: &llms.FunctionCall{Name: "f", Arguments: "{}"}}}},
		{Role: llms.ChatMessageTypeTool, Parts: []llms.ContentPart{llms.ToolCallResponse{ToolCallID: "1", Name: "f", Content: "a"}}},
	}, out)
}

func TestSystemOfOldReasoningModels(t *testing.T) {
	spec := prompt.Spec{Config: json.RawMessage(`{"model":"o1"}`), Messages: []prompt.Message{
		{Role: "system", Content: "a"}, {Role: "developer", Content: "b"}, {Role: "user", Content: "c"},
	}}
	require.JSONEq(t, `[{"role":"user","content":[{"type":"text","text":"a\n\nb\n\n"},{"type":"text","text":"c"}]}]`,
		string(sent(t, newPrompt(t, spec), nil)["messages"]))
}

func TestLoss(t *testing.T) {
	tests := map[string]struct{ raw, want string }{
		"a name":                    {`{"role":"user","content":"a","name":"ada"}`, `messages[0]: langchaingo cannot carry it: the name "ada"`},
		"fields":                    {`{"role":"user","content":"a","y":1,"x":1}`, `the fields ["x" "y"]`},
		"a tool's fields":           {`{"role":"tool","content":"a","tool_call_id":"1","x":1}`, `the fields ["x"]`},
		"a part's field":            {`{"role":"user","content":["a",{"type":"text","text":"b","x":1}]}`, `messages[0]: content[1]: langchaingo cannot carry it: the fields ["x"]`},
		"an image's field":          {`{"role":"user","content":[{"type":"image_url","image_url":{"url":"a","x":1}}]}`, `the fields ["image_url"]`},
		"an audio":                  {`{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"","format":"wav"}}]}`, `the fields ["input_audio"]`},
		"a part without anything":   {`{"role":"user","content":[{"type":"video"}]}`, `a part of type "video"`},
		"a role":                    {`{"role":"critic","content":"a"}`, `the role "critic"`},
		"a custom call":             {`{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"custom","custom":{"name":"f","input":""}}]}`, `tool_calls: langchaingo cannot carry it: json: unknown field "custom"`},
		"a call's field":            {`{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":""},"index":0}]}`, `unknown field "index"`},
		"a call without a function": {`{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"custom"}]}`, `tool_calls[0]: langchaingo cannot carry it: a call of type "custom"`},
		"a call of a tool":          {`{"role":"tool","content":"a","tool_call_id":"1","tool_calls":[]}`, `tool_calls in a tool's message`},
		"a result in parts":         {`{"role":"tool","content":["a","b"],"tool_call_id":"1"}`, `not one text`},
		"a result with a field":     {`{"role":"tool","content":[{"type":"text","text":"a","x":1}],"tool_call_id":"1"}`, `not one text`},
		"a result that is an image": {`{"role":"tool","content":[{"type":"image_url","image_url":{"url":"a"}}],"tool_call_id":"1"}`, `not one text`},
		"a user's result of a tool": {`{"role":"user","content":"a","tool_call_id":"1"}`, `a tool_call_id in a message of the role "user"`},
		"a placeholder left open":   {`{"type":"placeholder","name":"history"}`, `the placeholder "history"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := messages(read(t, test.raw))
			require.ErrorIs(t, err, errLoss)
			require.ErrorContains(t, err, test.want)
			require.Nil(t, out)
		})
	}
	t.Run("nothing is sent", func(t *testing.T) {
		server := completionstest.Start(t)
		server.Setenv(t)
		p := newPrompt(t, prompt.Spec{Name: "al", Messages: []prompt.Message{{Role: "critic"}}, Config: json.RawMessage(gpt)})
		_, err := ask(t.Context(), p, nil)
		require.ErrorContains(t, err, `prompt "al": messages[0]: `)
		require.Zero(t, server.Count())
	})
}
