package sim

import "time"

// read is a reader that finds a prompt missing, or stale by its mark.
func (in *background) read(k int, now time.Duration) {
	p := &in.prompts[k]
	in.touch(k)
	switch {
	case p.cached:
		in.wake(k, now)
	case in.flying(k):
		p.waiters++
	case now < in.backoffEnd(p) || in.shut(now):
		in.w.audience.fail(in.id)
	default:
		p.waiters++
		in.launch(k, now)
	}
}

// wake has the refresher look at a stale prompt, unless that must wait.
func (in *background) wake(k int, now time.Duration) {
	p := &in.prompts[k]
	switch {
	case p.woken:
	case p.parked && !in.domain.held:
		in.hurry(k)
	case now < in.backoffEnd(p):
	case (p.failures > 0 || p.parked) && in.shut(now):
	default:
		p.woken = true
		in.consider(k, now)
		in.attend(now)
		if p.parked && in.probing(now) {
			p.woken = false
		}
	}
}

// plan finds the next read of a prompt after the moment now that is more than a
// hit. Where it must wait for something that is sure to touch it, there is none.
func (in *background) plan(k int, now time.Duration) {
	p := &in.prompts[k]
	from := now + 1
	switch {
	case !p.cached: // each gets an error, or waits
	case !p.stale || p.woken:
		from = never
	case p.parked && !in.domain.held:
		if p.hurried {
			from = never
		}
	default:
		from = max(from, in.backoffEnd(p))
		if in.domain.held && (p.failures > 0 || p.parked) {
			from = max(from, in.domain.next)
			if in.domain.probe != none {
				from = never
			}
		}
	}
	in.moments[k].readAt = in.show[k].reads.next(from)
}

// used returns when a cached prompt was last read or first stored: what its
// place in the order of use goes by.
func (in *background) used(k int, now time.Duration) time.Duration {
	return max(in.show[k].reads.last(now), in.prompts[k].added)
}
