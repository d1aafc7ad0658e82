package sim

import "time"

// maxObserved is how many instances' readers are looked at. More would cost
// more than all else and tell nothing more.
const maxObserved = 1000

// ageSpan is how exactly ages are kept for each minute.
const ageSpan = 5 * time.Second

// audience is what readers see: how old what they get is, and how often they
// get nothing. An age counts from the moment at which the fetch began.
type audience struct {
	s         *Scenario
	ttl       time.Duration
	observed  int // how many instances' readers are looked at
	reads     int
	stale     int // reads that got a prompt older than the TTL
	errors    int // reads that got no prompt
	ages      []int
	oldest    time.Duration
	perMinute [][]int // ages by minute, in steps of ageSpan
	backAt    time.Duration
}

func newAudience(s *Scenario, ttl time.Duration) *audience {
	a := &audience{s: s, ttl: ttl, observed: maxObserved, ages: make([]int, s.Duration/time.Second+1)}
	a.perMinute = make([][]int, (s.Duration+time.Minute-1)/time.Minute)
	for i := range a.perMinute {
		a.perMinute[i] = make([]int, s.Duration/ageSpan+1)
	}
	return a
}

// see counts a read at the moment at of a prompt of that age.
func (a *audience) see(at, age time.Duration) {
	a.reads++
	a.ages[age/time.Second]++
	a.perMinute[at/time.Minute][age/ageSpan]++
	a.oldest = max(a.oldest, age)
	if age > a.ttl {
		a.stale++
	}
}

// fail counts a read that gets nothing.
func (a *audience) fail(instance int) {
	if instance < a.observed {
		a.reads++
		a.errors++
	}
}

// add adds what another audience has seen.
func (a *audience) add(other *audience) {
	a.reads += other.reads
	a.stale += other.stale
	a.errors += other.errors
	a.oldest = max(a.oldest, other.oldest)
	a.backAt = max(a.backAt, other.backAt)
	for i, n := range other.ages {
		a.ages[i] += n
	}
	for m, ages := range other.perMinute {
		for i, n := range ages {
			a.perMinute[m][i] += n
		}
	}
}

// shown is what one prompt's readers get.
type shown struct {
	reads reads
	since time.Duration // it is served from this moment on; never if nothing is
	began time.Duration // when its fetch began
}

// replace makes what a fetch that began at that moment brought what is served
// from the moment at on, and counts the reads of what was served until then.
func (a *audience) replace(p *shown, instance int, began, at time.Duration) {
	at = min(at, a.s.Duration)
	if p.since != never {
		at = max(at, p.since)
		a.count(p, instance, at)
		if to := a.recovery(); p.began < to && at >= to {
			a.backAt = max(a.backAt, at)
		}
	}
	p.since, p.began = at, began
}

// recovery is when the last outage ends, never if there is none.
func (a *audience) recovery() time.Duration {
	if len(a.s.Outages) == 0 {
		return never
	}
	return a.s.Outages[len(a.s.Outages)-1].To
}

// count counts the reads of p from when it was first served up to the moment
// to, exclusive.
func (a *audience) count(p *shown, instance int, to time.Duration) {
	if instance >= a.observed {
		return
	}
	for at := p.reads.next(p.since); at < to; at = p.reads.next(at + 1) {
		a.see(at, at-p.began)
	}
}

// wait counts the read at the moment at that waits for a fetch of its own.
func (a *audience) wait(instance int, began, landing time.Duration, ok bool) {
	switch {
	case !ok:
		a.fail(instance)
	case instance < a.observed && landing < a.s.Duration:
		a.see(landing, landing-began)
	}
}

// close counts the reads that are left at the end.
func (a *audience) close(p *shown, instance int) {
	if p.since == never {
		return
	}
	a.count(p, instance, a.s.Duration)
	if to := a.recovery(); p.began < to && a.s.Duration > to {
		a.backAt = never
	}
}
