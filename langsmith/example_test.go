package langsmith_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

// registry stands in for LangSmith in the examples.
func registry() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/api/v1/commits/-/greeting/latest" {
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"detail":"Repo not found"}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"commit_hash":"8d3f2a91","manifest":{"lc":1,"type":"constructor"},"examples":[]}`)
	}))
}

func ExampleNew() {
	server := registry()
	defer server.Close()

	source, err := langsmith.New(langsmith.Config{
		Endpoint: server.URL, // leave it and the key out to use LANGSMITH_ENDPOINT and LANGSMITH_API_KEY
		APIKey:   langsmith.NewSecret("lsv2_pt_example"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	commit, err := source.Fetch(context.Background(), "greeting")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(commit.Repo(), commit.CommitHash(), string(commit.Manifest()))

	_, err = source.Fetch(context.Background(), "farewell")
	fmt.Println("not found:", errors.Is(err, promptcache.ErrNotFound))

	// Output:
	// greeting 8d3f2a91 {"lc":1,"type":"constructor"}
	// not found: true
}

func ExampleNewCache() {
	server := registry()
	defer server.Close()

	source, err := langsmith.New(langsmith.Config{Endpoint: server.URL, APIKey: langsmith.NewSecret("lsv2_pt_example")})
	if err != nil {
		fmt.Println(err)
		return
	}
	cache, err := langsmith.NewCache(source, promptcache.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := cache.Start(ctx); err != nil { // refreshes prompts in the background
		fmt.Println(err)
		return
	}
	defer cache.Stop()

	commit, err := cache.GetOrFetch(ctx, "greeting:latest")
	if err != nil {
		fmt.Println(err)
		return
	}
	again, ok := cache.Get("-/greeting") // another spelling of the same prompt
	fmt.Println(commit.Revision(), ok && again == commit, cache.Keys())

	// Output:
	// 8d3f2a91 true [greeting]
}

func ExampleParseRef() {
	for _, identifier := range []string{"greeting", "-/greeting:latest", "acme/greeting:staging?model", "a/b/c"} {
		ref, err := langsmith.ParseRef(identifier)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(ref, "public:", ref.Public(), "model:", ref.Model)
	}

	// Output:
	// greeting public: false model: false
	// greeting public: false model: false
	// acme/greeting:staging?model public: true model: true
	// langsmith: invalid prompt identifier "a/b/c": it has more than one "/"; want [owner/]name[:version][?model]
}

// A fallback is compiled into the program, and served while the registry has
// never been reached.
func ExamplePromptCommit() {
	var fallback langsmith.PromptCommit
	err := json.Unmarshal([]byte(`{"owner":"-","repo":"greeting","commit_hash":"built-in","manifest":{"lc":1}}`), &fallback)
	if err != nil {
		fmt.Println(err)
		return
	}
	offline := promptcache.DefaultConfig()
	offline.TTL = nil
	cache, err := langsmith.NewCache(nil, offline)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cache.GetOr(context.Background(), "greeting", &fallback).Revision())

	// Output:
	// built-in
}

func ExampleSecret() {
	cfg := langsmith.Config{APIKey: langsmith.NewSecret("lsv2_pt_example")}
	fmt.Printf("%v %q %+v\n", cfg.APIKey, cfg.APIKey, struct{ Key langsmith.Secret }{cfg.APIKey})

	// Output:
	// [redacted] "[redacted]" {Key:[redacted]}
}
