package trace_test

import (
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/bench/trace"
)

func counts(sequence []string) map[string]int {
	counts := make(map[string]int)
	for _, key := range sequence {
		counts[key]++
	}
	return counts
}

func TestKeysAreDistinctAndInShape(t *testing.T) {
	keys := trace.Keys(12_000)
	require.Equal(t, "owner/prompt-0042:latest", keys[42])
	require.Len(t, counts(keys), 12_000)
}

func TestCopiesShareNoMemory(t *testing.T) {
	keys := trace.Keys(3)
	copies := trace.Copies(keys)
	require.Equal(t, keys, copies)
	for i := range keys {
		require.NotSame(t, unsafe.StringData(keys[i]), unsafe.StringData(copies[i]))
	}
}

func TestTracesRepeat(t *testing.T) {
	keys := trace.Keys(1_000)
	for name, generate := range map[string]func(seed uint64) []string{
		"uniform": func(seed uint64) []string { return trace.Uniform(keys, 5_000, seed) },
		"zipf":    func(seed uint64) []string { return trace.Zipf(keys, 5_000, seed) },
		"scan":    func(seed uint64) []string { return trace.Scan(keys, 25_000, seed) },
	} {
		require.True(t, slices.Equal(generate(1), generate(1)), name)
		require.False(t, slices.Equal(generate(1), generate(2)), name)
	}
}

func TestUniform(t *testing.T) {
	keys := trace.Keys(10)
	seen := counts(trace.Uniform(keys, 100_000, 1))
	for _, key := range keys {
		require.InEpsilon(t, 10_000, seen[key], 0.1, key)
	}
}

func TestZipf(t *testing.T) {
	keys := trace.Keys(10_000)
	seen := counts(trace.Zipf(keys, 1_000_000, 1))
	require.InEpsilon(t, 10, float64(seen[keys[0]])/float64(seen[keys[9]]), 0.15, "a tenth of the first one's reads")
	require.Greater(t, len(seen), 9_000, "the tail is read, too")
}

func TestScan(t *testing.T) {
	keys := trace.Keys(4_000)
	sequence := trace.Scan(keys, 32_500, 1)
	require.Len(t, sequence, 32_500)
	cold := func(key string) bool { return key >= keys[2_000] }
	require.False(t, slices.ContainsFunc(sequence[:10_000], cold))
	require.True(t, slices.Equal(keys[2_000:3_000], sequence[10_000:11_000]), "one pass, in order")
	require.False(t, slices.ContainsFunc(sequence[11_000:21_000], cold))
	require.True(t, slices.Equal(keys[3_000:], sequence[21_000:22_000]), "the next pass reads others")
	require.False(t, slices.Equal(sequence[:10_000], sequence[11_000:21_000]), "the trace goes on")
	require.True(t, slices.Equal(keys[2_000:2_500], sequence[32_000:]), "and around")
}

func TestLoop(t *testing.T) {
	require.Equal(t, "abcabcab", strings.Join(trace.Loop([]string{"a", "b", "c"}, 8), ""))
}
