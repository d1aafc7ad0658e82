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

// heardLocked forgets an alarm whose moment has come.
func (r *refresher[V]) heardLocked(now time.Duration) {
	if r.alarmAt <= now {
		r.alarmAt = never
	}
}

func (r *refresher[V]) ring() {
	r.c.mu.Lock()
	defer r.c.unlock()
	r.nudge()
}

// attend does what need not wait for the next scan: registries are probed,
// required prompts are fetched, prompts come back.
func (r *refresher[V]) attend(now time.Duration) {
	for _, reg := range r.registries(func(reg *registry[V]) bool { return reg.held && !reg.probing(now) }) {
		r.probe(reg, now)
	}
	r.require(now)
	for more := true; more; {
		r.c.mu.Lock()
		more = r.attendLocked(now)
		r.c.unlock()
	}
}

// registries returns those that match.
func (r *refresher[V]) registries(match func(*registry[V]) bool) (out []*registry[V]) {
	r.c.eachRegistry(func(reg *registry[V]) {
		if !r.over() && match(reg) {
			out = append(out, reg)
		}
	})
	return out
}

// attendLocked lets prompts go whose turn it is. It looks at a few, and reports
// whether there are more.
func (r *refresher[V]) attendLocked(now time.Duration) (more bool) {
	if r.over() {
		return false
	}
	r.heardLocked(now)
	return r.c.registries.tour(&r.back, func(reg *registry[V], few *int) (done bool) {
		if done = r.letGoLocked(reg, few, now); done && reg.comeback.waiting != nil {
			r.alarmLocked(reg.comeback.next)
		}
		return done
	})
}
