package promptfs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
	"github.com/promptcache/promptcache-go/promptfs"
)

// files stands in for
//
//	//go:embed prompts
//	var files embed.FS
//
// of which fs.Sub(files, "prompts") is what New wants.
var files = fstest.MapFS{
	"greeting.txt": {Data: []byte("Hello {{name}}\n")},
	"support/answer.yaml": {Data: []byte(`
messages:
  - role: system
    content: Answer in {{language}}.
  - placeholder: history
    optional: true
  - role: user
    content: "{{question}}"
partials: {language: English}
config: {temperature: 0.2}
`)},
}

func ExampleNew() {
	src, err := promptfs.New(files, promptfs.Config{Name: "bundled"})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := src.Fetch(context.Background(), "support/answer")
	if err != nil {
		fmt.Println(err)
		return
	}
	compiled, err := answer.CompileStrict(prompt.Vars{"question": "Why?"})
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := json.Marshal(compiled.Messages)
	fmt.Println(string(body), err)

	_, err = src.Fetch(context.Background(), "farewell")
	fmt.Println("not found:", errors.Is(err, promptcache.ErrNotFound))
	// Output:
	// [{"role":"system","content":"Answer in English."},{"role":"user","content":"Why?"}] <nil>
	// not found: true
}

// A cache picks up edited files at its refreshes; all of them are warmed up.
func ExampleNewCache() {
	src, err := promptfs.New(files, promptfs.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	cache, err := promptfs.NewCache(src, promptcache.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	var keys []string
	for info, err := range src.ListPrompts(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		keys = append(keys, info.Name)
	}
	fmt.Println(cache.Prefetch(ctx, keys...), cache.Len())
	greeting, ok := cache.Get("greeting")
	fmt.Println(greeting.Text(), ok)
	// Output:
	// <nil> 2
	// Hello {{name}} true
}
