package fakelangsmith_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestPullWireShape(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	hash, err := fake.Push("greeting", fakelangsmith.Commit{
		Manifest: json.RawMessage(`{"lc":1, "big": 9007199254740993, "html": "<b>&"}`),
		Examples: json.RawMessage(`[{"inputs":{}}]`), Description: "says hello",
	})
	require.NoError(t, err)
	a := c.Get(http.StatusOK, "/commits/-/greeting/latest")
	require.JSONEq(t, `{"commit_hash":"`+hash+`","manifest":{"lc":1,"big":9007199254740993,"html":"<b>&"},"examples":[{"inputs":{}}],
		"description":"says hello","is_draft":false,"model_config":null,"model_provider":null}`, string(a.Body))
	require.Contains(t, string(a.Body), `"manifest":{"lc":1,"big":9007199254740993,"html":"<b>&"}`, "the bytes survive, 64-bit integers above all")
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))

	push(t, fake, "plain", "x")
	bare := c.pull(t, "/commits/-/plain/latest")
	require.JSONEq(t, `[]`, string(bare.Examples))
	require.Nil(t, bare.Description)
	_, err = fake.Push("plain", fakelangsmith.Commit{Manifest: fakelangsmith.Text("x"), Examples: json.RawMessage("null")})
	require.NoError(t, err)
	require.JSONEq(t, `null`, string(c.pull(t, "/commits/-/plain/latest").Examples))
}

func TestPullByVersion(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	first := push(t, fake, "greeting", "Hello {name}")
	second := push(t, fake, "greeting", "Hi {name}")
	require.NoError(t, fake.SetTag("greeting", "production", first))
	require.NoError(t, fake.SetTag("greeting", first[:7], second))               // too short for a hash: a tag
	require.NoError(t, fake.SetTag("greeting", strings.Repeat("f", 10), second)) // long enough, but no hash begins so
	require.NoError(t, fake.SetTag("greeting", first[:12], second))              // a hash begins so: the tag is out of reach
	for _, base := range []string{"", "/api", "/api/v1"} {
		for version, want := range map[string]string{
			"latest":                second,
			first:                   first,
			first[:8]:               first,
			first[:12]:              first,
			second[:63]:             second,
			"production":            first,
			first[:7]:               second,
			strings.Repeat("f", 10): second,
		} {
			require.Equal(t, want, c.pull(t, base+"/commits/-/greeting/"+version).Hash, version)
			require.Equal(t, want, c.pull(t, base+"/commits/acme/greeting/"+version).Hash, version)
		}
	}
	for _, unknown := range []string{second[:7], "staging", strings.Repeat("0", 64), "Latest"} {
		body := c.Get(http.StatusNotFound, "/commits/-/greeting/"+unknown).Object(t)
		require.Contains(t, body["detail"], unknown)
	}
}

func TestHashesDependOnTheHistoryAlone(t *testing.T) {
	var hashes [2][]string
	for i := range hashes {
		fake, _ := start(t, fakelangsmith.Config{})
		for _, text := range []string{"a", "b", "a"} {
			hashes[i] = append(hashes[i], push(t, fake, "p", text))
		}
	}
	require.Equal(t, hashes[0], hashes[1])
	require.Regexp(t, `^[0-9a-f]{64}$`, hashes[0][0])
	require.NotEqual(t, hashes[0][0], hashes[0][2], "the same content after another parent is another commit")
}

func TestDraftsAreNotLatest(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	draft := func() string {
		hash, err := fake.Push("p", fakelangsmith.Commit{Manifest: fakelangsmith.Text("draft"), Draft: true, Tags: []string{"next"}})
		require.NoError(t, err)
		return hash
	}
	first := draft()
	c.Get(http.StatusNotFound, "/commits/-/p/latest")
	require.Nil(t, c.Get(http.StatusOK, "/repos/-/p").Object(t)["repo"].(map[string]any)["last_commit_hash"])
	released := push(t, fake, "p", "released")
	second := draft()
	require.Equal(t, released, c.pull(t, "/commits/-/p/latest").Hash)
	require.True(t, c.pull(t, "/commits/-/p/"+first).Draft)
	require.Equal(t, second, c.pull(t, "/commits/-/p/next").Hash)
}

