package soak

import (
	"context"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
)

// Resources is what the process uses at one moment.
type Resources struct {
	Goroutines  int    `json:"goroutines"`
	Heap        uint64 `json:"heap_bytes"` // in use after a collection
	Connections int    `json:"connections"`
}

// resources measures, twice over, because finalizers free on the second round.
func (s *soak) resources() Resources {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	res := Resources{Goroutines: runtime.NumGoroutine(), Heap: m.HeapAlloc}
	for _, side := range s.sides {
		res.Connections += side.proxy.Stats().Open
	}
	return res
}

// settled measures once the goroutines are as few as they must be, or settle has
// passed: what was fetched last may have left connections.
func (s *soak) settled(ctx context.Context, before Resources) Resources {
	end := time.Now().Add(settle)
	for runtime.NumGoroutine() > s.mostGoroutines(before) && time.Now().Before(end) && rest(ctx, 10*time.Millisecond) {
	}
	return s.resources()
}

// mostGoroutines is how many there may be in a calm.
func (s *soak) mostGoroutines(before Resources) int {
	return before.Goroutines + goroutineMargin + goroutinesPerConn*max(0, maxIdleConns*len(s.sides)-before.Connections)
}

// flat compares the calm before with the calm after.
func (s *soak) flat(before, after Resources, edits int64) {
	if limit := s.mostGoroutines(before); after.Goroutines > limit {
		s.court.accuse(Flat, "%d goroutines, from %d; want %d or fewer\n%s", after.Goroutines, before.Goroutines, limit, stacks())
	}
	if limit := before.Heap + uint64(edits)*heapPerEdit + heapAllowance; after.Heap > limit { //nolint:gosec // a count
		s.court.accuse(Flat, "%d bytes of heap, from %d after %d edits; want %d or fewer", after.Heap, before.Heap, edits, limit)
	}
	if limit := 2 * maxConns; after.Connections > limit {
		s.court.accuse(Flat, "%d connections, from %d; want %d or fewer", after.Connections, before.Connections, limit)
	}
}

// goroutinesPerConn is what one connection has in the HTTP client, the proxy and
// the server, all of which are in this process.
const goroutinesPerConn = 10

// gone checks that nothing is left of all that was started.
func (s *soak) gone(ctx context.Context, before int) int {
	end := time.Now().Add(settle)
	for runtime.NumGoroutine() > before && time.Now().Before(end) {
		rest(ctx, 10*time.Millisecond)
	}
	left := runtime.NumGoroutine()
	if left > before {
		s.court.accuse(Flat, "%d goroutines are left of %d that were there before\n%s", left, before, stacks())
	}
	return left
}

// stacks returns what all goroutines are doing, those that do the same counted.
func stacks() string {
	var b strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1) // a Builder takes everything
	return b.String()
}
