package fakelangfuse_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

func TestComposition(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	push(t, fake, "folder/leaf", "a \"leaf\"\n$1", "production")
	push(t, fake, "middle", "<@@@langfusePrompt:name=folder/leaf|label=production@@@>")
	const top = "@@@langfusePrompt:name=middle|version=1@@@ and @@@langfusePrompt:name=folder/leaf|version=1@@@, twice @@@langfusePrompt:name=middle|version=1@@@"
	push(t, fake, "top", top, "production")
	p := c.fetch(t, "top")
	const leaf = "a \"leaf\"\n$1"
	var text string
	require.NoError(t, json.Unmarshal(p.Prompt, &text))
	require.Equal(t, "<"+leaf+"> and "+leaf+", twice <"+leaf+">", text)

	id := func(rest string) string { return c.fetch(t, rest).ID }
	node := func(name, rest string) map[string]any {
		return map[string]any{"name": name, "version": 1., "id": id(rest)}
	}
	var graph map[string]any
	require.NoError(t, json.Unmarshal(p.ResolutionGraph, &graph))
	middle, leafNode := node("middle", "middle?version=1"), node("folder/leaf", "folder%2Fleaf")
	require.Equal(t, map[string]any{
		"root": node("top", "top"),
		"dependencies": map[string]any{
			id("top"):              []any{middle, leafNode, middle},
			id("middle?version=1"): []any{leafNode, leafNode},
		},
	}, graph)

	raw := c.fetch(t, "top?resolve=false")
	require.JSONEq(t, strconv.Quote(top), string(raw.Prompt))
	require.JSONEq(t, "null", string(raw.ResolutionGraph))
	require.JSONEq(t, "null", string(c.fetch(t, "folder%2Fleaf").ResolutionGraph))

	_, err := fake.PushChat("chat", fakelangfuse.Message{Role: "user", Content: "say @@@langfusePrompt:name=folder/leaf|label=production@@@"})
	require.NoError(t, err)
	require.JSONEq(t, `[{"role":"user","content":"say a \"leaf\"\n$1"}]`, string(c.fetch(t, "chat").Prompt))

	push(t, fake, "folder/leaf", "new", "production")
	require.NotEqual(t, p.Prompt, c.fetch(t, "top").Prompt, "a label that moved shows in what is composed of it")
}

func TestWhatOnlyResemblesATagIsText(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	push(t, fake, "a", "x", "production")
	const text = "@@@langfusePrompt:label=production|name=a@@@ @@@langfusePrompt:name=a@@@ @@@langfusePrompt:name=a|label=production|x=1@@@ " +
		"@@@langfusePrompt:name=a|version=one@@@ @@@langfusePrompt:name=|version=1@@@ @@@langfusePrompt:name=a|label=@@@ @@langfusePrompt:name=a|version=1@@@"
	push(t, fake, "top", text, "production")
	p := c.fetch(t, "top")
	require.JSONEq(t, strconv.Quote(text), string(p.Prompt))
	require.JSONEq(t, "null", string(p.ResolutionGraph))
}

func TestBrokenComposition(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	tag := func(name string) string { return "@@@langfusePrompt:name=" + name + "|label=production@@@" }
	push(t, fake, "missing", tag("absent"), "production")
	push(t, fake, "numbered", "@@@langfusePrompt:name=missing|version=7@@@", "production")
	push(t, fake, "loop", tag("pool"), "production")
	push(t, fake, "pool", tag("loop"), "production")
	push(t, fake, "itself", "old")
	push(t, fake, "itself", "@@@langfusePrompt:name=itself|version=1@@@", "production")
	_, err := fake.PushChat("chat", fakelangfuse.Message{Role: "user", Content: "x"})
	require.NoError(t, err)
	push(t, fake, "of chat", tag("chat"), "production")
	push(t, fake, "level0", "end", "production")
	for i := range 5 {
		push(t, fake, "level"+strconv.Itoa(i+1), tag("level"+strconv.Itoa(i)), "production")
	}
	for rest, message := range map[string]string{
		"missing":   "Prompt dependency not found: absent - label production",
		"numbered":  "Prompt dependency not found: missing - version 7",
		"loop":      "Circular dependency detected involving prompt 'loop' version 1",
		"itself":    "Circular dependency detected involving prompt 'itself' version 1",
		"of%20chat": "Prompt dependency is not a text prompt: chat - label production",
		"level5":    "Maximum nesting depth exceeded (5)",
	} {
		require.Equal(t, map[string]any{"message": message, "error": "LangfuseConflictError"}, c.Get(http.StatusConflict, prompts+"/"+rest).Object(t))
		c.Get(http.StatusOK, prompts+"/"+rest+"?resolve=false")
	}
	require.JSONEq(t, `"end"`, string(c.fetch(t, "level4").Prompt))
}

func TestWhatIsNeededIsNotDeleted(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	push(t, fake, "part", "1")
	push(t, fake, "part", "2", "production")
	push(t, fake, "part", "3")
	push(t, fake, "by version", "@@@langfusePrompt:name=part|version=1@@@", "production")
	push(t, fake, "by label", "@@@langfusePrompt:name=part|label=production@@@", "production")
	const ends = "\n\nPlease delete the dependent prompts first."
	const begins = "Other prompts are depending on prompt versions you are trying to delete:\n\n"
	for query, dependents := range map[string]string{
		"?version=1": "by version v1 depends on part v1",
		"?version=2": "by label v1 depends on part production",
		"":           "by label v1 depends on part production\nby version v1 depends on part v1",
	} {
		require.Equal(t, map[string]any{"message": begins + dependents + ends, "error": "InvalidRequestError"},
			c.Do(400, http.MethodDelete, prompts+"/part"+query, "").Object(t))
	}
	c.Do(204, http.MethodDelete, prompts+"/part?version=3", "")
	require.NoError(t, fake.Delete("part"), "a test may break what it likes")
	c.Get(http.StatusConflict, prompts+"/by%20label")
}
