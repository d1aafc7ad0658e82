package metrics_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/metrics"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestOutcome(t *testing.T) {
	failed := func(kind promptcache.ErrorKind) promptcache.FetchResult {
		return promptcache.FetchResult{Err: &promptcache.FetchError{Kind: kind}}
	}
	for want, r := range map[string]promptcache.FetchResult{
		"ok":           {},
		"unchanged":    {Unchanged: true},
		"canceled":     {Canceled: true},
		"fallback":     {Fallback: true, Err: errors.New("first is down")},
		"not_found":    failed(promptcache.KindNotFound),
		"unauthorized": failed(promptcache.KindUnauthorized),
		"rate_limited": failed(promptcache.KindRateLimited),
		"unavailable":  {Err: fmt.Errorf("wrapped: %w", failed(promptcache.KindUnavailable).Err)},
		"unknown":      {Err: errors.New("it says nothing")},
	} {
		require.Equal(t, want, metrics.Outcome(r))
	}
}

func TestNames(t *testing.T) {
	n := metrics.NewNames(2)
	require.Empty(t, n.Label("a", false), "nobody has seen it")
	require.Equal(t, "a", n.Label("a", true))
	require.Equal(t, "a", n.Label("a", false), "it keeps its label when it fails")
	require.Empty(t, n.Label(strings.Repeat("x", 201), true), "too long")
	require.Equal(t, `"\xff"`, n.Label("\xff", true))
	require.Equal(t, `"\xff"`, n.Label("\xff", true))
	require.Empty(t, n.Label("c", true), "there are two")
	require.Equal(t, "a", n.Label("a", true))

	for _, limit := range []int{0, -1} {
		require.Empty(t, metrics.NewNames(limit).Label("a", true))
	}
}

func TestNamesAreBoundedForAll(t *testing.T) {
	n := metrics.NewNames(10)
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		labels = make(map[string]bool)
	)
	for worker := range 8 {
		wg.Go(func() {
			for i := range 100 {
				label := n.Label(fmt.Sprintf("%d-%d", worker, i), true)
				mu.Lock()
				labels[label] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Len(t, labels, 11, "ten names, and no name")
}
