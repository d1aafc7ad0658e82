package fakelangfuse_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

func TestCreate(t *testing.T) {
	_, c := start(t, fakelangfuse.Config{})
	created := c.Do(201, http.MethodPost, prompts,
		`{"name":" folder/p ","prompt":"Hello","labels":["production","production"],"tags":["a"],"config":{"x":[1]},"commitMessage":"why"}`)
	p := asPrompt(t, created)
	require.NotContains(t, created.Object(t), "resolutionGraph")
	require.Equal(t, []string{"production", "latest"}, p.Labels)
	require.Equal(t, "API", p.CreatedBy)
	got := c.fetch(t, "folder%2Fp")
	got.ResolutionGraph = nil
	require.Equal(t, p, got, "what was created is what is served, under its trimmed name")

	second := asPrompt(t, c.Do(201, http.MethodPost, prompts, `{"type":"text","name":"folder/p","prompt":"Hi","labels":["staging"],"config":null}`))
	require.Equal(t, 2, second.Version)
	require.Equal(t, []string{"staging", "latest"}, second.Labels)
	require.Equal(t, []string{"a"}, second.Tags, "tags that are not named stay")
	require.JSONEq(t, "{}", string(second.Config))
	require.Equal(t, []string{"production"}, c.fetch(t, "folder%2Fp").Labels, `"latest" has moved`)

	c.Do(201, http.MethodPost, prompts, `{"name":"folder/p","prompt":"Hey","labels":["production"],"tags":["b"]}`)
	require.Equal(t, 3, c.fetch(t, "folder%2Fp").Version)
	first := c.fetch(t, "folder%2Fp?version=1")
	require.Empty(t, first.Labels)
	require.Equal(t, []string{"b"}, first.Tags, "tags are those of all versions")

	chat := asPrompt(t, c.Do(201, http.MethodPost, prompts, `{"name":"chat","type":"chat","prompt":[{"role":"user","content":"{{q}}","extra":1},{"type":"placeholder","name":"h"}]}`))
	require.JSONEq(t, `[{"role":"user","content":"{{q}}","extra":1},{"type":"placeholder","name":"h"}]`, string(chat.Prompt))
}

func TestCreateRefuses(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	push(t, fake, "text", "x")
	issues := func(body string) string {
		a := c.Do(400, http.MethodPost, prompts, body).Object(t)
		require.Equal(t, "Invalid request data", a["message"], body)
		list, isList := a["error"].([]any)
		require.True(t, isList, "%v", a)
		require.NotEmpty(t, list)
		text, err := json.Marshal(list)
		require.NoError(t, err)
		return strings.ReplaceAll(strings.ReplaceAll(string(text), `\u003c`, "<"), `\u003e`, ">")
	}
	for body, want := range map[string]string{
		`{}`:                                       `"path":["name"]`,
		`[]`:                                       "expected object",
		`{"name":3,"prompt":"x"}`:                  "expected string",
		`{"name":"","prompt":"x"}`:                 "Text cannot be empty",
		`{"name":" ","prompt":"x"}`:                "Name cannot be empty",
		`{"name":"<b>","prompt":"x"}`:              "Text cannot contain HTML tags",
		`{"name":"a|b","prompt":"x"}`:              "Prompt name cannot contain '|' character",
		`{"name":"/a","prompt":"x"}`:               "Name cannot start with a slash",
		`{"name":"a/","prompt":"x"}`:               "Name cannot end with a slash",
		`{"name":"a//b","prompt":"x"}`:             "Name cannot contain consecutive slashes",
		`{"name":"new","prompt":"x"}`:              "Prompt name cannot be 'new'",
		`{"name":"a"}`:                             `"path":["prompt"]`,
		`{"name":"a","prompt":null}`:               `"path":["prompt"]`,
		`{"name":"a","prompt":[{}],"type":"chat"}`: `"path":["prompt"]`,
		`{"name":"a","prompt":[{"type":"placeholder","name":"1"}],"type":"chat"}`:      `"path":["prompt"]`,
		`{"name":"a","prompt":"x","type":"chat"}`:                                      `"path":["prompt"]`,
		`{"name":"a","prompt":[{"role":"user","content":"x"}]}`:                        `expected \"chat\"`,
		`{"name":"a","prompt":"x","type":"other"}`:                                     `expected \"text\"`,
		`{"name":"a","prompt":"x","labels":["Production"]}`:                            "Label must be lowercase alphanumeric with optional underscores, hyphens, or periods",
		`{"name":"a","prompt":"x","labels":["ok",""]}`:                                 `"path":["labels",1]`,
		`{"name":"a","prompt":"x","labels":["` + strings.Repeat("a", 37) + `"]}`:       "<=36 characters",
		`{"name":"a","prompt":"x","labels":"a"}`:                                       `"path":["labels"]`,
		`{"name":"a","prompt":"x","tags":[1]}`:                                         `"path":["tags"]`,
		`{"name":"a","prompt":"x","commitMessage":1}`:                                  `"path":["commitMessage"]`,
		`{"name":"a","prompt":"x","commitMessage":"` + strings.Repeat("ä", 501) + `"}`: "<=500 characters",
	} {
		require.Contains(t, issues(body), want, body)
	}
	for body, message := range map[string]string{
		`{"name":"text","type":"chat","prompt":[]}`: "Previous versions have different prompt type. Create a new prompt with a different name.",
		`{"name":"a","type":"chat","prompt":[{"type":"placeholder","name":"h"},{"role":"user","content":"{{ h }}{{h}}{{q}}"}]}`: "Cannot create prompt, variables and placeholders must be unique, the following are not: h",
		`{"name":"a","prompt":"@@@langfusePrompt:name=absent|version=1@@@"}`:                                                    "Prompt dependency not found: absent - version 1",
	} {
		require.Equal(t, map[string]any{"message": message, "error": "InvalidRequestError"}, c.Do(400, http.MethodPost, prompts, body).Object(t))
	}
	broken := c.Do(400, http.MethodPost, prompts, `{"name`)
	require.Equal(t, "Invalid JSON", string(broken.Body))
	c.Get(404, prompts+"/a?label=latest")
	require.Equal(t, []string{"latest"}, c.fetch(t, "text?version=1").Labels, "nothing was applied")
	c.Do(201, http.MethodPost, prompts, `{"name":"a","prompt":"x","labels":["`+strings.Repeat("a", 36)+`"],"tags":null,"commitMessage":"`+strings.Repeat("ä", 500)+`"}`)
}

