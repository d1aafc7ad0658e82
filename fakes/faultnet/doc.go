// Package faultnet is a TCP proxy that breaks connections on purpose: it stands
// between a client under test and a server on this machine, and delays, slows
// down, corrupts, stalls or cuts what passes.
//
//	proxy, err := faultnet.Start(faultnet.Config{Target: server.URL})
//	if err != nil {
//		return err
//	}
//	defer proxy.Close()
//	// point the client at proxy.URL()
//	remove, err := proxy.Inject(faultnet.Fault{Kind: faultnet.Latency, Delay: 50 * time.Millisecond})
//
// It knows nothing of what is sent, so it serves any protocol over TCP. Faults
// of HTTP itself (statuses, wrong bodies) are the fake servers' to inject. It
// imports only the standard library.
//
// # Model
//
// Each accepted connection is joined to one of its own to the target. What
// arrives on one side is sent on the other, in order, also the end of a
// direction (a TCP half-close) and a reset. Bytes from the client are requests,
// bytes from the target are answers.
//
// # Faults
//
// [Proxy.Inject] adds a [Fault]. Unless it is for a number of connections, all
// meet it: those that are open and those to come, until it is removed. A
// connection can meet several: delays add up, the narrowest bandwidth counts.
// [Proxy.Cut] resets what is open now. [Proxy.Play] plays a [Schedule], which
// [Storm] draws from a seed.
//
// # Seed
//
// Config.Seed decides which bytes are corrupted, by connection number and
// position, and the jitter. The order in which a client opens connections, and
// how bytes come in pieces, is not the proxy's to repeat.
//
// # Safety
//
// The target must be a loopback address. The proxy itself listens on loopback
// unless Config.Addr says otherwise.
//
// # Concurrency
//
// All methods of [Proxy] may be called from any goroutine at any time.
//
// # Shutdown
//
// [Proxy.Close] resets all connections and returns when they and all goroutines
// are gone.
package faultnet
