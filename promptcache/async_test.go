package promptcache_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// deadline is how much real time a test gives to what must not block.
const deadline = 20 * time.Second

// answer is what a read-through returned.
type answer[V any] struct {
	value V
	err   error
}

// async runs f and returns a channel that gets its answer.
func async[V any](f func() (V, error)) <-chan answer[V] {
	out := make(chan answer[V], 1)
	go func() {
		v, err := f()
		out <- answer[V]{v, err}
	}()
	return out
}

// returns fails the test unless f returns within the deadline of real time.
func returns(t *testing.T, f func(), what ...any) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(deadline):
		require.FailNow(t, "blocked", what...)
	}
}

// every matches all keys.
func every(string) bool { return true }

// only matches one key.
func only(key string) func(string) bool { return func(k string) bool { return k == key } }

// goesDownTo waits for the package's goroutines to be n: one that has done all
// that others wait for may not be gone yet.
func goesDownTo(t *testing.T, n int, what ...any) {
	t.Helper()
	for range 1000 {
		if goroutines() == n {
			return
		}
		runtime.Gosched()
	}
	require.Equal(t, n, goroutines(), what...)
}
