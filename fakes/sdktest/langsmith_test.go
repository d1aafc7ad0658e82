package sdktest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

// The keys that the scripts use, too.
const (
	acmeKey = "acme-key"
	betaKey = "beta-key"
	orgKey  = "org-key"
)

func startLangSmith(t *testing.T) *fakelangsmith.Server {
	t.Helper()
	return fakelangsmith.StartTest(t, fakelangsmith.Config{Admin: true, Keys: []fakelangsmith.Key{
		{Secret: acmeKey, Workspace: "acme"}, {Secret: betaKey, Workspace: "beta"}, {Secret: orgKey},
	}})
}

// pull is one fetch, by the SDK and by us.
type pull struct {
	Endpoint     string `json:"endpoint"`
	APIKey       string `json:"apiKey"`
	WorkspaceID  string `json:"workspaceId,omitempty"`
	Identifier   string `json:"identifier"`
	IncludeModel bool   `json:"includeModel"`
}

// theirs is what the SDK made of a pull.
type theirs struct {
	Commit map[string]json.RawMessage `json:"commit"`
	Error  struct {
		Name    string `json:"name"`
		Status  int    `json:"status"`
		Message string `json:"message"`
	} `json:"error"`
}

// pullByThem makes the pulls with the official SDK.
func pullByThem(t *testing.T, pulls []pull) []theirs {
	t.Helper()
	stdin, err := json.Marshal(pulls)
	require.NoError(t, err)
	stdout, err := run(t, string(stdin), nil, "pull-langsmith.js")
	require.NoError(t, err, stdout)
	results := make([]theirs, 0, len(pulls))
	for line := range strings.Lines(stdout) {
		var result theirs
		require.NoError(t, json.Unmarshal([]byte(line), &result), line)
		results = append(results, result)
	}
	require.Len(t, results, len(pulls))
	return results
}

// pullByUs makes one pull with our source, at the first attempt or not at all.
func pullByUs(t *testing.T, p pull) (*langsmith.PromptCommit, error) {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	src, err := langsmith.New(langsmith.Config{
		Endpoint:    p.Endpoint,
		APIKey:      langsmith.NewSecret(p.APIKey),
		WorkspaceID: p.WorkspaceID,
		AllowPublic: true,
		HTTPClient:  &http.Client{Transport: transport},
		Retries:     new(0),
		Getenv:      func(string) string { return "" },
	})
	require.NoError(t, err)
	key := p.Identifier
	if p.IncludeModel {
		key += "?model"
	}
	return src.Fetch(t.Context(), key)
}

// asked lists the requests since the last reset, and forgets them.
func asked(fake *fakelangsmith.Server) []string {
	requests := fake.Requests()
	lines := make([]string, 0, len(requests))
	for _, r := range requests {
		lines = append(lines, strings.Join([]string{
			r.Method, r.Path + "?" + r.Query,
			"key=" + r.Header.Get("X-Api-Key"), "workspace=" + r.Header.Get("X-Tenant-Id"),
		}, " "))
	}
	fake.ResetRequests()
	return lines
}

// seed pushes prompts of every sort and returns the identifiers to pull.
func seed(t *testing.T, fake *fakelangsmith.Server) []string {
	t.Helper()
	pushed := func(hash string, err error) string {
		require.NoError(t, err)
		return hash
	}
	first := pushed(fake.PushText("greeting", "Hello {name}"))
	second := pushed(fake.PushText("greeting", "Hi {name}, <b>&\u2028\U0001F600"))
	require.NoError(t, fake.SetTag("greeting", "production", first))
	draft := pushed(fake.Push("greeting", fakelangsmith.Commit{Manifest: fakelangsmith.Text("draft"), Draft: true, Description: "not yet"}))
	chat := fakelangsmith.Chat(
		fakelangsmith.Message{Role: "system", Template: "You are {who}."},
		fakelangsmith.Message{Role: "placeholder", Template: "history"},
		fakelangsmith.Message{Role: "human", Template: "{{question}}", Format: "mustache"},
	)
	withModel, err := fakelangsmith.WithModel(chat, fakelangsmith.Model{Class: "ChatOpenAI", Config: map[string]any{"model": "gpt-4o-mini", "temperature": 0.5}})
	require.NoError(t, err)
	pushed(fake.Push("assistant", fakelangsmith.Commit{
		Manifest: withModel, Description: "answers", Examples: json.RawMessage(`[{"inputs":{"question":"why?"},"outputs":null}]`),
	}))
	pushed(fake.Push("examples of null", fakelangsmith.Commit{Manifest: chat, Examples: json.RawMessage("null")}))
	pushed(fake.PushText("提示-ü", "unicode"))
	pushed(fake.PushText("beta/shared", "Shared"))
	require.NoError(t, fake.SetPublic("beta/shared", true))
	return []string{
		"greeting", "greeting:", "greeting:latest", "-/greeting", "-/greeting:latest", "acme/greeting",
		"greeting:production", "acme/greeting:production",
		"greeting:" + first, "greeting:" + second, "greeting:" + draft, "greeting:" + first[:8], "greeting:" + second[:63],
		"assistant", "examples of null", "提示-ü", "beta/shared", "beta/shared:latest",
	}
}

