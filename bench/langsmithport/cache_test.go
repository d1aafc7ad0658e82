package langsmithport_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/bench/langsmithport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ttl      = 5 * time.Minute
	interval = time.Minute
)

func newCache(t *testing.T, size int, fetch func(ctx context.Context, key string) (string, error)) (*langsmithport.Cache[string], *clock.Mock) {
	t.Helper()
	mock := clock.NewMock()
	c := langsmithport.New(fetch, langsmithport.Config{MaxSize: size, TTL: ttl, RefreshInterval: interval, Clock: mock})
	t.Cleanup(c.Stop)
	return c, mock
}

func TestReadsAndCounts(t *testing.T) {
	c, mock := newCache(t, 2, nil)
	_, ok := c.Get("a")
	require.False(t, ok)
	c.Set("a", "1")
	c.Set("b", "2")
	value, ok := c.Get("a")
	require.True(t, ok)
	require.Equal(t, "1", value)
	c.Set("c", "3")
	_, ok = c.Get("b")
	require.False(t, ok, "the least recently used one")
	c.Stop()
	mock.Add(ttl)
	_, _ = c.Get("a")
	mock.Add(1)
	value, ok = c.Get("a")
	require.True(t, ok, "stale is served")
	require.Equal(t, "1", value)
	require.Equal(t, langsmithport.Metrics{Hits: 3, StaleHits: 1, Misses: 2}, c.Metrics())
	c.Invalidate("a")
	_, ok = c.Get("a")
	require.False(t, ok)
	c.Stop()
}

func TestPullFetchesWhatIsMissing(t *testing.T) {
	broken := errors.New("broken")
	answer, failure := "1", error(nil)
	c, _ := newCache(t, 2, func(context.Context, string) (string, error) { return answer, failure })
	value, err := c.Pull(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, "1", value)
	answer, failure = "", broken
	value, err = c.Pull(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, "1", value, "cached")
	_, err = c.Pull(t.Context(), "b")
	require.ErrorIs(t, err, broken)
}

// TestRefreshes: at a scan the stale ones are fetched one after the other, and
// one that fails stays and is tried again at the next scan.
func TestRefreshes(t *testing.T) {
	fetched := make(chan string)
	answers := make(chan error)
	c, mock := newCache(t, 10, func(_ context.Context, key string) (string, error) {
		fetched <- key
		return key + " again", <-answers
	})
	c.Set("a", "1")
	c.Set("b", "2")
	mock.Add(ttl)
	mock.Add(interval)
	require.Equal(t, "a", <-fetched)
	answers <- nil
	require.Equal(t, "b", <-fetched, "after the first")
	answers <- errors.New("broken")
	mock.Add(interval)
	require.Equal(t, "b", <-fetched, "and not a, which is fresh")
	require.Equal(t, langsmithport.Metrics{Refreshes: 1, RefreshErrors: 1}, c.Metrics())
	a, _ := c.Get("a")
	b, _ := c.Get("b")
	require.Equal(t, []string{"a again", "2"}, []string{a, b})
	answers <- nil
}

// TestStopEndsARefresh: what is left of a scan is left alone.
func TestStopEndsARefresh(t *testing.T) {
	fetched := make(chan string, 10)
	c, mock := newCache(t, 10, func(ctx context.Context, key string) (string, error) {
		fetched <- key
		<-ctx.Done()
		return "", ctx.Err()
	})
	c.Set("a", "1")
	c.Set("b", "2")
	mock.Add(ttl + interval)
	require.Equal(t, "a", <-fetched)
	c.Stop()
	require.Empty(t, fetched)
	require.Equal(t, langsmithport.Metrics{RefreshErrors: 1}, c.Metrics())
}

// TestStopIsFinal, also when the fetch that it waits for brings something.
func TestStopIsFinal(t *testing.T) {
	fetched, answer := make(chan string), make(chan struct{})
	c, mock := newCache(t, 10, func(_ context.Context, key string) (string, error) {
		fetched <- key
		<-answer
		return "late", nil
	})
	c.Set("a", "1")
	mock.Add(ttl + interval)
	<-fetched
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		c.Stop()
	}()
	close(answer)
	<-stopped
	c.Set("b", "2")
	mock.Add(ttl + 2*interval)
	value, _ := c.Get("a")
	require.Equal(t, "late", value)
}
