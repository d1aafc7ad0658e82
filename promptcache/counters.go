package promptcache

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

const (
	minStripes = 64
	maxStripes = 256
)

// counters count hits without the cache's mutex. Every goroutine adds to a
// stripe by where its stack is, so that those that run at once seldom write to
// the same memory. What is added is never taken back: Metrics subtracts what was
// there at the last reset.
type counters struct {
	stripes []stripe // a power of two
	shift   uint     // what it takes to pick one by a hash of 64 bits
}

// stripe has a cache line, and the one that processors fetch with it, to itself.
type stripe struct {
	hits      atomic.Uint64 // those that the recency's clock does not count
	staleHits atomic.Uint64 // hits of either kind whose entry was stale
	_         [112]byte
}

func newCounters() counters {
	n, shift := minStripes, uint(64-6)
	for n < maxStripes && n < 32*runtime.GOMAXPROCS(0) {
		n, shift = 2*n, shift-1
	}
	return counters{stripes: make([]stripe, n), shift: shift}
}

// hit counts a hit that the recency's clock has not counted.
func (c *counters) hit() { c.mine().hits.Add(1) }

// staleHit counts a hit, of either kind, as one of a stale entry.
func (c *counters) staleHit() { c.mine().staleHits.Add(1) }

// mine returns the calling goroutine's stripe, or that of another if its stack
// has moved.
func (c *counters) mine() *stripe {
	var here byte
	const spread = 0x9e3779b97f4a7c15                  // the golden ratio: stacks lie at even distances
	at := uint64(uintptr(unsafe.Pointer(&here))) >> 10 //nolint:gosec // only a number, never a pointer again
	return &c.stripes[at*spread>>c.shift]
}

// sum returns the counts of all stripes. A hit is counted before it is counted as
// stale, so the stale ones are summed first: there are never more of them.
func (c *counters) sum() (hits, staleHits uint64) {
	for i := range c.stripes {
		staleHits += c.stripes[i].staleHits.Load()
	}
	for i := range c.stripes {
		hits += c.stripes[i].hits.Load()
	}
	return hits, staleHits
}
