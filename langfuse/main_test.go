package langfuse_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const publicKey = "pk-lf-1"

// text and chat are good answers of the prompts endpoint, with all that a server
// sends.
const (
	text = `{"id":"cm1","name":"greeting","version":3,"type":"text","prompt":"Hello {{name}}","config":{"seed":9007199254740993},
		"labels":["production","latest"],"tags":["a"],"commitMessage":"shorter","resolutionGraph":null,
		"createdAt":"2026-01-01T00:00:00.000Z","updatedAt":"2026-01-01T00:00:00.000Z","projectId":"p1","createdBy":"u1","isActive":true}`
	chat = `{"name":"greeting","version":3,"type":"chat","prompt":[
		{"role":"system","content":"Be {{mood}}","type":"chatmessage"},
		{"type":"placeholder","name":"history"},
		{"role":"assistant","content":"","type":null,"tool_calls":[{"id": 9007199254740993}],"name":"bot"},
		{"role":"user","content":"<{{question}}>","type":"message"}
	],"config":null,"labels":["production"],"tags":[],"commitMessage":null,"resolutionGraph":null}`
	missing = `{"message":"Prompt not found: 'greeting' with label 'production'","error":"LangfuseNotFoundError"}`
)

// with returns answer with the fields changed, given as `"old"` and `"new"`.
func with(answer string, changes ...string) string {
	return strings.NewReplacer(changes...).Replace(answer)
}

// newSource returns a Source with cfg, the test's keys and no environment.
func newSource(t *testing.T, cfg langfuse.Config) *langfuse.Source {
	t.Helper()
	cfg.PublicKey, cfg.SecretKey = publicKey, langfuse.NewSecret(sourcetest.Hidden)
	cfg.Getenv = sourcetest.NoEnv
	src, err := langfuse.New(cfg)
	require.NoError(t, err)
	return src
}

// answering returns a Source whose registry answers everything with status and body.
func answering(t *testing.T, status int, body string) *langfuse.Source {
	t.Helper()
	return newSource(t, langfuse.Config{Retries: new(0), HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
		sourcetest.Reply(w, status, body)
	})})
}

// fetched returns the prompt that a registry's answer to key becomes.
func fetched(t *testing.T, key, body string) *langfuse.Prompt {
	t.Helper()
	p, err := answering(t, http.StatusOK, body).Fetch(t.Context(), key)
	require.NoError(t, err)
	return p
}

// fails fetches key, and requires an error of kind that shows no credential.
func fails(t *testing.T, src *langfuse.Source, key string, kind promptcache.ErrorKind) *promptcache.FetchError {
	t.Helper()
	p, err := src.Fetch(t.Context(), key)
	require.Nil(t, p)
	return sourcetest.FetchError(t, err, key, kind)
}
