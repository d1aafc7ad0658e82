package fakelangsmith

import (
	"bytes"
	"cmp"
	"io"
	"net"
	"net/http"
	"time"
)

// play answers a request that met a fault.
func (s *Server) play(f *activeFault, w http.ResponseWriter, r *http.Request, truth func() response) {
	if f.Delay > 0 && !s.pause(f, r, f.Delay) {
		abort(w)
		return
	}
	switch f.Kind {
	case Reset:
		abort(w)
	case Hang:
		if !s.hold(f, r, nil) {
			abort(w)
			return
		}
		f.spoil(truth).send(w)
	case Cut:
		resp := f.spoil(truth)
		resp.head(w, len(resp.body))
		_, _ = w.Write(resp.body[:len(resp.body)/2])
		_ = http.NewResponseController(w).Flush() // what was written reaches the client, if it is still there
		abort(w)
	case Huge:
		s.huge(f, w)
	case Drip:
		s.drip(f, w, r, f.spoil(truth))
	default:
		f.spoil(truth).send(w)
	}
}

// pause waits for d, or until the fault is removed. It is false if the client
// or the server went first.
func (s *Server) pause(f *activeFault, r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	return s.hold(f, r, timer.C)
}

// hold waits until the fault is removed or elapsed brings something, which a nil
// elapsed never does. It is false if the client or the server went first.
func (s *Server) hold(f *activeFault, r *http.Request, elapsed <-chan time.Time) bool {
	select {
	case <-elapsed:
		return true
	case <-f.removed:
		return true
	case <-r.Context().Done():
		return false
	case <-s.closed:
		return false
	}
}

// huge streams a JSON object of the fault's size, or of its empty form if that
// is longer.
func (s *Server) huge(f *activeFault, w http.ResponseWriter) {
	const begin, end = `{"commit_hash":"`, `"}`
	resp := f.spoil(func() response { return response{status: http.StatusOK, contentType: "application/json"} })
	resp.head(w, -1)
	filler := max(cmp.Or(f.Size, defaultSize)-int64(len(begin)+len(end)), 0)
	_, _ = io.WriteString(w, begin)
	block := bytes.Repeat([]byte("a"), 32<<10)
	for filler > 0 {
		n, err := w.Write(block[:min(filler, int64(len(block)))])
		if err != nil {
			return // the client has had enough
		}
		filler -= int64(n)
	}
	_, _ = io.WriteString(w, end)
}

// drip sends byte by byte; once the fault is removed, the rest at once.
func (s *Server) drip(f *activeFault, w http.ResponseWriter, r *http.Request, resp response) {
	resp.head(w, len(resp.body))
	flush := http.NewResponseController(w).Flush
	for i := range resp.body {
		if !s.pause(f, r, cmp.Or(f.Interval, defaultInterval)) {
			abort(w)
			return
		}
		_, _ = w.Write(resp.body[i : i+1]) // a client that has gone is seen by the next pause
		_ = flush()
	}
}

// abort closes the connection without a word: with a reset, so that the client
// cannot take it for the end of an answer.
func abort(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2, or a response writer without a connection
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a connection that is already gone needs no reset
	}
	_ = conn.Close()
}
