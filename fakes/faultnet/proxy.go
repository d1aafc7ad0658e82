package faultnet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Config is what a proxy starts from. Target is required.
type Config struct {
	// Target is the server, as HOST:PORT or http://HOST:PORT. The host is a
	// loopback address, or localhost for 127.0.0.1. It need not listen yet: a
	// connection for which it cannot be reached is reset.
	Target string
	// Addr is where to listen, HOST:PORT. Empty means a free port of 127.0.0.1.
	// Whoever reaches it reaches the target.
	Addr string
	// Seed decides what is random. 0 is a seed like any other.
	Seed uint64
}

// Proxy is a running proxy. It is made by [Start].
type Proxy struct {
	target string
	seed   uint64
	addr   string
	stats  *counters
	ended  chan struct{}  // closed by Close
	served sync.WaitGroup // everything that runs

	mu       sync.Mutex // guards what follows
	listener net.Listener
	active   []*active
	links    map[*link]struct{}
	accepted int
	closed   bool
}

// Start lets a proxy listen. It returns all that is wrong with cfg, or why the
// address cannot be listened on. Close it when done.
func Start(cfg Config) (*Proxy, error) {
	target, err := loopback(cfg.Target)
	if err != nil {
		return nil, fmt.Errorf("faultnet: target %q: %w", cfg.Target, err)
	}
	p := &Proxy{
		target: target,
		seed:   cfg.Seed,
		addr:   cfg.Addr,
		stats:  newCounters(),
		ended:  make(chan struct{}),
		links:  make(map[*link]struct{}),
	}
	if p.addr == "" {
		p.addr = "127.0.0.1:0"
	}
	if err := p.listenLocked(); err != nil { // nobody else has it yet
		return nil, fmt.Errorf("faultnet: listen: %w", err)
	}
	p.addr = p.listener.Addr().String()
	return p, nil
}

// loopback returns the address of a target on this machine.
func loopback(target string) (string, error) {
	host, port, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(target, "http://"), "/"))
	if number, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || number == 0 {
		return "", errors.New("want HOST:PORT or http://HOST:PORT")
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", errors.New("want a loopback address: faults are for servers on this machine")
	}
	return net.JoinHostPort(host, port), nil
}

// TB is what [StartTest] needs of a test or a benchmark: *testing.T and
// *testing.B have it.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// StartTest is [Start] for a test: it fails t on an error, and closes the
// proxy when t ends.
func StartTest(t TB, cfg Config) *Proxy {
	t.Helper()
	p, err := Start(cfg)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	t.Cleanup(p.Close)
	return p
}

// Addr is where the proxy listens, HOST:PORT, also while it refuses
// connections.
func (p *Proxy) Addr() string { return p.addr }

// URL is the base to configure an HTTP client with: http://HOST:PORT.
func (p *Proxy) URL() string { return "http://" + p.addr }

// Inject adds a fault, and returns all that is wrong with it if it can not.
// remove ends it and may be called more than once; after Close both do nothing.
func (p *Proxy) Inject(fault Fault) (remove func(), err error) {
	if err := fault.validate(); err != nil {
		return nil, err
	}
	return p.inject(fault), nil
}

// inject adds a valid fault.
func (p *Proxy) inject(fault Fault) (remove func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return func() {}
	}
	f := &active{Fault: fault}
	if fault.Skip > 0 || fault.Times > 0 {
		f.first = p.accepted + fault.Skip + 1
	}
	if fault.Times > 0 {
		f.last = f.first + fault.Times - 1
	}
	p.active = append(p.active, f)
	if fault.Kind == Refuse {
		_ = p.listener.Close() // ends the accept loop; closing it again does nothing
		p.stats.hit(Refuse)
	}
	for l := range p.links {
		l.meet(f)
	}
	return func() { p.remove(f) }
}

func (p *Proxy) remove(f *active) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.active, f) {
		return
	}
	p.active = slices.DeleteFunc(p.active, func(other *active) bool { return other == f })
	if f.Kind == Refuse && !p.refusesLocked() && p.listenLocked() != nil {
		p.served.Go(p.relisten)
	}
	for l := range p.links {
		l.forget(f)
	}
}

func (p *Proxy) refusesLocked() bool {
	return p.closed || slices.ContainsFunc(p.active, func(f *active) bool { return f.Kind == Refuse })
}

// Clear removes every fault.
func (p *Proxy) Clear() {
	p.mu.Lock()
	all := slices.Clone(p.active)
	p.mu.Unlock()
	for _, f := range all {
		p.remove(f)
	}
}

// Cut resets the connections that are open, and returns how many they were.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	open := slices.Collect(maps.Keys(p.links))
	p.mu.Unlock()
	for _, l := range open {
		l.end()
		p.stats.hit(Reset)
	}
	return len(open)
}

// listenLocked opens the port.
func (p *Proxy) listenLocked() error {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", p.addr) // nothing to wait for
	if err != nil {
		return err
	}
	p.listener = listener
	p.served.Go(func() { p.accept(listener) })
	return nil
}

// relistenPause is how long to wait for a port that another socket has taken
// while this proxy refused connections.
const relistenPause = 20 * time.Millisecond

// relisten opens the port once it is free.
func (p *Proxy) relisten() {
	again := time.NewTicker(relistenPause)
	defer again.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-again.C:
		}
		p.mu.Lock()
		done := p.refusesLocked() || p.listenLocked() == nil
		p.mu.Unlock()
		if done {
			return
		}
	}
}

// accept joins connections to the target until the listener is closed.
func (p *Proxy) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of files, or a client that has left already
			select {
			case <-p.ended:
				return
			case <-time.After(relistenPause):
				continue
			}
		}
		p.join(conn.(*net.TCPConn)) //nolint:forcetypeassert // what a TCP listener accepts
	}
}

// join starts a link for a new connection.
func (p *Proxy) join(client *net.TCPConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refusesLocked() { // it came before the port was closed
		abort(client)
		return
	}
	p.accepted++
	ctx, cancel := context.WithCancel(context.Background())
	l := &link{p: p, number: p.accepted, client: client, ended: ctx.Done(), cancel: cancel, wake: make(chan struct{})}
	p.links[l] = struct{}{}
	p.stats.accepted()
	for _, f := range p.active {
		l.meet(f)
	}
	p.served.Go(func() {
		l.run(ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.links, l)
		p.stats.left()
	})
}

// Close stops listening and resets every connection. It returns when all of
// them and all goroutines are gone. It may be called more than once.
func (p *Proxy) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.ended)
		_ = p.listener.Close() // may be closed already
	}
	for l := range p.links {
		l.end()
	}
	p.mu.Unlock()
	p.served.Wait()
}
