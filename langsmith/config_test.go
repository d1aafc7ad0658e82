package langsmith_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
)

// sentBy returns the request that a Source with cfg makes for "al".
func sentBy(t *testing.T, cfg langsmith.Config) *http.Request {
	t.Helper()
	var sent *http.Request
	cfg.HTTPClient = sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
		sent = r
		sourcetest.Reply(w, http.StatusOK, answer)
	})
	src, err := langsmith.New(cfg)
	require.NoError(t, err)
	_, err = src.Fetch(t.Context(), "al")
	require.NoError(t, err)
	return sent
}

func TestHeaders(t *testing.T) {
	t.Run("API key and workspace", func(t *testing.T) {
		r := sentBy(t, langsmith.Config{APIKey: langsmith.NewSecret(testKey), WorkspaceID: "ws-1", Getenv: sourcetest.NoEnv})
		require.Equal(t, http.MethodGet, r.Method)
		require.Nil(t, r.Body)
		require.Equal(t, http.Header{
			"Accept":      {"application/json"},
			"User-Agent":  {"promptcache-go (langsmith)"},
			"X-Api-Key":   {testKey},
			"X-Tenant-Id": {"ws-1"},
		}, r.Header)
	})
	t.Run("a bearer token leaves the environment's API key alone", func(t *testing.T) {
		r := sentBy(t, langsmith.Config{
			BearerToken: langsmith.NewSecret("tok"), UserAgent: "mine/1 (x)",
			Getenv: sourcetest.Env(map[string]string{"LANGSMITH_API_KEY": testKey}),
		})
		require.Equal(t, http.Header{
			"Accept":        {"application/json"},
			"User-Agent":    {"mine/1 (x)"},
			"Authorization": {"Bearer tok"},
		}, r.Header)
	})
	t.Run("no credentials at all", func(t *testing.T) {
		r := sentBy(t, langsmith.Config{Getenv: sourcetest.NoEnv})
		require.NotContains(t, r.Header, "X-Api-Key")
		require.NotContains(t, r.Header, "Authorization")
		require.NotContains(t, r.Header, "X-Tenant-Id")
	})
}

func TestEnvironment(t *testing.T) {
	tests := []struct {
		name                string
		vars                map[string]string
		host, key, tenantID string
	}{
		{"nothing set", nil, "api.smith.langchain.com", "", ""},
		{"LANGSMITH_", map[string]string{
			"LANGSMITH_API_KEY": "k", "LANGSMITH_ENDPOINT": "https://eu.example.com", "LANGSMITH_WORKSPACE_ID": "w",
		}, "eu.example.com", "k", "w"},
		{"LANGCHAIN_", map[string]string{
			"LANGCHAIN_API_KEY": "k", "LANGCHAIN_ENDPOINT": "https://eu.example.com", "LANGCHAIN_WORKSPACE_ID": "w",
		}, "eu.example.com", "k", "w"},
		{"LANGSMITH_ wins", map[string]string{
			"LANGSMITH_API_KEY": "k", "LANGCHAIN_API_KEY": "old", "LANGSMITH_WORKSPACE_ID": "w", "LANGCHAIN_WORKSPACE_ID": "old",
		}, "api.smith.langchain.com", "k", "w"},
		{"blank is unset", map[string]string{
			"LANGSMITH_API_KEY": " \t", "LANGCHAIN_API_KEY": "k", "LANGSMITH_WORKSPACE_ID": `""`, "LANGCHAIN_WORKSPACE_ID": "w",
		}, "api.smith.langchain.com", "k", "w"},
		{"blanks and quotes go", map[string]string{
			"LANGSMITH_API_KEY": " \"k\"\n", "LANGSMITH_ENDPOINT": "'https://eu.example.com/ '", "LANGSMITH_WORKSPACE_ID": " 'w' ",
		}, "eu.example.com", "k", "w"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sentBy(t, langsmith.Config{Getenv: sourcetest.Env(tt.vars)})
			require.Equal(t, tt.host, r.URL.Host)
			require.Equal(t, tt.key, r.Header.Get("X-Api-Key"))
			require.Equal(t, tt.tenantID, r.Header.Get("X-Tenant-Id"))
		})
	}
	t.Run("the configuration wins", func(t *testing.T) {
		r := sentBy(t, langsmith.Config{
			Endpoint: "https://mine.example.com", APIKey: langsmith.NewSecret(" 'k' "), WorkspaceID: `"w"`,
			Getenv: sourcetest.Env(map[string]string{
				"LANGSMITH_API_KEY": "e", "LANGSMITH_ENDPOINT": "https://e.example.com", "LANGSMITH_WORKSPACE_ID": "e",
			}),
		})
		require.Equal(t, "mine.example.com", r.URL.Host)
		require.Equal(t, "k", r.Header.Get("X-Api-Key"))
		require.Equal(t, "w", r.Header.Get("X-Tenant-Id"))
	})
	t.Run("os.Getenv is the default", func(t *testing.T) {
		t.Setenv("LANGSMITH_API_KEY", "from-os")
		t.Setenv("LANGSMITH_ENDPOINT", "https://os.example.com")
		t.Setenv("LANGSMITH_WORKSPACE_ID", "")
		t.Setenv("LANGCHAIN_WORKSPACE_ID", "")
		r := sentBy(t, langsmith.Config{})
		require.Equal(t, "os.example.com", r.URL.Host)
		require.Equal(t, "from-os", r.Header.Get("X-Api-Key"))
	})
}

