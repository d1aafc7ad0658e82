package sim

import "time"

// comebackTick is how often prompts of a registry that is back are let go.
const comebackTick = 100 * time.Millisecond

// domain is what a cache knows of its registry as a whole.
type domain struct {
	failures int  // in a row
	first    int  // the prompt of the first of them
	several  bool // another prompt is among them

	held bool // its traffic is held back
	down bool
	step int           // probes that failed since it is held, plus one if it is down
	next time.Duration // of the next probe
	era  int           // how often it was lifted

	probe  int // the one under way, or none
	chosen int // queued to be the next, or none

	back comeback
}

// comeback is the way back of what was held.
type comeback struct {
	on      bool
	waiting line // most recently used first
	read    line // those of them that readers met
	batch   int
	next    time.Duration
}

// shut reports whether no fetch may begin.
func (in *background) shut(now time.Duration) bool {
	d := &in.domain
	return d.held && (d.probe != none || now < d.next)
}

// probing reports whether a probe is under way, queued, or not due.
func (in *background) probing(now time.Duration) bool {
	d := &in.domain
	return in.shut(now) || d.held && d.chosen != none && in.prompts[d.chosen].queued
}

// weigh judges the registry by the answer that prompt k got.
func (in *background) weigh(k int, now time.Duration) {
	d := &in.domain
	probe := d.probe == k
	if probe {
		d.probe = none
		in.touchAll()
	}
	answer := in.prompts[k].answer
	if answer.ok {
		d.failures, d.several = 0, false
		in.lift(now)
		return
	}
	if answer.limiting(in.cfg.MaxRetryAfter) {
		d.failures, d.several = 0, false
		in.limit(answer.retryAfter, now)
		return
	}
	switch {
	case d.failures == 0:
		d.first = k
	case k != d.first:
		d.several = true
	}
	d.failures++
	if probe {
		d.step++
	}
	in.hold(answer.retryAfter, probe, now)
}

// hold holds the registry back if that failure was one too many, or asked for
// a pause.
func (in *background) hold(retryAfter time.Duration, probe bool, now time.Duration) {
	d := &in.domain
	pause := in.pause(retryAfter)
	falls := !d.down && in.cfg.DownAfter > 0 && d.failures >= in.cfg.DownAfter && (d.several || in.only(d.first))
	if falls {
		d.down = true
		d.step = max(d.step, 1)
	}
	if !d.held && (falls || pause > 0) {
		d.held = true
		d.back = comeback{}
	}
	if !d.held {
		return
	}
	if falls || probe {
		pause = in.backoff(d.step, retryAfter)
	}
	d.next = max(d.next, now+pause)
	in.touchAll()
}

// limit holds the registry back for as long as it says. It is up: its backoff
// and those of its prompts are over.
func (in *background) limit(retryAfter, now time.Duration) {
	d := &in.domain
	if d.step > 0 {
		d.next, d.down, d.step = 0, false, 0
		d.era++
	}
	if !d.held {
		d.held = true
		d.back = comeback{}
	}
	d.next = max(d.next, now+in.backoff(1, retryAfter))
	in.touchAll()
}

// only reports whether no other prompt than k is cached.
func (in *background) only(k int) bool {
	if in.prompts[k].cached {
		return in.cached == 1
	}
	return in.cached == 0
}

// lift lets the registry's traffic go again.
func (in *background) lift(now time.Duration) {
	d := &in.domain
	if !d.held {
		return
	}
	d.held, d.down, d.step, d.next, d.chosen = false, false, 0, 0, none
	d.era++
	in.touchAll()
	in.comeBack(now)
}

// comeBack begins the way back of what has failed or waited.
func (in *background) comeBack(now time.Duration) {
	back := comeback{on: true, next: now + comebackTick}
	users := in.byUse(now)
	for _, k := range users.all() {
		p := &in.prompts[k]
		if p.queued || !p.parked && p.failures == 0 {
			continue
		}
		p.parked, p.hurried = true, false
		back.waiting.push(int(k))
	}
	waiting := len(back.waiting.all())
	if waiting == 0 {
		return
	}
	ticks := max(1, int(in.cfg.RefreshInterval/comebackTick))
	back.batch = (waiting + ticks - 1) / ticks
	in.domain.back = back
	in.alarmAt = min(in.alarmAt, back.next)
}

// byUse returns the cached prompts, most recently used first.
func (in *background) byUse(now time.Duration) line {
	var out ranking
	for k := range in.prompts {
		if in.prompts[k].cached {
			out.insert(k, -in.used(k, now))
		}
	}
	return out.line
}

// hurry lets a reader's prompt go before those that nobody reads.
func (in *background) hurry(k int) {
	if p := &in.prompts[k]; in.domain.back.on && !p.hurried {
		p.hurried = true
		in.domain.back.read.push(k)
	}
}

// pop returns the next prompt whose turn it is, or none.
func (in *background) pop() int {
	back := &in.domain.back
	for _, l := range []*line{&back.read, &back.waiting} {
		for k := l.pop(); k != none; k = l.pop() {
			if in.prompts[k].parked {
				return k
			}
		}
	}
	return none
}

func (in *background) park(k int) {
	p := &in.prompts[k]
	p.parked, p.woken = true, false
	in.touch(k)
}

// attend does what need not wait for a scan: prompts come back, the registry is
// probed.
func (in *background) attend(now time.Duration) {
	if in.alarmAt <= now {
		in.alarmAt = never
	}
	in.letGo(now)
	in.probe(now)
	if back := &in.domain.back; back.on {
		in.alarmAt = min(in.alarmAt, back.next)
	}
}

// letGo lets the prompts go whose turn it is.
func (in *background) letGo(now time.Duration) {
	back := &in.domain.back
	if !back.on || now < back.next {
		return
	}
	back.next = now + comebackTick
	for range back.batch {
		k := in.pop()
		if k == none {
			*back = comeback{}
			return
		}
		p := &in.prompts[k]
		p.parked, p.woken = false, false
		in.touch(k)
		in.consider(k, now)
	}
}

// probe asks the registry for one prompt if it is held and may be asked.
func (in *background) probe(now time.Duration) {
	d := &in.domain
	if !d.held || in.probing(now) {
		return
	}
	k := in.candidate(now)
	if k == none {
		return
	}
	in.prompts[k].parked = false
	d.chosen = k
	in.touch(k)
	in.push(k)
	in.dispatch(now)
}

// candidate returns the prompt to ask for: the most recently used one that has
// not failed, else the most recently used one whose backoff is over, or none.
func (in *background) candidate(now time.Duration) int {
	failed := none
	users := in.byUse(now)
	for _, k := range users.all() {
		p := &in.prompts[k]
		switch {
		case p.queued || in.flying(int(k)):
		case p.failures == 0:
			return int(k)
		case failed == none && p.parked && in.due(p) <= now:
			failed = int(k)
		}
	}
	return failed
}
