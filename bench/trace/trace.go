// Package trace makes the sequences of keys that caches are asked for. Every
// one is the same in each run.
package trace

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Keys returns n different keys of the shape owner/prompt-0042:latest.
func Keys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("owner/prompt-%04d:latest", i)
	}
	return keys
}

// Copies returns the same keys in memory of their own: a reader's key is not the
// very string that was stored, whose address alone would prove it equal.
func Copies(keys []string) []string {
	copies := make([]string, len(keys))
	for i, key := range keys {
		copies[i] = strings.Clone(key)
	}
	return copies
}

// Uniform returns n draws from keys, all equally likely.
func Uniform(keys []string, n int, seed uint64) []string {
	r := random(seed)
	return draw(keys, n, func() uint64 { return r.Uint64N(uint64(len(keys))) })
}

// Zipf returns n draws from keys, the i-th of them with a frequency of about
// 1/i: a few prompts get most of the reads.
func Zipf(keys []string, n int, seed uint64) []string {
	zipf := rand.NewZipf(random(seed), 1.01, 1, uint64(len(keys)-1)) //nolint:gosec // there are keys
	return draw(keys, n, zipf.Uint64)
}

// Scan returns n keys: a Zipf trace over the first half of keys, into which
// after every 10,000 reads comes one pass over 1,000 keys of the other half, as
// an export or a crawler makes.
func Scan(keys []string, n int, seed uint64) []string {
	const quiet, pass = 10_000, 1_000
	half := len(keys) / 2
	hot, cold := keys[:half], keys[half:]
	reads := Zipf(hot, n, seed)
	out := make([]string, 0, n)
	for i, passed := 0, 0; i < n; i++ {
		if i%(quiet+pass) < quiet {
			out = append(out, reads[i])
		} else {
			out = append(out, cold[passed%len(cold)])
			passed++
		}
	}
	return out
}

// Loop returns n keys that go through keys in order, over and over.
func Loop(keys []string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = keys[i%len(keys)]
	}
	return out
}

func draw(keys []string, n int, index func() uint64) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = keys[index()]
	}
	return out
}

func random(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a trace is to be the same in each run
}
