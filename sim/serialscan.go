package sim

import (
	"slices"
	"time"
)

// SerialScan is the rule of LangSmith's SDK (npm langsmith 0.10.5,
// PromptCache): from its first prompt on it looks at all prompts every
// interval and refetches those that are stale, one after the other, the least
// recently used first. What fails is tried again at the next scan. A miss is
// fetched by every read that meets it. Its client's retries within a fetch are
// left out.
type SerialScan struct {
	// TTL is counted from the moment at which a prompt arrived.
	TTL time.Duration
	// Interval is the time between two scans.
	Interval time.Duration
}

// Name returns "LangSmith's".
func (SerialScan) Name() string { return "LangSmith's" }

func (p SerialScan) ttl() time.Duration { return p.TTL }

func (p SerialScan) play(worlds []*world) { play(worlds, p.start) }

func (p SerialScan) start(w *world, id int) *serialScan {
	in := &serialScan{
		w: w, id: id, policy: p, scanAt: never, missing: w.s.Prompts,
		prompts: make([]serialPrompt, w.s.Prompts), show: w.show(id),
	}
	for k := range in.prompts {
		in.prompts[k] = serialPrompt{readAt: in.show[k].reads.next(0), latencies: w.s.latenciesOf(id, k)}
	}
	in.seek()
	return in
}

type serialScan struct {
	w       *world
	id      int
	policy  SerialScan
	prompts []serialPrompt
	missing int // prompts that are not cached
	show    []shown
	scanAt  time.Duration // the next scan; never before the first prompt
	walks   []walk        // scans under way; more than one if one takes longer than an interval
	loads   []load        // fetches that readers wait for

	at    time.Duration // the next moment
	kind  serialKind    // what happens then
	which int           // to which prompt, walk or load
}

type serialKind uint8

const (
	serialScans serialKind = iota
	serialWalks
	serialLoads
	serialReads
)

type serialPrompt struct {
	readAt    time.Duration // the next read that misses; never once it is cached
	cached    bool
	arrived   time.Duration
	latencies latencies
}

// walk is a scan that goes from one stale prompt to the next.
type walk struct {
	left line // without the one that is being fetched
	load
}

// load is a fetch under way.
type load struct {
	prompt  int
	began   time.Duration
	landing time.Duration
	ok      bool
}

func (in *serialScan) next() time.Duration { return in.at }
func (in *serialScan) shown() []shown      { return in.show }

func (in *serialScan) become(other *serialScan) {
	copy(in.prompts, other.prompts)
	copy(in.show, other.show)
	in.walks = append(in.walks[:0], other.walks...)
	in.loads = append(in.loads[:0], other.loads...)
	own := *in
	*in = *other
	in.w, in.prompts, in.show, in.walks, in.loads = own.w, own.prompts, own.show, own.walks, own.loads
}

func (in *serialScan) play(to time.Duration) {
	for in.at < to {
		in.step()
	}
}

func (in *serialScan) step() {
	switch in.kind {
	case serialScans:
		in.scan()
	case serialWalks:
		in.walkOn(in.which)
	case serialLoads:
		l := in.loads[in.which]
		in.loads = slices.Delete(in.loads, in.which, in.which+1)
		in.set(l)
	case serialReads:
		in.read(in.which)
	}
	in.seek()
}

// fetch asks for prompt k.
func (in *serialScan) fetch(k int, now time.Duration) load {
	p := &in.prompts[k]
	answer := in.w.registry.ask(in.id, now)
	landing := now + p.latencies.next()
	return load{prompt: k, began: now, landing: landing, ok: answer.ok}
}

// read is a reader that finds nothing.
func (in *serialScan) read(k int) {
	l := in.fetch(k, in.at)
	in.loads = append(in.loads, l)
	in.w.audience.wait(in.id, l.began, l.landing, l.ok)
	in.prompts[k].readAt = in.show[k].reads.next(in.at + 1)
}

// set stores what a fetch has brought, if it has.
func (in *serialScan) set(l load) {
	if !l.ok {
		return
	}
	p := &in.prompts[l.prompt]
	if !p.cached {
		in.missing--
	}
	p.cached, p.arrived, p.readAt = true, l.landing, never
	in.w.audience.replace(&in.show[l.prompt], in.id, l.began, l.landing)
	if in.scanAt == never {
		in.scanAt = l.landing + in.policy.Interval
	}
}

// scan begins to refetch what is stale.
func (in *serialScan) scan() {
	now := in.scanAt
	in.scanAt += in.policy.Interval
	var stale ranking
	for k := range in.prompts {
		if p := &in.prompts[k]; p.cached && now-p.arrived > in.policy.TTL {
			stale.insert(k, in.used(k, now))
		}
	}
	left := stale.line
	if first := left.pop(); first != none {
		in.walks = append(in.walks, walk{left: left, load: in.fetch(first, now)})
	}
}

// used returns when prompt k was last read or stored.
func (in *serialScan) used(k int, now time.Duration) time.Duration {
	return max(in.show[k].reads.last(now), in.prompts[k].arrived)
}

// walkOn stores what a scan has fetched and goes on to the next.
func (in *serialScan) walkOn(i int) {
	w := &in.walks[i]
	in.set(w.load)
	k := w.left.pop()
	if k == none {
		in.walks = slices.Delete(in.walks, i, i+1)
		return
	}
	w.load = in.fetch(k, w.landing)
}

// seek finds out what happens next.
func (in *serialScan) seek() {
	in.at, in.kind = in.scanAt, serialScans
	for i := range in.walks {
		in.consider(in.walks[i].landing, serialWalks, i)
	}
	for i := range in.loads {
		in.consider(in.loads[i].landing, serialLoads, i)
	}
	if in.missing == 0 {
		return
	}
	for k := range in.prompts {
		in.consider(in.prompts[k].readAt, serialReads, k)
	}
}

func (in *serialScan) consider(at time.Duration, kind serialKind, which int) {
	if at < in.at {
		in.at, in.kind, in.which = at, kind, which
	}
}
