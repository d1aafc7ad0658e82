package faultnet

import "time"

// verdict is what the faults that a link has met let a piece do.
type verdict struct {
	discard  bool      // the target is gone: nothing is sent on any more
	stalled  bool      // nothing may be sent on before the faults change
	at       time.Time // when the next bytes may be sent on
	n        int       // how many of them
	rate     int64     // … at how many a second, 0 for any
	fraction float64   // … how many of them corrupted
}

// paces is into how many parts a second's worth of bytes is divided under a
// bandwidth.
const paces = 50

// judge returns what may be done with next, and a channel that is closed when
// that may have changed.
func (l *link) judge(d *pipe, next piece) (verdict, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := verdict{discard: l.lost, stalled: l.stalledLocked(d.way), n: len(next.data)}
	if v.discard || v.stalled {
		return v, l.wake
	}
	var delay time.Duration
	for _, m := range l.met {
		if !m.Direction.covers(d.way) {
			continue
		}
		switch m.Kind {
		case Latency:
			delay += m.Delay + time.Duration(next.luck*float64(m.Jitter))
			l.hitLocked(m)
		case Bandwidth:
			if v.rate == 0 || m.BytesPerSecond < v.rate {
				v.rate = m.BytesPerSecond
			}
			l.hitLocked(m)
		case Corrupt:
			if l.reachedLocked(m, d.way) {
				v.fraction = max(v.fraction, m.Fraction)
				l.hitLocked(m)
				continue
			}
			v.n = l.upToLocked(m, d.way, v.n)
		default:
			v.n = l.upToLocked(m, d.way, v.n)
		}
	}
	v.at = next.at.Add(delay)
	if v.rate > 0 {
		v.n = min(v.n, int(max(v.rate/paces, 1)))
		v.at = later(v.at, d.free)
	}
	return v, l.wake
}

// upToLocked returns how many of n bytes may pass before m happens.
func (l *link) upToLocked(m *meeting, w way, n int) int {
	if left := m.After - (l.passed[w] - m.from[w]); left < int64(n) {
		return int(max(left, 0))
	}
	return n
}
