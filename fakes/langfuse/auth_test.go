package fakelangfuse_test

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

var manyKeys = fakelangfuse.Config{Keys: []fakelangfuse.Key{
	{Public: "pk-org", Secret: "sk-org"},
	{Public: "pk-acme", Secret: "sk-acme", Project: "acme"},
	{Public: "pk-beta", Secret: "sk:beta", Project: "beta"}, // a secret may have a colon in it
}}

func TestAuthentication(t *testing.T) {
	fake, c := start(t, manyKeys)
	push(t, fake, "p", "x", "production")
	const (
		host    = ". Confirm that you've configured the correct host."
		noBasic = "Access denied - need to use basic auth with secret key to GET prompts"
	)
	for name, test := range map[string]struct {
		header  string
		status  int
		message string
		patch   string // what the newer endpoints say, if they say something else
	}{
		"no header":                {"", 401, "No authorization header", ""},
		"another scheme":           {"Digest x", 401, "Invalid authorization header", ""},
		"not base64":               {"Basic !", 401, "Invalid authorization header" + host, ""},
		"no pair":                  {"Basic " + base64.StdEncoding.EncodeToString([]byte("pk-acme")), 401, "Invalid authorization header" + host, ""},
		"no public key":            {basic("", "sk-acme"), 401, "Invalid authorization header" + host, ""},
		"no secret key":            {basic("pk-acme", ""), 401, "Invalid authorization header" + host, ""},
		"an unknown public key":    {basic("pk-none", "sk-acme"), 401, "Invalid public key" + host, ""},
		"a wrong secret key":       {basic("pk-acme", "sk-acmf"), 401, "Invalid credentials" + host, ""},
		"another project's secret": {basic("pk-acme", "sk:beta"), 401, "Invalid credentials" + host, ""},
		"an unknown bearer":        {"Bearer pk-none", 401, "Invalid public key" + host, ""},
		"the public key alone":     {"Bearer pk-acme", 403, noBasic, "Access denied - insufficient permissions for this endpoint"},
		"an organization's keys":   {basic("pk-org", "sk-org"), 403, noBasic, "Access denied - insufficient permissions for this endpoint"},
		"a pair":                   {basic("pk-acme", "sk-acme"), 200, "", ""},
		"another project's pair":   {basic("pk-beta", "sk:beta"), 404, "Prompt not found: 'p' with label 'production'", ""},
	} {
		t.Run(name, func(t *testing.T) {
			who := c.as()
			if test.header != "" {
				who = c.as("Authorization", test.header)
			}
			a := who.Get(test.status, prompts+"/p")
			errorNames := map[int]string{401: "UnauthorizedError", 403: "ForbiddenError", 404: "LangfuseNotFoundError"}
			if test.status == 200 {
				return
			}
			require.Equal(t, map[string]any{"message": test.message, "error": errorNames[test.status]}, a.Object(t))
			if test.status == 404 {
				return
			}
			message := test.message
			if test.patch != "" {
				message = test.patch
			}
			patched := who.Do(test.status, http.MethodPatch, prompts+"/p/versions/1", `{"newLabels":["a"]}`)
			require.Equal(t, map[string]any{"message": message}, patched.Object(t))
			require.Equal(t, []string{"production", "latest"}, c.as("Authorization", basic("pk-acme", "sk-acme")).fetch(t, "p").Labels)
		})
	}
	denied := c.as("Authorization", basic("pk-org", "sk-org")).Do(403, http.MethodPost, prompts, `{}`).Object(t)
	require.Equal(t, "Access denied - need to use basic auth with secret key to POST prompts", denied["message"])
}

