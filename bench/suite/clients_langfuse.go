package suite

import (
	"context"
	"fmt"
	"net/http"

	"github.com/promptcache/promptcache-go/bench/clients"
	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
	"github.com/promptcache/promptcache-go/langfuse"
)

const langfuseName = "Langfuse"

// langfuseField is Langfuse's clients: those of both generations, and the port,
// which is LangSmith's cache with Langfuse's source.
func langfuseField(ctx context.Context, s Settings) (*field, error) {
	fake, err := fakelangfuse.Start(fakelangfuse.Config{})
	if err != nil {
		return nil, err
	}
	f := &field{title: "Whole clients: " + langfuseName, registry: langfuseName, requests: fake.Count}
	f.close = func() {
		f.closeClients()
		fake.Close()
	}
	prompts := make([]string, clientPrompts)
	for i := range prompts {
		prompts[i] = fmt.Sprintf("prompt-%04d", i)
		if _, err := fake.Push(prompts[i], fakelangfuse.Version{
			Prompt: fakelangfuse.Chat(fakelangfuse.Message{Role: "system", Content: "You are {{who}}."}, fakelangfuse.Message{Role: "user", Content: "{{question}}"}),
			Labels: []string{"production"},
		}); err != nil {
			f.close()
			return nil, err
		}
	}
	ours := func(snapshot string) (clients.Connection, error) {
		src, disconnect, err := langfuseSource(fake.URL())
		if err != nil {
			return clients.Connection{}, err
		}
		cache, err := langfuse.NewCache(src, ourConfig())
		if err != nil {
			return clients.Connection{}, err
		}
		return connection(ctx, cache, snapshot, disconnect)
	}
	port := func(string) (clients.Connection, error) {
		src, disconnect, err := langfuseSource(fake.URL())
		if err != nil {
			return clients.Connection{}, err
		}
		return portConnection(src.Fetch, disconnect), nil
	}
	f.addGo(prompts, ours, port)
	for _, sdk := range []string{"langfuse", "langfuse-client"} {
		err = f.addNode(ctx, s, clients.NodeConfig{
			SDK: sdk, Packages: packages(s), URL: fake.URL(), Public: fakelangfuse.DefaultPublicKey, Key: fakelangfuse.DefaultSecretKey, Prompts: prompts,
		})
		if err != nil {
			f.close()
			return nil, err
		}
	}
	return f, nil
}

// langfuseSource is a source with connections of its own.
func langfuseSource(url string) (*langfuse.Source, func(), error) {
	transport := &http.Transport{}
	src, err := langfuse.New(langfuse.Config{
		Endpoint:   url,
		PublicKey:  fakelangfuse.DefaultPublicKey,
		SecretKey:  langfuse.NewSecret(fakelangfuse.DefaultSecretKey),
		HTTPClient: &http.Client{Transport: transport},
		Getenv:     func(string) string { return "" },
	})
	return src, transport.CloseIdleConnections, err
}
