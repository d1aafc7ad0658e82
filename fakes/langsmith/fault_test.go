package fakelangsmith_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

const pPath = "/commits/-/p/latest"

func TestStatusFault(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	push(t, fake, "p", "x")
	inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Status, Status: 429, RetryAfter: "3", Times: 2})
	for range 2 {
		a := c.Get(http.StatusTooManyRequests, pPath)
		require.Equal(t, "3", a.Header.Get("Retry-After"))
		require.Equal(t, map[string]any{"detail": "too many requests"}, a.Object(t))
	}
	c.pull(t, pPath)

	remove := inject(t, fake, fakelangsmith.Fault{
		Kind: fakelangsmith.Status, Status: 302, Header: map[string]string{"Location": "/elsewhere"}, Body: "moved", ContentType: "text/plain",
	})
	for range 3 { // until removed
		a := c.Get(http.StatusFound, pPath)
		require.Equal(t, "/elsewhere", a.Header.Get("Location"))
		require.Equal(t, "text/plain", a.Header.Get("Content-Type"))
		require.Equal(t, "moved", string(a.Body))
		require.Empty(t, a.Header.Get("Retry-After"))
	}
	remove()
	remove()
	c.pull(t, pPath)
}

func TestFaultsAreMetInOrderAndByPrompt(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	push(t, fake, "p", "x")
	push(t, fake, "q", "x")
	status := func(prompt string, code, times int) {
		inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Status, Status: code, Prompt: prompt, Times: times})
	}
	status("acme/p", 500, 1)
	status("", 503, 1)
	status("-/p", 502, 0)
	c.Get(503, "/commits/-/q/latest")
	c.Get(200, "/commits/-/q/latest")
	c.Get(500, "/repos/acme/p")
	c.Get(502, "/commits/-/p/")
	c.Get(502, "/commits/acme/p/v1")
	c.Get(200, "/repos")
	fake.ClearFaults()
	c.Get(200, pPath)

	status("absent", 418, 1)
	c.Get(418, "/commits/-/absent/latest")
	status("", 500, 3)
	c.as().Get(500, "/commits/-/p/latest") // before the key is looked at
	c.Get(500, "/info")
	c.Get(500, "/no/such/path")
	c.Get(200, pPath)
}

func TestFaultsOfTheCallersOwnWorkspace(t *testing.T) {
	fake, c := start(t, manyKeys)
	push(t, fake, "beta/p", "x")
	inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Status, Status: 500, Prompt: "beta/p"})
	c.as("x-api-key", "acme-key").Get(404, pPath)
	c.as("x-api-key", "beta-key").Get(500, pPath)
	c.as("x-api-key", "org", "x-tenant-id", fakelangsmith.TenantID("beta")).Get(500, pPath)
	c.as("x-api-key", "org").Get(403, pPath)
}

func TestBodyFaults(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	push(t, fake, "p", "x")
	truth := string(c.Get(200, pPath).Body)
	const page = "<!DOCTYPE html><html><body><h1>Gateway</h1></body></html>\n"
	for name, test := range map[string]struct {
		fault       fakelangsmith.Fault
		status      int
		contentType string
		body        string
	}{
		"garbage":       {fakelangsmith.Fault{Kind: fakelangsmith.Garbage}, 200, "application/json", "\x00\xff{]not json\xfe"},
		"own garbage":   {fakelangsmith.Fault{Kind: fakelangsmith.Garbage, Body: "[]"}, 200, "application/json", "[]"},
		"html 200":      {fakelangsmith.Fault{Kind: fakelangsmith.HTML}, 200, "text/html; charset=utf-8", page},
		"html 404":      {fakelangsmith.Fault{Kind: fakelangsmith.HTML, Status: 404}, 404, "text/html; charset=utf-8", page},
		"truncated":     {fakelangsmith.Fault{Kind: fakelangsmith.Truncated}, 200, "application/json", truth[:len(truth)/2]},
		"wrong type":    {fakelangsmith.Fault{Kind: fakelangsmith.WrongType}, 200, "text/plain; charset=utf-8", truth},
		"another type":  {fakelangsmith.Fault{Kind: fakelangsmith.WrongType, ContentType: "image/png"}, 200, "image/png", truth},
		"drip":          {fakelangsmith.Fault{Kind: fakelangsmith.Drip, Interval: time.Microsecond}, 200, "application/json", truth},
		"slow":          {fakelangsmith.Fault{Kind: fakelangsmith.Slow, Delay: time.Microsecond}, 200, "application/json", truth},
		"huge, minimal": {fakelangsmith.Fault{Kind: fakelangsmith.Huge, Size: 1}, 200, "application/json", `{"commit_hash":""}`},
	} {
		t.Run(name, func(t *testing.T) {
			test.fault.Times = 1
			inject(t, fake, test.fault)
			a := c.Get(test.status, pPath)
			require.Equal(t, test.contentType, a.Header.Get("Content-Type"))
			require.Equal(t, test.body, string(a.Body))
			require.Equal(t, truth, string(c.Get(200, pPath).Body))
		})
	}
}

func TestHuge(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	for size, want := range map[int64]int{1<<20 + 7: 1<<20 + 7, 0: 16 << 20} {
		inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Huge, Size: size, Times: 1})
		a := c.Get(200, pPath)
		require.Len(t, a.Body, want)
		require.True(t, json.Valid(a.Body))
		require.Empty(t, a.Header.Get("Content-Length"), "its length is not told")
	}
}

