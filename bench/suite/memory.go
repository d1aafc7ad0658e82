package suite

import (
	"context"
	"runtime"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/bench/trace"
)

// memory is the heap that the caches take.
func memory(ctx context.Context, s Settings) (Found, error) {
	const few, caches = 100, 32
	many := s.atMost(100_000)
	stored := peers(func(p peer.Peer) bool { return p.Name != peer.EmptyName && (p.Stores() || p.Limit) })
	t := report.Table{
		Title:   "Memory",
		Intro:   "What the heap grows by, after a collection, beyond the keys and the prompts. For many entries in a cache made for as many; and for a cache made for 100 with 100 in it, the cache itself included, the mean of 32. Stacks of goroutines are not counted.",
		Subject: "cache",
		Rows:    rows(stored),
	}
	manyKeys, fewKeys := trace.Keys(many), trace.Keys(few)
	manyPrompts, fewPrompts := prompts(manyKeys), prompts(fewKeys)
	var perEntry, whole []report.Cell
	for _, p := range stored {
		if err := ctx.Err(); err != nil {
			return Found{}, err
		}
		s.say("memory of %s", p.Name)
		grown := grows(1, func() peer.Cache { return madeFull(ctx, p, manyKeys, manyPrompts) })
		perEntry = append(perEntry, report.Figure(rounds.Exact(grown/float64(many))))
		grown = grows(caches, func() peer.Cache { return madeFull(ctx, p, fewKeys, fewPrompts) })
		whole = append(whole, report.Figure(rounds.Exact(grown/caches/1024)))
	}
	addColumn(&t, report.Column{Name: "each of " + entries(many), Unit: "B"}, perEntry)
	addColumn(&t, report.Column{Name: "a cache of 100", Unit: "KiB"}, whole)
	runtime.KeepAlive(manyPrompts)
	runtime.KeepAlive(fewPrompts)
	return Found{Tables: []report.Table{t}, Measured: target.Measured{
		target.BytesPerEntry(entries(many)): *perEntry[0].Figure,
		target.SmallCache:                   *whole[0].Figure,
	}}, nil
}

func madeFull(ctx context.Context, p peer.Peer, keys []string, prompts []*peer.Prompt) peer.Cache {
	c := p.New(ctx, peer.Options{Capacity: len(keys)})
	c.Fill(keys, prompts)
	return c
}

// grows returns by how many bytes the heap has grown when n caches are there.
func grows(n int, cache func() peer.Cache) float64 {
	made := make([]peer.Cache, n)
	before := heap()
	for i := range made {
		made[i] = cache()
	}
	after := heap()
	for _, c := range made {
		c.Close()
	}
	return max(0, float64(after)-float64(before))
}

// heap returns what is reachable now. The second collection frees what the
// first one's finalizers and pools have let go of.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
