package suite

import (
	"context"
	"fmt"
	"net/http"

	"github.com/promptcache/promptcache-go/bench/clients"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/langsmith"
)

const langsmithName = "LangSmith"

// langsmithField is LangSmith's clients.
func langsmithField(ctx context.Context, s Settings) (*field, error) {
	fake, err := fakelangsmith.Start(fakelangsmith.Config{})
	if err != nil {
		return nil, err
	}
	f := &field{title: "Whole clients: " + langsmithName, registry: langsmithName, requests: fake.Count}
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
	ours := func(snapshot string) (clients.Connection, error) {
		src, disconnect, err := langsmithSource(fake.URL())
		if err != nil {
			return clients.Connection{}, err
		}
		cache, err := langsmith.NewCache(src, ourConfig())
		if err != nil {
			return clients.Connection{}, err
		}
		return connection(ctx, cache, snapshot, disconnect)
	}
	port := func(string) (clients.Connection, error) {
		src, disconnect, err := langsmithSource(fake.URL())
		if err != nil {
			return clients.Connection{}, err
		}
		return portConnection(src.Fetch, disconnect), nil
	}
	f.addGo(prompts, ours, port)
	err = f.addNode(ctx, s, clients.NodeConfig{SDK: "langsmith", Packages: packages(s), URL: fake.URL(), Key: fakelangsmith.DefaultKey, Prompts: prompts})
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
