package clients

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Pull is what a handler calls: it returns when it has the prompt.
type Pull func(ctx context.Context, prompt string) error

// Go is a client in this process.
type Go struct {
	prompts []string
	connect func() (Pull, func(), error)
	pull    Pull
	close   func()
}

// NewGo makes a client of what connect returns: a new client with nothing
// cached and no connection to the registry, and what ends it.
func NewGo(prompts []string, connect func() (pull Pull, end func(), err error)) *Go {
	return &Go{prompts: prompts, connect: connect, close: func() {}}
}

// First implements Client.
func (g *Go) First(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	if err := g.reconnect(); err != nil {
		return 0, err
	}
	err := g.pull(ctx, g.prompts[0])
	return time.Since(began), err
}

// Storm implements Client.
func (g *Go) Storm(ctx context.Context, callers int) (time.Duration, error) {
	if err := g.reconnect(); err != nil {
		return 0, err
	}
	errs := make([]error, callers*len(g.prompts))
	var wg sync.WaitGroup
	began := time.Now()
	for i := range errs {
		wg.Go(func() { errs[i] = g.pull(ctx, g.prompts[i/callers]) })
	}
	wg.Wait()
	return time.Since(began), errors.Join(errs...)
}

// Hits implements Client.
func (g *Go) Hits(ctx context.Context, n int) (time.Duration, error) {
	at := 0
	began := time.Now()
	for range n {
		if err := g.pull(ctx, g.prompts[at]); err != nil {
			return 0, err
		}
		if at++; at == len(g.prompts) {
			at = 0
		}
	}
	return time.Since(began), nil
}

// Close implements Client.
func (g *Go) Close() error {
	g.close()
	return nil
}

func (g *Go) reconnect() error {
	g.close()
	g.close = func() {}
	pull, end, err := g.connect()
	if err != nil {
		return err
	}
	g.pull, g.close = pull, end
	return nil
}