func TestProjectsNeverMeet(t *testing.T) {
	fake, c := start(t, manyKeys)
	push(t, fake, "p", "ours", "production")
	push(t, fake, "beta|p", "theirs", "production")
	push(t, fake, "gamma|p", "of a project without keys", "production")
	acme, beta := c.as("Authorization", basic("pk-acme", "sk-acme")), c.as("Authorization", basic("pk-beta", "sk:beta"))
	require.JSONEq(t, `"ours"`, string(acme.fetch(t, "p").Prompt))
	require.JSONEq(t, `"theirs"`, string(beta.fetch(t, "p").Prompt))
	require.NotEqual(t, acme.fetch(t, "p").ID, beta.fetch(t, "p").ID)
	require.Equal(t, "beta", beta.fetch(t, "p").ProjectID)
	require.Equal(t, 2, fake.CountFor("-|p"))
	require.Equal(t, 3, fake.CountFor("beta|p"))
	require.Equal(t, "beta|p", fake.Requests()[1].Prompt)

	beta.Do(http.StatusNoContent, http.MethodDelete, prompts+"/p", "")
	require.JSONEq(t, `"ours"`, string(acme.fetch(t, "p").Prompt))
	require.EqualValues(t, 1, acme.Get(200, prompts).Object(t)["meta"].(map[string]any)["totalItems"])
	require.EqualValues(t, 0, beta.Get(200, prompts).Object(t)["meta"].(map[string]any)["totalItems"])
	acme.Do(http.StatusCreated, http.MethodPost, prompts, `{"name":"q","prompt":"x"}`)
	beta.Get(http.StatusNotFound, prompts+"/q?label=latest")
	inject(t, fake, fakelangfuse.Fault{Kind: fakelangfuse.Status, Status: 500, Prompt: "beta|p"})
	acme.Get(200, prompts+"/p")
	beta.Get(500, prompts+"/p")
}

func TestOtherEndpoints(t *testing.T) {
	fake, c := start(t, manyKeys)
	require.JSONEq(t, `{"status":"OK","version":"4.16.0"}`, string(c.as().Get(200, "/api/public/health").Body))
	acme, org := c.as("Authorization", basic("pk-acme", "sk-acme")), c.as("Authorization", basic("pk-org", "sk-org"))
	require.JSONEq(t, `{"data":[{"id":"acme","name":"acme","metadata":{}}]}`, string(acme.Get(200, "/api/public/projects").Body))
	require.Equal(t, map[string]any{"message": "Invalid API key. Are you using an organization key?"}, org.Get(403, "/api/public/projects").Object(t))
	require.Equal(t, map[string]any{"message": "No authorization header"}, c.as().Get(401, "/api/public/projects").Object(t))

	batch := acme.Do(207, http.MethodPost, "/api/public/ingestion", `{"batch":[{"id":"e1","type":"trace-create"},{"id":"e2"}],"metadata":{}}`)
	require.JSONEq(t, `{"successes":[{"id":"e1","status":201},{"id":"e2","status":201}],"errors":[]}`, string(batch.Body))
	acme.Do(400, http.MethodPost, "/api/public/ingestion", `x`)
	require.JSONEq(t, `{}`, string(acme.Do(200, http.MethodPost, "/api/public/otel/v1/traces", "\x00\x01").Body))
	c.as().Do(401, http.MethodPost, "/api/public/otel/v1/traces", "")
	require.Equal(t, "/api/public/otel/v1/traces", fake.Requests()[6].Path)

	for _, path := range []string{"/", "/api/public/v2/nothing", "/api/public/v2/prompts/"} {
		a := acme.Get(404, path)
		require.Equal(t, "text/html; charset=utf-8", a.Header.Get("Content-Type"), "the framework's own page, which is no answer of the API")
	}
	for _, wrong := range [][2]string{
		{http.MethodPut, prompts},
		{http.MethodPost, prompts + "/p"},
		{http.MethodGet, prompts + "/p/versions/1"},
		{http.MethodPost, "/api/public/health"},
		{http.MethodDelete, prompts + "/p/versions/1"},
	} {
		a := c.as().Do(405, wrong[0], wrong[1], "") // before the keys are looked at
		require.Equal(t, map[string]any{"message": "Method not allowed", "error": "MethodNotAllowedError"}, a.Object(t))
	}
}
