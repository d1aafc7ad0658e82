package sim_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/sim"
)

func TestRankingIsAStableOrder(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 0))
	for length := range 65 {
		keys, want := make([]time.Duration, length), make([]int, length)
		for k := range keys {
			keys[k], want[k] = time.Duration(dice.IntN(20)-10), k
		}
		slices.SortStableFunc(want, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
		require.Equal(t, want, sim.Ranked(keys))
	}
}

func TestQueueIsFirstInFirstOut(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 0))
	q, double, want := &sim.Queue{}, &sim.Queue{}, []int{}
	for range 10_000 {
		if dice.IntN(2) == 0 && len(want) < 20 {
			k := dice.IntN(64)
			q.Push(k)
			want = append(want, k)
			continue
		}
		double.Become(q)
		first := -1
		if len(want) > 0 {
			first, want = want[0], want[1:]
		}
		require.Equal(t, first, q.Pop())
		require.Equal(t, first, double.Pop(), "a double has its own")
		if len(want) > 0 {
			require.Equal(t, want[0], double.Pop())
		}
	}
	require.LessOrEqual(t, q.Room(), 64, "what has gone makes room")
}
