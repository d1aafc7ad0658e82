package faultnet

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"time"
)

// What a pipe reads at once, and how many such pieces it holds while they are
// delayed: enough for any test's bandwidth at any test's latency.
const (
	pieceSize = 16 << 10
	pieces    = 64
)

// pipe is one direction of a link.
type pipe struct {
	link  *link
	way   way
	queue chan piece
	luck  *rand.Rand // of the reader
	noise *rand.Rand // of the writer, drawn from once for every byte that may be corrupted
	free  time.Time  // when the bandwidth lets more pass
}

// piece is what was read at once.
type piece struct {
	data []byte
	at   time.Time
	luck float64 // from -1 to 1: of the jitter
	err  error   // why there is nothing more
}

func newPipe(l *link, w way) *pipe {
	// Streams of their own, so that what passes on one does not change another.
	stream := uint64(l.number)<<2 | uint64(w)<<1 //nolint:gosec // a count and an index
	return &pipe{
		link: l, way: w,
		queue: make(chan piece, pieces),
		luck:  rand.New(rand.NewPCG(l.p.seed, stream)),   //nolint:gosec // repeatable, not secret
		noise: rand.New(rand.NewPCG(l.p.seed, stream|1)), //nolint:gosec // repeatable, not secret
	}
}

// read queues what comes from src until that ends or the link does.
func (d *pipe) read(src io.Reader) {
	defer close(d.queue)
	buf := make([]byte, pieceSize)
	for {
		n, err := src.Read(buf)
		next := piece{data: bytes.Clone(buf[:n]), at: time.Now(), luck: 2*d.luck.Float64() - 1, err: err}
		select {
		case d.queue <- next:
		case <-d.link.ended:
			return
		}
		if err != nil {
			return
		}
	}
}

// write sends what was queued on to dst, which is nil if the target was never
// reached, until there is nothing more or the link ends.
func (d *pipe) write(dst io.Writer) {
	for next := range d.queue {
		if !d.send(dst, next) {
			return
		}
	}
}

// send sends one piece on; it is false when the link has ended.
func (d *pipe) send(dst io.Writer, next piece) bool {
	for {
		v, ok := d.await(next)
		switch {
		case !ok:
			return false
		case v.discard:
			return true
		case len(next.data) == 0:
			return d.finish(dst, next.err)
		}
		part := next.data[:v.n]
		next.data = next.data[v.n:]
		corrupted := d.corrupt(part, v.fraction)
		if _, err := dst.Write(part); err != nil {
			d.link.end()
			return false
		}
		d.link.p.stats.passed(d.way, v.n, corrupted)
		d.link.note(d.way, v.n)
		if v.rate > 0 {
			d.free = later(d.free, time.Now()).Add(time.Duration(float64(v.n) / float64(v.rate) * float64(time.Second)))
		}
		if len(next.data) == 0 && next.err == nil {
			return true
		}
	}
}

// finish passes the end of the direction on, if there is one.
func (d *pipe) finish(dst io.Writer, err error) bool {
	switch {
	case err == nil:
		return true
	case errors.Is(err, io.EOF):
		finish(dst)
		return true
	default:
		d.link.end()
		return false
	}
}

// await waits until something of next may be sent on. It is false when the link
// has ended.
func (d *pipe) await(next piece) (verdict, bool) {
	for {
		v, wake := d.link.judge(d, next)
		if v.discard {
			return v, true
		}
		var elapsed <-chan time.Time // never, in a black hole
		if !v.stalled {
			wait := time.Until(v.at)
			if wait <= 0 {
				return v, d.alive()
			}
			elapsed = time.After(wait)
		}
		select {
		case <-elapsed:
		case <-wake:
		case <-d.link.ended:
			return v, false
		}
	}
}

func (d *pipe) alive() bool {
	select {
	case <-d.link.ended:
		return false
	default:
		return true
	}
}

// corrupt changes a fraction of the bytes, and says how many.
func (d *pipe) corrupt(data []byte, fraction float64) (n int) {
	if fraction == 0 {
		return 0
	}
	for i := range data {
		if d.noise.Float64() < fraction {
			data[i] ^= byte(1 + d.noise.IntN(255)) //nolint:gosec // 1 to 255: another byte
			n++
		}
	}
	return n
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
