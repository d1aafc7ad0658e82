package fakelangfuse_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const prompts = "/api/public/v2/prompts"

// client asks one server, as one caller.
type client struct {
	t      *testing.T
	fake   *fakelangfuse.Server
	http   *http.Client
	header http.Header
}

// start runs a server and a client with its default keys.
func start(t *testing.T, cfg fakelangfuse.Config) (*fakelangfuse.Server, *client) {
	t.Helper()
	fake := fakelangfuse.StartTest(t, cfg)
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return fake, &client{
		t: t, fake: fake,
		http:   &http.Client{Transport: transport, Timeout: 30 * time.Second}, // no test waits for it
		header: http.Header{"Authorization": {basic(fakelangfuse.DefaultPublicKey, fakelangfuse.DefaultSecretKey)}},
	}
}

func basic(public, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(public+":"+secret))
}

// as is the same client with other headers.
func (c *client) as(pairs ...string) *client {
	other := *c
	other.header = http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		other.header.Set(pairs[i], pairs[i+1])
	}
	return &other
}

// with is the same client with more headers.
func (c *client) with(pairs ...string) *client {
	other := c.as(pairs...)
	other.header.Set("Authorization", c.header.Get("Authorization"))
	return other
}

// answer is a whole response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (c *client) try(ctx context.Context, method, path, body string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.fake.URL()+path, strings.NewReader(body))
	require.NoError(c.t, err)
	req.Header = c.header.Clone()
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	a := answer{status: resp.StatusCode, header: resp.Header}
	a.body, err = io.ReadAll(resp.Body)
	return a, err
}

// do makes a request and wants status.
func (c *client) do(status int, method, path, body string) answer {
	c.t.Helper()
	a, err := c.try(c.t.Context(), method, path, body)
	require.NoError(c.t, err, path)
	require.Equal(c.t, status, a.status, "%s %s: %s", method, path, a.body)
	return a
}

// get asks for path and wants status.
func (c *client) get(status int, path string) answer {
	c.t.Helper()
	return c.do(status, http.MethodGet, path, "")
}

// object reads a JSON object.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	require.Equal(t, "application/json; charset=utf-8", a.header.Get("Content-Type"))
	var object map[string]any
	require.NoError(t, json.Unmarshal(a.body, &object), "%s", a.body)
	return object
}

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

func (a answer) prompt(t *testing.T) prompt {
	t.Helper()
	var read prompt
	require.NoError(t, json.Unmarshal(a.body, &read), "%s", a.body)
	return read
}

// fetch gets a prompt by what follows the prompts' path.
func (c *client) fetch(rest string) prompt {
	c.t.Helper()
	return c.get(http.StatusOK, prompts+"/"+rest).prompt(c.t)
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
