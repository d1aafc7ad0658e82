package fakelangsmith_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver/fakeservertest"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client asks one server.
type client struct{ *fakeservertest.Client }

// start runs a server and a client with its default key.
func start(t *testing.T, cfg fakelangsmith.Config) (*fakelangsmith.Server, client) {
	t.Helper()
	fake := fakelangsmith.StartTest(t, cfg)
	return fake, client{fakeservertest.NewClient(t, fake.URL(), "X-Api-Key", fakelangsmith.DefaultKey)}
}

// as is the same client with other headers.
func (c client) as(headers ...string) client { return client{c.As(headers...)} }

// commit is the body of a pull.
type commit struct {
	Hash          string          `json:"commit_hash"`
	Manifest      json.RawMessage `json:"manifest"`
	Examples      json.RawMessage `json:"examples"`
	Description   *string         `json:"description"`
	Draft         bool            `json:"is_draft"`
	ModelConfig   json.RawMessage `json:"model_config"`
	ModelProvider *string         `json:"model_provider"`
}

func (c client) pull(t *testing.T, path string) commit {
	t.Helper()
	var read commit
	require.NoError(t, json.Unmarshal(c.Get(http.StatusOK, path).Body, &read))
	return read
}

// push pushes a text prompt and returns the hash.
func push(t *testing.T, fake *fakelangsmith.Server, prompt, template string) string {
	t.Helper()
	hash, err := fake.PushText(prompt, template)
	require.NoError(t, err)
	return hash
}

// inject adds a fault that must be accepted.
func inject(t *testing.T, fake *fakelangsmith.Server, fault fakelangsmith.Fault) (remove func()) {
	t.Helper()
	remove, err := fake.Inject(fault)
	require.NoError(t, err)
	return remove
}
