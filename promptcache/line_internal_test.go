package promptcache

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The line is a slice from which anybody may leave, and holds no more memory than
// twice what that takes.
func TestLineAgainstSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		begin := rapid.SampledFrom([]uint32{0, math.MaxInt32 - linePage + 1, math.MaxUint32 - linePage + 1}).Draw(t, "begin")
		l := &line[int]{head: begin, tail: begin}
		var want []ranked[int]
		key := int64(0)
		leave := func(i int) {
			l.remove(want[i].entry)
			require.False(t, want[i].entry.is(isInLine))
			want = append(want[:i:i], want[i+1:]...)
		}
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.SampledFrom([]int{1, 5, linePage, 3 * linePage}).Draw(t, "n") {
					key++
					want = append(want, ranked[int]{key, &entry[int]{rank: nowhere}})
					l.push(want[len(want)-1].entry, key)
				}
			},
			"leave": func(t *rapid.T) {
				if len(want) > 0 {
					leave(rapid.IntRange(0, len(want)-1).Draw(t, "who"))
				}
			},
			"many leave": func(t *rapid.T) {
				from := rapid.IntRange(0, len(want)).Draw(t, "from")
				for range rapid.IntRange(0, len(want)-from).Draw(t, "n") {
					leave(from)
				}
			},
			"the first leaves": func(*rapid.T) {
				if first, ok := l.first(); ok {
					require.Equal(t, want[0], first)
					leave(0)
				}
			},
			"": func(t *rapid.T) {
				require.Equal(t, len(want), l.waiting)
				require.Equal(t, want, append(want[:0:0], l.all()...))
				for _, x := range want {
					require.True(t, x.entry.is(isInLine))
				}
				first, ok := l.first()
				require.Equal(t, len(want) > 0, ok)
				if ok {
					require.Equal(t, want[0], first)
				}
				for i, part := range l.pages[:max(0, len(l.pages)-1)] {
					if part == nil {
						continue
					}
					live := 0
					for _, x := range part.items {
						if x.entry != nil {
							live++
						}
					}
					require.Equal(t, live, part.live)
					require.Positive(t, live, "page %d is let go of once all have left it", i)
				}
			},
		})
	})
}

// One that stays at the head for ever does not make the line grow while others
// come and go behind it.
func TestRecencyLetsTheFirstOneGo(t *testing.T) {
	r, e := newRecency(1)
	for range 100_000 {
		other := &entry[int]{rank: nowhere}
		r.add(other, 0, false)
		r.remove(other)
	}
	require.LessOrEqual(t, len(r.added.pages), 4)
	require.Same(t, e[0], r.oldest(1))
}

func TestPagesAgainstSlice(t *testing.T) {
	var p pages[int]
	var want []int
	check := func() {
		require.Equal(t, len(want), p.n)
		for i, x := range want {
			if *p.at(i) != x {
				require.Equal(t, x, *p.at(i))
			}
		}
	}
	for i := range 4*pageSize + 7 {
		p.push(i)
		want = append(want, i)
		if i < 2*pageMin || i%pageSize < 2 {
			check()
		}
	}
	*p.at(5) = -5
	want[5] = -5
	for len(want) > 0 {
		require.Equal(t, want[len(want)-1], p.pop())
		want = want[:len(want)-1]
		if len(want) < 2*pageMin || len(want)%pageSize < 2 {
			check()
		}
		require.LessOrEqual(t, len(p.list), len(want)/pageSize+2, "what is empty is let go of, but for one page")
	}
	p.push(1)
	require.Equal(t, 1, *p.at(0))
}
