package fakelangsmith_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestText(t *testing.T) {
	require.JSONEq(t, `{"lc":1,"type":"constructor","id":["langchain","prompts","prompt","PromptTemplate"],"kwargs":{
		"template":"Hi {name}, {{literal}} <b>&{name}{greeting}","template_format":"f-string",
		"input_variables":["greeting","name"],"partial_variables":{}}}`,
		string(fakelangsmith.Text("Hi {name}, {{literal}} <b>&{name}{greeting}")))
}

func TestChat(t *testing.T) {
	manifest := fakelangsmith.Chat(
		fakelangsmith.Message{Role: "system", Template: "You are {who}."},
		fakelangsmith.Message{Role: "placeholder", Template: "history"},
		fakelangsmith.Message{Role: "user", Template: "{{question}} {{#list}}{{.}}{{/list}} {{{raw}}}", Format: "mustache"},
		fakelangsmith.Message{Role: "assistant", Template: "{{ x }}", Format: "jinja2"},
		fakelangsmith.Message{Role: "critic", Template: "no {who}"},
	)
	var chat struct {
		ID     []string `json:"id"`
		Kwargs struct {
			InputVariables []string `json:"input_variables"`
			Messages       []struct {
				ID     []string `json:"id"`
				Kwargs struct {
					Role         string `json:"role"`
					VariableName string `json:"variable_name"`
					Prompt       struct {
						Kwargs struct {
							Template       string   `json:"template"`
							Format         string   `json:"template_format"`
							InputVariables []string `json:"input_variables"`
						} `json:"kwargs"`
					} `json:"prompt"`
				} `json:"kwargs"`
			} `json:"messages"`
		} `json:"kwargs"`
	}
	require.NoError(t, json.Unmarshal(manifest, &chat))
	require.Equal(t, []string{"langchain", "prompts", "chat", "ChatPromptTemplate"}, chat.ID)
	require.Equal(t, []string{".", "list", "question", "raw", "who"}, chat.Kwargs.InputVariables)
	classes := make([]string, len(chat.Kwargs.Messages))
	for i, m := range chat.Kwargs.Messages {
		classes[i] = m.ID[3]
	}
	require.Equal(t, []string{
		"SystemMessagePromptTemplate", "MessagesPlaceholder", "HumanMessagePromptTemplate",
		"AIMessagePromptTemplate", "ChatMessagePromptTemplate",
	}, classes)
	require.Equal(t, "history", chat.Kwargs.Messages[1].Kwargs.VariableName)
	require.Equal(t, "critic", chat.Kwargs.Messages[4].Kwargs.Role)
	require.Equal(t, "mustache", chat.Kwargs.Messages[2].Kwargs.Prompt.Kwargs.Format)
	require.Equal(t, "You are {who}.", chat.Kwargs.Messages[0].Kwargs.Prompt.Kwargs.Template)
	require.Empty(t, chat.Kwargs.Messages[3].Kwargs.Prompt.Kwargs.InputVariables, "jinja2 is not read")
	require.JSONEq(t, `[]`, string(get(t, fakelangsmith.Chat(), "kwargs", "messages")))
}

func TestWithModel(t *testing.T) {
	manifest, err := fakelangsmith.WithModel(fakelangsmith.Text("x"), fakelangsmith.Model{Class: "ChatOpenAI", Config: map[string]any{"model": "m"}})
	require.NoError(t, err)
	require.JSONEq(t, `["langchain","schema","runnable","RunnableSequence"]`, string(get(t, manifest, "id")))
	require.JSONEq(t, string(fakelangsmith.Text("x")), string(get(t, manifest, "kwargs", "first")))
	require.JSONEq(t, `["langchain","schema","runnable","RunnableBinding"]`, string(get(t, manifest, "kwargs", "last", "id")))
	require.JSONEq(t, `{"model":"m"}`, string(get(t, manifest, "kwargs", "last", "kwargs", "bound", "kwargs")))

	_, err = fakelangsmith.WithModel(json.RawMessage(`{`), fakelangsmith.Model{})
	require.Error(t, err)
	_, err = fakelangsmith.WithModel(fakelangsmith.Text("x"), fakelangsmith.Model{Class: "M", Config: map[string]any{"f": func() {}}})
	require.ErrorContains(t, err, "manifest with model M")
}

// get follows a path of fields.
func get(t *testing.T, raw json.RawMessage, path ...string) json.RawMessage {
	t.Helper()
	for _, field := range path {
		var object map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(raw, &object))
		raw = object[field]
	}
	return raw
}
