package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/docs/examples/llm/internal/completionstest"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/prompt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// registry is a LangSmith that has the prompt of testdata as "support".
func registry(t *testing.T) *fakelangsmith.Server {
	t.Helper()
	fake := fakelangsmith.StartTest(t, fakelangsmith.Config{})
	t.Setenv("LANGSMITH_ENDPOINT", fake.URL())
	t.Setenv("LANGSMITH_API_KEY", fakelangsmith.DefaultKey)
	manifest, err := os.ReadFile("testdata/support.json")
	require.NoError(t, err)
	_, err = fake.Push("support", fakelangsmith.Commit{Manifest: manifest})
	require.NoError(t, err)
	return fake
}

func TestRun(t *testing.T) {
	registry(t)
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
		"temperature": 0,
		"top_p": 0.5,
		"max_completion_tokens": 300,
		"messages": [
			{"role":"system","content":"You help customers."},
			{"role":"user","content":[
				{"type":"text","text":"Where is order 7?"},
				{"type":"image_url","image_url":{"url":"https://shop.example/map.png","detail":"low"}}]}],
		"tools": [`+completionstest.Tool+`],
		"tool_choice": "auto",
		"response_format": {"type":"json_schema","json_schema":{"name":"reply","strict":true,
			"schema":{"title":"reply","type":"object","properties":{"text":{"type":"string"}},"required":["text"],"additionalProperties":false}}}
	}`, string(sent))
}

func TestRunSaysWhatIsWrong(t *testing.T) {
	fake := registry(t)
	server := completionstest.Start(t)
	server.Setenv(t)

	t.Run("the client's key", func(t *testing.T) {
		t.Setenv("OPENAI_API_KEY", "another")
		var failed *openai.Error
		require.ErrorAs(t, run(t.Context(), "Where?", &strings.Builder{}), &failed)
		require.Equal(t, 401, failed.StatusCode)
	})
	t.Run("the prompt is no prompt", func(t *testing.T) {
		_, err := fake.Push("support", fakelangsmith.Commit{Manifest: json.RawMessage(`{"lc":1,"type":"constructor","id":["Other"],"kwargs":{}}`)})
		require.NoError(t, err)
		require.ErrorContains(t, run(t.Context(), "Where?", &strings.Builder{}), `"Other"`)
	})
	t.Run("no such prompt", func(t *testing.T) {
		require.NoError(t, fake.DeletePrompt("support"))
		require.ErrorContains(t, run(t.Context(), "Where?", &strings.Builder{}), "not found")
	})
	t.Run("the registry's settings", func(t *testing.T) {
		t.Setenv("LANGSMITH_ENDPOINT", "http://registry.example")
		require.ErrorContains(t, run(t.Context(), "Where?", &strings.Builder{}), "is not encrypted")
	})
	require.Zero(t, server.Count(), "requests that a model was sent")
}

func TestAskWithoutAnAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"choices":[]}`)
	}))
	defer server.Close()
	t.Setenv("OPENAI_BASE_URL", server.URL)
	t.Setenv("OPENAI_API_KEY", "sk-test")
	p := newPrompt(t, prompt.Spec{Text: "Hello", Config: json.RawMessage(chatOpenAI)})
	_, err := ask(t.Context(), openai.NewClient(), p, nil)
	require.ErrorContains(t, err, "there are no choices")
}
