package fakeserver

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// listener is the server's own listener and the connections that it accepted.
type listener struct {
	mu     sync.Mutex
	addr   string // of the last listener: where the next one listens
	server *http.Server
	served sync.WaitGroup // the accept loop, the connections and the handlers
	cancel context.CancelFunc
	closed bool
}

// URL is the base to configure a client with, http://host:port, also while the
// server is down. It is empty for a server that never listened.
func (b *Base) URL() string {
	b.listener.mu.Lock()
	defer b.listener.mu.Unlock()
	if b.listener.addr == "" {
		return ""
	}
	return "http://" + b.listener.addr
}

// Up listens: the first time on Config.Addr, and after [Base.Down] on the
// same port again. It does nothing while the server listens, and fails if
// another process has taken the port, or after Close.
func (b *Base) Up() error {
	l := b.listener
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return fmt.Errorf("%s: the server is closed", b.cfg.Package)
	case l.server != nil:
		return nil
	}
	addr := l.addr
	if addr == "" {
		addr = b.cfg.Addr
	}
	var config net.ListenConfig
	socket, err := config.Listen(context.Background(), "tcp", addr) // loopback: nothing to wait for
	if err != nil {
		return fmt.Errorf("%s: listen: %w", b.cfg.Package, err)
	}
	l.addr = socket.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	server := &http.Server{
		Handler:           l.counted(b.cfg.Handler),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         l.track,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // broken connections are the point
	}
	l.server, l.cancel = server, cancel
	l.served.Go(func() { _ = server.Serve(socket) }) // ends with ErrServerClosed when it is closed
	return nil
}

// counted makes Down wait for the handler h, also when it has taken its
// connection over.
func (l *listener) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.served.Add(1)
		defer l.served.Done()
		h.ServeHTTP(w, r)
	})
}

// track counts the connections. A new one is seen before the accept loop goes
// on, so the count cannot miss it.
func (l *listener) track(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		l.served.Add(1)
	case http.StateClosed, http.StateHijacked:
		l.served.Done()
	case http.StateActive, http.StateIdle:
	}
}

// Down stops listening and cuts every connection, so that clients find the port
// closed; prompts, faults and counts stay. It returns when the handlers have
// ended. It does nothing while the server is down.
func (b *Base) Down() {
	b.listener.mu.Lock()
	defer b.listener.mu.Unlock()
	b.listener.downLocked()
}

func (l *listener) downLocked() {
	if l.server == nil {
		return
	}
	l.cancel()
	_ = l.server.Close()
	l.served.Wait()
	l.server, l.cancel = nil, nil
}

// Close takes the server down for good, and ends the requests that hang, also
// those that another HTTP server passed to it. It may be called more than once.
func (b *Base) Close() {
	b.closeOnce.Do(func() { close(b.closed) })
	b.listener.mu.Lock()
	defer b.listener.mu.Unlock()
	b.listener.closed = true
	b.listener.downLocked()
}
