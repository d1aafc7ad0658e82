package fakelangfuse_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

// ask stands for the client under test: it prints the status of one request.
func ask(url string) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url+"/api/public/v2/prompts/greeting", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	req.SetBasicAuth(fakelangfuse.DefaultPublicKey, fakelangfuse.DefaultSecretKey)
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
	fake, err := fakelangfuse.Start(fakelangfuse.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fake.Close()
	ask(fake.URL())
	if _, err := fake.PushText("greeting", "Hello {{name}}"); err != nil {
		fmt.Println(err)
		return
	}
	ask(fake.URL())
	fake.Down()
	ask(fake.URL())
	fmt.Println(fake.CountFor("greeting"))
	// Output:
	// 404
	// 200
	// no answer
	// 2
}

// A server without a network.
func ExampleNew() {
	fake, err := fakelangfuse.New(fakelangfuse.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fake.Close()
	answer := httptest.NewRecorder()
	fake.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/api/public/health", nil))
	fmt.Println(answer.Body)
	// Output: {"status":"OK","version":"4.16.0"}
}

func ExampleStartTest() {
	test := func(t *testing.T) {
		t.Helper()
		fake := fakelangfuse.StartTest(t, fakelangfuse.Config{})
		ask(fake.URL())
	}
	_ = test // testing runs it
}

// A chat prompt with a placeholder, whose second version goes to staging first.
func ExampleServer_Push() {
	fake, err := fakelangfuse.New(fakelangfuse.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fake.Close()
	for _, v := range []fakelangfuse.Version{
		{Prompt: fakelangfuse.Chat(
			fakelangfuse.Message{Role: "system", Content: "You are {{who}}."},
			fakelangfuse.Message{Role: "placeholder", Content: "history"},
		), Labels: []string{"production"}},
		{Prompt: fakelangfuse.Chat(
			fakelangfuse.Message{Role: "system", Content: "Be {{who}}."},
		), Labels: []string{"staging"}, CommitMessage: "shorter"},
	} {
		version, err := fake.Push("mails/assistant", v)
		fmt.Println(version, err)
	}
	fmt.Println(fake.MoveLabel("mails/assistant", "production", 2))
	// Output:
	// 1 <nil>
	// 2 <nil>
	// <nil>
}
