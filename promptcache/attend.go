package promptcache

import "time"

// This file is what the refresher does between scans: it is nudged when
// something comes up, and sets itself an alarm for what comes up later.

// nudge has the refresher, if there is one, see what there is to do.
func (r *refresher[V]) nudge() {
	if !r.running() {
		return
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// alarmLocked nudges the refresher at the moment at, unless that is to come
// earlier anyway.
func (r *refresher[V]) alarmLocked(at time.Duration) {
	if r.over() || at >= r.alarmAt {
		return
	}
	if r.alarm != nil {
		r.alarm.Stop()
	}
	r.alarmAt = at
	r.alarm = r.c.time.clock.AfterFunc(at-r.c.time.now(), r.ring)
}

func (r *refresher[V]) ring() {
	r.c.mu.Lock()
	defer r.c.unlock()
	r.nudge()
}

// attendLocked does what need not wait for the next scan: prompts come back,
// registries are probed, required prompts are fetched.
func (r *refresher[V]) attendLocked(now time.Duration) {
	if r.over() {
		return
	}
	if r.alarmAt <= now {
		r.alarmAt = never
	}
	next := r.requireLocked(now)
	for _, reg := range r.c.registries {
		r.letGoLocked(reg, now)
		r.probeLocked(reg, now)
		next = min(next, r.listenLocked(reg, now))
		if reg.comeback.waiting != nil {
			next = min(next, reg.comeback.next)
		}
	}
	r.alarmLocked(next)
}
