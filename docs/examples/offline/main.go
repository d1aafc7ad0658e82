// Command offline is an HTTP service whose prompts come from a snapshot and
// nowhere else, for a network from which no registry can be reached. SIGHUP has it
// read the snapshot again. docs/offline.md runs it.
//
//	go run ./docs/examples/offline -snapshot prompts.json
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

// shutdownTimeout is how long requests may take to finish.
const shutdownTimeout = 10 * time.Second

type prompts = promptcache.PromptCache[*langsmith.PromptCommit]

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	snapshot := flag.String("snapshot", "prompts.json", "file that promptcache pull has written")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	err := listenAndRun(ctx, *addr, *snapshot, again)
	stop()
	if err != nil {
		slog.Error("the service has failed", "err", err)
		os.Exit(1)
	}
}

func listenAndRun(ctx context.Context, addr, snapshot string, again <-chan os.Signal) error {
	cache, err := load(snapshot)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	slog.Info("listening", "addr", listener.Addr(), "prompts", cache.Len())
	return run(ctx, listener, cache, snapshot, again)
}

// load returns a cache that has read the snapshot and never calls out.
func load(snapshot string) (*prompts, error) {
	cfg := promptcache.DefaultConfig()
	cfg.TTL = nil // nothing is ever stale, and nothing is ever fetched
	cache, err := langsmith.NewCache(nil, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := cache.LoadFile(snapshot); err != nil {
		return nil, err
	}
	return cache, nil
}

// run serves prompts on listener until ctx ends or the server fails, and reads the
// snapshot again whenever again says so.
func run(ctx context.Context, listener net.Listener, cache *prompts, snapshot string, again <-chan os.Signal) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /prompts/{key...}", compile(cache))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	for {
		select {
		case <-again:
			n, err := cache.LoadFile(snapshot) // what is newer replaces what is cached; a bad file changes nothing
			slog.Info("read the snapshot again", "loaded", n, "err", err)
		case err := <-failed:
			return fmt.Errorf("serve: %w", err)
		case <-ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
			defer cancel()
			return errors.Join(server.Shutdown(ctx), cache.Shutdown(ctx))
		}
	}
}

// compile is the handler: it compiles a text prompt with the query's variables.
func compile(cache *prompts) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		commit, ok := cache.Get(r.PathValue("key"))
		if !ok {
			http.Error(w, "the snapshot has no such prompt", http.StatusNotFound)
			return
		}
		p, err := commit.Prompt()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		vars := prompt.Vars{}
		for name := range r.URL.Query() {
			vars[name] = r.URL.Query().Get(name)
		}
		compiled, err := p.Compile(vars)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = fmt.Fprintln(w, compiled.Text)
	}
}
