package faultnet_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/faultnet"
)

func TestLatency(t *testing.T) {
	const delay = 80 * time.Millisecond
	t.Run("delays each piece, one way, for open connections and new ones", func(t *testing.T) {
		p := start(t, echo)
		before := dial(t, p)
		send(t, before, "a")
		receives(t, before, "a")
		remove := inject(t, p, faultnet.Fault{Kind: faultnet.Latency, Delay: delay})
		for _, conn := range []net.Conn{before, dial(t, p)} {
			began := time.Now()
			send(t, conn, "a")
			receives(t, conn, "a")
			require.GreaterOrEqual(t, time.Since(began), delay)
		}
		require.Equal(t, 2, p.Stats().Hits[faultnet.Latency])
		remove()
		remove()
		began := time.Now()
		send(t, before, "a")
		receives(t, before, "a")
		require.Less(t, time.Since(began), delay)
	})
	t.Run("adds up over both directions and several faults", func(t *testing.T) {
		p := start(t, echo)
		inject(t, p, faultnet.Fault{Kind: faultnet.Latency, Delay: delay, Direction: faultnet.Both})
		inject(t, p, faultnet.Fault{Kind: faultnet.Latency, Delay: delay, Direction: faultnet.Requests})
		conn := dial(t, p)
		began := time.Now()
		send(t, conn, "a")
		receives(t, conn, "a")
		require.GreaterOrEqual(t, time.Since(began), 3*delay)
	})
	t.Run("delays, but does not narrow", func(t *testing.T) {
		p := start(t, says(strings.Repeat("x", 500_000))) // 31 pieces
		inject(t, p, faultnet.Fault{Kind: faultnet.Latency, Delay: delay})
		began := time.Now()
		receives(t, dial(t, p), strings.Repeat("x", 500_000))
		require.Less(t, time.Since(began), 15*delay)
	})
	t.Run("jitter is less or more, and keeps the order", func(t *testing.T) {
		p := start(t, echo)
		inject(t, p, faultnet.Fault{Kind: faultnet.Latency, Delay: delay / 2, Jitter: delay / 2})
		conn := dial(t, p)
		least, most := patience, time.Duration(0)
		for i := range 20 {
			began := time.Now()
			send(t, conn, string(rune('a'+i)))
			receives(t, conn, string(rune('a'+i)))
			least, most = min(least, time.Since(began)), max(most, time.Since(began))
		}
		require.Less(t, least, delay/2)
		require.Greater(t, most, delay/2)
		for i := range 100 { // without waiting: later ones may be drawn shorter
			send(t, conn, string(rune('0'+i%10)))
		}
		receives(t, conn, strings.Repeat("0123456789", 10))
	})
	t.Run("what waits goes on when it is removed", func(t *testing.T) {
		p := start(t, echo)
		remove := inject(t, p, faultnet.Fault{Kind: faultnet.Latency, Delay: time.Hour})
		conn := dial(t, p)
		send(t, conn, "a")
		await(t, p, func(s faultnet.Stats) bool { return s.Hits[faultnet.Latency] == 1 })
		remove()
		receives(t, conn, "a")
	})
}

func TestBandwidth(t *testing.T) {
	p := start(t, echo)
	remove := inject(t, p, faultnet.Fault{Kind: faultnet.Bandwidth, BytesPerSecond: 100_000})
	inject(t, p, faultnet.Fault{Kind: faultnet.Bandwidth, BytesPerSecond: 1 << 40})
	conn := dial(t, p)
	sent := strings.Repeat("0123456789", 2000)
	began := time.Now()
	send(t, conn, sent)
	receives(t, conn, sent)
	took := time.Since(began)
	require.GreaterOrEqual(t, took, 180*time.Millisecond) // nobody waits after the last part
	require.Less(t, took, time.Second)
	inject(t, p, faultnet.Fault{Kind: faultnet.Bandwidth, BytesPerSecond: 1})
	send(t, conn, "ab")
	receives(t, conn, "a")
	silent(t, conn)
	p.Clear()
	receives(t, conn, "b")
	remove()
}