// TestSameRequestsSamePrompts pulls everything with the SDK and with our source,
// and wants the same on the wire and the same out of it.
func TestSameRequestsSamePrompts(t *testing.T) {
	fake := startLangSmith(t)
	identifiers := seed(t, fake)
	for _, base := range []string{"", "/", "/api", "/api/v1", "/api/v1/"} {
		t.Run("endpoint "+base, func(t *testing.T) {
			pulls := make([]pull, 0, 4*len(identifiers))
			for _, identifier := range identifiers {
				for _, model := range []bool{false, true} {
					pulls = append(pulls,
						pull{Endpoint: fake.URL() + base, APIKey: acmeKey, Identifier: identifier, IncludeModel: model},
						pull{Endpoint: fake.URL() + base, APIKey: orgKey, WorkspaceID: fakelangsmith.TenantID("acme"), Identifier: identifier, IncludeModel: model},
					)
				}
			}
			results := pullByThem(t, pulls)
			theirRequests := asked(fake)
			for i, p := range pulls {
				require.Empty(t, results[i].Error.Message, "%+v", p)
				ours, err := pullByUs(t, p)
				require.NoError(t, err, "%+v", p)
				requireSame(t, p, results[i].Commit, ours)
			}
			ourRequests := asked(fake)
			require.Len(t, theirRequests, len(pulls))
			for i := range theirRequests { // the SDK takes the endpoint as it is; we always ask below /api/v1
				_, path, _ := strings.Cut(theirRequests[i], strings.TrimSuffix(base, "/")+"/commits/")
				theirRequests[i] = "GET /api/v1/commits/" + path
			}
			require.Equal(t, theirRequests, ourRequests)
		})
	}
}

// requireSame compares every field that the SDK returns with ours.
func requireSame(t *testing.T, p pull, sdk map[string]json.RawMessage, ours *langsmith.PromptCommit) {
	t.Helper()
	content, err := json.Marshal(ours)
	require.NoError(t, err)
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(content, &fields))
	for _, name := range []string{"owner", "repo", "commit_hash", "manifest", "examples", "hub_model_config", "hub_model_provider"} {
		want := string(sdk[name])
		if name == "examples" && want == "null" {
			want = "[]" // ours are never null: the Python SDK's cache refuses a dump in which they are
		}
		require.JSONEq(t, want, string(fields[name]), "%s of %+v", name, p)
	}
	require.Len(t, sdk, 7, "the SDK returns a field that is not compared")
}

