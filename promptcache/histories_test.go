package promptcache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// recorder makes a history of what its clients do to a cache, and of the
// fetches.
type recorder struct {
	cache *promptcache.PromptCache[*doc]
	pause func(r *rand.Rand)
	clock atomic.Int64
	names atomic.Int64
	seed  uint64

	mu  sync.Mutex // guards what follows
	ops []operation
}

func (h *recorder) add(o operation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, o)
}

// do records an operation; f returns what came out of it.
func (h *recorder) do(kind, key, in string, f func() string) {
	o := operation{kind: kind, key: key, in: in, call: h.clock.Add(1)}
	o.out = f()
	o.back = h.clock.Add(1)
	h.add(o)
}

// fetch brings a value of its own each time, after a while, sometimes fails,
// and sometimes ignores its context.
func (h *recorder) fetch(ctx context.Context, key string) (*doc, error) {
	n := h.names.Add(1)
	name := fmt.Sprint("f", n)
	r := rand.New(rand.NewPCG(h.seed, uint64(n)))
	h.do(opBegin, key, name, func() string { return "" })
	for range r.IntN(4) {
		h.pause(r)
	}
	var err error
	switch r.IntN(4) {
	case 0:
		err = ctx.Err()
	case 1:
		err = errors.New("down")
	}
	end := operation{kind: opEnd, key: key, in: name, call: h.clock.Add(1)}
	if err == nil {
		end.out = name
	}
	h.add(end) // it returns when all is over
	if err != nil {
		return nil, err
	}
	return &doc{name}, nil
}

func outcomeOf(v *doc, err error) string {
	if err != nil {
		return "" // also ErrStale, whose value is what was cached some time during the call
	}
	return v.Text
}

// client does n random things.
func (h *recorder) client(id uint64, keys []string, n int) {
	r := rand.New(rand.NewPCG(h.seed, 1000+id))
	c := h.cache
	for range n {
		key := keys[r.IntN(len(keys))]
		h.pause(r)
		switch r.IntN(13) {
		case 0, 1:
			name := fmt.Sprint("s", h.names.Add(1))
			h.do(opSet, key, name, func() string { c.Set(key, &doc{name}); return "" })
		case 2, 3:
			h.do(opInvalidate, key, "", func() string { return strconv.Itoa(c.Invalidate(key)) })
		case 4:
			h.do(opGet, key, "", func() string {
				v, ok := c.Get(key)
				if !ok {
					return ""
				}
				return v.Text
			})
		case 5:
			h.do(opGet, key, "", func() string {
				e, ok := c.Lookup(key)
				if !ok {
					return ""
				}
				return e.Value.Text
			})
		case 6, 7, 8:
			h.do(opRead, key, "", func() string { return outcomeOf(c.GetOrFetch(context.Background(), key)) })
		case 9:
			h.do(opRead, key, "", func() string { return outcomeOf(c.GetFresh(context.Background(), key)) })
		case 10:
			h.do(opRefresh, key, "", func() string { return outcomeOf(c.Refresh(context.Background(), key)) })
		case 11:
			c.MarkStale(only(key))
			ctx, cancel := context.WithCancel(context.Background())
			go func() {
				h.pause(rand.New(rand.NewPCG(h.seed, id)))
				cancel()
			}()
			h.do(opRead, key, "", func() string { return outcomeOf(c.GetOrFetch(ctx, key)) })
			cancel()
		case 12:
			call := h.clock.Add(1)
			c.Clear()
			back := h.clock.Add(1)
			for _, key := range keys {
				h.add(operation{kind: opClear, key: key, call: call, back: back})
			}
		}
	}
}

// run makes a history and checks it. settle waits until nothing is under way.
func (h *recorder) run(t *testing.T, refreshing bool, settle func()) {
	t.Helper()
	c, err := promptcache.New(h.fetch, exactly(func(cfg *promptcache.Config) {
		cfg.TTL = new(time.Millisecond)
		cfg.RefreshInterval = time.Millisecond
		cfg.RefreshConcurrency = 2
		cfg.BackoffMin, cfg.BackoffMax = 0, 0
	}))
	require.NoError(t, err)
	h.cache = c
	if refreshing {
		require.NoError(t, c.Start(context.Background()))
	}
	keys := []string{"a", "b"}
	var wg sync.WaitGroup
	for id := range uint64(4) {
		wg.Go(func() { h.client(id, keys, 6) })
	}
	wg.Wait()
	c.Stop()
	settle()
	for _, key := range keys { // what is left in the end is part of it
		h.do(opGet, key, "", func() string {
			v, ok := c.Get(key)
			if !ok {
				return ""
			}
			return v.Text
		})
	}
	require.NoError(t, c.Shutdown(context.Background()))

	over := h.clock.Load() + 1
	for _, key := range keys {
		var history []operation
		for _, o := range h.ops {
			if o.back == 0 { // an end
				o.back = over
			}
			if o.key == key {
				history = append(history, o)
			}
		}
		requireNoResurrection(t, history)
		requireLinearizable(t, history)
	}
}

func TestHistories(t *testing.T) {
	for _, refreshing := range []bool{false, true} {
		mode := map[bool]string{false: "stopped", true: "running"}[refreshing]
		proves(t, "NB-11 NB-12 histories are linearizable: "+mode+", virtual time", func(t *testing.T) {
			for seed := range uint64(300) {
				h := &recorder{seed: seed, pause: func(r *rand.Rand) { time.Sleep(time.Duration(r.IntN(8)) * 200 * time.Microsecond) }}
				h.run(t, refreshing, func() { pass(time.Second) })
			}
		})
		t.Run("NB-11 NB-12 histories are linearizable: "+mode+", real goroutines", func(t *testing.T) {
			for seed := range uint64(300) {
				h := &recorder{seed: seed, pause: func(r *rand.Rand) {
					for range r.IntN(20) {
						runtime.Gosched()
					}
				}}
				h.run(t, refreshing, func() {
					returns(t, func() {
						for h.cache.Status().InFlight > 0 {
							runtime.Gosched()
						}
					})
				})
			}
		})
	}
}
