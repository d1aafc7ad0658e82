package promptcache_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// A Prompt of the examples' registry.
type Prompt struct {
	Rev  string
	Text string
}

func (p *Prompt) Revision() string { return p.Rev }

func registry() *source.Source[*Prompt] {
	src := source.New[*Prompt]()
	src.Put("greeting", &Prompt{Rev: "r1", Text: "Hello {name}"})
	return src
}

func ExampleNew() {
	cache, err := promptcache.New(registry().Fetch, promptcache.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := cache.Start(ctx); err != nil { // background refreshes from here on
		fmt.Println(err)
		return
	}
	defer cache.Stop()

	p, err := cache.GetOrFetch(ctx, "greeting") // the first reader waits for the registry
	fmt.Println(p.Text, err)
	p, ok := cache.Get("greeting") // all others do not
	fmt.Println(p.Text, ok)
	// Output:
	// Hello {name} <nil>
	// Hello {name} true
}

// A nil TTL is offline mode: what was put in is served for ever, and nothing
// calls out.
func ExampleNew_offline() {
	cfg := promptcache.DefaultConfig()
	cfg.TTL = nil
	cache, err := promptcache.New[*Prompt](nil, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	cache.Set("greeting", &Prompt{Text: "Hello {name}"})

	p, err := cache.GetOrFetch(context.Background(), "greeting")
	fmt.Println(p.Text, err)
	_, err = cache.GetOrFetch(context.Background(), "farewell")
	fmt.Println(errors.Is(err, promptcache.ErrOffline))
	// Output:
	// Hello {name} <nil>
	// true
}

// GetFresh leaves it to the caller whether a stale prompt will do.
func ExamplePromptCache_GetFresh() {
	src := registry()
	cfg := promptcache.DefaultConfig()
	cfg.BackoffMin = 0
	cache, err := promptcache.New(src.Fetch, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	_, _ = cache.GetFresh(ctx, "greeting")

	src.Always(source.Fail[*Prompt](promptcache.ErrUnavailable)) // an outage
	cache.MarkStale(func(string) bool { return true })
	p, err := cache.GetFresh(ctx, "greeting")
	switch {
	case errors.Is(err, promptcache.ErrStale):
		fmt.Printf("stale: %s, for %v\n", p.Text, errors.Is(err, promptcache.ErrUnavailable))
	case err != nil:
		fmt.Println("nothing to serve:", err)
	default:
		fmt.Println("fresh:", p.Text)
	}
	// Output: stale: Hello {name}, for true
}

// GetOr never fails: the fallback is served and not stored.
func ExamplePromptCache_GetOr() {
	src := registry()
	src.Always(source.Fail[*Prompt](promptcache.ErrUnavailable))
	cache, err := promptcache.New(src.Fetch, promptcache.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	bundled := &Prompt{Rev: "bundled", Text: "Hi {name}"}
	fmt.Println(cache.GetOr(context.Background(), "greeting", bundled).Text, cache.Len())
	// Output: Hi {name} 0
}

// Validate keeps a bad prompt out, so that the last good one is served on.
func ExampleValidate() {
	src := registry()
	cache, err := promptcache.New(promptcache.Validate(src.Fetch, func(_ string, p *Prompt) error {
		if !strings.Contains(p.Text, "{name}") {
			return errors.New("there is no {name} in it")
		}
		return nil
	}), promptcache.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	_, _ = cache.GetOrFetch(ctx, "greeting")

	src.Put("greeting", &Prompt{Rev: "r2", Text: "Hello nobody"})
	p, err := cache.Refresh(ctx, "greeting")
	fmt.Println(p.Text)
	fmt.Println(err)
	// Output:
	// Hello {name}
	// promptcache: serving stale prompt: promptcache: fetch "greeting": invalid: rejected: there is no {name} in it
}

func ExamplePromptCache_Subscribe() {
	src := registry()
	cache, err := promptcache.New(src.Fetch, promptcache.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	var seen sync.WaitGroup
	seen.Add(2)
	unsubscribe := cache.Subscribe(func(e promptcache.Event) {
		fmt.Printf("%s: %s, %q to %q\n", e.Key, e.Kind, e.OldRevision, e.NewRevision)
		seen.Done()
	})
	defer unsubscribe()

	ctx := context.Background()
	_, _ = cache.GetOrFetch(ctx, "greeting")
	src.Put("greeting", &Prompt{Rev: "r2", Text: "Good day {name}"})
	_, _ = cache.Refresh(ctx, "greeting")
	seen.Wait()
	// Output:
	// greeting: added, "" to "r1"
	// greeting: changed, "r1" to "r2"
}

// Configure applies at once, and all of it or nothing.
func ExamplePromptCache_Configure() {
	cache, err := promptcache.New(registry().Fetch, promptcache.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg := cache.Config()
	cfg.TTL = new(time.Hour)
	cfg.MaxSize = 1000
	fmt.Println(cache.Configure(cfg), *cache.Config().TTL, cache.Config().MaxSize)

	cfg.MaxSize = -1
	cfg.RefreshJitter = 2
	fmt.Println(cache.Configure(cfg))
	fmt.Println(cache.Config().MaxSize)
	// Output:
	// <nil> 1h0m0s 1000
	// promptcache: config: MaxSize is -1; want 0 (disabled) or more
	// promptcache: config: RefreshJitter is 2; want 0 to 1
	// 1000
}

// Where there is a network, prompts are fetched and dumped; where there is none,
// they are loaded and served.
func ExamplePromptCache_DumpFile() {
	dir, err := os.MkdirTemp("", "prompts")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is temporary
	path := filepath.Join(dir, "prompts.json")

	online, err := promptcache.New(registry().Fetch, promptcache.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := online.Prefetch(context.Background(), "greeting"); err != nil {
		fmt.Println(err)
		return
	}
	if err := online.DumpFile(path); err != nil {
		fmt.Println(err)
		return
	}

	offline, err := promptcache.New[*Prompt](nil, promptcache.Config{MaxSize: 100}) // no TTL, no fetch
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := offline.LoadFile(path)
	fmt.Println(n, err)
	e, ok := offline.Lookup("greeting")
	fmt.Println(e.Value.Text, ok, e.FromSnapshot)
	// Output:
	// 1 <nil>
	// Hello {name} true true
}

// A cache that writes its changes to a file every minute, and begins with them
// when its process starts again, though the registry is down.
func ExampleSnapshotConfig() {
	dir, err := os.MkdirTemp("", "prompts")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is temporary
	cfg := promptcache.DefaultConfig()
	cfg.Snapshot = promptcache.SnapshotConfig{
		Path: filepath.Join(dir, "prompts.json"), Every: time.Minute, OnShutdown: true,
	}
	cfg.Logger = slog.New(slog.DiscardHandler)

	src := registry()
	for range 2 {
		cache, err := promptcache.New(src.Fetch, cfg)
		if err != nil {
			fmt.Println(err)
			return
		}
		ctx := context.Background()
		if err := cache.Start(ctx); err != nil {
			fmt.Println(err)
			return
		}
		p, err := cache.GetOrFetch(ctx, "greeting")
		fmt.Println(p.Text, err, cache.Metrics().Fetches)
		if err := cache.Shutdown(ctx); err != nil {
			fmt.Println(err)
			return
		}
		src.Always(source.Fail[*Prompt](promptcache.ErrUnavailable)) // an outage
	}
	// Output:
	// Hello {name} <nil> 1
	// Hello {name} <nil> 0
}
