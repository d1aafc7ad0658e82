package sim

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Policy is a rule by which an instance asks for its prompts.
type Policy interface {
	// Name says whose rule it is.
	Name() string
	// ttl is the age from which on a prompt is stale.
	ttl() time.Duration
	// start returns an instance at moment 0.
	start(w *world, id int) instance
}

// instance is one cache and its readers.
type instance interface {
	// next returns the moment of the next thing that happens to it.
	next() time.Duration
	// step has that happen.
	step()
	// shown returns what the readers of each prompt get.
	shown() []shown
}

// world is what instances have in common.
type world struct {
	s        *Scenario
	registry *registry
	audience *audience
}

func newWorld(s *Scenario, ttl time.Duration) *world {
	return &world{s: s, registry: newRegistry(s), audience: newAudience(s, ttl)}
}

// show returns what the readers of an instance's prompts get before anything
// is served.
func (w *world) show(id int) []shown {
	out := make([]shown, w.s.Prompts)
	for k := range out {
		out[k] = shown{reads: w.s.readsOf(id, k), since: never}
	}
	return out
}

// Run plays a fleet under a policy through a scenario. The error is that the
// scenario makes no sense.
func Run(s Scenario, p Policy) (*Result, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	if s.Limit > 0 { // what one is served another is not
		w := newWorld(&s, p.ttl())
		w.together(p)
		return newResult(w, p), nil
	}
	worlds := make([]*world, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range worlds {
		w := newWorld(&s, p.ttl())
		worlds[i] = w
		wg.Go(func() {
			for id := i; id < s.Instances; id += len(worlds) {
				w.alone(p.start(w, id), id)
			}
		})
	}
	wg.Wait()
	for _, w := range worlds[1:] {
		worlds[0].registry.add(w.registry)
		worlds[0].audience.add(w.audience)
	}
	return newResult(worlds[0], p), nil
}

// alone plays an instance to the end.
func (w *world) alone(in instance, id int) {
	for in.next() < w.s.Duration {
		in.step()
	}
	w.end(in, id)
}

// together plays all instances to the end, in the order of time.
func (w *world) together(p Policy) {
	all := make([]instance, w.s.Instances)
	appointments := make([]appointment, w.s.Instances)
	for id := range all {
		all[id] = p.start(w, id)
		appointments[id] = appointment{all[id].next(), id}
	}
	order := newAgenda(appointments)
	for order[0].at < w.s.Duration {
		in := all[order[0].id]
		in.step()
		order.postpone(in.next())
	}
	for id, in := range all {
		w.end(in, id)
	}
}

func (w *world) end(in instance, id int) {
	prompts := in.shown()
	for k := range prompts {
		w.audience.close(&prompts[k], id)
	}
}

// appointment is the next moment of an instance.
type appointment struct {
	at time.Duration
	id int
}

// before says which comes first: of two at once the lower id.
func (a appointment) before(b appointment) bool {
	return a.at < b.at || a.at == b.at && a.id < b.id
}

// agenda is a heap of all instances' next moments.
type agenda []appointment

// newAgenda puts appointments in order, and an ordered slice is a heap.
func newAgenda(all []appointment) agenda {
	slices.SortFunc(all, func(a, b appointment) int { return cmp.Or(cmp.Compare(a.at, b.at), a.id-b.id) })
	return all
}

// postpone makes at the moment of the instance that is first.
func (a agenda) postpone(at time.Duration) {
	moved := appointment{at, a[0].id}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(a) {
			break
		}
		if child+1 < len(a) && a[child+1].before(a[child]) {
			child++
		}
		if !a[child].before(moved) {
			break
		}
		a[i] = a[child]
		i = child
	}
	a[i] = moved
}
