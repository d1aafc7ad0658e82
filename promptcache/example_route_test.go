package promptcache_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing/fstest"

	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
	"github.com/promptcache/promptcache-go/promptfs"
)

// project is a Langfuse project that has one prompt, "greeting".
func project(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path != "/api/public/v2/prompts/greeting" {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"message":"Prompt not found","error":"LangfuseNotFoundError"}`)
		return
	}
	_, _ = io.WriteString(w, `{"name":"greeting","version":3,"type":"text","prompt":"Hello {{name}}","config":{},
		"labels":["production"],"tags":[],"resolutionGraph":null}`)
}

// sources returns a Langfuse project at the address and the bundled prompts.
func sources(endpoint string) (*langfuse.Source, *promptfs.Source, error) {
	fuse, err := langfuse.New(langfuse.Config{
		Endpoint:  endpoint,
		PublicKey: "pk-lf-example",
		SecretKey: langfuse.NewSecret("sk-lf-example"),
		Retries:   new(0),
	})
	files, err2 := promptfs.New(fstest.MapFS{ // or an embed.FS
		"greeting.txt": {Data: []byte("Hi {{name}}")},
	}, promptfs.Config{Name: "bundled"})
	return fuse, files, errors.Join(err, err2)
}

// One cache holds the prompts of all registries, ready to compile.
func ExampleRoute() {
	server := httptest.NewServer(http.HandlerFunc(project))
	defer server.Close()
	fuse, files, err := sources(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	router, err := promptcache.Route(promptcache.Routes[*prompt.Prompt]{
		Backends: map[string]promptcache.Backend[*prompt.Prompt]{
			"langfuse": fuse.Backend(),
			"file":     files.Backend(),
		},
		Default: "langfuse",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	cache, err := router.NewCache(promptcache.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	for _, key := range []string{"langfuse:greeting@production", "greeting", "file:greeting"} {
		p, err := cache.GetOrFetch(ctx, key)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(key, "is", p.Text())
	}
	fmt.Println(cache.Keys())
	// Output:
	// langfuse:greeting@production is Hello {{name}}
	// greeting is Hello {{name}}
	// file:greeting is Hi {{name}}
	// [file:greeting langfuse:greeting]
}

// A service starts while its registry is down, with the prompts that it was
// built with, and knows it.
func ExampleFallback() {
	server := httptest.NewServer(http.HandlerFunc(project))
	server.Close()
	fuse, files, err := sources(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg := promptcache.DefaultConfig()
	cfg.Logger = slog.New(slog.DiscardHandler)
	cfg.Canonical, cfg.Domain = langfuse.Canonical, fuse.Domain
	cache, err := promptcache.New(promptcache.Fallback(fuse.FetchPrompt, files.Fetch), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := cache.Prefetch(ctx, "greeting"); errors.Is(err, promptcache.ErrStale) {
		fmt.Println("ready, with fallbacks")
	}
	greeting, err := cache.GetOrFetch(ctx, "greeting")
	if err != nil {
		fmt.Println(err)
		return
	}
	entry, _ := cache.Lookup("greeting")
	fmt.Println(greeting.Text(), entry.Fallback, errors.Is(entry.LastError, promptcache.ErrUnavailable))
	// Output:
	// ready, with fallbacks
	// Hi {{name}} true true
}
