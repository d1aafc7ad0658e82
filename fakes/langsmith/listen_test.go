package fakelangsmith_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestDownAndUp(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	hash := push(t, fake, "p", "x")
	url := fake.URL()
	require.True(t, strings.HasPrefix(url, "http://127.0.0.1:"))
	for range 3 {
		c.pull(t, pPath) // leaves an idle connection, which goes too
		fake.Down()
		fake.Down()
		require.ErrorIs(t, c.Failure(pPath), syscall.ECONNREFUSED)
		require.Equal(t, url, fake.URL())
		push(t, fake, "q", "pushed while down")
		require.NoError(t, fake.Up())
		require.NoError(t, fake.Up())
		require.Equal(t, url, fake.URL())
		require.Equal(t, hash, c.pull(t, pPath).Hash)
	}
	require.Equal(t, 6, fake.Count(), "a refused connection is no request")
}

func TestDownCutsWhatIsInFlight(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Hang})
	hung := c.InBackground(t.Context(), pPath)
	require.NoError(t, fake.WaitRequests(t.Context(), 1))
	fake.Down()
	require.Error(t, <-hung)
	require.Zero(t, fake.InFlight(), "the handler has ended")
}

// TestDownCutsHalfARequest holds a connection on which no handler runs yet.
func TestDownCutsHalfARequest(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(fake.URL(), "http://"))
	require.NoError(t, err)
	defer conn.Close() //nolint:errcheck // cut already
	_, err = conn.Write([]byte("GET /info HTTP/1.1\r\nHost:"))
	require.NoError(t, err)
	c.Get(http.StatusOK, "/info") // accepted after it
	begun := time.Now()
	fake.Down()
	require.Less(t, time.Since(begun), 5*time.Second, "half the time that the server would wait for the rest")
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
}

func TestCloseIsTerminal(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{})
	inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Hang})
	hung := c.InBackground(t.Context(), pPath)
	require.NoError(t, fake.WaitRequests(t.Context(), 1))
	fake.Close()
	require.Error(t, <-hung)
	require.Zero(t, fake.InFlight())
	fake.Close()
	require.ErrorContains(t, fake.Up(), "closed")
	require.ErrorIs(t, c.Failure(pPath), syscall.ECONNREFUSED)
}

func TestThePortIsTaken(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer other.Close() //nolint:errcheck // a listener that was only in the way
	_, err = fakelangsmith.Start(fakelangsmith.Config{Addr: other.Addr().String()})
	require.ErrorIs(t, err, syscall.EADDRINUSE)

	fake, _ := start(t, fakelangsmith.Config{})
	fake.Down()
	thief, err := net.Listen("tcp", strings.TrimPrefix(fake.URL(), "http://"))
	require.NoError(t, err)
	require.ErrorIs(t, fake.Up(), syscall.EADDRINUSE)
	require.NoError(t, thief.Close())
	require.NoError(t, fake.Up())
}

// TestAsAHandler mounts it in another server, whose Close waits for handlers.
func TestAsAHandler(t *testing.T) {
	fake, err := fakelangsmith.New(fakelangsmith.Config{})
	require.NoError(t, err)
	require.Empty(t, fake.URL())
	fake.Down()
	server := httptest.NewServer(fake)
	inject(t, fake, fakelangsmith.Fault{Kind: fakelangsmith.Hang})
	hung := make(chan error, 1)
	go func() {
		resp, err := server.Client().Get(server.URL + pPath)
		if err == nil {
			_ = resp.Body.Close()
		}
		hung <- err
	}()
	require.NoError(t, fake.WaitRequests(t.Context(), 1))
	fake.Close()
	require.Error(t, <-hung)
	server.Close()
}

// tb is a test that fails.
type tb struct{ failure string }

func (*tb) Helper()                             {}
func (f *tb) Fatalf(format string, args ...any) { f.failure = fmt.Sprintf(format, args...) }
func (*tb) Cleanup(func())                      {}

func TestStartTestFails(t *testing.T) {
	var failing tb
	require.Nil(t, fakelangsmith.StartTest(&failing, fakelangsmith.Config{Addr: "nowhere"}))
	require.Contains(t, failing.failure, "listen")
}

func TestOtherAddress(t *testing.T) {
	fake, c := start(t, fakelangsmith.Config{Addr: "localhost:0"})
	require.NotEmpty(t, fake.URL())
	c.Get(http.StatusOK, "/info")
}