func TestPullWithModel(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	prompt := fakelangsmith.Chat(fakelangsmith.Message{Role: "human", Template: "{question}"})
	manifest, err := fakelangsmith.WithModel(prompt, fakelangsmith.Model{Class: "ChatOpenAI", Config: map[string]any{"model": "gpt-4o-mini", "temperature": 0}})
	require.NoError(t, err)
	_, err = fake.Push("qa", fakelangsmith.Commit{Manifest: manifest})
	require.NoError(t, err)

	without := c.pull(t, "/commits/-/qa/latest")
	require.JSONEq(t, string(prompt), string(without.Manifest))
	require.JSONEq(t, `null`, string(without.ModelConfig))
	require.Nil(t, without.ModelProvider)
	require.JSONEq(t, string(prompt), string(c.pull(t, "/commits/-/qa/latest?include_model=false").Manifest))
	for _, query := range []string{"include_model=true", "include=model", "include=x&include=model"} {
		with := c.pull(t, "/commits/-/qa/latest?"+query)
		require.JSONEq(t, string(manifest), string(with.Manifest), query)
		require.JSONEq(t, `{"model":"gpt-4o-mini","temperature":0}`, string(with.ModelConfig), query)
		require.Equal(t, "ChatOpenAI", *with.ModelProvider, query)
	}

	push(t, fake, "modelless", "x")
	require.JSONEq(t, string(fakelangsmith.Text("x")), string(c.pull(t, "/commits/-/modelless/latest?include_model=true").Manifest))
}

func TestPullOfSequencesThatAreOdd(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	for name, test := range map[string]struct{ manifest, prompt, config, provider string }{
		"a bare model":      {`{"id":["x","RunnableSequence"],"kwargs":{"first":{"a":1},"last":{"id":["ChatX"],"kwargs":{"t":1}}}}`, `{"a":1}`, `{"t":1}`, "ChatX"},
		"no model":          {`{"id":["RunnableSequence"],"kwargs":{"first":{"a":1}}}`, `{"a":1}`, `null`, ""},
		"a model of no id":  {`{"id":["RunnableSequence"],"kwargs":{"first":{"a":1},"last":{"lc":1}}}`, `{"a":1}`, `null`, ""},
		"no first":          {`{"id":["RunnableSequence"],"kwargs":{}}`, `{"id":["RunnableSequence"],"kwargs":{}}`, `null`, ""},
		"an id that is odd": {`{"id":3}`, `{"id":3}`, `null`, ""},
	} {
		_, err := fake.Push("p", fakelangsmith.Commit{Manifest: json.RawMessage(test.manifest)})
		require.NoError(t, err)
		require.JSONEq(t, test.prompt, string(c.pull(t, "/commits/-/p/latest").Manifest), name)
		with := c.pull(t, "/commits/-/p/latest?include_model=true")
		require.JSONEq(t, test.manifest, string(with.Manifest), name)
		require.JSONEq(t, test.config, string(with.ModelConfig), name)
		if test.provider == "" {
			require.Nil(t, with.ModelProvider, name)
		} else {
			require.Equal(t, test.provider, *with.ModelProvider, name)
		}
	}
}

func TestOddNamesAreOneSegment(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	for _, name := range []string{"a b", "ünïcode-提示", "50%", "what?", "a#b", "a+b", "a&b=c", `back\slash`, "q\"uote", "...", "%2F", "-", "latest"} {
		hash := push(t, fake, name, name)
		require.Equal(t, hash, c.pull(t, "/commits/-/"+url.PathEscape(name)+"/latest").Hash, name)
		require.Equal(t, 1, fake.CountFor(name), name)
	}
	c.Get(http.StatusNotFound, "/commits/-/a%2Fb/latest")
	c.Get(http.StatusNotFound, "/commits/-/..%2F..%2Fgreeting/latest")
}

func TestHistory(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	first, second, third := push(t, fake, "p", "1"), push(t, fake, "p", "2"), push(t, fake, "p", "3")
	for query, want := range map[string][]string{
		"":                   {third, second, first},
		"?limit=1&offset=0":  {third},
		"?limit=2&offset=1":  {second, first},
		"?limit=2&offset=99": {},
	} {
		for _, slash := range []string{"", "/"} {
			var body struct {
				Commits []struct {
					Hash   string  `json:"commit_hash"`
					Parent *string `json:"parent_commit_hash"`
				} `json:"commits"`
				Total int `json:"total"`
			}
			require.NoError(t, json.Unmarshal(c.Get(http.StatusOK, "/commits/-/p"+slash+query).Body, &body))
			hashes := make([]string, 0, len(body.Commits))
			for _, listed := range body.Commits {
				hashes = append(hashes, listed.Hash)
			}
			require.Equal(t, want, hashes, query)
			require.Equal(t, 3, body.Total)
			if query == "" {
				require.Equal(t, second, *body.Commits[0].Parent)
				require.Nil(t, body.Commits[2].Parent)
			}
		}
	}
	c.Get(http.StatusNotFound, "/commits/-/absent/")
	c.Get(http.StatusUnprocessableEntity, "/commits/-/p/?limit=x")
}

func TestEverythingElseIsNotFound(t *testing.T) {
	_, c := start(t, fakelangsmith.Config{})
	for _, path := range []string{"/", "/commits", "/api/v2/commits/-/p/latest", "/_fake/requests", "/commits/-/p/a/b"} {
		require.Equal(t, map[string]any{"detail": "Not Found"}, c.Get(http.StatusNotFound, path).Object(t), path)
	}
	a, err := c.Try(t.Context(), http.MethodPost, "/repos", "")
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, a.Status)
}
