package promptcache_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// evicting is a register that may become empty at any time, but then stays empty
// until the next Set. Its state is what it holds.
var evicting = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		switch op := input.(operation); op.kind {
		case opSet:
			return true, op.in
		case opInvalidate:
			return op.out == "0" || state != "", ""
		case opClear:
			return true, ""
		default:
			return op.out == "" || op.out == state, op.out
		}
	},
	DescribeOperation: func(input, _ any) string { return input.(operation).String() },
}

// pressed makes a history of clients that use more keys than there is room for.
type pressed struct {
	cache *promptcache.PromptCache[*doc]
	clock atomic.Int64
	names atomic.Int64
	keys  []string
}

// client does n random things and returns what it did.
func (p *pressed) client(r *rand.Rand, n int) (ops []operation) {
	do := func(kind, key, in string, f func() string) {
		o := operation{kind: kind, key: key, in: in, call: p.clock.Add(1)}
		o.out = f()
		o.back = p.clock.Add(1)
		ops = append(ops, o)
	}
	for range n {
		key := p.keys[r.IntN(len(p.keys))]
		spelling := key
		if r.IntN(3) == 0 {
			spelling = strings.ToUpper(key)
		}
		switch r.IntN(16) {
		case 0, 1, 2, 3:
			value := fmt.Sprint(key, "@", p.names.Add(1))
			do(opSet, key, value, func() string { p.cache.Set(spelling, &doc{value}); return "" })
		case 4:
			do(opInvalidate, key, "", func() string { return strconv.Itoa(p.cache.Invalidate(spelling)) })
		case 5:
			call := p.clock.Add(1)
			p.cache.Clear()
			back := p.clock.Add(1)
			for _, key := range p.keys {
				ops = append(ops, operation{kind: opClear, key: key, call: call, back: back})
			}
		case 6, 7:
			do(opGet, key, "", func() string {
				if e, ok := p.cache.Lookup(spelling); ok {
					return e.Value.Text
				}
				return ""
			})
		default:
			do(opGet, key, "", func() string {
				if v, ok := p.cache.Get(spelling); ok {
					return v.Text
				}
				return ""
			})
		}
		for range r.IntN(3) {
			runtime.Gosched()
		}
	}
	return ops
}

// requirePressed checks a history.
func requirePressed(t *testing.T, keys []string, ops []operation) {
	t.Helper()
	for _, key := range keys {
		var history []operation
		for _, o := range ops {
			if o.key == key {
				history = append(history, o)
			}
		}
		for _, o := range history {
			require.True(t, o.out == "" || o.kind != opGet || strings.HasPrefix(o.out, key+"@"), "another key's value: %v", o)
		}
		requireNoResurrection(t, history)
		if porcupine.CheckOperationsTimeout(evicting, operations(history), time.Minute) != porcupine.Ok {
			slices.SortFunc(history, func(a, b operation) int { return int(a.call - b.call) })
			for _, o := range history {
				t.Log(o)
			}
			require.FailNow(t, "not linearizable")
		}
	}
}

func TestHistoriesUnderEviction(t *testing.T) {
	for _, tt := range []struct {
		name           string
		size, keys     int
		clients, calls int
		started        bool
	}{
		{"two places for six keys", 2, 6, 4, 60, false},
		{"one place for two keys", 1, 2, 4, 30, false},
		{"six places for twelve keys, while a refresher runs", 6, 12, 6, 100, true},
	} {
		t.Run("NB-11 NB-12 reads without the mutex are linearizable under eviction: "+tt.name, func(t *testing.T) {
			hits, evictions := uint64(0), uint64(0)
			for seed := range uint64(120) {
				p := &pressed{}
				for i := range tt.keys {
					p.keys = append(p.keys, fmt.Sprint("k", i))
				}
				p.cache = newCache(t, docs().Fetch, exactly(func(cfg *promptcache.Config) {
					cfg.MaxSize = tt.size
					cfg.Canonical = func(key string) (string, error) { return strings.ToLower(key), nil }
				}))
				if tt.started {
					require.NoError(t, p.cache.Start(t.Context()))
				}
				var mu sync.Mutex
				var ops []operation
				var wg sync.WaitGroup
				for id := range tt.clients {
					wg.Go(func() {
						did := p.client(rand.New(rand.NewPCG(seed, uint64(id))), tt.calls)
						mu.Lock()
						defer mu.Unlock()
						ops = append(ops, did...)
					})
				}
				wg.Wait()
				require.LessOrEqual(t, p.cache.Len(), tt.size)
				reads := 0
				for _, o := range ops {
					if o.kind == opGet {
						reads++
					}
				}
				m := p.cache.Metrics()
				require.EqualValues(t, reads, m.TotalRequests())
				hits, evictions = hits+m.Hits, evictions+m.Evictions
				ops = append(ops, p.client(rand.New(rand.NewPCG(seed, 1000)), 20)...) // what is left
				requirePressed(t, p.keys, ops)
				p.cache.Stop()
			}
			require.Positive(t, hits)
			require.Positive(t, evictions)
		})
	}
}

func TestEvictionHistoryChecker(t *testing.T) {
	at := func(call, back int64, kind, in, out string) operation {
		return operation{kind: kind, key: "a", in: in, out: out, call: call, back: back}
	}
	for name, tt := range map[string]struct {
		want    bool
		history []operation
	}{
		"evicted": {true, []operation{
			at(1, 2, opSet, "a@1", ""), at(3, 4, opGet, "", "a@1"), at(5, 6, opGet, "", ""), at(7, 8, opInvalidate, "", "0"),
		}},
		"evicted, and there again": {false, []operation{at(1, 2, opSet, "a@1", ""), at(3, 4, opGet, "", ""), at(5, 6, opGet, "", "a@1")}},
		"older than the last Set":  {false, []operation{at(1, 2, opSet, "a@1", ""), at(3, 4, opSet, "a@2", ""), at(5, 6, opGet, "", "a@1")}},
		"invalidated before":       {false, []operation{at(1, 2, opSet, "a@1", ""), at(3, 4, opClear, "", ""), at(5, 6, opGet, "", "a@1")}},
		"removed twice": {false, []operation{
			at(1, 2, opSet, "a@1", ""), at(3, 4, opInvalidate, "", "1"), at(5, 6, opInvalidate, "", "1"),
		}},
	} {
		t.Run("NB-11 NB-12 the checker of evictions judges: "+name, func(t *testing.T) {
			require.Equal(t, tt.want, porcupine.CheckOperations(evicting, operations(tt.history)))
		})
	}
}