func TestCorrupt(t *testing.T) {
	zeros := strings.Repeat("\x00", 100_000)
	// get returns what the first connection gets of zeros.
	get := func(t *testing.T, seed uint64, f faultnet.Fault, handle func(net.Conn)) ([]byte, faultnet.Stats) {
		t.Helper()
		p := faultnet.StartTest(t, faultnet.Config{Target: serve(t, handle), Seed: seed})
		inject(t, p, f)
		conn := dial(t, p)
		got := make([]byte, len(zeros))
		_, err := io.ReadFull(conn, got)
		require.NoError(t, err)
		await(t, p, func(s faultnet.Stats) bool { return s.AnswerBytes == int64(len(zeros)) })
		return got, p.Stats()
	}
	differ := func(data []byte) (n int) {
		for _, b := range data {
			if b != 0 {
				n++
			}
		}
		return n
	}
	fault := faultnet.Fault{Kind: faultnet.Corrupt, Fraction: 0.01, After: 40_000}
	first, stats := get(t, 1, fault, says(zeros))
	require.Zero(t, differ(first[:40_000]), "what passes before stays as it is")
	require.InDelta(t, 600, differ(first), 150)
	require.EqualValues(t, differ(first), stats.Corrupted)
	require.Equal(t, 1, stats.Hits[faultnet.Corrupt])

	inPieces := func(conn net.Conn) {
		for rest := zeros; len(rest) > 0; rest = rest[min(777, len(rest)):] {
			_, _ = io.WriteString(conn, rest[:min(777, len(rest))])
		}
		_, _ = io.Copy(io.Discard, conn)
	}
	again, _ := get(t, 1, fault, inPieces)
	require.Equal(t, first, again, "the seed and the position decide, not the pieces")
	other, _ := get(t, 2, fault, says(zeros))
	require.NotEqual(t, first, other)

	fault = faultnet.Fault{Kind: faultnet.Corrupt, Fraction: 1}
	all, _ := get(t, 1, fault, says(zeros))
	require.Equal(t, len(zeros), differ(all), "a corrupted byte is another one")
	fault.Direction = faultnet.Requests
	none, _ := get(t, 1, fault, says(zeros))
	require.Zero(t, differ(none))
}

func TestReset(t *testing.T) {
	t.Run("after so many bytes", func(t *testing.T) {
		gone := make(chan error, 1)
		p := start(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1))
			_, _ = io.WriteString(conn, "0123456789")
			_, err := conn.Read(make([]byte, 1))
			if gone <- err; err == nil {
				_, _ = io.Copy(io.Discard, conn)
			}
		})
		remove := inject(t, p, faultnet.Fault{Kind: faultnet.Reset, After: 4})
		conn := dial(t, p)
		send(t, conn, "x") // a reset before the client's dial has returned would fail that
		receives(t, conn, "0123")
		isReset(t, conn)
		require.Error(t, <-gone, "the target's side is cut, too")
		await(t, p, func(s faultnet.Stats) bool { return s.Hits[faultnet.Reset] == 1 && s.AnswerBytes == 4 && s.Open == 0 })
		remove()
		conn = dial(t, p)
		send(t, conn, "x")
		receives(t, conn, "0123456789")
	})
	t.Run("counted from when it was injected, in its direction", func(t *testing.T) {
		p := start(t, echo)
		conn := dial(t, p)
		send(t, conn, "0123456789")
		receives(t, conn, "0123456789")
		inject(t, p, faultnet.Fault{Kind: faultnet.Reset, After: 4, Direction: faultnet.Requests})
		send(t, conn, "012")
		receives(t, conn, "012")
		send(t, conn, "34")
		isReset(t, conn)
	})
	t.Run("at once", func(t *testing.T) {
		p := start(t, echo)
		before := dial(t, p)
		send(t, before, "a")
		receives(t, before, "a")
		inject(t, p, faultnet.Fault{Kind: faultnet.Reset})
		isReset(t, before)
		newIsReset(t, p)
	})
	t.Run("Cut resets what is open", func(t *testing.T) {
		p := start(t, echo)
		conns := []net.Conn{dial(t, p), dial(t, p)}
		for _, conn := range conns {
			send(t, conn, "a")
			receives(t, conn, "a")
		}
		require.Equal(t, 2, p.Cut())
		for _, conn := range conns {
			isReset(t, conn)
		}
		require.Equal(t, 2, p.Stats().Hits[faultnet.Reset])
		after := dial(t, p)
		send(t, after, "a")
		receives(t, after, "a")
	})
}

