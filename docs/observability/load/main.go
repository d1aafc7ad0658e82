// Command load is a service with good days and bad ones, for Prometheus to look
// at: a registry on loopback that goes down and comes back every few seconds, an
// editor, and readers of more prompts than the cache holds. It serves /metrics.
//
//	go run ./load -addr 127.0.0.1:9400
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/langsmith"
	promptcacheprom "github.com/promptcache/promptcache-go/metrics/prometheus"
	"github.com/promptcache/promptcache-go/promptcache"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	addr := flag.String("addr", "127.0.0.1:0", "where to serve /metrics")
	flag.Parse()
	if err := run(ctx, *addr, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1) //nolint:gocritic // there is nothing left to stop
	}
}

// run serves metrics at addr, says where on out, and makes a day after the other
// until ctx ends.
func run(ctx context.Context, addr string, out io.Writer) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer listener.Close() //nolint:errcheck // the server has closed it, unless there never was one
	dir, err := os.MkdirTemp("", "promptcache-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is a temporary directory
	fake, err := fakelangsmith.Start(fakelangsmith.Config{})
	if err != nil {
		return err
	}
	defer fake.Close()
	cache, handler, err := newCache(fake, filepath.Join(dir, "prompts.json"))
	if err != nil {
		return err
	}
	if err := cache.Start(ctx); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	_, err = fmt.Fprintf(out, "http://%s/metrics\n", listener.Addr())
	if err == nil {
		err = live(ctx, fake, cache)
	}
	ended, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = errors.Join(err, server.Shutdown(ended), cache.Shutdown(ended))
	if failed := <-served; !errors.Is(failed, http.ErrServerClosed) {
		err = errors.Join(err, failed)
	}
	return err
}

// newCache makes a cache in a hurry, and what serves its metrics.
func newCache(fake *fakelangsmith.Server, snapshot string) (*promptcache.PromptCache[*langsmith.PromptCommit], http.Handler, error) {
	src, err := langsmith.New(langsmith.Config{
		Endpoint: fake.URL(), APIKey: langsmith.NewSecret(fakelangsmith.DefaultKey), Retries: new(0),
		Getenv: func(string) string { return "" },
	})
	if err != nil {
		return nil, nil, err
	}
	prom := promptcacheprom.New(promptcacheprom.Config{Cache: "prompts", Prompts: prompts})
	cfg := promptcache.DefaultConfig()
	cfg.MaxSize = prompts - 2
	cfg.TTL = new(time.Second)
	cfg.RefreshInterval = 250 * time.Millisecond
	cfg.RefreshJitter = 0 // a prompt may be read when it is stale
	cfg.FetchTimeout = time.Second
	cfg.MaxStale = 3 * time.Second
	cfg.NegativeTTL = time.Second
	cfg.BackoffMin, cfg.BackoffMax = 250*time.Millisecond, time.Second
	cfg.Snapshot = promptcache.SnapshotConfig{Path: snapshot, Every: time.Second}
	cfg.OnFetch = append(cfg.OnFetch, prom.OnFetch)
	cache, err := langsmith.NewCache(src, cfg)
	if err != nil {
		return nil, nil, err
	}
	prom.Watch(cache)
	registry := prometheus.NewRegistry()
	if err := registry.Register(prom); err != nil {
		return nil, nil, err
	}
	return cache, promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), nil
}
