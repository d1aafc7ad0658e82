package fakelangsmith_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

// ask stands for the client under test: it prints the status of one pull.
func ask(url string) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url+"/api/v1/commits/-/greeting/latest", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	req.Header.Set("X-Api-Key", fakelangsmith.DefaultKey)
	req.Close = true // leaves no connection behind
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println("no answer")
		return
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	fmt.Println(resp.StatusCode)
}

func ExampleStart() {
	fake, err := fakelangsmith.Start(fakelangsmith.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fake.Close()
	ask(fake.URL())
	if _, err := fake.PushText("greeting", "Hello {name}"); err != nil {
		fmt.Println(err)
		return
	}
	ask(fake.URL())
	fmt.Println(fake.CountFor("greeting"))
	// Output:
	// 404
	// 200
	// 2
}

// A server that another HTTP server answers for.
func ExampleNew() {
	fake, err := fakelangsmith.New(fakelangsmith.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(fake)
	defer server.Close() // after fake.Close, which ends what hangs
	defer fake.Close()
	ask(server.URL)
	// Output: 404
}

func ExampleStartTest() {
	_ = func(t *testing.T) {
		t.Helper()
		fake := fakelangsmith.StartTest(t, fakelangsmith.Config{})
		if _, err := fake.PushText("greeting", "Hello {name}"); err != nil {
			t.Fatal(err)
		}
		ask(fake.URL())
	}
}

// A chat prompt with a model, tagged for production.
func ExampleServer_Push() {
	fake, err := fakelangsmith.New(fakelangsmith.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fake.Close()
	manifest, err := fakelangsmith.WithModel(
		fakelangsmith.Chat(
			fakelangsmith.Message{Role: "system", Template: "You are {who}."},
			fakelangsmith.Message{Role: "placeholder", Template: "history"},
			fakelangsmith.Message{Role: "human", Template: "{question}"},
		),
		fakelangsmith.Model{Class: "ChatOpenAI", Config: map[string]any{"model": "gpt-4o-mini"}},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	hash, err := fake.Push("assistant", fakelangsmith.Commit{Manifest: manifest, Tags: []string{"production"}})
	fmt.Println(hash[:8], err)
	// Output: dc729753 <nil>
}

// The registry is rate-limited twice, then down, then back.
func ExampleServer_Inject() {
	fake, err := fakelangsmith.Start(fakelangsmith.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fake.Close()
	if _, err := fake.PushText("greeting", "Hello {name}"); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Status, Status: 429, RetryAfter: "1", Times: 2}); err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		ask(fake.URL())
	}
	fake.Down()
	ask(fake.URL())
	if err := fake.Up(); err != nil {
		fmt.Println(err)
		return
	}
	ask(fake.URL())
	// Output:
	// 429
	// 429
	// 200
	// no answer
	// 200
}
