// Command handler is the whole program of which README shows the middle: an
// HTTP service whose handler has its prompt from the cache, with warm-up before
// the first request and a graceful shutdown.
//
//	LANGSMITH_API_KEY=… go run ./docs/examples/handler
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

const (
	// warmUpTimeout is how long a start waits for a registry that does not answer.
	warmUpTimeout = 5 * time.Second
	// shutdownTimeout is how long requests, and then fetches, may take to finish.
	shutdownTimeout = 10 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := listenAndRun(ctx, "127.0.0.1:8080")
	stop()
	if err != nil {
		slog.Error("the service has failed", "err", err)
		os.Exit(1)
	}
}

func listenAndRun(ctx context.Context, addr string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer listener.Close() //nolint:errcheck // the server has closed it, unless there never was one
	slog.Info("listening", "addr", listener.Addr())
	return run(ctx, listener)
}

// run serves prompts on listener until ctx ends or the server fails.
func run(ctx context.Context, listener net.Listener) error {
	// README.md shows what follows, up to "the end".
	src, err := langsmith.New(langsmith.Config{}) // LANGSMITH_API_KEY and friends
	if err != nil {
		return err
	}
	cache, err := langsmith.NewCache(src, promptcache.DefaultConfig())
	if err != nil {
		return err
	}
	if err := cache.Start(ctx); err != nil { // refreshes in the background until Stop
		return err
	}
	http.HandleFunc("GET /greet", func(w http.ResponseWriter, r *http.Request) {
		prompt, err := cache.GetOrFetch(r.Context(), "greeting:production")
		if err != nil { // only if this prompt has never been fetched
			http.Error(w, "no prompt", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("X-Prompt-Revision", prompt.Revision())
		_, _ = w.Write(prompt.Manifest())
	})
	// The end.

	warmUp(ctx, cache, "greeting:production")
	err = serve(ctx, listener)
	return errors.Join(err, shutdown(ctx, cache.Shutdown))
}

// warmUp fetches the prompts before the first request needs one. A service that
// cannot starts all the same: the first request tries again.
func warmUp(ctx context.Context, cache *promptcache.PromptCache[*langsmith.PromptCommit], keys ...string) {
	ctx, cancel := context.WithTimeout(ctx, warmUpTimeout)
	defer cancel()
	if err := cache.Prefetch(ctx, keys...); err != nil {
		slog.Warn("starting without prompts", "err", err)
	}
}

// serve answers requests until ctx ends, and then finishes those under way.
func serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second, // longer than a fetch
		IdleTimeout:       2 * time.Minute,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		return shutdown(ctx, server.Shutdown)
	}
}

// shutdown calls fn with a deadline of its own, for ctx has ended.
func shutdown(ctx context.Context, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	return fn(ctx)
}
