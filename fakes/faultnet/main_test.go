package faultnet_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/fakes/faultnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come, or must end.
const patience = 10 * time.Second

// serve listens on loopback and lets handle have each connection, which it need
// not close.
func serve(t *testing.T, handle func(net.Conn)) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var mu sync.Mutex
	var open []net.Conn
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			serving.Go(func() {
				defer conn.Close() //nolint:errcheck // the client is told by the end
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	return listener.Addr().String()
}

// echo sends back what it gets, and ends when the client has.
func echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }

// says sends one text to each client and waits for its end.
func says(text string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = io.WriteString(conn, text)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// start is a proxy with a seed before a server.
func start(t *testing.T, handle func(net.Conn)) *faultnet.Proxy {
	t.Helper()
	return faultnet.StartTest(t, faultnet.Config{Target: serve(t, handle), Seed: 7})
}

func dial(t *testing.T, p *faultnet.Proxy) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", p.Addr(), patience)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return conn.(*net.TCPConn)
}

func inject(t *testing.T, p *faultnet.Proxy, f faultnet.Fault) (remove func()) {
	t.Helper()
	remove, err := p.Inject(f)
	require.NoError(t, err)
	return remove
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
}

// receives checks that text, and no less, comes next.
func receives(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	got := make([]byte, len(text))
	_, err := io.ReadFull(conn, got)
	require.NoError(t, err)
	require.Equal(t, text, string(got))
}

// isReset checks that the connection ends with a reset.
func isReset(t *testing.T, conn net.Conn) {
	t.Helper()
	_, err := conn.Read(make([]byte, 1))
	var timeout net.Error
	require.Error(t, err)
	require.NotErrorIs(t, err, io.EOF)
	require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "%v", err)
}

// newIsReset checks that a new connection is reset, which may be so fast that
// it counts as not made.
func newIsReset(t *testing.T, p *faultnet.Proxy) {
	t.Helper()
	accepted := p.Stats().Accepted
	conn, err := net.DialTimeout("tcp", p.Addr(), patience)
	if err == nil {
		require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
		isReset(t, conn)
		require.NoError(t, conn.Close())
	}
	await(t, p, func(s faultnet.Stats) bool { return s.Accepted == accepted+1 })
}

// silent checks that nothing comes for a moment.
func silent(t *testing.T, conn net.Conn) {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	n, err := conn.Read(make([]byte, 1))
	require.Zero(t, n)
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout(), "%v", err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
}

// await waits until the proxy's counters are so.
func await(t *testing.T, p *faultnet.Proxy, reached func(faultnet.Stats) bool) {
	t.Helper()
	ctx, cancel := contextFor(t)
	defer cancel()
	require.NoError(t, p.Await(ctx, reached))
}
