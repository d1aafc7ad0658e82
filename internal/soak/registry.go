package soak

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/promptcache/promptcache-go/fakes/faultnet"
	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

// The registries' names in reports.
const (
	langsmithName = "langsmith"
	langfuseName  = "langfuse"
)

// registry is one sort of registry: its fake, its source, and how its values are
// read.
type registry[V any] struct {
	name  string
	fake  fakeServer
	fetch promptcache.FetchFunc[V]
	cfg   promptcache.Config // what the source says of it

	// push adds a commit to t's prompt, makes t's key mean it, and returns its
	// id.
	push func(t *track, text string) (id string, err error)
	// id returns which commit or version a value is, and text its template.
	id   func(V) string
	text func(V) string
	// makeTrack returns the i-th of the registry's keys.
	makeTrack func(i int) *track
	// local returns the value that the registry has under t's key, without
	// asking it.
	local func(t *track, id, text string) (V, error)
}

// fakeServer is what fake registries have in common.
type fakeServer interface {
	URL() string
	Inject(fault fakelangsmith.Fault) (remove func(), err error)
	Count() int
	Close()
}

// client returns the HTTP client of a source, and its transport, whose idle
// connections are to be closed at the end.
func client() (*http.Client, *http.Transport) {
	transport := &http.Transport{
		MaxConnsPerHost:     maxConns,
		MaxIdleConnsPerHost: maxIdleConns,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true,
	}
	return &http.Client{Transport: transport}, transport
}

func noEnv(string) string { return "" }

// newLangsmith returns a LangSmith behind a proxy.
func newLangsmith(seed uint64) (registry[*langsmith.PromptCommit], *faultnet.Proxy, *http.Transport, error) {
	var none registry[*langsmith.PromptCommit]
	fake, err := fakelangsmith.Start(fakelangsmith.Config{Keys: []fakelangsmith.Key{{Secret: langsmithKey, Workspace: workspace}}})
	if err != nil {
		return none, nil, nil, err
	}
	proxy, err := faultnet.Start(faultnet.Config{Target: fake.URL(), Seed: seed})
	if err != nil {
		fake.Close()
		return none, nil, nil, err
	}
	httpClient, transport := client()
	src, err := langsmith.New(langsmith.Config{
		Endpoint: proxy.URL(), APIKey: langsmith.NewSecret(langsmithKey), Getenv: noEnv, HTTPClient: httpClient,
		Retries: new(retries), AttemptTimeout: attemptTimeout, BackoffMin: 50 * time.Millisecond, MaxBodyBytes: maxBody,
	})
	if err != nil {
		proxy.Close()
		fake.Close()
		return none, nil, nil, err
	}
	return registry[*langsmith.PromptCommit]{
		name:  langsmithName,
		fake:  fake,
		fetch: src.Fetch,
		cfg:   promptcache.Config{Canonical: langsmith.Canonical, Domain: src.Domain},
		push: func(t *track, text string) (string, error) {
			hash, err := fake.PushText(t.name, text)
			if err == nil && t.tagged {
				err = fake.SetTag(t.name, "production", hash)
			}
			return hash, err
		},
		id:   func(c *langsmith.PromptCommit) string { return c.CommitHash() },
		text: func(c *langsmith.PromptCommit) string { return string(c.Manifest()) },
		makeTrack: func(i int) *track {
			t := &track{name: fmt.Sprintf("prompt-%05d", i), tagged: i%2 == 1, byID: make(map[string]int)}
			t.key = t.name
			if t.tagged {
				t.key += ":production"
			}
			return t
		},
		local: func(t *track, id, text string) (*langsmith.PromptCommit, error) {
			c := &langsmith.PromptCommit{}
			data := fmt.Sprintf(`{"owner":"-","repo":%q,"commit_hash":%q,"manifest":%s,"examples":[]}`, t.name, id, fakelangsmith.Text(text))
			return c, c.UnmarshalJSON([]byte(data))
		},
	}, proxy, transport, nil
}

// newLangfuse returns a Langfuse behind a proxy.
func newLangfuse(seed uint64) (registry[*langfuse.Prompt], *faultnet.Proxy, *http.Transport, error) {
	var none registry[*langfuse.Prompt]
	fake, err := fakelangfuse.Start(fakelangfuse.Config{Keys: []fakelangfuse.Key{{Public: langfusePublic, Secret: langfuseSecret, Project: langfuseProject}}})
	if err != nil {
		return none, nil, nil, err
	}
	proxy, err := faultnet.Start(faultnet.Config{Target: fake.URL(), Seed: seed})
	if err != nil {
		fake.Close()
		return none, nil, nil, err
	}
	httpClient, transport := client()
	src, err := langfuse.New(langfuse.Config{
		Endpoint: proxy.URL(), PublicKey: langfusePublic, SecretKey: langfuse.NewSecret(langfuseSecret), Getenv: noEnv, HTTPClient: httpClient,
		Retries: new(retries), AttemptTimeout: attemptTimeout, BackoffMin: 50 * time.Millisecond, MaxBodyBytes: maxBody,
	})
	if err != nil {
		proxy.Close()
		fake.Close()
		return none, nil, nil, err
	}
	return registry[*langfuse.Prompt]{
		name:  langfuseName,
		fake:  fake,
		fetch: src.Fetch,
		cfg:   promptcache.Config{Canonical: langfuse.Canonical, Domain: src.Domain, MaxStale: maxStale},
		push: func(t *track, text string) (string, error) {
			version, err := fake.Push(t.name, fakelangfuse.Version{Prompt: fakelangfuse.Text(text)})
			if err == nil && t.tagged {
				err = fake.MoveLabel(t.name, "production", version)
			}
			return strconv.Itoa(version), err
		},
		id:   func(p *langfuse.Prompt) string { return strconv.Itoa(p.Version()) },
		text: func(p *langfuse.Prompt) string { return p.Text() },
		makeTrack: func(i int) *track {
			t := &track{name: fmt.Sprintf("folder/prompt-%05d", i), tagged: true, byID: make(map[string]int)}
			t.key = t.name
			if i%2 == 1 {
				t.key += "@latest"
				t.tagged = false
			}
			return t
		},
		local: func(t *track, id, text string) (*langfuse.Prompt, error) {
			p := &langfuse.Prompt{}
			label := "production"
			if !t.tagged {
				label = "latest"
			}
			data := fmt.Sprintf(`{"name":%q,"version":%s,"type":"text","prompt":%q,"config":{},"labels":[%q],"tags":[],"commitMessage":null}`, t.name, id, text, label)
			return p, p.UnmarshalJSON([]byte(data))
		},
	}, proxy, transport, nil
}
