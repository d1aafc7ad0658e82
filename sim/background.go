package sim

import (
	"math/bits"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// Background is this module's rule, promptcache's with a refresher: prompts are
// due near the end of their TTL, scans find them, failures back off, and a
// registry that is down is probed. It holds for prompts of one Domain that are
// read with GetOrFetch, and for answers that are prompts or the registry's own
// failures.
type Background struct {
	// Config says how. Used are the TTL, RefreshInterval, RefreshJitter and
	// RefreshConcurrency, BackoffMin and BackoffMax, DownAfter and MaxRetryAfter.
	Config promptcache.Config
}

// Name returns "promptcache".
func (Background) Name() string { return "promptcache" }

func (p Background) ttl() time.Duration { return *p.Config.TTL }

func (p Background) play(worlds []*world) { play(worlds, p.start) }

func (p Background) start(w *world, id int) *background {
	in := &background{
		w: w, id: id, cfg: p.Config, ttl: p.ttl(), dice: newDice(w.s.Seed, id),
		prompts: make([]prompt, w.s.Prompts), moments: make([]moments, w.s.Prompts), show: w.show(id),
		domain: domain{probe: none, chosen: none}, alarmAt: never,
	}
	for k := range in.prompts {
		in.prompts[k].latencies = w.s.latenciesOf(id, k)
		in.moments[k] = moments{landing: never, readAt: in.show[k].reads.next(0)}
	}
	in.scanAt = in.cfg.RefreshInterval
	if in.cfg.RefreshJitter > 0 {
		in.scanAt = 1 + time.Duration(in.dice.float()*float64(in.scanAt))
	}
	in.seek()
	return in
}

// background is one cache. Everything that comes up at a moment is seen to at
// once; the real refresher, woken, does so at the same moment.
type background struct {
	w    *world
	id   int
	cfg  promptcache.Config
	ttl  time.Duration
	dice dice

	prompts []prompt
	moments []moments // of each prompt
	show    []shown
	cached  int // prompts that are
	domain  domain
	queue   queue // prompts to be refetched; one that is not queued any more is passed over
	active  int   // the refresher's fetches under way
	scanAt  time.Duration
	alarmAt time.Duration // when prompts come back next; never if none do
	changed uint64        // a bit for each prompt whose next read has to be found

	at    time.Duration // the next moment
	kind  backgroundKind
	which int
}

type backgroundKind uint8

const (
	backgroundScans backgroundKind = iota
	backgroundRings
	backgroundLands
	backgroundReads
)

// prompt is one prompt, cached or not.
type prompt struct {
	cached  bool
	added   time.Duration // when it first was
	began   time.Duration // the fetch that brought it
	due     time.Duration // by age
	stale   bool          // found by a scan, or by a fetch that failed
	queued  bool
	woken   bool // a reader pointed it out
	parked  bool // it waits for the registry
	hurried bool // a reader wants it back first

	failures int           // in a row
	until    time.Duration // the end of the backoff
	era      int           // the registry's then

	start     time.Duration // of the fetch under way
	answer    answer
	slot      bool // it is one of the refresher's
	waiters   int  // readers that wait for it
	latencies latencies
}

// moments are the next ones of a prompt, side by side because all are looked
// at to find the first.
type moments struct {
	landing time.Duration // of the fetch under way; never if there is none
	readAt  time.Duration // the next read that is more than a hit
}

// flying reports whether a fetch of prompt k is under way.
func (in *background) flying(k int) bool { return in.moments[k].landing != never }

func (in *background) next() time.Duration { return in.at }
func (in *background) shown() []shown      { return in.show }

func (in *background) become(other *background) {
	copy(in.prompts, other.prompts)
	copy(in.moments, other.moments)
	copy(in.show, other.show)
	in.queue.become(&other.queue)
	own := *in
	*in = *other
	in.w, in.prompts, in.moments, in.show, in.queue = own.w, own.prompts, own.moments, own.show, own.queue
}

func (in *background) play(to time.Duration) {
	for in.at < to {
		in.step()
	}
}

func (in *background) step() {
	now := in.at
	switch in.kind {
	case backgroundScans:
		in.scan(now)
	case backgroundRings:
		in.attend(now)
	case backgroundLands:
		in.land(in.which, now)
	case backgroundReads:
		in.read(in.which, now)
	}
	for ; in.changed != 0; in.changed &= in.changed - 1 {
		in.plan(bits.TrailingZeros64(in.changed), now)
	}
	in.seek()
}

// seek finds out what happens next.
func (in *background) seek() {
	in.at, in.kind = in.scanAt, backgroundScans
	if in.alarmAt < in.at {
		in.at, in.kind = in.alarmAt, backgroundRings
	}
	for k, m := range in.moments {
		if m.landing < in.at {
			in.at, in.kind, in.which = m.landing, backgroundLands, k
		}
		if m.readAt < in.at {
			in.at, in.kind, in.which = m.readAt, backgroundReads, k
		}
	}
}

// touch has prompt k's next read found again.
func (in *background) touch(k int) { in.changed |= 1 << k }

// touchAll does so for all.
func (in *background) touchAll() { in.changed = 1<<len(in.prompts) - 1 }

// scan looks at all prompts and refetches those that are due, the one first
// that has been for longest.
func (in *background) scan(now time.Duration) {
	in.scanAt += in.cfg.RefreshInterval
	var due ranking
	for k := range in.prompts {
		p := &in.prompts[k]
		if !p.cached {
			continue
		}
		if now-p.began > in.ttl && !p.stale {
			p.stale = true
			in.touch(k)
		}
		if at := in.due(p); at <= now {
			due.insert(k, at)
		}
	}
	for _, k := range due.all() {
		in.consider(int(k), now)
	}
	in.attend(now)
}

// due returns when p may be refetched.
func (in *background) due(p *prompt) time.Duration {
	return max(p.due, in.backoffEnd(p))
}

// consider queues a cached prompt if it is due, or has it wait for the registry.
func (in *background) consider(k int, now time.Duration) {
	p := &in.prompts[k]
	switch {
	case p.queued || p.parked || in.flying(k) || in.due(p) > now:
	case in.domain.held:
		in.park(k)
	default:
		in.push(k)
		in.dispatch(now)
	}
}

func (in *background) push(k int) {
	in.prompts[k].queued = true
	in.queue.push(k)
}

// dispatch begins the fetches that are queued, as far as there are slots.
func (in *background) dispatch(now time.Duration) {
	for in.active < in.cfg.RefreshConcurrency {
		k := in.queue.pop()
		if k == none {
			return
		}
		p := &in.prompts[k]
		if !p.queued {
			continue
		}
		p.queued = false
		switch {
		case in.flying(k):
		case in.shut(now):
			in.park(k)
		default:
			p.slot = true
			in.active++
			in.launch(k, now)
		}
	}
}

// launch begins a fetch.
func (in *background) launch(k int, now time.Duration) {
	p := &in.prompts[k]
	if in.domain.held && !in.shut(now) {
		in.domain.probe = k
		in.touchAll()
	}
	p.answer = in.w.registry.ask(in.id, now)
	p.start = now
	in.moments[k].landing = now + p.latencies.next()
	in.touch(k)
}

// land ends a fetch: the registry is judged, the prompt stored or backed off.
func (in *background) land(k int, now time.Duration) {
	p := &in.prompts[k]
	in.moments[k].landing = never
	in.weigh(k, now)
	if p.answer.ok {
		in.store(k, now)
	} else {
		in.fail(k, now)
	}
	for range p.waiters {
		in.w.audience.wait(in.id, p.start, now, p.answer.ok)
	}
	p.waiters = 0
	if p.slot {
		p.slot = false
		in.active--
		in.dispatch(now)
	}
	in.touch(k)
}

// store makes what a fetch has brought what is served.
func (in *background) store(k int, now time.Duration) {
	p := &in.prompts[k]
	p.due = p.start + in.dueAfter(!p.cached)
	if !p.cached {
		p.cached, p.added = true, now
		in.cached++
	}
	p.began = p.start
	p.stale, p.queued, p.woken, p.parked = false, false, false, false
	p.failures, p.until = 0, 0
	in.w.audience.replace(&in.show[k], in.id, p.start, now)
}

// dueAfter draws the age at which a prompt is due.
func (in *background) dueAfter(first bool) time.Duration {
	jitter := in.cfg.RefreshJitter
	switch {
	case jitter == 0:
		return in.ttl + 1
	case first:
		jitter = 0.5
	}
	early := 1 - float64(jitter*in.dice.float()) // the conversion keeps it the same on every machine
	return time.Duration(float64(in.ttl) * early)
}

// fail backs a prompt off.
func (in *background) fail(k int, now time.Duration) {
	p := &in.prompts[k]
	p.failures++
	if p.answer.limiting(in.cfg.MaxRetryAfter) {
		p.failures = 1
	}
	p.until = now + in.backoff(p.failures, p.answer.retryAfter)
	p.era = in.domain.era
	p.woken, p.queued = false, false
	if p.cached && now-p.began > in.ttl {
		p.stale = true
	}
}

// backoff returns the wait after that many failures in a row.
func (in *background) backoff(failures int, retryAfter time.Duration) time.Duration {
	d := in.cfg.BackoffMin
	for range failures - 1 {
		if d >= in.cfg.BackoffMax/2 {
			d = in.cfg.BackoffMax
			break
		}
		d *= 2
	}
	if in.cfg.RefreshJitter > 0 {
		d -= time.Duration(in.dice.float() * float64(d) / 2)
	}
	return max(d, in.pause(retryAfter))
}

// pause returns how long a wait that the registry asks for is made.
func (in *background) pause(retryAfter time.Duration) time.Duration {
	d := min(retryAfter, in.cfg.MaxRetryAfter)
	if d == 0 {
		return 0
	}
	d += time.Duration(in.cfg.RefreshJitter * in.dice.float() * float64(d))
	return min(d, in.cfg.MaxRetryAfter)
}

// backoffEnd returns the end of p's backoff, which is over once the registry
// is back.
func (in *background) backoffEnd(p *prompt) time.Duration {
	if p.failures == 0 || p.era != in.domain.era {
		return 0
	}
	return p.until
}
