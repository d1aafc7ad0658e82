package sourcetest

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Hostile is a server on loopback that speaks HTTP only as far as it likes. It
// notes every request, and ends with the test.
type Hostile struct {
	// URL is the endpoint: a path on the server, so that there is something
	// outside of it.
	URL string

	listener net.Listener
	answer   Attack
	handlers sync.WaitGroup

	mu       sync.Mutex
	requests []*http.Request
	conns    map[net.Conn]bool
	closed   bool
}

// Attack answers a request with whatever it writes; then the connection is
// closed. It returns when it cannot write any more.
type Attack func(w *bufio.Writer, r *http.Request)

// NewHostile starts a server that answers every request with attack.
func NewHostile(t *testing.T, attack Attack) *Hostile {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h := &Hostile{
		URL: "http://" + listener.Addr().String() + "/base", listener: listener,
		answer: attack, conns: make(map[net.Conn]bool),
	}
	h.handlers.Go(h.accept)
	t.Cleanup(h.close)
	return h
}

// Requests returns what was asked so far.
func (h *Hostile) Requests() []*http.Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]*http.Request(nil), h.requests...)
}

func (h *Hostile) accept() {
	for {
		conn, err := h.listener.Accept()
		if err != nil {
			return
		}
		h.mu.Lock()
		if h.closed {
			h.mu.Unlock()
			_ = conn.Close() // it is over
			return
		}
		h.conns[conn] = true
		h.handlers.Go(func() { h.serve(conn) })
		h.mu.Unlock()
	}
}

func (h *Hostile) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close() // whoever is there has what they get
		h.mu.Lock()
		delete(h.conns, conn)
		h.mu.Unlock()
	}()
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	h.mu.Lock()
	h.requests = append(h.requests, r)
	h.mu.Unlock()
	_ = conn.SetWriteDeadline(time.Now().Add(time.Minute)) // a test that hangs says so
	w := bufio.NewWriterSize(conn, 64<<10)
	h.answer(w, r)
	_ = w.Flush() // the victim may have left
}

func (h *Hostile) close() {
	_ = h.listener.Close() // of a test that is over
	h.mu.Lock()
	h.closed = true
	for conn := range h.conns {
		_ = conn.Close() // what hangs ends
	}
	h.mu.Unlock()
	h.handlers.Wait()
}

// credentialsOf returns what r carries as a credential, as it is on the wire.
func credentialsOf(r *http.Request) []string {
	var out []string
	for _, v := range []string{r.Header.Get("X-Api-Key"), r.Header.Get("Authorization")} {
		if v != "" {
			out = append(out, v[strings.LastIndex(v, " ")+1:])
		}
	}
	return out
}

// raw is an attack of one text, in which CREDENTIAL stands for the request's.
func raw(text string) Attack {
	return func(w *bufio.Writer, r *http.Request) {
		_, _ = w.WriteString(strings.ReplaceAll(text, "CREDENTIAL", credentialsOf(r)[0]))
	}
}

// respond is an attack that is a whole, honest response.
func respond(status, headers, body string) Attack {
	return raw("HTTP/1.1 " + status + "\r\nConnection: close\r\n" + headers + "\r\n" + body)
}

// endless is an attack that begins with head and goes on with chunk as long as
// somebody reads, or the wait between two lasts.
func endless(head, chunk string) Attack {
	return func(w *bufio.Writer, _ *http.Request) {
		_, err := w.WriteString(head)
		for err == nil {
			_, err = w.WriteString(chunk)
		}
	}
}
