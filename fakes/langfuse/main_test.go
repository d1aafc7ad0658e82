package fakelangfuse_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver/fakeservertest"
	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const prompts = "/api/public/v2/prompts"

// client asks one server.
type client struct{ *fakeservertest.Client }

type answer = fakeservertest.Answer

// start runs a server and a client with its default keys.
func start(t *testing.T, cfg fakelangfuse.Config) (*fakelangfuse.Server, client) {
	t.Helper()
	fake := fakelangfuse.StartTest(t, cfg)
	header := basic(fakelangfuse.DefaultPublicKey, fakelangfuse.DefaultSecretKey)
	return fake, client{fakeservertest.NewClient(t, fake.URL(), "Authorization", header)}
}

func basic(public, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(public+":"+secret))
}

// as is the same client with other headers.
func (c client) as(headers ...string) client { return client{c.As(headers...)} }

// prompt is the body of a version.
type prompt struct {
	ID              string          `json:"id"`
	Name            string          `json:"name"`
	Version         int             `json:"version"`
	Type            string          `json:"type"`
	Prompt          json.RawMessage `json:"prompt"`
	Config          json.RawMessage `json:"config"`
	Labels          []string        `json:"labels"`
	Tags            []string        `json:"tags"`
	CommitMessage   *string         `json:"commitMessage"`
	ResolutionGraph json.RawMessage `json:"resolutionGraph"`
	CreatedAt       string          `json:"createdAt"`
	UpdatedAt       string          `json:"updatedAt"`
	ProjectID       string          `json:"projectId"`
	CreatedBy       string          `json:"createdBy"`
}

func asPrompt(t *testing.T, a answer) prompt {
	t.Helper()
	var read prompt
	require.NoError(t, json.Unmarshal(a.Body, &read), "%s", a.Body)
	return read
}

// fetch gets a prompt by what follows the prompts' path.
func (c client) fetch(t *testing.T, rest string) prompt {
	t.Helper()
	return asPrompt(t, c.Get(http.StatusOK, prompts+"/"+rest))
}

// push pushes a text prompt with labels.
func push(t *testing.T, fake *fakelangfuse.Server, name, template string, labels ...string) int {
	t.Helper()
	version, err := fake.Push(name, fakelangfuse.Version{Prompt: fakelangfuse.Text(template), Labels: labels})
	require.NoError(t, err)
	return version
}

// inject adds a fault that must be accepted.
func inject(t *testing.T, fake *fakelangfuse.Server, fault fakelangfuse.Fault) (remove func()) {
	t.Helper()
	remove, err := fake.Inject(fault)
	require.NoError(t, err)
	return remove
}
