package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

const (
	prompts = 12              // in the registry
	missing = "nobody-has-it" // is asked for all the same

	goodTime = 3 * time.Second // twice: with a bad prompt, and without
	badTime  = 7 * time.Second // long enough for prompts to be too old

	betweenReads = 5 * time.Millisecond
	betweenEdits = 300 * time.Millisecond
)

func name(i int) string { return fmt.Sprintf("prompt-%d", i%prompts) }

// live makes good times and bad ones, one after the other, until ctx ends.
func live(ctx context.Context, fake *fakelangsmith.Server, cache *promptcache.PromptCache[*langsmith.PromptCommit]) error {
	for i := range prompts {
		if _, err := fake.PushText(name(i), "Hello {name}"); err != nil {
			return err
		}
	}
	var people sync.WaitGroup
	defer people.Wait()
	people.Go(func() { every(ctx, betweenReads, func(i int) { read(ctx, cache, i) }) })
	people.Go(func() { every(ctx, betweenEdits, func(i int) { edit(fake, i) }) })
	for ctx.Err() == nil {
		for _, faults := range [][]fakelangsmith.Fault{{garbage, slow}, {slow}} {
			if err := meet(fake, faults...); err != nil {
				return err
			}
			wait(ctx, goodTime)
		}
		fake.Down()
		wait(ctx, badTime)
		if err := fake.Up(); err != nil {
			return err
		}
	}
	return nil
}

// What requests meet in good times: a little latency, and for a while one prompt
// that is none.
var (
	slow    = fakelangsmith.Fault{Kind: fakelangsmith.Slow, Delay: 20 * time.Millisecond}
	garbage = fakelangsmith.Fault{Kind: fakelangsmith.Garbage, Prompt: name(0)}
)

// meet makes these the faults that there are.
func meet(fake *fakelangsmith.Server, faults ...fakelangsmith.Fault) error {
	fake.ClearFaults()
	for _, fault := range faults {
		if _, err := fake.Inject(fault); err != nil {
			return err
		}
	}
	return nil
}

// read is a request: the first prompts are read often, the last ones rarely, so
// that they are evicted and come back.
func read(ctx context.Context, cache *promptcache.PromptCache[*langsmith.PromptCommit], i int) {
	switch {
	case i%40 == 39:
		cache.GetOr(ctx, missing, nil)
	case i%20 == 19:
		cache.GetOr(ctx, name(prompts-1-i/40%4), nil)
	default:
		cache.GetOr(ctx, name(i%(prompts-4)), nil)
	}
	if i%400 == 399 {
		cache.Invalidate(name(1))
	}
}

// edit changes a prompt.
func edit(fake *fakelangsmith.Server, i int) {
	_, _ = fake.PushText(name(i), fmt.Sprintf("Hello {name}, this is edit %d", i)) // of a prompt that is there
}

// every calls do with 0, 1, 2 … until ctx ends.
func every(ctx context.Context, interval time.Duration, do func(i int)) {
	for i := 0; wait(ctx, interval); i++ {
		do(i)
	}
}

// wait waits for d and reports whether ctx has not ended.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
