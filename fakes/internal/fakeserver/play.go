package fakeserver

import (
	"bytes"
	"cmp"
	"io"
	"net"
	"net/http"
	"time"
)

// play answers a request that met a fault.
func (b *Base) play(f *activeFault, w http.ResponseWriter, r *http.Request, truth func() Response) {
	if f.Delay > 0 && !b.pause(f, r, f.Delay) {
		abort(w)
		return
	}
	switch f.Kind {
	case Reset:
		abort(w)
	case Hang:
		if !b.hold(f, r, nil) {
			abort(w)
			return
		}
		b.spoil(f, truth).Send(w)
	case Cut:
		resp := b.spoil(f, truth)
		resp.head(w, len(resp.Body))
		_, _ = w.Write(resp.Body[:len(resp.Body)/2])
		_ = http.NewResponseController(w).Flush() // what was written reaches the client, if it is still there
		abort(w)
	case Huge:
		b.huge(f, w)
	case Drip:
		b.drip(f, w, r, b.spoil(f, truth))
	default:
		b.spoil(f, truth).Send(w)
	}
}

// pause waits for d, or until the fault is removed. It is false if the client
// or the server went first.
func (b *Base) pause(f *activeFault, r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	return b.hold(f, r, timer.C)
}

// hold waits until the fault is removed or elapsed brings something, which a nil
// elapsed never does. It is false if the client or the server went first.
func (b *Base) hold(f *activeFault, r *http.Request, elapsed <-chan time.Time) bool {
	select {
	case <-elapsed:
		return true
	case <-f.removed:
		return true
	case <-r.Context().Done():
		return false
	case <-b.closed:
		return false
	}
}

// huge streams a JSON object of the fault's size, or of its empty form if that
// is longer.
func (b *Base) huge(f *activeFault, w http.ResponseWriter) {
	begin, end := `{"`+b.cfg.Field+`":"`, `"}`
	resp := b.spoil(f, func() Response { return Response{Status: http.StatusOK, ContentType: "application/json"} })
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
func (b *Base) drip(f *activeFault, w http.ResponseWriter, r *http.Request, resp Response) {
	resp.head(w, len(resp.Body))
	flush := http.NewResponseController(w).Flush
	for i := range resp.Body {
		if !b.pause(f, r, cmp.Or(f.Interval, defaultInterval)) {
			abort(w)
			return
		}
		_, _ = w.Write(resp.Body[i : i+1]) // a client that has gone is seen by the next pause
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
