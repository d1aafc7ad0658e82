package suite

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/promptcache/promptcache-go/bench/peer"
)

// registry answers fetches with prompts that never change, as slowly as it is
// told to.
type registry struct {
	prompts map[string]*peer.Prompt
	delay   atomic.Int64 // nanoseconds
	begun   atomic.Int64 // fetches
	flying  atomic.Int64 // fetches under way
}

// newRegistry makes one that answers at once.
func newRegistry(keys []string, prompts []*peer.Prompt) *registry {
	r := &registry{prompts: make(map[string]*peer.Prompt, len(keys))}
	for i, key := range keys {
		r.prompts[key] = prompts[i]
	}
	return r
}

// slow makes fetches that begin from now on take that long.
func (r *registry) slow(delay time.Duration) { r.delay.Store(int64(delay)) }

// fetch takes its time also if ctx ends.
func (r *registry) fetch(_ context.Context, key string) (*peer.Prompt, error) {
	r.begun.Add(1)
	r.flying.Add(1)
	defer r.flying.Add(-1)
	if delay := r.delay.Load(); delay > 0 {
		time.Sleep(time.Duration(delay))
	}
	return r.prompts[key], nil
}

// drain lets what is still to be fetched be fetched at once, and returns when
// there is none left, so that one cache's refreshes do not slow down the next
// one's readers.
func (r *registry) drain() {
	r.slow(0)
	const lull = 5 * time.Millisecond
	for last := int64(-1); r.flying.Load() > 0 || r.begun.Load() != last; {
		last = r.begun.Load()
		time.Sleep(lull)
	}
}
