package faultnet

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// dialTimeout is how long the target may take to accept; on one machine it
// accepts at once or not at all.
const dialTimeout = 10 * time.Second

// link is a client's connection and its own one to the target.
type link struct {
	p      *Proxy
	number int // from 1, in the order of acceptance
	client *net.TCPConn
	ended  <-chan struct{} // closed by cancel
	cancel context.CancelFunc

	mu     sync.Mutex   // guards what follows; taken after the proxy's
	target *net.TCPConn // nil before it is reached
	met    []*meeting
	passed [len(ways)]int64
	lost   bool          // the target is gone for good: nothing is sent on any more
	wake   chan struct{} // closed and replaced when one of these changed
}

// meeting is a fault as one link has met it.
type meeting struct {
	*active
	from [len(ways)]int64 // how many bytes had passed by then
	hit  bool             // it has done something
	lost bool             // it has lost the target
}

// run passes bytes on until both directions have ended or the link has, with
// ctx.
func (l *link) run(ctx context.Context) {
	defer l.close()
	var running sync.WaitGroup
	defer running.Wait()
	up := newPipe(l, requests)
	running.Go(func() { up.read(l.client) })
	target := l.reach(ctx)
	if target == nil {
		up.write(nil)
		return
	}
	down := newPipe(l, answers)
	running.Go(func() { down.read(target) })
	running.Go(func() { down.write(l.client) })
	up.write(target)
}

// reach connects to the target once no black hole keeps requests from it. It
// returns nil if the link has ended or has lost the target.
func (l *link) reach(ctx context.Context) *net.TCPConn {
	for {
		l.mu.Lock()
		stalled, wake, lost := l.stalledLocked(requests), l.wake, l.lost
		l.mu.Unlock()
		if lost || ctx.Err() != nil {
			return nil
		}
		if !stalled {
			break
		}
		select {
		case <-wake:
		case <-l.ended:
		}
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", l.p.target)
	if err != nil {
		if ctx.Err() == nil {
			l.p.stats.failed()
		}
		l.end()
		return nil
	}
	target := conn.(*net.TCPConn) //nolint:forcetypeassert // what "tcp" dials
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost || ctx.Err() != nil {
		abort(target)
		return nil
	}
	l.target = target
	return target
}

// meet lets the link meet f if f is for it.
func (l *link) meet(f *active) {
	if !f.meets(l.number) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.met = append(l.met, &meeting{active: f, from: l.passed})
	l.settleLocked()
	l.wakeLocked()
}

// forget lets the link go on without f.
func (l *link) forget(f *active) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.met {
		if m.active == f && m.lost {
			l.endLocked()
		}
	}
	l.met = slices.DeleteFunc(l.met, func(m *meeting) bool { return m.active == f })
	l.wakeLocked()
}

func (l *link) wakeLocked() {
	close(l.wake)
	l.wake = make(chan struct{})
}

// reachedLocked reports whether as many bytes have passed as the fault lets pass.
func (l *link) reachedLocked(m *meeting, w way) bool {
	return m.Direction.covers(w) && l.passed[w]-m.from[w] >= m.After
}

// hitLocked counts, once, that m did something.
func (l *link) hitLocked(m *meeting) {
	if !m.hit {
		m.hit = true
		l.p.stats.hit(m.Kind)
	}
}

// stalledLocked reports whether a black hole swallows what goes this way.
func (l *link) stalledLocked(w way) bool {
	stalled := false
	for _, m := range l.met {
		if m.Kind == BlackHole && l.reachedLocked(m, w) {
			l.hitLocked(m)
			stalled = true
		}
	}
	return stalled
}

// settleLocked lets the faults happen whose bytes have passed and that end
// something. It is called whenever bytes have passed or a fault was met.
func (l *link) settleLocked() {
	for _, m := range l.met {
		if !l.reachedLocked(m, answers) && !l.reachedLocked(m, requests) {
			continue
		}
		switch m.Kind {
		case Reset:
			l.endLocked()
			l.hitLocked(m)
		case Truncate:
			l.loseLocked(m)
			_ = l.client.CloseWrite() // a client that has gone needs no end
		case HalfOpen:
			l.loseLocked(m)
		default:
		}
	}
}

func (l *link) loseLocked(m *meeting) {
	if l.lost {
		return
	}
	m.lost, l.lost = true, true
	if l.target != nil {
		abort(l.target)
	}
	l.hitLocked(m)
}

// note counts bytes that were passed on.
func (l *link) note(w way, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passed[w] += int64(n)
	l.settleLocked()
}

// end resets both sides.
func (l *link) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endLocked()
}

func (l *link) endLocked() {
	l.cancel()
	abort(l.client)
	if l.target != nil {
		abort(l.target)
	}
}

// close ends both sides of a link that has nothing more to pass on.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cancel()
	_ = l.client.Close() // fails on what was reset
	if l.target != nil {
		_ = l.target.Close()
	}
}

// finish ends one direction of a side, whose other direction goes on.
func finish(conn io.Writer) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite() // one that has gone needs no end
	}
}

// abort closes a connection with a reset.
func abort(conn *net.TCPConn) {
	_ = conn.SetLinger(0) // fails on one that is closed already
	_ = conn.Close()
}
