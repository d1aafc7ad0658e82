package faultnet_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/promptcache/promptcache-go/fakes/faultnet"
)

// ask stands for the client under test: it prints what it is answered.
func ask(url string) {
	client := http.Client{Timeout: 200 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		fmt.Println("no answer")
		return
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		fmt.Println("half an answer")
		return
	}
	fmt.Println(string(body))
}

func ExampleStart() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	defer server.Close()
	proxy, err := faultnet.Start(faultnet.Config{Target: server.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer proxy.Close()
	ask(proxy.URL())
	// Output: hello
}

// The network swallows everything, and then it is back.
func ExampleProxy_Inject() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	defer server.Close()
	proxy, err := faultnet.Start(faultnet.Config{Target: server.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer proxy.Close()
	remove, err := proxy.Inject(faultnet.Fault{Kind: faultnet.BlackHole, Direction: faultnet.Both})
	if err != nil {
		fmt.Println(err)
		return
	}
	ask(proxy.URL())
	remove()
	ask(proxy.URL())
	fmt.Println(proxy.Stats().Hits)
	// Output:
	// no answer
	// hello
	// map[black-hole:1]
}

// The port is closed for a while.
func ExampleProxy_Play() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	defer server.Close()
	proxy, err := faultnet.Start(faultnet.Config{Target: server.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer proxy.Close()
	played := make(chan error, 1)
	go func() {
		played <- proxy.Play(context.Background(), faultnet.Schedule{
			{At: 10 * time.Millisecond, For: 500 * time.Millisecond, Fault: faultnet.Fault{Kind: faultnet.Refuse}},
		})
	}()
	_ = proxy.Await(context.Background(), func(s faultnet.Stats) bool { return s.Hits[faultnet.Refuse] == 1 })
	ask(proxy.URL())
	fmt.Println(<-played)
	ask(proxy.URL())
	// Output:
	// no answer
	// <nil>
	// hello
}

// A minute of weather, the same in every run.
func ExampleStorm() {
	storm := faultnet.Storm{Seed: 1, Length: time.Minute, Burst: 5 * time.Second, Calm: 10 * time.Second}
	for _, step := range storm.Schedule() {
		fmt.Println(step.At.Round(time.Second), step.For.Round(time.Second), step.Kind)
	}
	// Output:
	// 11s 3s corrupt
	// 26s 5s half-open
	// 39s 3s reset
	// 57s 3s reset
}
