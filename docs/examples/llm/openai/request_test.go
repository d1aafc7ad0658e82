package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/docs/examples/llm/internal/completionstest"
	"github.com/promptcache/promptcache-go/prompt"
)

// chatOpenAI is the least of a Config that says which model to use.
const chatOpenAI = `{"provider":"ChatOpenAI","settings":{"model":"gpt-4.1"}}`

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
	answer, err := ask(t.Context(), openai.NewClient(), p, vars)
	require.NoError(t, err)
	require.Equal(t, completionstest.Answer, answer)
	return server.Sent(t)
}

// compiled is the prompt's messages as JSON.
func compiled(t *testing.T, p *prompt.Prompt, vars prompt.Vars) string {
	t.Helper()
	c, err := p.CompileStrict(vars)
	require.NoError(t, err)
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	require.NoError(t, enc.Encode(c))
	return strings.TrimSuffix(raw.String(), "\n")
}

func TestMessagesAreSentToTheByte(t *testing.T) {
	everything := completionstest.Spec()
	everything.Messages[3].Name = "ada"
	everything.Messages = append(everything.Messages,
		prompt.Message{Role: "critic", Content: "a role of another provider"},
		prompt.Message{Role: "tool", ToolCallID: "call_2", Name: "order", Parts: []prompt.Part{{Text: "a result in parts"}}},
		prompt.Message{Role: "user", Parts: []prompt.Part{
			{Text: "cached", Extra: map[string]json.RawMessage{"cache_control": json.RawMessage(`{"type":"ephemeral"}`)}},
			{Type: "input_audio", Extra: map[string]json.RawMessage{"input_audio": json.RawMessage(`{"data":"UklG","format":"wav"}`)}},
		}},
		prompt.Message{
			Role: "assistant", ToolCalls: json.RawMessage(`[{"id":"call_3","type":"custom","custom":{"name":"sql","input":"SELECT 1 < 2"},"index":9007199254740993}]`),
			Extra: map[string]json.RawMessage{"reasoning_content": json.RawMessage(`"1 \u003c 2"`), "refusal": json.RawMessage(`null`)},
		},
	)
	tests := map[string]prompt.Spec{
		"a chat":     completionstest.Spec(),
		"everything": everything,
		"a text":     {Text: "{{question}}"},
		"no message": {Messages: []prompt.Message{{Placeholder: &prompt.Placeholder{Name: "more", Optional: true}}}, Syntax: prompt.SyntaxMustache},
	}
	for name, spec := range tests {
		t.Run(name, func(t *testing.T) {
			spec.Config = json.RawMessage(chatOpenAI)
			p, vars := newPrompt(t, spec), completionstest.Vars()
			require.Equal(t, compiled(t, p, vars), string(sent(t, p, vars)["messages"]))
		})
	}
}

func TestTheClientDoesNotKnowWhatIsInTheMessages(t *testing.T) {
	out := messages(prompt.Compiled{Messages: []prompt.Message{{Role: "user", Content: "Hello"}}})
	require.Len(t, out, 1)
	require.Nil(t, out[0].GetRole())
}

// TestDecodedMessages is what the comment on messages says of the other way.
func TestDecodedMessages(t *testing.T) {
	tests := map[string]struct{ raw, sent string }{
		"a null content":          {`{"role":"assistant","content":null,"tool_calls":[]}`, `{"role":"assistant","tool_calls":[]}`},
		"a field of a message":    {`{"role":"user","content":"Hi","name":"ada","x":1}`, `{"role":"user","content":"Hi","name":"ada"}`},
		"a field of a part":       {`{"role":"user","content":[{"type":"text","text":"Hi","x":1}]}`, `{"role":"user","content":[{"type":"text","text":"Hi"}]}`},
		"the name of a tool":      {`{"role":"tool","content":"Hi","tool_call_id":"1","name":"f"}`, `{"role":"tool","content":"Hi","tool_call_id":"1"}`},
		"a part of unknown type":  {`{"role":"user","content":[{"type":"video","video":{}}]}`, `{"role":"user","content":[{"type":"video","video":{}}]}`},
		"a developer's, in parts": {`{"role":"developer","content":[{"type":"text","text":"Hi"}]}`, `{"role":"developer","content":[{"type":"text","text":"Hi"}]}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var message openai.ChatCompletionMessageParamUnion
			require.NoError(t, json.Unmarshal([]byte(test.raw), &message))
			require.NotNil(t, message.GetRole())
			again, err := json.Marshal(message)
			require.NoError(t, err)
			require.JSONEq(t, test.sent, string(again))
		})
	}
	var message openai.ChatCompletionMessageParamUnion
	require.Error(t, json.Unmarshal([]byte(`{"role":"critic","content":"Hi"}`), &message))
}

func TestSettings(t *testing.T) {
	tests := map[string]struct{ config, sent string }{
		"unset are not sent": {chatOpenAI, `{"model":"gpt-4.1"}`},
		"zeros are sent":     {`{"provider":"ChatOpenAI","settings":{"model":"gpt-4.1","temperature":0,"top_p":0}}`, `{"model":"gpt-4.1","temperature":0,"top_p":0}`},
		"others are not sent": {
			`{"provider":"ChatOpenAI","settings":{"model":"gpt-4.1","model_name":"older","base_url":"https://elsewhere.example","openai_api_key":{"lc":1,"type":"secret","id":["OPENAI_API_KEY"]}}}`,
			`{"model":"gpt-4.1"}`,
		},
		"tools": {
			`{"provider":"ChatOpenAI","settings":{"model":"gpt-4.1"},"bound":{"tools":[` + completionstest.Tool + `],"tool_choice":{"type":"function","function":{"name":"order"}}}}`,
			`{"model":"gpt-4.1","tools":[` + completionstest.Tool + `],"tool_choice":{"type":"function","function":{"name":"order"}}}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fields := sent(t, newPrompt(t, prompt.Spec{Text: "Hello", Config: json.RawMessage(test.config)}), nil)
			delete(fields, "messages")
			raw, err := json.Marshal(fields)
			require.NoError(t, err)
			require.JSONEq(t, test.sent, string(raw))
		})
	}
}

