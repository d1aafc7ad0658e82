package fakelangsmith_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestTagsMoveAndGo(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	first := push(t, fake, "p", "1")
	second, err := fake.Push("p", fakelangsmith.Commit{Manifest: fakelangsmith.Text("2"), Tags: []string{"staging"}})
	require.NoError(t, err)
	require.Equal(t, second, c.pull(t, "/commits/-/p/staging").Hash)
	require.NoError(t, fake.SetTag("p", "production", first[:8]))
	require.Equal(t, first, c.pull(t, "/commits/-/p/production").Hash)
	require.NoError(t, fake.SetTag("p", "production", "staging"))
	require.Equal(t, second, c.pull(t, "/commits/-/p/production").Hash)
	require.NoError(t, fake.DeleteTag("p", "production"))
	c.Get(http.StatusNotFound, "/commits/-/p/production")
	require.Equal(t, second, c.pull(t, "/commits/-/p/latest").Hash)
}

func TestPushChat(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	message := fakelangsmith.Message{Role: "human", Template: "{question}"}
	hash, err := fake.PushChat("p", message)
	require.NoError(t, err)
	pulled := c.pull(t, "/commits/-/p/latest")
	require.Equal(t, hash, pulled.Hash)
	require.JSONEq(t, string(fakelangsmith.Chat(message)), string(pulled.Manifest))
}

func TestDeletePrompt(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	first := push(t, fake, "p", "1")
	push(t, fake, "p", "2")
	require.NoError(t, fake.DeletePrompt("-/p"))
	c.Get(http.StatusNotFound, "/commits/-/p/latest")
	c.Get(http.StatusNotFound, "/commits/-/p/"+first)
	require.Equal(t, first, push(t, fake, "p", "1"), "a new history")
}

func TestControlsRefuse(t *testing.T) {
	fake, _ := start(t, fakelangsmith.Config{})
	push(t, fake, "p", "x")
	for _, unknown := range []error{
		fake.SetTag("absent", "production", "latest"),
		fake.SetTag("p", "production", "no-such-commit"),
		fake.DeleteTag("p", "absent"),
		fake.DeletePrompt("absent"),
		fake.SetPublic("other/p", true),
	} {
		require.ErrorIs(t, unknown, fakelangsmith.ErrNotFound)
	}
	for _, invalid := range []string{"", "/", "/p", "p/", "a/b/c", "p:latest", "..", "a/."} {
		_, err := fake.PushText(invalid, "x")
		require.ErrorContains(t, err, fmt.Sprintf("fakelangsmith: prompt %q: ", invalid))
		require.Error(t, fake.DeletePrompt(invalid), invalid)
		require.Error(t, fake.SetPublic(invalid, true), invalid)
		require.Zero(t, fake.CountFor(invalid), invalid)
	}
	require.ErrorContains(t, fake.SetTag("p", "latest", "latest"), "cannot be a tag")
	require.Error(t, fake.SetTag("p", "a/b", "latest"))
	for _, bad := range []string{``, `null`, `[]`, `"x"`, `{`} {
		_, err := fake.Push("p", fakelangsmith.Commit{Manifest: json.RawMessage(bad)})
		require.ErrorContains(t, err, "the manifest is not a JSON object", bad)
	}
	_, err := fake.Push("p", fakelangsmith.Commit{Examples: json.RawMessage("{}"), Tags: []string{"latest"}})
	for _, problem := range []string{"manifest", "examples", "cannot be a tag"} {
		require.ErrorContains(t, err, problem, "all problems at once")
	}
}

func TestPushedBytesAreCopied(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	manifest := json.RawMessage(`{"a":1}`)
	_, err := fake.Push("p", fakelangsmith.Commit{Manifest: manifest})
	require.NoError(t, err)
	manifest[5] = '2'
	require.JSONEq(t, `{"a":1}`, string(c.pull(t, "/commits/-/p/latest").Manifest))
}

func TestNewRefuses(t *testing.T) {
	_, err := fakelangsmith.New(fakelangsmith.Config{Keys: []fakelangsmith.Key{
		{Secret: "", Workspace: "a"}, {Secret: "k", Workspace: "a/b"}, {Secret: "k"},
	}})
	for _, problem := range []string{"key 0 is empty", `workspace "a/b"`, "key 2 is given twice"} {
		require.ErrorContains(t, err, problem)
	}
	_, err = fakelangsmith.Start(fakelangsmith.Config{Keys: []fakelangsmith.Key{{}}})
	require.Error(t, err)
	fake, err := fakelangsmith.New(fakelangsmith.Config{Keys: []fakelangsmith.Key{{Secret: "org"}}})
	require.NoError(t, err)
	defer fake.Close()
	push(t, fake, "p", "x")
	require.NoError(t, fake.SetPublic(fakelangsmith.DefaultWorkspace+"/p", true), "without a workspace the default one is first")
}
