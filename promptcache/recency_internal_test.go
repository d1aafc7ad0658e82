package promptcache

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func newRecency(n int) (*recency[int], []*entry[int]) {
	r := &recency[int]{}
	r.init()
	entries := make([]*entry[int], n)
	for i := range entries {
		entries[i] = &entry[int]{turnAt: nowhere, rank: nowhere}
		r.add(entries[i], 0, false)
	}
	return r, entries
}

// Readers that go round all entries use each just before it is found.
func TestOldestIsFoundWhileReadersGoRound(t *testing.T) {
	const n, readsPerTry = 1000, 5
	r, entries := newRecency(n)
	for _, e := range entries {
		r.use(e)
	}
	tries := 0
	for at := 0; r.oldest(1) == nil; {
		tries++
		require.LessOrEqual(t, tries, 2*n, "it runs after them for ever")
		for range readsPerTry {
			r.use(entries[at%n])
			at++
		}
	}
}