func TestSchema(t *testing.T) {
	const schema = `{"z":1.50,"title":"a\u003cb","a":{"enum":[9007199254740993]}}`
	for name, test := range map[string]struct{ schema, output, sent string }{
		"as LangChain has it": {schema, `{}`, `{"json_schema":{"name":"a\u003cb","schema":` + schema + `},"type":"json_schema"}`},
		"strict":              {`{}`, `{"strict":true}`, `{"json_schema":{"name":"answer","strict":true,"schema":{}},"type":"json_schema"}`},
		"not strict":          {`{}`, `{"strict":false}`, `{"json_schema":{"name":"answer","strict":false,"schema":{}},"type":"json_schema"}`},
	} {
		t.Run(name, func(t *testing.T) {
			config := `{"provider":"ChatOpenAI","settings":{"model":"gpt-4.1"},"structured_output":` + test.output + `}`
			p := newPrompt(t, prompt.Spec{Text: "Hello", Schema: json.RawMessage(test.schema), Config: json.RawMessage(config)})
			got := string(sent(t, p, nil)["response_format"])
			require.JSONEq(t, test.sent, got)
			require.Contains(t, got, test.schema, "the schema's own bytes")
		})
	}
}

func TestRefused(t *testing.T) {
	server := completionstest.Start(t)
	server.Setenv(t)
	tests := map[string]struct {
		spec prompt.Spec
		want string
	}{
		"a variable without a value": {prompt.Spec{Text: "{{missing}}", Config: json.RawMessage(chatOpenAI)}, `missing variables: "missing"`},
		"a placeholder left open":    {prompt.Spec{Messages: []prompt.Message{{Placeholder: &prompt.Placeholder{Name: "history"}}}, Config: json.RawMessage(chatOpenAI)}, "history"},
		"no model":                   {prompt.Spec{Name: "al", Text: "Hello"}, `the model of prompt "al": it is ""; want "ChatOpenAI", and "?model" in the key`},
		"another provider":           {prompt.Spec{Text: "Hello", Config: json.RawMessage(`{"provider":"ChatAnthropic","settings":{"model":"x"}}`)}, `it is "ChatAnthropic"`},
		"a model without a name":     {prompt.Spec{Text: "Hello", Config: json.RawMessage(`{"provider":"ChatOpenAI"}`)}, "it has no name"},
		"settings of another shape":  {prompt.Spec{Text: "Hello", Config: json.RawMessage(`{"provider":"ChatOpenAI","settings":[]}`)}, "settings"},
		"a schema of another shape":  {prompt.Spec{Text: "Hello", Config: json.RawMessage(chatOpenAI), Schema: json.RawMessage(`true`)}, "its schema: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ask(t.Context(), openai.NewClient(), newPrompt(t, test.spec), nil)
			require.ErrorContains(t, err, test.want)
		})
	}
	require.Zero(t, server.Count())
}

func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, shown, found := strings.Cut(string(readme), "\n```go\n")
	require.True(t, found)
	shown, _, found = strings.Cut(shown, "```\n")
	require.True(t, found)
	program, err := os.ReadFile("request.go")
	require.NoError(t, err)
	require.Contains(t, string(program), shown, "README.md and request.go differ")
}