func TestConnectionFaults(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	push(t, fake, "p", "x")
	for _, kind := range []fakelangsmith.Kind{fakelangsmith.Reset, fakelangsmith.Cut} {
		// One request on a fresh connection, so that the transport cannot take
		// the cut for the end of an idle one and ask again.
		c.HTTP.CloseIdleConnections()
		remove := inject(t, fake, fakelangsmith.Fault{Kind: kind})
		before := fake.Count()
		require.Error(t, c.Failure(pPath), kind)
		require.Equal(t, before+1, fake.Count(), kind)
		remove()
		c.pull(t, pPath)
	}
	inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Cut, Times: 1})
	a, err := c.Try(t.Context(), http.MethodGet, pPath, "")
	require.Error(t, err)
	require.Equal(t, http.StatusOK, a.Status, "the head came through")
}

func TestHangUntilReleased(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	push(t, fake, "p", "x")
	remove := inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Hang, Times: 2})
	first, second := c.InBackground(t.Context(), pPath), c.InBackground(t.Context(), pPath)
	require.NoError(t, fake.WaitRequests(t.Context(), 2))
	c.pull(t, pPath) // the third is not held
	require.Equal(t, 2, fake.InFlight())
	remove()
	require.NoError(t, <-first)
	require.NoError(t, <-second)
}

func TestHangUntilTheClientGivesUp(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Hang})
	for _, fault := range []fakelangsmith.Fault{{Kind: fakelangsmith.Slow, Delay: time.Hour}, {Kind: fakelangsmith.Drip, Interval: time.Hour}} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := c.InBackground(ctx, pPath)
		require.NoError(t, fake.WaitRequests(t.Context(), 1))
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.NoError(t, fake.WaitIdle(t.Context()), "the server lets go of it, too")
		fake.ClearFaults()
		fake.ResetRequests()
		inject(t, fake, fault)
	}
}

func TestRemovingAFaultEndsItsWaits(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	push(t, fake, "p", "x")
	for i, fault := range []fakelangsmith.Fault{
		{Kind: fakelangsmith.Slow, Delay: time.Hour},
		{Kind: fakelangsmith.Drip, Interval: time.Hour},
		{Kind: fakelangsmith.Status, Status: 500, Delay: time.Hour},
	} {
		remove := inject(t, fake, fault)
		ended := c.InBackground(t.Context(), pPath)
		require.NoError(t, fake.WaitRequests(t.Context(), i+1))
		remove()
		require.NoError(t, <-ended, fault.Kind)
	}
}

// TestDelays measures them on a fake clock: the handler is called directly, so
// that nothing waits for a network.
func TestDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, err := fakelangsmith.New(fakelangsmith.Config{})
		require.NoError(t, err)
		defer fake.Close()
		push(t, fake, "p", "x")
		ask := func() (*httptest.ResponseRecorder, time.Duration) {
			rec, begun := httptest.NewRecorder(), time.Now()
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, pPath, nil)
			req.Header.Set("X-Api-Key", fakelangsmith.DefaultKey)
			fake.ServeHTTP(rec, req)
			return rec, time.Since(begun)
		}
		truth, took := ask()
		require.Zero(t, took)
		inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Slow, Delay: 3 * time.Second, Times: 1})
		rec, took := ask()
		require.Equal(t, 3*time.Second, took)
		require.Equal(t, truth.Body.String(), rec.Body.String())
		inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Status, Status: 503, Delay: time.Second, Times: 1})
		rec, took = ask()
		require.Equal(t, time.Second, took)
		require.Equal(t, 503, rec.Code)
		inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Drip, Interval: time.Second, Times: 1})
		rec, took = ask()
		require.Equal(t, time.Duration(truth.Body.Len())*time.Second, took)
		require.Equal(t, truth.Body.String(), rec.Body.String())
		inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Drip, Times: 1})
		_, took = ask()
		require.Equal(t, time.Duration(truth.Body.Len())*10*time.Millisecond, took)
	})
}

func TestHugeStopsWhenTheClientDoes(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Huge, Size: 1 << 50})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fake.URL()+pPath, nil)
	require.NoError(t, err)
	resp, err := c.HTTP.Do(req)
	require.NoError(t, err)
	some := make([]byte, 1<<20)
	n, err := resp.Body.Read(some)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(some[:n], []byte(`{"commit_hash":"`)))
	cancel()
	require.NoError(t, resp.Body.Close())
	require.NoError(t, fake.WaitIdle(t.Context()))
}

// TestFaultsWithoutAConnection mounts the server where no connection can be cut.
func TestFaultsWithoutAConnection(t *testing.T) {
	fake, err := fakelangsmith.New(fakelangsmith.Config{})
	require.NoError(t, err)
	defer fake.Close()
	inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Reset})
	require.PanicsWithError(t, http.ErrAbortHandler.Error(), func() {
		fake.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, pPath, nil))
	})
	require.Zero(t, fake.InFlight())
}

func TestInjectRefuses(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	for problem, fault := range map[string]fakelangsmith.Fault{
		`kind "" is none of`:   {},
		`kind "nap" is none`:   {Kind: "nap"},
		"status 0":             {Kind: fakelangsmith.Status},
		"status 999":           {Kind: fakelangsmith.Status, Status: 999},
		"slow needs a delay":   {Kind: fakelangsmith.Slow},
		"a number is negative": {Kind: fakelangsmith.Hang, Times: -1},
		`name "b/c" contains`:  {Kind: fakelangsmith.Hang, Prompt: "a/b/c"},
	} {
		_, err := fake.Inject(fault)
		require.ErrorContains(t, err, problem)
	}
	c.Get(http.StatusOK, "/repos")
}
