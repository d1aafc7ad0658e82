package fakelangsmith_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client asks one server, as one caller.
type client struct {
	t      *testing.T
	fake   *fakelangsmith.Server
	http   *http.Client
	header http.Header
}

// start runs a server and a client with its default key.
func start(t *testing.T, cfg fakelangsmith.Config) (*fakelangsmith.Server, *client) {
	t.Helper()
	fake := fakelangsmith.StartTest(t, cfg)
	return fake, newClient(t, fake)
}

func newClient(t *testing.T, fake *fakelangsmith.Server) *client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{
		t: t, fake: fake,
		http: &http.Client{
			Transport:     transport,
			Timeout:       30 * time.Second, // no test waits for it
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		header: http.Header{"X-Api-Key": {fakelangsmith.DefaultKey}},
	}
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

// answer is a whole response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (c *client) try(ctx context.Context, method, path string, body io.Reader) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.fake.URL()+path, body)
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

// get asks for path and wants status.
func (c *client) get(status int, path string) answer {
	c.t.Helper()
	a, err := c.try(c.t.Context(), http.MethodGet, path, nil)
	require.NoError(c.t, err, path)
	require.Equal(c.t, status, a.status, "%s: %s", path, a.body)
	return a
}

// failure asks for path and returns why there was no whole answer.
func (c *client) failure(path string) error {
	c.t.Helper()
	_, err := c.try(c.t.Context(), http.MethodGet, path, nil)
	return err
}

// inBackground asks for path; the channel brings what came of it.
func (c *client) inBackground(ctx context.Context, path string) <-chan error {
	ended := make(chan error, 1)
	go func() {
		_, err := c.try(ctx, http.MethodGet, path, nil)
		ended <- err
	}()
	return ended
}

// object reads a JSON object.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	var object map[string]any
	require.NoError(t, json.Unmarshal(a.body, &object), "%s", a.body)
	return object
}

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

func (c *client) pull(path string) commit {
	c.t.Helper()
	var read commit
	require.NoError(c.t, json.Unmarshal(c.get(http.StatusOK, path).body, &read))
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
