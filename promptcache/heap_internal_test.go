package promptcache

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// requireHeap checks that no entry is before its parent, and that each knows its
// place.
func requireHeap(t require.TestingT, h *heap[int]) {
	for i := range h.items.n {
		x, parent := *h.items.at(i), *h.items.at(max(0, (i-1)/2))
		if parent.key > x.key || int(*h.place(x.entry)) != i {
			require.LessOrEqual(t, parent.key, x.key)
			require.EqualValues(t, i, *h.place(x.entry))
		}
	}
}

func TestScheduleAgainstList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &schedule[int]{}
		s.init()
		moments := make(map[*entry[int]]time.Duration)
		entries := make([]*entry[int], 40)
		for i := range entries {
			entries[i] = &entry[int]{turnAt: nowhere}
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				e := rapid.SampledFrom(entries).Draw(t, "entry")
				next := rapid.SampledFrom([]time.Duration{0, 1, 5, 5, 9, 1000, never - 1, never}).Draw(t, "next")
				s.set(e, next)
				if moments[e] = next; next == never {
					delete(moments, e)
				}
			},
			"due": func(t *rapid.T) {
				now := rapid.SampledFrom([]time.Duration{-1, 0, 4, 5, 999, never - 1}).Draw(t, "now")
				first := never
				for _, next := range moments {
					first = min(first, next)
				}
				e := s.due(now)
				require.Equal(t, first <= now, e != nil)
				if e != nil {
					require.Equal(t, first, moments[e], "the earliest first")
				}
			},
			"": func(*rapid.T) {
				requireHeap(t, &s.heap)
				require.Equal(t, len(moments), s.heap.items.n)
				for _, e := range entries {
					want, in := moments[e]
					if !in {
						want = never
					}
					require.Equal(t, want, s.next(e))
				}
			},
		})
		var order []time.Duration
		for e := s.due(never - 1); e != nil; e = s.due(never - 1) {
			order = append(order, s.next(e))
			s.set(e, never)
		}
		require.True(t, slices.IsSorted(order))
		require.Len(t, order, len(moments))
		require.Zero(t, s.heap.items.n)
	})
}