// TestSameErrors makes pulls that fail, and wants the same said of them.
func TestSameErrors(t *testing.T) {
	fake := startLangSmith(t)
	for _, prompt := range []string{"p", "beta/secret", "truncated", "cut"} {
		_, err := fake.PushText(prompt, "x")
		require.NoError(t, err)
	}
	for _, fault := range []fakelangsmith.Fault{
		{Prompt: "forbidden", Kind: fakelangsmith.Status, Status: 403},
		{Prompt: "conflict", Kind: fakelangsmith.Status, Status: 409},
		{Prompt: "unprocessable", Kind: fakelangsmith.Status, Status: 422},
		{Prompt: "limited", Kind: fakelangsmith.Status, Status: 429, RetryAfter: "3600"},
		{Prompt: "broken", Kind: fakelangsmith.Status, Status: 500},
		{Prompt: "unavailable", Kind: fakelangsmith.Status, Status: 503},
		{Prompt: "proxy", Kind: fakelangsmith.HTML, Status: 404},
		{Prompt: "login", Kind: fakelangsmith.HTML},
		{Prompt: "garbage", Kind: fakelangsmith.Garbage},
		{Prompt: "truncated", Kind: fakelangsmith.Truncated},
		{Prompt: "reset", Kind: fakelangsmith.Reset},
		{Prompt: "cut", Kind: fakelangsmith.Cut},
	} {
		_, err := fake.Inject(fault)
		require.NoError(t, err)
	}
	tests := []struct {
		pull
		name   string // the SDK's class of error
		status int    // 0 for an error without one
		kind   error  // ours
	}{
		{pull{Identifier: "absent"}, "LangSmithNotFoundError", 404, promptcache.ErrNotFound},
		{pull{Identifier: "p:absent"}, "LangSmithNotFoundError", 404, promptcache.ErrNotFound},
		{pull{Identifier: "p:" + strings.Repeat("0", 64)}, "LangSmithNotFoundError", 404, promptcache.ErrNotFound},
		{pull{Identifier: "beta/secret"}, "LangSmithNotFoundError", 404, promptcache.ErrNotFound},
		{pull{Identifier: "p", APIKey: "wrong"}, "Error", 401, promptcache.ErrUnauthorized},
		{pull{Identifier: "p", APIKey: " "}, "Error", 401, promptcache.ErrUnauthorized},
		{pull{Identifier: "p", APIKey: orgKey}, "Error", 403, promptcache.ErrForbidden},
		{pull{Identifier: "p", WorkspaceID: "beta"}, "Error", 403, promptcache.ErrForbidden},
		{pull{Identifier: "forbidden"}, "Error", 403, promptcache.ErrForbidden},
		{pull{Identifier: "conflict"}, "LangSmithConflictError", 409, promptcache.ErrConflict},
		{pull{Identifier: "unprocessable"}, "Error", 422, promptcache.ErrInvalid},
		{pull{Identifier: "limited"}, "Error", 429, promptcache.ErrRateLimited},
		{pull{Identifier: "broken"}, "Error", 500, promptcache.ErrUnavailable},
		{pull{Identifier: "unavailable"}, "Error", 503, promptcache.ErrUnavailable},
		// A proxy's page is "not found" to the SDK. To us it says nothing about
		// the prompt, which must not be removed because of it.
		{pull{Identifier: "proxy"}, "LangSmithNotFoundError", 404, promptcache.ErrUnavailable},
		{pull{Identifier: "login"}, "SyntaxError", 0, promptcache.ErrUnavailable},
		{pull{Identifier: "garbage"}, "SyntaxError", 0, promptcache.ErrInvalid},
		{pull{Identifier: "truncated"}, "SyntaxError", 0, promptcache.ErrInvalid},
		{pull{Identifier: "reset"}, "TypeError", 0, promptcache.ErrUnavailable},
		{pull{Identifier: "cut"}, "TypeError", 0, promptcache.ErrUnavailable},
	}
	pulls := make([]pull, len(tests))
	for i, test := range tests {
		p := test.pull
		p.Endpoint = fake.URL() + "/api/v1"
		if p.APIKey == "" {
			p.APIKey = acmeKey
		}
		pulls[i] = p
	}
	results := pullByThem(t, pulls)
	theirRequests := asked(fake)
	for i, test := range tests {
		require.Equal(t, test.name, results[i].Error.Name, "%+v: %+v", test.pull, results[i].Error)
		require.Equal(t, test.status, results[i].Error.Status, "%+v: %+v", test.pull, results[i].Error)
		_, err := pullByUs(t, pulls[i])
		require.ErrorIs(t, err, test.kind, "%+v", test.pull)
		var fetch *promptcache.FetchError
		require.ErrorAs(t, err, &fetch)
		if test.status != 0 {
			require.Equal(t, test.status, fetch.StatusCode, "%+v", test.pull)
		}
		if test.status == http.StatusTooManyRequests {
			require.Equal(t, time.Hour, fetch.RetryAfter)
		}
	}
	require.Equal(t, theirRequests, asked(fake), "the same requests")
}

// TestRefusedBeforeAnyRequest tries what cannot be an identifier.
func TestRefusedBeforeAnyRequest(t *testing.T) {
	fake := startLangSmith(t)
	identifiers := []string{"", "/", "/p", "p/", "a/b/c", "p:a:b", ":", ":latest", "a/:latest"}
	pulls := make([]pull, 0, len(identifiers))
	for _, identifier := range identifiers {
		pulls = append(pulls, pull{Endpoint: fake.URL(), APIKey: acmeKey, Identifier: identifier})
	}
	for i, result := range pullByThem(t, pulls) {
		require.Contains(t, result.Error.Message, "Invalid prompt identifier format", "%+v", pulls[i])
		_, err := pullByUs(t, pulls[i])
		require.ErrorIs(t, err, langsmith.ErrInvalidRef, "%+v", pulls[i])
	}
	require.Zero(t, fake.Count())
}
