package fakelangfuse_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

func TestGetByNameLabelAndVersion(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	require.Equal(t, 1, push(t, fake, "greeting", "one", "production"))
	require.Equal(t, 2, push(t, fake, "greeting", "two", "staging"))
	for rest, want := range map[string]int{
		"greeting": 1, "greeting?label=production": 1, "greeting?label=staging": 2, "greeting?label=latest": 2,
		"greeting?version=1": 1, "greeting?version=2": 2, "greeting?version=0": 1, "greeting?version=": 1, "greeting?label=": 1,
		"greeting?version=0&label=staging": 2, "greeting?version=2.0": 2,
	} {
		require.Equal(t, want, c.fetch(t, rest).Version, rest)
	}
	require.Equal(t, 11, fake.CountFor("greeting"))
	for rest, message := range map[string]string{
		"greeting?label=absent": "Prompt not found: 'greeting' with label 'absent'",
		"greeting?version=3":    "Prompt not found: 'greeting' with version 3",
		"greeting?version=-1":   "Prompt not found: 'greeting' with version -1",
		"absent":                "Prompt not found: 'absent' with label 'production'",
		"a%2Fb":                 "Prompt not found: 'a/b' with label 'production'",
	} {
		require.Equal(t, map[string]any{"message": message, "error": "LangfuseNotFoundError"},
			c.Get(http.StatusNotFound, prompts+"/"+rest).Object(t), rest)
	}
}

func TestWhatIsServed(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	before := time.Now().Truncate(time.Millisecond)
	_, err := fake.Push("folder/greeting", fakelangfuse.Version{
		Prompt: fakelangfuse.Text(`Hello <{{name}}> "x"`), Config: json.RawMessage(`{"n": 9007199254740993}`),
		Labels: []string{"production"}, Tags: []string{"a", "b", "a"}, CommitMessage: "shorter",
	})
	require.NoError(t, err)
	a := c.Get(http.StatusOK, prompts+"/folder%2Fgreeting")
	p := asPrompt(t, a)
	created, err := time.Parse("2006-01-02T15:04:05.000Z", p.CreatedAt)
	require.NoError(t, err)
	require.WithinRange(t, created, before, time.Now())
	require.Equal(t, p.CreatedAt, p.UpdatedAt)
	require.NotEmpty(t, p.ID)
	require.JSONEq(t, `{"id":"`+p.ID+`","createdAt":"`+p.CreatedAt+`","updatedAt":"`+p.CreatedAt+`","projectId":"acme","createdBy":"fake",
		"prompt":"Hello <{{name}}> \"x\"","name":"folder/greeting","version":1,"type":"text","isActive":null,
		"config":{"n":9007199254740993},"tags":["a","b"],"labels":["production","latest"],"commitMessage":"shorter","resolutionGraph":null}`, string(a.Body))
	require.Contains(t, string(a.Body), "9007199254740993", "numbers keep their digits")
	require.Equal(t, "application/json; charset=utf-8", a.Header.Get("Content-Type"))
}

func TestChat(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	_, err := fake.PushChat("chat", fakelangfuse.Message{Role: "system", Content: "Be {{mood}}"},
		fakelangfuse.Message{Role: "placeholder", Content: "history"}, fakelangfuse.Message{Role: "user", Content: "{{question}}"})
	require.NoError(t, err)
	p := c.fetch(t, "chat")
	require.Equal(t, "chat", p.Type)
	require.JSONEq(t, `[{"role":"system","content":"Be {{mood}}"},{"type":"placeholder","name":"history"},{"role":"user","content":"{{question}}"}]`, string(p.Prompt))

	const odd = `[{"role":"assistant","content":"","tool_calls":[{"id":9007199254740993}],"type":"chatmessage"}]`
	_, err = fake.Push("chat", fakelangfuse.Version{Prompt: json.RawMessage(" " + odd)})
	require.NoError(t, err)
	p = c.fetch(t, "chat?label=latest")
	require.Contains(t, string(c.Get(200, prompts+"/chat?label=latest").Body), odd, "fields that are not known are kept, as they are")
	require.Equal(t, []string{"latest"}, p.Labels)
	require.Nil(t, p.CommitMessage)
	require.JSONEq(t, "{}", string(p.Config))
	require.Equal(t, []string{}, p.Tags)
}
