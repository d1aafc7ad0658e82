package clients

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Connection is a client at work.
type Connection struct {
	// Pull is what a handler calls: it returns when it has the prompt.
	Pull func(ctx context.Context, prompt string) error
	// Save writes a snapshot of what is cached to a file; nil if it cannot.
	Save func(path string) error
	// End ends it.
	End func()
}

// Connect makes a new client with no connection to the registry. What it has
// cached is what the snapshot holds, which is "" for nothing.
type Connect func(snapshot string) (Connection, error)

// Go is a client in this process.
type Go struct {
	prompts []string
	connect Connect
	now     Connection
	dir     string // where its snapshot is, "" while there is none
}

// NewGo makes a client of what connect returns.
func NewGo(prompts []string, connect Connect) *Go {
	return &Go{prompts: prompts, connect: connect, now: Connection{End: func() {}}}
}

// First implements Client.
func (g *Go) First(ctx context.Context) (time.Duration, error) { return g.first(ctx, "") }

func (g *Go) first(ctx context.Context, snapshot string) (time.Duration, error) {
	g.disconnect() // not in the time
	began := time.Now()
	if err := g.reconnect(snapshot); err != nil {
		return 0, err
	}
	err := g.now.Pull(ctx, g.prompts[0])
	return time.Since(began), err
}

// Storm implements Client.
func (g *Go) Storm(ctx context.Context, callers int) (time.Duration, error) {
	if err := g.reconnect(""); err != nil {
		return 0, err
	}
	errs := make([]error, callers*len(g.prompts))
	var wg sync.WaitGroup
	began := time.Now()
	for i := range errs {
		wg.Go(func() { errs[i] = g.now.Pull(ctx, g.prompts[i/callers]) })
	}
	wg.Wait()
	return time.Since(began), errors.Join(errs...)
}

// Hits implements Client.
func (g *Go) Hits(ctx context.Context, n int) (time.Duration, error) {
	at := 0
	began := time.Now()
	for range n {
		if err := g.now.Pull(ctx, g.prompts[at]); err != nil {
			return 0, err
		}
		if at++; at == len(g.prompts) {
			at = 0
		}
	}
	return time.Since(began), nil
}

// Restored implements Client.
func (g *Go) Restored(ctx context.Context) (time.Duration, error) {
	if g.now.Save == nil {
		return 0, ErrNoSnapshots
	}
	if g.dir == "" {
		dir, err := os.MkdirTemp("", "promptcache-bench-")
		if err != nil {
			return 0, err
		}
		g.dir = dir
		if err := g.now.Save(g.snapshot()); err != nil {
			return 0, err
		}
	}
	return g.first(ctx, g.snapshot())
}

func (g *Go) snapshot() string { return filepath.Join(g.dir, "snapshot.json") }

// Close implements Client.
func (g *Go) Close() error {
	g.disconnect()
	if g.dir == "" {
		return nil
	}
	return os.RemoveAll(g.dir)
}

func (g *Go) disconnect() {
	g.now.End()
	g.now = Connection{End: func() {}}
}

func (g *Go) reconnect(snapshot string) error {
	g.disconnect()
	now, err := g.connect(snapshot)
	if err != nil {
		return err
	}
	g.now = now
	return nil
}
