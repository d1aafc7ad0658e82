package faultnet_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/faultnet"
)

func contextFor(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), patience)
}

func TestPassesOn(t *testing.T) {
	t.Run("bytes, both ways, and the end of a direction", func(t *testing.T) {
		p := start(t, echo)
		conn := dial(t, p)
		sent := make([]byte, 3<<20)
		rand.NewChaCha8([32]byte{}).Read(sent) //nolint:errcheck // never fails
		wrote := make(chan error, 1)
		go func() {
			_, err := conn.Write(sent)
			_ = conn.CloseWrite()
			wrote <- err
		}()
		got, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.NoError(t, <-wrote)
		require.True(t, bytes.Equal(sent, got))
		await(t, p, func(s faultnet.Stats) bool { return s.Open == 0 })
		s := p.Stats()
		require.Equal(t, faultnet.Stats{Accepted: 1, RequestBytes: 3 << 20, AnswerBytes: 3 << 20, Hits: map[faultnet.Kind]int{}}, s)
	})
	t.Run("a greeting of the server", func(t *testing.T) {
		receives(t, dial(t, start(t, says("220 ready"))), "220 ready")
	})
	t.Run("the target's reset", func(t *testing.T) {
		p := start(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1))
			_ = conn.(*net.TCPConn).SetLinger(0)
		})
		conn := dial(t, p)
		send(t, conn, "x")
		isReset(t, conn)
	})
	t.Run("the client's reset", func(t *testing.T) {
		got := make(chan error, 1)
		p := start(t, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "hello")
			_, err := conn.Read(make([]byte, 1))
			got <- err
		})
		conn := dial(t, p)
		receives(t, conn, "hello")
		require.NoError(t, conn.SetLinger(0))
		require.NoError(t, conn.Close())
		err := <-got
		require.Error(t, err)
		require.NotErrorIs(t, err, io.EOF)
	})
	t.Run("HTTP, over kept connections", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) }))
		defer server.Close()
		p := faultnet.StartTest(t, faultnet.Config{Target: server.URL})
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		for _, path := range []string{"/a", "/b"} {
			resp, err := client.Get(p.URL() + path)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, path, string(body))
		}
		require.Equal(t, 1, p.Stats().Accepted)
	})
}

func TestTargetThatIsNotThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	p := faultnet.StartTest(t, faultnet.Config{Target: listener.Addr().String()})
	newIsReset(t, p)
	await(t, p, func(s faultnet.Stats) bool { return s.Failed == 1 && s.Open == 0 })
}

func TestTargets(t *testing.T) {
	for _, target := range []string{"127.0.0.1:80", "127.1.2.3:80", "[::1]:80", "localhost:80", "http://127.0.0.1:80", "http://localhost:80/"} {
		p, err := faultnet.Start(faultnet.Config{Target: target})
		require.NoError(t, err, target)
		p.Close()
	}
	for target, want := range map[string]string{
		"":                      "HOST:PORT",
		"127.0.0.1":             "HOST:PORT",
		"127.0.0.1:":            "HOST:PORT",
		"https://127.0.0.1:443": "HOST:PORT",
		"http://127.0.0.1:80/x": "HOST:PORT",
		"127.0.0.1:0":           "HOST:PORT",
		"127.0.0.1:65536":       "HOST:PORT",
		"192.0.2.1:80":          "loopback",
		"0.0.0.0:80":            "loopback",
		":80":                   "loopback",
		"[::]:80":               "loopback",
		"example.com:80":        "loopback",
		"localhost.example:80":  "loopback",
	} {
		_, err := faultnet.Start(faultnet.Config{Target: target})
		require.ErrorContains(t, err, "faultnet: target", target)
		require.ErrorContains(t, err, want, target)
	}
}

func TestAddr(t *testing.T) {
	p := start(t, echo)
	require.Equal(t, "http://"+p.Addr(), p.URL())
	_, err := faultnet.Start(faultnet.Config{Target: "127.0.0.1:1", Addr: p.Addr()})
	require.ErrorContains(t, err, "faultnet: listen: ")
	failed := &recorder{}
	require.Nil(t, faultnet.StartTest(failed, faultnet.Config{}))
	require.True(t, failed.fatal)
}

type recorder struct{ fatal bool }

func (*recorder) Helper()                 {}
func (r *recorder) Fatalf(string, ...any) { r.fatal = true }
func (*recorder) Cleanup(func())          { panic("nothing was started") }

func TestClose(t *testing.T) {
	t.Run("resets what is open, however it is held", func(t *testing.T) {
		p := start(t, says("hello"))
		inject(t, p, faultnet.Fault{Kind: faultnet.BlackHole, Times: 1, Direction: faultnet.Both})
		inject(t, p, faultnet.Fault{Kind: faultnet.HalfOpen, Skip: 1, Times: 1})
		inject(t, p, faultnet.Fault{Kind: faultnet.Latency, Delay: patience, Skip: 2, Times: 1})
		inject(t, p, faultnet.Fault{Kind: faultnet.Truncate, Skip: 3, Times: 1})
		inject(t, p, faultnet.Fault{Kind: faultnet.BlackHole, Skip: 4, Times: 1})
		conns := make([]net.Conn, 0, 6)
		for range 6 {
			conns = append(conns, dial(t, p))
		}
		receives(t, conns[5], "hello")
		await(t, p, func(s faultnet.Stats) bool {
			return s.Hits[faultnet.BlackHole] == 2 && s.Hits[faultnet.HalfOpen] == 1 && s.Hits[faultnet.Latency] == 1 && s.Hits[faultnet.Truncate] == 1
		})
		p.Close()
		p.Close()
		require.Zero(t, p.Stats().Open)
		for i, conn := range conns {
			if i != 3 { // it has got its end before
				isReset(t, conn)
			}
		}
		_, err := net.Dial("tcp", p.Addr())
		require.Error(t, err)
	})
	t.Run("after it nothing does anything", func(t *testing.T) {
		p := start(t, echo)
		removeBefore := inject(t, p, faultnet.Fault{Kind: faultnet.Refuse})
		p.Close()
		removeBefore()
		inject(t, p, faultnet.Fault{Kind: faultnet.Refuse})()
		p.Clear()
		require.Zero(t, p.Cut())
		require.ErrorContains(t, p.Await(t.Context(), func(faultnet.Stats) bool { return false }), "faultnet: closed")
		_, err := net.Dial("tcp", p.Addr())
		require.Error(t, err)
	})
}

func TestAwait(t *testing.T) {
	p := start(t, echo)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, p.Await(ctx, func(faultnet.Stats) bool { return false }), context.Canceled)
	require.NoError(t, p.Await(ctx, func(faultnet.Stats) bool { return true }))
}

func TestStatsAreTheCallers(t *testing.T) {
	p := start(t, echo)
	p.Stats().Hits[faultnet.Reset] = 9
	require.Empty(t, p.Stats().Hits)
}
