package langfuse_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

// registry stands in for Langfuse in the examples.
func registry() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/api/public/v2/prompts/greeting":
			_, _ = fmt.Fprint(w, `{"name":"greeting","version":3,"type":"text","prompt":"Hello {{name}}","config":{},
				"labels":["production"],"tags":[],"resolutionGraph":null}`)
		case "/api/public/v2/prompts":
			_, _ = fmt.Fprint(w, `{"data":[{"name":"greeting","type":"text","versions":[1,2,3],"labels":["production"],"tags":[]}],
				"meta":{"page":1,"limit":100,"totalItems":1,"totalPages":1}}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"message":"Prompt not found","error":"LangfuseNotFoundError"}`)
		}
	}))
}

// source returns a Source over the server; without an endpoint and keys it would
// take LANGFUSE_BASE_URL, LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY.
func source(server *httptest.Server) (*langfuse.Source, error) {
	return langfuse.New(langfuse.Config{
		Endpoint:  server.URL,
		PublicKey: "pk-lf-example",
		SecretKey: langfuse.NewSecret("sk-lf-example"),
	})
}

func ExampleNew() {
	server := registry()
	defer server.Close()
	src, err := source(server)
	if err != nil {
		fmt.Println(err)
		return
	}

	greeting, err := src.Fetch(context.Background(), "greeting")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(greeting.Name(), greeting.Version(), greeting.Text())

	_, err = src.Fetch(context.Background(), "farewell@staging")
	fmt.Println("not found:", errors.Is(err, promptcache.ErrNotFound))

	// Output:
	// greeting 3 Hello {{name}}
	// not found: true
}

func ExampleNewCache() {
	server := registry()
	defer server.Close()
	src, err := source(server)
	if err != nil {
		fmt.Println(err)
		return
	}

	cache, err := langfuse.NewCache(src, promptcache.DefaultConfig())
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

	greeting, err := cache.GetOrFetch(ctx, "greeting")
	if err != nil {
		fmt.Println(err)
		return
	}
	again, ok := cache.Get("greeting@production") // another spelling of the same prompt
	fmt.Println(greeting.Text(), ok && again == greeting, cache.Keys())

	// Output:
	// Hello {{name}} true [greeting]
}

func ExampleParseRef() {
	for _, key := range []string{"greeting", "mails/bye@staging", "greeting#3", "C# tutor@production", "C# tutor"} {
		ref, err := langfuse.ParseRef(key)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%q label %q version %d\n", ref.Name, ref.Label, ref.Version)
	}

	// Output:
	// "greeting" label "production" version 0
	// "mails/bye" label "staging" version 0
	// "greeting" label "" version 3
	// "C# tutor" label "production" version 0
	// langfuse: invalid prompt key "C# tutor": what follows its last "#" is no version, 1 or more; if the "#" belongs to the name, add "@production"; want name, name@label or name#version
}

// A cache is warmed up with every prompt that is in production.
func ExampleSource_ListPrompts() {
	server := registry()
	defer server.Close()
	src, err := source(server)
	if err != nil {
		fmt.Println(err)
		return
	}
	cache, err := langfuse.NewCache(src, promptcache.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx := context.Background()
	var keys []string
	for info, err := range src.ListPrompts(ctx, langfuse.ListOptions{Label: "production"}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		keys = append(keys, langfuse.Ref{Name: info.Name}.String())
	}
	if err := cache.Prefetch(ctx, keys...); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cache.Keys())

	// Output:
	// [greeting]
}

// A fallback is compiled into the program, and compiles like any other prompt.
func ExamplePrompt_Prompt() {
	var fallback langfuse.Prompt
	err := json.Unmarshal([]byte(`{"name":"greeting","version":1,"type":"text","prompt":"Hello {{name}}"}`), &fallback)
	if err != nil {
		fmt.Println(err)
		return
	}
	greeting, err := fallback.Prompt()
	if err != nil {
		fmt.Println(err)
		return
	}
	compiled, err := greeting.Compile(prompt.Vars{"name": "Ada"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(compiled.Text)

	// Output:
	// Hello Ada
}
