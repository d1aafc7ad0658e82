package parallel_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/parallel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEachKeepsTheOrderAndTheLimit(t *testing.T) {
	items := make([]int, 100)
	for i := range items {
		items[i] = i
	}
	for _, limit := range []int{-1, 1, 3, 1000} {
		var running, most atomic.Int64
		var got []int
		parallel.Each(limit, items, func(i int) int {
			now := running.Add(1)
			for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
			}
			defer running.Add(-1)
			return i * 2
		}, func(i, doubled int) {
			require.Equal(t, i*2, doubled)
			got = append(got, i)
		})
		require.Equal(t, items, got)
		require.LessOrEqual(t, most.Load(), int64(max(limit, 1)))
	}
}

func TestEachDoesSeveralAtOnce(t *testing.T) {
	arrived := make(chan struct{})
	var handed []string
	parallel.Each(2, []string{"a", "b"}, func(item string) string {
		if item == "a" {
			<-arrived // which only b can close, meanwhile
		} else {
			close(arrived)
		}
		return item
	}, func(_, item string) { handed = append(handed, item) })
	require.Equal(t, []string{"a", "b"}, handed)
}

func TestEachHandsOverBeforeAllIsDone(t *testing.T) {
	seen := make(chan struct{})
	parallel.Each(2, []int{0, 1}, func(i int) int {
		if i == 1 {
			<-seen
		}
		return i
	}, func(i, _ int) {
		if i == 0 {
			close(seen)
		}
	})
	parallel.Each(2, nil, func(i int) int { return i }, func(_, _ int) { t.Error("there is nothing") })
}