func TestTruncate(t *testing.T) {
	gone := make(chan error, 1)
	p := start(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "0123456789")
		_, err := io.Copy(io.Discard, conn)
		gone <- err
	})
	remove := inject(t, p, faultnet.Fault{Kind: faultnet.Truncate, After: 4, Times: 1})
	conn := dial(t, p)
	got, err := io.ReadAll(conn)
	require.NoError(t, err, "it looks like the end")
	require.Equal(t, "0123", string(got))
	require.Error(t, <-gone)
	for range 100 {
		send(t, conn, "more") // is taken and thrown away
	}
	require.Equal(t, 1, p.Stats().Hits[faultnet.Truncate])
	require.Zero(t, p.Stats().RequestBytes)
	require.NoError(t, conn.Close())
	await(t, p, func(s faultnet.Stats) bool { return s.Open == 0 })
	remove()
	receives(t, dial(t, p), "0123456789")
}

func TestBlackHole(t *testing.T) {
	t.Run("answers nothing until it is removed", func(t *testing.T) {
		asked := make(chan struct{})
		p := start(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1))
			close(asked)
			_, _ = io.WriteString(conn, "0123456789")
		})
		remove := inject(t, p, faultnet.Fault{Kind: faultnet.BlackHole})
		conn := dial(t, p)
		send(t, conn, "x")
		<-asked
		silent(t, conn)
		require.Equal(t, 1, p.Stats().Hits[faultnet.BlackHole])
		remove()
		got, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Equal(t, "0123456789", string(got))
	})
	t.Run("after so many bytes", func(t *testing.T) {
		p := start(t, says("0123456789"))
		remove := inject(t, p, faultnet.Fault{Kind: faultnet.BlackHole, After: 4})
		conn := dial(t, p)
		receives(t, conn, "0123")
		silent(t, conn)
		remove()
		receives(t, conn, "456789")
	})
	t.Run("of a connection that is open", func(t *testing.T) {
		p := start(t, echo)
		conn := dial(t, p)
		send(t, conn, "a")
		receives(t, conn, "a")
		remove := inject(t, p, faultnet.Fault{Kind: faultnet.BlackHole, Direction: faultnet.Requests})
		send(t, conn, "b")
		silent(t, conn)
		require.EqualValues(t, 1, p.Stats().RequestBytes)
		remove()
		receives(t, conn, "b")
	})
	t.Run("the target does not hear of new connections", func(t *testing.T) {
		heard := make(chan struct{}, 1)
		p := start(t, func(conn net.Conn) {
			heard <- struct{}{}
			echo(conn)
		})
		remove := inject(t, p, faultnet.Fault{Kind: faultnet.BlackHole, Direction: faultnet.Both})
		conn := dial(t, p)
		send(t, conn, "a")
		silent(t, conn)
		require.Empty(t, heard)
		remove()
		receives(t, conn, "a")
		<-heard
	})
}

