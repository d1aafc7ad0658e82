package promptcache

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A queue returns each who waits once, those who have never left in the order in
// which they came, and keeps not many more places than it needs.
func TestQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := &queue[int]{}
		var waiting, left []*entry[int]
		again := make(map[*entry[int]]bool) // who has left and come again
		most := rapid.SampledFrom([]int{5, 3 * chunk}).Draw(t, "at a time")
		t.Repeat(map[string]func(t *rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, most).Draw(t, "entries") {
					e := &entry[int]{}
					q.push(e)
					waiting = append(waiting, e)
				}
			},
			"pop": func(t *rapid.T) {
				for range rapid.IntRange(1, most).Draw(t, "entries") {
					e, ok := q.pop()
					for ok && e == nil {
						e, ok = q.pop()
					}
					require.Equal(t, len(waiting) > 0, ok)
					if !ok {
						return
					}
					i := slices.Index(waiting, e)
					require.GreaterOrEqual(t, i, 0)
					if !again[e] {
						for _, earlier := range waiting[:i] {
							require.True(t, again[earlier])
						}
					}
					waiting = slices.Delete(waiting, i, i+1)
				}
			},
			"come again": func(*rapid.T) {
				for _, e := range left {
					q.push(e)
					waiting = append(waiting, e)
					again[e] = true
				}
				left = nil
			},
			"leave": func(t *rapid.T) {
				for range rapid.IntRange(1, most).Draw(t, "entries") {
					if len(waiting) == 0 {
						return
					}
					i := rapid.IntRange(0, len(waiting)-1).Draw(t, "who")
					q.leave(waiting[i])
					left = append(left, waiting[i])
					waiting = slices.Delete(waiting, i, i+1)
				}
				require.LessOrEqual(t, q.seen.len+q.places.len, 8*(len(waiting)+most))
			},
			"": func(t *rapid.T) {
				require.Equal(t, len(waiting), q.waiting)
				for _, e := range waiting {
					require.True(t, e.is(isQueued))
				}
			},
		})
	})

	for _, restless := range []int{1, 2, 7, 100} {
		t.Run(fmt.Sprintf("where %d of 100 come and leave again and again there are few places", restless), func(t *testing.T) {
			q := &queue[int]{}
			entries := make([]*entry[int], 100)
			for i := range entries {
				entries[i] = &entry[int]{}
				q.push(entries[i])
			}
			for i := range 100_000 {
				e := entries[i%restless]
				q.leave(e)
				q.push(e)
				require.LessOrEqual(t, q.seen.len+q.places.len, 4*len(entries))
			}
			met := make(map[*entry[int]]bool)
			for e, ok := q.pop(); ok; e, ok = q.pop() {
				if e != nil {
					require.False(t, met[e])
					met[e] = true
				}
			}
			require.Len(t, met, 100)
		})
	}
}

func TestChain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c chain[int]
		var naive []int
		next := 0
		t.Repeat(map[string]func(t *rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, 3*chunk).Draw(t, "n") {
					next++
					c.push(next)
					naive = append(naive, next)
				}
			},
			"pop": func(t *rapid.T) {
				for range rapid.IntRange(1, 3*chunk).Draw(t, "n") {
					x, ok := c.pop()
					require.Equal(t, len(naive) > 0, ok)
					if !ok {
						return
					}
					require.Equal(t, naive[0], x)
					if c.first != nil && c.first.from > 0 {
						require.Zero(t, c.first.items[c.first.from-1], "it is let go of")
					}
					naive = naive[1:]
				}
			},
			"": func(t *rapid.T) {
				require.Equal(t, len(naive), c.len)
				require.True(t, slices.Equal(naive, c.slice()))
				require.LessOrEqual(t, c.links(), len(naive)/chunk+2, "what was passed is let go of")
			},
		})
	})
}

func (c *chain[T]) links() (n int) {
	for l := c.first; l != nil; l = l.next {
		n++
	}
	return n
}
