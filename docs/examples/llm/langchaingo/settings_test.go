package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/docs/examples/llm/internal/completionstest"
	"github.com/promptcache/promptcache-go/prompt"
)

func TestSettings(t *testing.T) {
	tests := map[string]struct{ config, sent string }{
		"a temperature is always sent": {gpt, `{"model":"gpt-4.1","temperature":0}`},
		"but to those that refuse it":  {`{"model":"gpt-5","temperature":0.5}`, `{"model":"gpt-5"}`},
		"all": {
			`{"model":"gpt-4.1","temperature":0.5,"max_completion_tokens":7,"tools":[` + completionstest.Tool + `],"tool_choice":{"type":"function","function":{"name":"order"}}}`,
			`{"model":"gpt-4.1","temperature":0.5,"max_completion_tokens":7,"tools":[` + completionstest.Tool + `],"tool_choice":{"type":"function","function":{"name":"order"}}}`,
		},
		"the format of the answer": {
			`{"model":"gpt-4.1","response_format":{"type":"json_schema","json_schema":{"name":"r","strict":true,"schema":{"type":"object","properties":{"a":{"type":"array","items":{"type":"string","description":"b"}}},"required":["a"]}}}}`,
			`{"model":"gpt-4.1","temperature":0,"response_format":{"type":"json_schema","json_schema":{"name":"r","strict":true,"schema":{"type":"object","additionalProperties":false,
				"properties":{"a":{"type":"array","additionalProperties":false,"items":{"type":"string","description":"b","additionalProperties":false}}},"required":["a"]}}}}`,
		},
		"any JSON": {`{"model":"gpt-4.1","response_format":{"type":"json_object"}}`, `{"model":"gpt-4.1","temperature":0,"response_format":{"type":"json_object"}}`},
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
	spec := completionstest.Spec()
	spec.Config = json.RawMessage(`{"model":"gpt-4.1","response_format":{"type":"json_object"}}`)
	got := string(sent(t, newPrompt(t, spec), completionstest.Vars())["response_format"])
	require.JSONEq(t, `{"type":"json_schema","json_schema":{"name":"reply","strict":false,"schema":{"type":"object","additionalProperties":false,
		"properties":{"text":{"type":"string","additionalProperties":false},"stars":{"type":"integer","enum":[1,9007199254740993],"additionalProperties":false}},"required":["text","stars"]}}}`, got)
	require.Contains(t, got, "9007199254740993")

	untitled := prompt.Spec{Text: "Hello", Config: json.RawMessage(gpt), Schema: json.RawMessage(`{"type":"object","additionalProperties":true}`)}
	require.JSONEq(t, `{"type":"json_schema","json_schema":{"name":"answer","strict":false,"schema":{"type":"object","additionalProperties":true}}}`,
		string(sent(t, newPrompt(t, untitled), nil)["response_format"]))
}

func TestRefusedSettings(t *testing.T) {
	server := completionstest.Start(t)
	server.Setenv(t)
	tests := map[string]struct{ config, schema, want string }{
		"no model":                   {"", "", `the model of prompt "al": it has no name`},
		"top_p":                      {`{"model":"gpt-4.1","top_p":0.5}`, "", `unknown field "top_p"`},
		"LangSmith's":                {`{"provider":"ChatOpenAI"}`, "", `unknown field "provider"`},
		"a tool that is no function": {`{"model":"gpt-4.1","tools":[{"type":"custom"}]}`, "", `tools[0]: langchaingo cannot carry it: a tool of type "custom"`},
		"a format of the answer":     {`{"model":"gpt-4.1","response_format":{"type":"grammar","grammar":{}}}`, "", `response_format: langchaingo cannot carry it: json: unknown field "grammar"`},
		"a schema's definitions":     {gpt, `{"type":"object","$defs":{}}`, `its schema: langchaingo cannot carry it: json: unknown field "$defs"`},
		"an inner title":             {gpt, `{"type":"object","properties":{"a":{"title":"A","type":"string"}}}`, `unknown field "title"`},
		"a choice of types":          {gpt, `{"type":["string","null"]}`, `its schema`},
		"a schema of others":         {gpt, `{"type":"object","additionalProperties":{"type":"string"}}`, `its schema`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			spec := prompt.Spec{Name: "al", Text: "Hello"}
			if test.config != "" {
				spec.Config = json.RawMessage(test.config)
			}
			if test.schema != "" {
				spec.Schema = json.RawMessage(test.schema)
			}
			_, err := ask(t.Context(), newPrompt(t, spec), nil)
			require.ErrorContains(t, err, test.want)
		})
	}
	require.Zero(t, server.Count())
}
