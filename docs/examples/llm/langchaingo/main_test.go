package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms/openai"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/docs/examples/llm/internal/completionstest"
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const support = `{"name":"support","version":1,"type":"chat","labels":["production"],"tags":[],
	"prompt":[{"role":"system","content":"You help customers."},{"type":"placeholder","name":"history"},{"role":"user","content":"{{question}}"}],
	"config":{"model":"gpt-4.1","temperature":0.5,"max_completion_tokens":300,"tools":[` + completionstest.Tool + `],"tool_choice":"auto"}}`

// registry is a Langfuse with one prompt, "support".
func registry(t *testing.T, body string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/api/public/v2/prompts/support" || r.URL.Query().Get("label") != "production" || body == "" {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"message":"Prompt not found","error":"LangfuseNotFoundError"}`)
			return
		}
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	t.Setenv("LANGFUSE_BASE_URL", server.URL)
	t.Setenv("LANGFUSE_PUBLIC_KEY", "pk-lf-test")
	t.Setenv("LANGFUSE_SECRET_KEY", "sk-lf-test")
}

func TestRun(t *testing.T) {
	registry(t, strings.Replace(support, `{"type":"placeholder","name":"history"},`, "", 1))
	server := completionstest.Start(t)
	server.Setenv(t)

	var out strings.Builder
	ctx := context.WithoutCancel(t.Context()) // what it has started it must end itself
	require.NoError(t, run(ctx, "Where is order 7?", &out))
	require.Equal(t, completionstest.Answer+"\n", out.String())

	sent, err := json.Marshal(server.Sent(t))
	require.NoError(t, err)
	require.JSONEq(t, `{
		"model": "gpt-4.1",
		"temperature": 0.5,
		"max_completion_tokens": 300,
		"messages": [{"role":"system","content":"You help customers."},{"role":"user","content":"Where is order 7?"}],
		"tools": [`+completionstest.Tool+`],
		"tool_choice": "auto"
	}`, string(sent))
}

func TestRunSaysWhatIsWrong(t *testing.T) {
	server := completionstest.Start(t)
	server.Setenv(t)
	ends := func(t *testing.T) error {
		t.Helper()
		return run(t.Context(), "Where?", &strings.Builder{})
	}

	t.Run("a placeholder left open", func(t *testing.T) {
		registry(t, support)
		require.ErrorIs(t, ends(t), prompt.ErrMissing)
	})
	t.Run("the prompt is no prompt", func(t *testing.T) {
		registry(t, strings.Replace(support, `"content":"You help customers."`, `"content":7`, 1))
		require.Error(t, ends(t))
	})
	t.Run("no such prompt", func(t *testing.T) {
		registry(t, "")
		require.ErrorIs(t, ends(t), promptcache.ErrNotFound)
	})
	t.Run("the registry's settings", func(t *testing.T) {
		t.Setenv("LANGFUSE_BASE_URL", "http://registry.example")
		require.ErrorContains(t, ends(t), "is not encrypted")
	})
	require.Zero(t, server.Count(), "requests that a model was sent")
}

func TestAskSaysWhatIsWrong(t *testing.T) {
	text := prompt.Spec{Name: "al", Text: "Hello", Config: json.RawMessage(`{"model":"gpt-4.1"}`)}
	t.Run("no answer", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"choices":[]}`)
		}))
		defer server.Close()
		t.Setenv("OPENAI_BASE_URL", server.URL)
		t.Setenv("OPENAI_API_KEY", "sk-test")
		_, err := ask(t.Context(), newPrompt(t, text), nil)
		require.ErrorContains(t, err, "empty response")
	})
	t.Run("no key", func(t *testing.T) {
		t.Setenv("OPENAI_API_KEY", "")
		_, err := ask(t.Context(), newPrompt(t, text), nil)
		require.ErrorIs(t, err, openai.ErrMissingToken)
	})
}
