package soak

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Kind is a sort of fault.
type Kind string

// The kinds of faults, by where they are.
const (
	// At the registry.
	Errors       Kind = "error burst"  // 500 to 504, and some quote the caller's credentials
	SomeErrors   Kind = "some errors"  // … for some requests only
	Unauthorized Kind = "unauthorized" // 401
	RateLimit    Kind = "429 storm"    // with Retry-After
	Hangs        Kind = "hangs"
	Drips        Kind = "slow drips"
	Garbage      Kind = "garbage"
	HTML         Kind = "html"
	HalfJSON     Kind = "truncated JSON"
	CutBodies    Kind = "cut bodies"
	HugeBodies   Kind = "huge bodies"
	// On the network.
	Latency    Kind = "latency"
	Bandwidth  Kind = "narrow bandwidth"
	Corruption Kind = "corrupted bytes"
	Resets     Kind = "connection resets"
	EarlyEnds  Kind = "truncated connections"
	BlackHoles Kind = "black holes"
	HalfOpens  Kind = "half-open connections"
	Refusals   Kind = "refused connections"
	Cuts       Kind = "connection cuts"
	// In the process.
	ClockSteps Kind = "clock steps"
	Panics     Kind = "panicking fetches"
	Stuck      Kind = "fetches that ignore their context"
)

// calm is what goes on when nothing does.
const calm Kind = "none"

// kinds are all of them; total says for which no fetch can succeed.
var kinds = []struct {
	kind  Kind
	total bool
}{
	{Errors, true},
	{SomeErrors, false},
	{Unauthorized, true},
	{RateLimit, true},
	{Hangs, true},
	{Drips, false},
	{Garbage, false},
	{HTML, true},
	{HalfJSON, false},
	{CutBodies, false}, // an answer without a body is not cut
	{HugeBodies, false},
	{Latency, false},
	{Bandwidth, false},
	{Corruption, false},
	{Resets, true},
	{EarlyEnds, true},
	{BlackHoles, true},
	{HalfOpens, true},
	{Refusals, true},
	{Cuts, false},
	{ClockSteps, false},
	{Panics, false},
	{Stuck, false},
}

// Episode is a time in which something goes wrong with one registry.
type Episode struct {
	Kind     Kind          `json:"kind"`
	Registry string        `json:"registry"`
	At       time.Duration `json:"at_ns"`
	For      time.Duration `json:"for_ns"`
	// Draw is what the details are drawn from.
	Draw uint64 `json:"draw"`
	// Total says that no fetch can succeed, so that it is an outage.
	Total bool `json:"total"`
}

// String returns "3.2s langsmith hangs for 1.5s", padded to stand in a list.
func (e Episode) String() string {
	return fmt.Sprintf("%6.1fs %-9s %s for %.1fs", e.At.Seconds(), e.Registry, e.Kind, e.For.Seconds())
}

// How long faults last, and the pauses between them.
const (
	shortEpisode = 400 * time.Millisecond
	longEpisode  = 2500 * time.Millisecond
	outage       = 8 * time.Second // one in outageEvery of those that can be one
	outageEvery  = 3
	longPause    = 1500 * time.Millisecond
	lastOutage   = 3500 * time.Millisecond // with which each plan ends, so that there is a way back to watch
)

// plan draws the faults of one registry for so long. Kinds come from a shuffled
// deck, so that each has its turn; the last is an outage. The same arguments give the same plan.
func plan(seed uint64, registry string, length time.Duration) []Episode {
	stream := uint64(len(registry))
	for _, b := range []byte(registry) {
		stream = stream*31 + uint64(b)
	}
	luck := rand.New(rand.NewPCG(seed, stream)) //nolint:gosec // repeatable, not secret
	var episodes []Episode
	var deck []int
	last := Episode{Kind: Errors, Registry: registry, At: max(0, length-lastOutage), For: min(lastOutage, length), Draw: luck.Uint64(), Total: true}
	for at := time.Duration(luck.Int64N(int64(longPause))); at < last.At; {
		if len(deck) == 0 {
			deck = luck.Perm(len(kinds))
		}
		drawn := kinds[deck[0]]
		deck = deck[1:]
		e := Episode{Kind: drawn.kind, Registry: registry, At: at, Draw: luck.Uint64(), Total: drawn.total}
		e.For = shortEpisode + time.Duration(luck.Int64N(int64(longEpisode-shortEpisode)))
		if drawn.total && luck.IntN(outageEvery) == 0 {
			e.For = outage
		}
		e.For = min(e.For, last.At-at)
		episodes = append(episodes, e)
		at += e.For + time.Duration(luck.Int64N(int64(longPause)))
	}
	return append(episodes, last)
}

// Plan returns the faults of a run, LangSmith's first.
func Plan(seed uint64, length time.Duration) []Episode {
	return append(plan(seed, langsmithName, length), plan(seed, langfuseName, length)...)
}