func TestPatchMovesLabels(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	push(t, fake, "folder/p", "1", "production")
	push(t, fake, "folder/p", "2", "staging")
	before := c.fetch(t, "folder%2Fp?version=1")
	patched := asPrompt(t, c.Do(200, http.MethodPatch, prompts+"/folder%2Fp/versions/2", `{"newLabels":["production","tenant-1"]}`))
	require.Equal(t, []string{"production", "tenant-1", "staging", "latest"}, patched.Labels, "labels are added")
	require.Equal(t, 2, c.fetch(t, "folder%2Fp").Version)
	after := c.fetch(t, "folder%2Fp?version=1")
	require.Empty(t, after.Labels, "the label has left its version")
	require.GreaterOrEqual(t, after.UpdatedAt, before.UpdatedAt)
	require.Equal(t, 1, asPrompt(t, c.Do(200, http.MethodPatch, prompts+"/folder/p/versions/1", `{"newLabels":["production"]}`)).Version)
	require.Equal(t, 1, c.fetch(t, "folder/p").Version, "slashes may stand unescaped")

	require.Equal(t, map[string]any{"message": "Prompt 'folder/p' version 3 not found in project", "error": "LangfuseNotFoundError"},
		c.Do(404, http.MethodPatch, prompts+"/folder%2Fp/versions/3", `{"newLabels":["a"]}`).Object(t))
	c.Do(404, http.MethodPatch, prompts+"/folder%2Fp/versions/0", `{"newLabels":["a"]}`)
	c.Do(404, http.MethodPatch, prompts+"/folder%2Fp/versions/99999999999999999999", `{"newLabels":["a"]}`)
	for body, message := range map[string]string{
		`{}`:                       "Invalid input: expected array, received undefined",
		`{"newLabels":"a"}`:        "Invalid input: expected object",
		`{"newLabels":["latest"]}`: "Label 'latest' is always assigned to the latest prompt version",
	} {
		a := c.Do(400, http.MethodPatch, prompts+"/folder%2Fp/versions/1", body).Object(t)
		require.Equal(t, message, a["error"].([]any)[0].(map[string]any)["message"])
	}

	push(t, fake, "q/versions/3", "a prompt whose name ends like a version's path", "production")
	require.Equal(t, "q/versions/3", c.fetch(t, "q/versions/3").Name)
	require.Equal(t, "q/versions/3", c.fetch(t, "q%2Fversions%2F3").Name)
}

func TestDelete(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	for _, labels := range [][]string{{"production"}, {"staging"}, {}, {"tenant"}} {
		push(t, fake, "p", "x", labels...)
	}
	remove := func(status int, rest string) answer { return c.Do(status, http.MethodDelete, prompts+"/"+rest, "") }
	gone := remove(204, "p?version=4")
	require.Empty(t, gone.Body)
	require.Empty(t, gone.Header.Get("ETag"))
	require.Equal(t, 3, c.fetch(t, "p?label=latest").Version, `"latest" goes to the newest that stays`)
	remove(204, "p?label=staging")
	c.Get(404, prompts+"/p?version=2")
	require.Equal(t, map[string]any{"message": "Prompt not found", "error": "LangfuseNotFoundError"}, remove(404, "p?label=staging").Object(t))
	require.Equal(t, map[string]any{"message": "Cannot specify both version and label", "error": "InvalidRequestError"},
		remove(400, "p?label=production&version=1").Object(t))
	require.Equal(t, 4, push(t, fake, "p", "again"), "numbers go on after the newest that is there")
	remove(204, "p")
	c.Get(404, prompts+"/p?label=latest")
	remove(404, "p")
	require.Equal(t, 1, push(t, fake, "p", "anew"))
}
