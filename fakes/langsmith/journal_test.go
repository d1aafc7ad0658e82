package fakelangsmith_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestRequestsAreRecorded(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	before := time.Now()
	c.as("x-api-key", "a-secret", "Authorization", "Bearer a-secret", "Cookie", "s=a-secret", "Proxy-Authorization", "a-secret", "X-Other", "kept").
		Get(http.StatusUnauthorized, "/api/v1/commits/-/a%20b/latest?include_model=true")
	c.Get(http.StatusOK, "/repos?limit=5")
	requests := fake.Requests()
	require.Len(t, requests, 2)
	pull := requests[0]
	require.Equal(t, "GET", pull.Method)
	require.Equal(t, "/api/v1/commits/-/a%20b/latest", pull.Path)
	require.Equal(t, "include_model=true", pull.Query)
	require.Equal(t, "acme/a b", pull.Prompt)
	require.Equal(t, "kept", pull.Header.Get("X-Other"))
	require.WithinRange(t, pull.At, before, time.Now())
	require.NotContains(t, fmt.Sprint(requests), "a-secret")
	for _, name := range []string{"X-Api-Key", "Authorization", "Cookie", "Proxy-Authorization"} {
		require.Equal(t, "***", pull.Header.Get(name))
	}
	require.Empty(t, requests[1].Prompt)

	pull.Header.Set("X-Other", "changed")
	require.Equal(t, "kept", fake.Requests()[0].Header.Get("X-Other"), "what is returned is a copy")
	require.Equal(t, 2, fake.Count())
	require.Equal(t, 1, fake.CountFor("a b"))
	fake.ResetRequests()
	require.Zero(t, fake.Count())
	require.Zero(t, fake.CountFor("a b"))
	require.Empty(t, fake.Requests())
}

func TestTheRecordIsBoundedAndTheCountIsNot(t *testing.T) {
	fake, err := fakelangsmith.New(fakelangsmith.Config{})
	require.NoError(t, err)
	defer fake.Close()
	const asked = 10_001
	for i := range asked {
		fake.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("/commits/-/p/v%d", i), nil))
	}
	requests := fake.Requests()
	require.LessOrEqual(t, len(requests), 10_000)
	require.Equal(t, "/commits/-/p/v10000", requests[len(requests)-1].Path, "the last ones are kept")
	require.Equal(t, asked, fake.Count())
	require.Equal(t, asked, fake.CountFor("p"))
}

func TestInFlight(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	push(t, fake, "p", "x")
	remove := inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Hang})
	ended := make([]<-chan error, 0, 3)
	for range 3 {
		ended = append(ended, c.InBackground(t.Context(), pPath))
	}
	require.NoError(t, fake.WaitRequests(t.Context(), 3))
	require.Equal(t, 3, fake.InFlight())
	remove()
	for _, end := range ended {
		require.NoError(t, <-end)
	}
	require.NoError(t, fake.WaitIdle(t.Context()))
	require.Zero(t, fake.InFlight())
	c.pull(t, pPath)
	require.Equal(t, 3, fake.MaxInFlight(), "the most there ever was")
	require.NoError(t, fake.WaitIdle(t.Context()))
	fake.ResetRequests()
	require.Zero(t, fake.MaxInFlight())
	c.pull(t, pPath)
	require.Equal(t, 1, fake.MaxInFlight())
}

func TestWaitsEndWithTheirContext(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	boom := errors.New("boom")
	ctx, cancel := context.WithCancelCause(t.Context())
	waited := make(chan error, 1)
	go func() { waited <- fake.WaitRequests(ctx, 2) }()
	c.Get(http.StatusOK, "/info")
	cancel(boom)
	err := <-waited
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "waiting for 2 requests")

	inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Hang})
	hung := c.InBackground(t.Context(), "/info")
	require.NoError(t, fake.WaitRequests(t.Context(), 2))
	require.ErrorIs(t, fake.WaitIdle(ctx), boom)
	fake.ClearFaults()
	require.NoError(t, <-hung)
}

// TestEverythingAtOnce is for the race detector.
func TestEverythingAtOnce(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	push(t, fake, "p", "x")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				_, _ = c.Try(t.Context(), http.MethodGet, pPath, "") // may meet a fault
				_, _ = c.Try(t.Context(), http.MethodGet, "/repos", "")
			}
		})
		wg.Go(func() {
			for i := range 25 {
				_, _ = fake.PushText("p", "y")
				_ = fake.SetTag("p", "t", "latest")
				_ = fake.SetPublic("p", i%2 == 0)
				remove, err := fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Status, Status: 500, Times: 1})
				if err == nil {
					remove()
				}
				_, _, _ = fake.Requests(), fake.Count(), fake.MaxInFlight()
			}
		})
	}
	wg.Wait()
	require.Equal(t, 200, fake.Count())
	require.Len(t, c.Get(http.StatusOK, "/commits/-/p?limit=100").Object(t)["commits"], 100)
}
