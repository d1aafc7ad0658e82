package sim

import (
	"runtime"
	"sync"
	"time"
)

// Policy is a rule by which an instance asks for its prompts.
type Policy interface {
	// Name says whose rule it is.
	Name() string
	// ttl is the age from which on a prompt is stale.
	ttl() time.Duration
	// play plays a fleet to the end, a share of it in each world.
	play(worlds []*world)
}

// instance is one cache and its readers. T is its own type.
type instance[T any] interface {
	// next returns the moment of the next thing that happens to it.
	next() time.Duration
	// play has everything happen to it that does before the moment to.
	play(to time.Duration)
	// become makes it like another one, but for its world.
	become(other T)
	// shown returns what the readers of each prompt get.
	shown() []shown
}

// world is what instances have in common that one processor plays.
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
	worlds := make([]*world, min(runtime.GOMAXPROCS(0), s.Instances))
	for i := range worlds {
		worlds[i] = newWorld(&s, p.ttl())
	}
	p.play(worlds)
	for _, w := range worlds[1:] {
		worlds[0].registry.add(w.registry)
		worlds[0].audience.add(w.audience)
	}
	return newResult(worlds[0], p), nil
}

// play plays a fleet of instances that start returns.
func play[T instance[T]](worlds []*world, start func(w *world, id int) T) {
	if worlds[0].s.Limit > 0 { // what one is served another is not
		together(worlds, start)
		return
	}
	each(worlds, func(i int, w *world) {
		for id := i; id < w.s.Instances; id += len(worlds) {
			in := start(w, id)
			in.play(w.s.Duration)
			w.end(in.shown(), id)
		}
	})
}

// each does something for all of a slice at once.
func each[E any](all []E, do func(i int, e E)) {
	var wg sync.WaitGroup
	for i, e := range all {
		wg.Go(func() { do(i, e) })
	}
	wg.Wait()
}

// end ends what the readers of an instance get.
func (w *world) end(prompts []shown, id int) {
	for k := range prompts {
		w.audience.close(&prompts[k], id)
	}
}
