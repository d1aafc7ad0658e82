package suite

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/promptcache/promptcache-go/bench/clients"
	"github.com/promptcache/promptcache-go/bench/langsmithport"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

// langsmithField is LangSmith's clients.
func langsmithField(ctx context.Context, s Settings) (*field, error) {
	fake, err := fakelangsmith.Start(fakelangsmith.Config{})
	if err != nil {
		return nil, err
	}
	f := &field{title: "Whole clients: LangSmith", requests: fake.Count}
	f.close = func() {
		f.closeClients()
		fake.Close()
	}
	prompts := make([]string, clientPrompts)
	for i := range prompts {
		prompts[i] = fmt.Sprintf("prompt-%04d", i)
		if _, err := fake.PushChat(prompts[i], fakelangsmith.Message{Role: "system", Template: "You are {who}."}, fakelangsmith.Message{Role: "human", Template: "{question}"}); err != nil {
			f.close()
			return nil, err
		}
	}
	f.names = []string{"promptcache", "port of LangSmith's cache, in Go"}
	f.clients = []clients.Client{
		clients.NewGo(prompts, func() (clients.Pull, func(), error) { return langsmithOurs(ctx, fake.URL()) }),
		clients.NewGo(prompts, func() (clients.Pull, func(), error) { return langsmithPort(fake.URL()) }),
	}
	err = f.addNode(ctx, s, clients.NodeConfig{
		SDK: "langsmith", Packages: filepath.Join(s.Repository, "fakes", "sdktest"), URL: fake.URL(), Key: fakelangsmith.DefaultKey, Prompts: prompts,
	})
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// langsmithSource is a source with connections of its own.
func langsmithSource(url string) (*langsmith.Source, func(), error) {
	transport := &http.Transport{}
	src, err := langsmith.New(langsmith.Config{
		Endpoint:   url,
		APIKey:     langsmith.NewSecret(fakelangsmith.DefaultKey),
		HTTPClient: &http.Client{Transport: transport},
		Getenv:     func(string) string { return "" },
	})
	return src, transport.CloseIdleConnections, err
}

func langsmithOurs(ctx context.Context, url string) (clients.Pull, func(), error) {
	src, disconnect, err := langsmithSource(url)
	if err != nil {
		return nil, nil, err
	}
	cfg := promptcache.DefaultConfig()
	cfg.Logger = slog.New(slog.DiscardHandler)
	cache, err := langsmith.NewCache(src, cfg)
	if err != nil {
		return nil, nil, err
	}
	if err := cache.Start(ctx); err != nil {
		return nil, nil, err
	}
	pull := func(ctx context.Context, prompt string) error {
		_, err := cache.GetOrFetch(ctx, prompt)
		return err
	}
	return pull, func() {
		cache.Stop()
		disconnect()
	}, nil
}

func langsmithPort(url string) (clients.Pull, func(), error) {
	src, disconnect, err := langsmithSource(url)
	if err != nil {
		return nil, nil, err
	}
	cache := langsmithport.New(src.Fetch, langsmithport.Config{MaxSize: 100, TTL: 5 * time.Minute, RefreshInterval: time.Minute, Clock: clock.New()})
	pull := func(ctx context.Context, prompt string) error {
		_, err := cache.Pull(ctx, prompt)
		return err
	}
	return pull, func() {
		cache.Stop()
		disconnect()
	}, nil
}
