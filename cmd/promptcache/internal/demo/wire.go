package demo

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// wire is the way to the registry, below the source: it sees every request, and
// can hold answers back, so that a refetch takes as long as a step wants.
type wire struct {
	next  *http.Transport
	keyOf func(*url.URL) string // canonical key of what a request is for

	mu      sync.Mutex // guards what follows; keys are canonical
	total   int
	begun   map[string]int
	took    map[string]time.Duration // by the latest request that was answered
	gates   map[string]chan struct{} // closed to let go
	waiting map[string]int           // answers at a gate
}

func newWire(keyOf func(*url.URL) string) *wire {
	return &wire{
		keyOf: keyOf,
		next: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			TLSHandshakeTimeout: stepTimeout,
			ForceAttemptHTTP2:   true,
		},
		begun:   make(map[string]int),
		took:    make(map[string]time.Duration),
		gates:   make(map[string]chan struct{}),
		waiting: make(map[string]int),
	}
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	key := w.keyOf(r.URL)
	began := time.Now()
	w.count(key)
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if err := w.pass(r.Context(), key); err != nil {
		_ = resp.Body.Close() // nobody reads it
		return nil, err
	}
	w.answered(key, time.Since(began))
	return resp, nil
}

func (w *wire) count(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.total++
	w.begun[key]++
}

func (w *wire) answered(key string, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.took[key] = took
}

// pass waits while answers for key are held back.
func (w *wire) pass(ctx context.Context, key string) error {
	gate := w.enter(key)
	if gate == nil {
		return nil
	}
	defer w.leave(key)
	select {
	case <-gate:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// enter returns the gate that an answer for key now waits at, nil if there is
// none.
func (w *wire) enter(key string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	gate := w.gates[key]
	if gate != nil {
		w.waiting[key]++
	}
	return gate
}

func (w *wire) leave(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting[key]--
}

// hold keeps back all answers for key, those on their way included, until
// release is called, which may be called again.
func (w *wire) hold(key string) (release func()) {
	gate := make(chan struct{})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gates[key] = gate
	return sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.gates, key)
		close(gate)
	})
}

// requests returns how many requests have begun, of all prompts.
func (w *wire) requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.total
}

// requestsFor returns how many requests for key have begun.
func (w *wire) requestsFor(key string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.begun[key]
}

// heldBack returns how many answers for key are held back.
func (w *wire) heldBack(key string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waiting[key]
}

// latest returns how long the latest answer for key took.
func (w *wire) latest(key string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.took[key]
}

// close ends the connections that are kept for later.
func (w *wire) close() { w.next.CloseIdleConnections() }
