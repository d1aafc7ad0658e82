// Consumer is a program that uses a cache and nothing of sync/atomic.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/promptcache/promptcache-go/promptcache"
)

type prompt struct{ text string }

func main() {
	fetch := func(_ context.Context, key string) (*prompt, error) { return &prompt{key}, nil }
	cache, err := promptcache.New(fetch, promptcache.DefaultConfig())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, ok := cache.Get("greeting")
	entry, found := cache.Lookup("greeting")
	p, err := cache.GetOrFetch(context.Background(), "greeting")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(ok, entry, found, p.text)
}
