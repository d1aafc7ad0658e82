package sim

import "time"

// OnRead is the rule of Langfuse's SDK (@langfuse/client 5.11.1, PromptManager
// and LangfusePromptCache): a prompt that has expired is refetched by the read
// that meets it, which gets the old one, and by the next read after that if it
// fails, one fetch of a prompt at a time. A miss is fetched by every read that
// meets it. Its client's retries within a fetch are left out.
type OnRead struct {
	// TTL is counted from the moment at which a prompt arrived.
	TTL time.Duration
}

// Name returns "Langfuse's".
func (OnRead) Name() string { return "Langfuse's" }

func (p OnRead) ttl() time.Duration { return p.TTL }

func (p OnRead) play(worlds []*world) { play(worlds, p.start) }

func (p OnRead) start(w *world, id int) *onRead {
	in := &onRead{w: w, id: id, ttl: p.TTL, prompts: make([]onReadPrompt, w.s.Prompts), show: w.show(id)}
	for k := range in.prompts {
		in.prompts[k] = onReadPrompt{readAt: in.show[k].reads.next(0), from: never, latencies: w.s.latenciesOf(id, k)}
	}
	in.at = in.show[0].reads.next(0)
	return in
}

// onRead is one cache. Its prompts have nothing to do with one another.
type onRead struct {
	w       *world
	id      int
	ttl     time.Duration
	prompts []onReadPrompt
	show    []shown
	at      time.Duration // the next moment
}

type onReadPrompt struct {
	readAt    time.Duration // the next read that asks the registry
	from      time.Duration // it is cached from this moment on; never if it is not
	expiry    time.Duration
	latencies latencies
}

func (in *onRead) next() time.Duration { return in.at }
func (in *onRead) shown() []shown      { return in.show }

func (in *onRead) become(other *onRead) {
	in.id, in.ttl, in.at = other.id, other.ttl, other.at
	copy(in.prompts, other.prompts)
	copy(in.show, other.show)
}

func (in *onRead) play(to time.Duration) {
	if in.at >= to {
		return
	}
	in.at = never
	for k := range in.prompts {
		p := &in.prompts[k]
		for p.readAt < to {
			in.read(p, &in.show[k])
		}
		in.at = min(in.at, p.readAt)
	}
}

// read is a reader that finds a prompt missing or expired.
func (in *onRead) read(p *onReadPrompt, s *shown) {
	now := p.readAt
	answer := in.w.registry.ask(in.id, now)
	landing := now + p.latencies.next()
	missed := now < p.from
	if missed {
		in.w.audience.wait(in.id, now, landing, answer.ok)
	}
	if answer.ok {
		in.w.audience.replace(s, in.id, now, landing)
		p.from, p.expiry = min(p.from, landing), landing+in.ttl
	}
	p.readAt = s.reads.next(now + 1)
	if p.readAt >= p.from { // it is cached then; and no other fetch goes while this one is under way
		p.readAt = s.reads.next(max(p.expiry+1, landing))
	}
}
