package fakelangsmith_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

var manyKeys = fakelangsmith.Config{Keys: []fakelangsmith.Key{
	{Secret: "org"},
	{Secret: "acme-key", Workspace: "acme"},
	{Secret: "beta-key", Workspace: "beta"},
}}

func TestAuthentication(t *testing.T) {
	fake, c := start(t, manyKeys)
	push(t, fake, "p", "x")
	const path = "/commits/-/p/latest"
	for name, test := range map[string]struct {
		headers []string
		status  int
		body    map[string]any
	}{
		"no key":                   {nil, 401, map[string]any{"detail": "Missing authentication: send x-api-key or Authorization: Bearer"}},
		"another scheme":           {[]string{"Authorization", "Basic acme-key"}, 401, map[string]any{"detail": "Missing authentication: send x-api-key or Authorization: Bearer"}},
		"no scheme":                {[]string{"Authorization", "acme-key"}, 401, nil},
		"wrong key":                {[]string{"x-api-key", "acme-kex"}, 401, map[string]any{"detail": "Invalid API key"}},
		"wrong bearer":             {[]string{"Authorization", "Bearer nope"}, 401, nil},
		"key":                      {[]string{"x-api-key", "acme-key"}, 200, nil},
		"bearer":                   {[]string{"Authorization", "Bearer acme-key"}, 200, nil},
		"bearer in small letters":  {[]string{"Authorization", "bearer acme-key"}, 200, nil},
		"the key before a bearer":  {[]string{"x-api-key", "nope", "Authorization", "Bearer acme-key"}, 401, nil},
		"key with its workspace":   {[]string{"x-api-key", "acme-key", "X-Tenant-Id", fakelangsmith.TenantID("acme")}, 200, nil},
		"key of another workspace": {[]string{"x-api-key", "beta-key", "X-Tenant-Id", "acme"}, 403, map[string]any{"detail": "The API key does not open workspace acme"}},
		"org key":                  {[]string{"x-api-key", "org"}, 403, map[string]any{"error": "org_scoped_key_requires_workspace"}},
		"org key with a workspace": {[]string{"x-api-key", "org", "X-Tenant-Id", fakelangsmith.TenantID("acme")}, 200, nil},
		"org key with a handle":    {[]string{"x-api-key", "org", "X-Tenant-Id", "acme"}, 200, nil},
		"org key, wrong workspace": {[]string{"x-api-key", "org", "X-Tenant-Id", "gamma"}, 403, nil},
		"org key, empty workspace": {[]string{"x-api-key", "org", "X-Tenant-Id", "beta"}, 404, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.as(test.headers...).Get(test.status, path)
			if test.body != nil {
				require.Equal(t, test.body, a.Object(t))
			}
		})
	}
	c.as().Get(http.StatusUnauthorized, "/repos")
	c.as().Get(http.StatusUnauthorized, "/settings")
	require.Equal(t, "0.13.0", c.as().Get(http.StatusOK, "/info").Object(t)["version"])
	settings := c.as("x-api-key", "beta-key").Get(http.StatusOK, "/settings?").Object(t)
	require.Equal(t, "beta", settings["tenant_handle"])
	require.Equal(t, fakelangsmith.TenantID("beta"), settings["id"])
}

func TestWorkspacesAndPublicPrompts(t *testing.T) {
	fake, c := start(t, manyKeys)
	ours := push(t, fake, "p", "ours")
	theirs := push(t, fake, "beta/p", "theirs")
	foreign := push(t, fake, "gamma/p", "of a workspace without a key")
	require.NoError(t, fake.SetPublic("gamma/p", true))
	acme, beta := c.as("x-api-key", "acme-key"), c.as("x-api-key", "beta-key")

	require.Equal(t, ours, acme.pull(t, "/commits/-/p/latest").Hash)
	require.Equal(t, theirs, beta.pull(t, "/commits/-/p/latest").Hash)
	require.Equal(t, theirs, beta.pull(t, "/commits/beta/p/latest").Hash)
	require.Equal(t, foreign, acme.pull(t, "/commits/gamma/p/latest").Hash)
	for _, path := range []string{"/commits/beta/p/latest", "/commits/beta/p/", "/repos/beta/p"} {
		private := acme.Get(http.StatusNotFound, path).Object(t)
		require.Equal(t, map[string]any{"detail": "Prompt beta/p not found"}, private, "as if it did not exist")
	}

	require.NoError(t, fake.SetPublic("beta/p", true))
	require.Equal(t, theirs, acme.pull(t, "/commits/beta/p/latest").Hash)
	require.NoError(t, fake.SetPublic("beta/p", false))
	acme.Get(http.StatusNotFound, "/commits/beta/p/latest")
}
