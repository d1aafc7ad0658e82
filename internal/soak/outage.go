package soak

import "time"

// spent is what fetches can be accounted for with.
type spent struct{ fetches, refreshes int64 }

// Outage is what one outage cost.
type Outage struct {
	Episode Episode `json:"episode"`
	// Fetches is how many began after the first second; Bound is how many may
	// have: see docs/semantics.md.
	Fetches int64 `json:"fetches"`
	Bound   int64 `json:"bound"`
}

// outageBound is how many fetches may begin in an outage that lasts d: the first
// failures, those that were under way, one for each step of the backoff, and the
// calls of Refresh.
func outageBound(d time.Duration, readers int, refreshes int64) int64 {
	steps := int64(1)
	for wait, at := backoffMin, time.Duration(0); ; wait = min(2*wait, backoffMax) {
		if at += wait / 2; at > d { // jitter shortens a wait by up to half
			break
		}
		steps++
	}
	return downAfter + concurrency + int64(readers) + refreshes + steps
}

func (r *rig[V]) spent() spent { return spent{r.entered.Load(), r.refreshes.Load()} }

// outageOver judges what an outage has cost.
func (r *rig[V]) outageOver(e Episode, before, after spent, length time.Duration) {
	o := Outage{Episode: e, Fetches: after.fetches - before.fetches, Bound: outageBound(length, r.readers, after.refreshes-before.refreshes)}
	if o.Fetches > o.Bound {
		r.court.accuse(Quiet, "%s: %d fetches; want %d or fewer", e, o.Fetches, o.Bound)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outages = append(r.outages, o)
}

// passed notes that an episode, the one that goes on, is over.
func (r *rig[V]) passed(length time.Duration) {
	t := r.tally.Load()
	t.episodes.Add(1)
	t.span.Add(int64(length))
}

func (r *rig[V]) stepClock(d time.Duration) { r.clock.step(d) }

// misbehave makes fetches do m now and then, until the returned function is
// called.
func (r *rig[V]) misbehave(m mischief) (end func()) {
	r.mischief.Store(&m)
	return func() { r.mischief.Store(nil) }
}