func TestHalfOpen(t *testing.T) {
	t.Run("the target is gone, and the client is not told", func(t *testing.T) {
		gone := make(chan error, 1)
		p := start(t, func(conn net.Conn) {
			_, err := io.Copy(conn, conn)
			gone <- err
		})
		conn := dial(t, p)
		send(t, conn, "a")
		receives(t, conn, "a")
		remove := inject(t, p, faultnet.Fault{Kind: faultnet.HalfOpen})
		require.Error(t, <-gone)
		for range 100 {
			send(t, conn, "more")
		}
		silent(t, conn)
		s := p.Stats()
		require.Equal(t, 1, s.Hits[faultnet.HalfOpen])
		require.EqualValues(t, 1, s.RequestBytes)
		remove()
		isReset(t, conn)
	})
	t.Run("from the beginning the target is not asked", func(t *testing.T) {
		heard := make(chan struct{}, 1)
		p := start(t, func(net.Conn) { heard <- struct{}{} })
		inject(t, p, faultnet.Fault{Kind: faultnet.HalfOpen})
		conn := dial(t, p)
		send(t, conn, "a")
		silent(t, conn)
		require.Empty(t, heard)
		require.NoError(t, conn.Close())
		await(t, p, func(s faultnet.Stats) bool { return s.Open == 0 })
	})
	t.Run("what is lost already stays lost", func(t *testing.T) {
		p := start(t, says("0123456789"))
		inject(t, p, faultnet.Fault{Kind: faultnet.HalfOpen, After: 2})
		conn := dial(t, p)
		receives(t, conn, "01")
		await(t, p, func(s faultnet.Stats) bool { return s.Hits[faultnet.HalfOpen] == 1 })
		remove := inject(t, p, faultnet.Fault{Kind: faultnet.HalfOpen})
		remove()
		silent(t, conn)
		require.Equal(t, 1, p.Stats().Hits[faultnet.HalfOpen])
	})
}

func TestFaultsTogether(t *testing.T) {
	p := start(t, says(strings.Repeat("\x00", 1000)))
	inject(t, p, faultnet.Fault{Kind: faultnet.Latency, Delay: 20 * time.Millisecond})
	inject(t, p, faultnet.Fault{Kind: faultnet.Corrupt, Fraction: 1, After: 10})
	inject(t, p, faultnet.Fault{Kind: faultnet.Bandwidth, BytesPerSecond: 100_000})
	inject(t, p, faultnet.Fault{Kind: faultnet.BlackHole, After: 500})
	remove := inject(t, p, faultnet.Fault{Kind: faultnet.Truncate, After: 300})
	got, err := io.ReadAll(dial(t, p))
	require.NoError(t, err)
	require.Len(t, got, 300)
	require.Equal(t, 10, strings.Count(string(got), "\x00"))
	remove()
	conn := dial(t, p)
	got = make([]byte, 500)
	_, err = io.ReadFull(conn, got)
	require.NoError(t, err)
	silent(t, conn)
	s := p.Stats()
	require.Equal(t, map[faultnet.Kind]int{faultnet.Latency: 2, faultnet.Corrupt: 2, faultnet.Bandwidth: 2, faultnet.BlackHole: 1, faultnet.Truncate: 1}, s.Hits)
}

func TestConnectionsByNumber(t *testing.T) {
	p := start(t, says("hello"))
	receives(t, dial(t, p), "hello") // accepted before the fault was injected: not counted
	inject(t, p, faultnet.Fault{Kind: faultnet.Truncate, Skip: 1, Times: 2, After: 1})
	inject(t, p, faultnet.Fault{Kind: faultnet.Truncate, Skip: 4, After: 2})
	for i, want := range []string{"hello", "h", "h", "hello", "he", "he"} {
		conn := dial(t, p)
		got := make([]byte, len(want))
		_, err := io.ReadFull(conn, got)
		require.NoError(t, err)
		require.Equal(t, want, string(got), i)
		require.NoError(t, conn.Close())
		await(t, p, func(s faultnet.Stats) bool { return s.Accepted == i+2 })
	}
	await(t, p, func(s faultnet.Stats) bool { return s.Hits[faultnet.Truncate] == 4 })
}