func TestNewReportsAllProblems(t *testing.T) {
	_, err := langsmith.New(langsmith.Config{
		Endpoint:       "ftp://example.com",
		APIKey:         langsmith.NewSecret("se\ncret"),
		BearerToken:    langsmith.NewSecret("to ken"),
		WorkspaceID:    "wörk",
		UserAgent:      "x\r\ny",
		Retries:        new(11),
		AttemptTimeout: -1,
		BackoffMin:     -2,
		BackoffMax:     -3,
		MaxBodyBytes:   -4,
		Getenv:         sourcetest.NoEnv,
	})
	require.Error(t, err)
	for _, want := range []string{
		`Endpoint "ftp://example.com" does not begin with https://; want https://HOST[:PORT][/PATH]`,
		"both APIKey and BearerToken are set",
		"APIKey has a character that cannot be sent in a header, at byte 2",
		"BearerToken has a character that cannot be sent in a header, at byte 2",
		"WorkspaceID has a character that cannot be sent in a header, at byte 1",
		"UserAgent has a character that cannot be sent in a header, at byte 1",
		"Retries is 11; want 0 to 10, or nil for 2",
		"AttemptTimeout is -1ns; want more than 0, or 0 for 5s",
		"BackoffMin is -2ns",
		"BackoffMax is -3ns",
		"MaxBodyBytes is -4",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "cret")
	require.NotContains(t, err.Error(), "to ken")
}

func TestBackoffBounds(t *testing.T) {
	tests := []struct {
		name     string
		min, max time.Duration
		problem  string
	}{
		{"neither", 0, 0, ""},
		{"only a long minimum", time.Hour, 0, ""},
		{"only a short maximum", 0, time.Microsecond, ""},
		{"equal", time.Second, time.Second, ""},
		{"out of order", 2 * time.Second, time.Second, "BackoffMax is 1s; want BackoffMin (2s) or more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := langsmith.New(langsmith.Config{BackoffMin: tt.min, BackoffMax: tt.max, Getenv: sourcetest.NoEnv})
			if tt.problem == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.problem)
		})
	}
	_, err := langsmith.New(langsmith.Config{Retries: new(-1), Getenv: sourcetest.NoEnv})
	require.ErrorContains(t, err, "Retries is -1")
}

func TestCredentialsAreMasked(t *testing.T) {
	type hidden struct{ cfg langsmith.Config } // fmt cannot call methods in there
	secret := langsmith.NewSecret(testKey)
	for _, v := range []any{
		langsmith.Config{APIKey: secret},
		&langsmith.Config{BearerToken: secret},
		hidden{langsmith.Config{APIKey: secret}},
		newSource(t, langsmith.Config{}),
	} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			require.NotContains(t, fmt.Sprintf(format, v), testKey, "%s of %T", format, v)
		}
	}
}
