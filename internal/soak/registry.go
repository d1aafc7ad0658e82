package soak

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
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
	network
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

// network is a proxy before a fake, and the client that goes through it.
type network struct {
	proxy     *faultnet.Proxy
	client    *http.Client
	transport *http.Transport        // the client's; its idle connections are to be closed at the end
	tally     *atomic.Pointer[tally] // in which the requests are counted
}

// before puts a network before a fake, which it closes if that fails.
func before(fake fakeServer, seed uint64) (network, error) {
	proxy, err := faultnet.Start(faultnet.Config{Target: fake.URL(), Seed: seed})
	if err != nil {
		fake.Close()
		return network{}, err
	}
	n := network{proxy: proxy, tally: &atomic.Pointer[tally]{}, transport: &http.Transport{
		MaxConnsPerHost:     maxConns,
		MaxIdleConnsPerHost: maxIdleConns,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true,
	}}
	n.client = &http.Client{Transport: n}
	return n, nil
}

// RoundTrip sends a request, and counts it whether it arrives or not.
func (n network) RoundTrip(req *http.Request) (*http.Response, error) {
	n.tally.Load().requests.Add(1)
	return n.transport.RoundTrip(req)
}

func (n network) close() {
	n.transport.CloseIdleConnections()
	n.proxy.Close()
}

func noEnv(string) string { return "" }

// newLangsmith returns a LangSmith behind a proxy.
func newLangsmith(seed uint64) (registry[*langsmith.PromptCommit], error) {
	var none registry[*langsmith.PromptCommit]
	fake, err := fakelangsmith.Start(fakelangsmith.Config{Keys: []fakelangsmith.Key{{Secret: langsmithKey, Workspace: workspace}}})
	if err != nil {
		return none, err
	}
	net, err := before(fake, seed)
	if err != nil {
		return none, err
	}
	src, err := langsmith.New(langsmith.Config{
		Endpoint: net.proxy.URL(), APIKey: langsmith.NewSecret(langsmithKey), Getenv: noEnv, HTTPClient: net.client,
		Retries: new(retries), AttemptTimeout: attemptTimeout, BackoffMin: 50 * time.Millisecond, MaxBodyBytes: maxBody,
	})
	if err != nil {
		net.close()
		fake.Close()
		return none, err
	}
	return registry[*langsmith.PromptCommit]{
		name: langsmithName, network: net,
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
	}, nil
}

// newLangfuse returns a Langfuse behind a proxy.
func newLangfuse(seed uint64) (registry[*langfuse.Prompt], error) {
	var none registry[*langfuse.Prompt]
	fake, err := fakelangfuse.Start(fakelangfuse.Config{Keys: []fakelangfuse.Key{{Public: langfusePublic, Secret: langfuseSecret, Project: langfuseProject}}})
	if err != nil {
		return none, err
	}
	net, err := before(fake, seed)
	if err != nil {
		return none, err
	}
	src, err := langfuse.New(langfuse.Config{
		Endpoint: net.proxy.URL(), PublicKey: langfusePublic, SecretKey: langfuse.NewSecret(langfuseSecret), Getenv: noEnv, HTTPClient: net.client,
		Retries: new(retries), AttemptTimeout: attemptTimeout, BackoffMin: 50 * time.Millisecond, MaxBodyBytes: maxBody,
	})
	if err != nil {
		net.close()
		fake.Close()
		return none, err
	}
	return registry[*langfuse.Prompt]{
		name: langfuseName, network: net,
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
	}, nil
}