func TestRefuse(t *testing.T) {
	t.Run("closes the port; what is open stays", func(t *testing.T) {
		p := start(t, echo)
		open := dial(t, p)
		send(t, open, "a")
		receives(t, open, "a")
		first := inject(t, p, faultnet.Fault{Kind: faultnet.Refuse})
		second := inject(t, p, faultnet.Fault{Kind: faultnet.Refuse})
		for range 2 {
			_, err := net.Dial("tcp", p.Addr())
			require.Error(t, err)
			send(t, open, "b")
			receives(t, open, "b")
			first()
		}
		second()
		conn := dial(t, p)
		send(t, conn, "c")
		receives(t, conn, "c")
		require.Equal(t, 2, p.Stats().Hits[faultnet.Refuse])
	})
	t.Run("whoever comes at that moment is served before it is closed or never", func(t *testing.T) {
		p := start(t, echo)
		for range 50 {
			dialed := make(chan net.Conn, 8)
			for range cap(dialed) {
				go func() {
					conn, err := net.DialTimeout("tcp", p.Addr(), patience)
					if err != nil {
						conn = nil
					}
					dialed <- conn
				}()
			}
			first := <-dialed
			remove := inject(t, p, faultnet.Fault{Kind: faultnet.Refuse})
			p.Cut()
			for i := range cap(dialed) {
				conn := first
				if i > 0 {
					conn = <-dialed
				}
				if conn != nil {
					require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
					isReset(t, conn)
					require.NoError(t, conn.Close())
				}
			}
			remove()
		}
	})
	t.Run("a port that was taken meanwhile is taken back once it is free", func(t *testing.T) {
		p := start(t, echo)
		refuse := func() (thief net.Listener, remove func()) {
			remove = inject(t, p, faultnet.Fault{Kind: faultnet.Refuse})
			thief, err := net.Listen("tcp", p.Addr())
			require.NoError(t, err)
			t.Cleanup(func() { _ = thief.Close() })
			return thief, remove
		}
		thief, remove := refuse()
		remove()
		require.NoError(t, thief.Close())
		require.Eventually(t, func() bool {
			conn, err := net.Dial("tcp", p.Addr())
			return err == nil && conn.Close() == nil
		}, patience, time.Millisecond)
		_, remove = refuse()
		remove()
		p.Close()
	})
}

func TestBadFaults(t *testing.T) {
	p := start(t, echo)
	for want, f := range map[string]faultnet.Fault{
		`kind "" is none of`:           {},
		`kind "x" is none of`:          {Kind: "x"},
		`direction "up" is none of`:    {Kind: faultnet.Reset, Direction: "up"},
		"a number is negative":         {Kind: faultnet.Reset, After: -1},
		"a delay is for latency":       {Kind: faultnet.Latency},
		"latency, which needs one":     {Kind: faultnet.Reset, Delay: 1},
		"the jitter 2ns is more than":  {Kind: faultnet.Latency, Delay: 1, Jitter: 2},
		"for bandwidth, which needs":   {Kind: faultnet.Bandwidth},
		"bytes per second are for":     {Kind: faultnet.Reset, BytesPerSecond: 1},
		"more than 0 and at most 1":    {Kind: faultnet.Corrupt},
		"fraction, more than 0":        {Kind: faultnet.Corrupt, Fraction: 1.5},
		"reset has no fraction":        {Kind: faultnet.Reset, Fraction: 0.5},
		"latency begins at once":       {Kind: faultnet.Latency, Delay: 1, After: 1},
		"truncate is for answers":      {Kind: faultnet.Truncate, Direction: faultnet.Both},
		"refuse is for the port":       {Kind: faultnet.Refuse, Times: 1},
		"refuse is for the port, not ": {Kind: faultnet.Refuse, Direction: faultnet.Both},
	} {
		_, err := p.Inject(f)
		require.ErrorContains(t, err, "faultnet: fault: ", want)
		require.ErrorContains(t, err, want)
	}
	_, err := p.Inject(faultnet.Fault{Kind: "x", After: -1, Delay: -1})
	require.ErrorContains(t, err, "kind")
	require.ErrorContains(t, err, "negative", "all problems at once")
	require.Empty(t, p.Stats().Hits)
}
