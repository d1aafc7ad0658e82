package sim

import (
	"cmp"
	"slices"
	"time"
)

// A limit is for a minute, so all that instances have to know of one another is
// which request of a minute is the last that is served. To find it, each
// minute is rehearsed by doubles who are all served: up to the last one that
// is, that is what happens. Then the minute is played, by each instance on its
// own.

// share is the instances that one processor plays where there is a limit.
type share[T instance[T]] struct {
	w       *world
	ids     []int
	all     []T
	stage   *world // of the rehearsals
	double  T
	invited []turn // what asks in a rehearsal
}

// together plays instances that compete for what the registry serves in a
// minute.
func together[T instance[T]](worlds []*world, start func(w *world, id int) T) {
	shares := make([]*share[T], len(worlds))
	each(worlds, func(i int, w *world) {
		sh := &share[T]{w: w, stage: newWorld(w.s, w.audience.ttl)}
		sh.stage.registry.heard = func(id int, at time.Duration) {
			if w.s.outage(at) == nil {
				sh.invited = append(sh.invited, turn{at: at, instance: id})
			}
		}
		sh.double = start(sh.stage, i)
		for id := i; id < w.s.Instances; id += len(worlds) {
			sh.ids = append(sh.ids, id)
			sh.all = append(sh.all, start(w, id))
		}
		shares[i] = sh
	})
	s := worlds[0].s
	for from := time.Duration(0); from < s.Duration; from += time.Minute {
		to := min(from+time.Minute, s.Duration)
		last := open
		if o := s.outage(from); o == nil || o.To < to { // else nothing is served
			each(shares, func(_ int, sh *share[T]) { sh.rehearse(to) })
			last = lastServed(shares, from, s.Limit)
		}
		each(shares, func(_ int, sh *share[T]) { sh.play(last, to) })
	}
	each(shares, func(_ int, sh *share[T]) {
		for i, in := range sh.all {
			sh.w.end(in.shown(), sh.ids[i])
		}
	})
}

// rehearse finds out what asks up to the moment to if all is served.
func (sh *share[T]) rehearse(to time.Duration) {
	sh.invited = sh.invited[:0]
	for _, in := range sh.all {
		if in.next() < to {
			sh.double.become(in)
			sh.double.play(to)
		}
	}
}

// play plays up to the moment to.
func (sh *share[T]) play(last turn, to time.Duration) {
	sh.w.registry.serve(last)
	for _, in := range sh.all {
		in.play(to)
	}
}

// lastServed returns the last request that is served in the minute that begins
// at the moment from.
func lastServed[T instance[T]](shares []*share[T], from time.Duration, limit int) turn {
	const slot = 1 << 20 // a millisecond or so: few enough requests to sort
	var perSlot [time.Minute/slot + 1]int
	total := 0
	for _, sh := range shares {
		total += len(sh.invited)
		for _, t := range sh.invited {
			perSlot[(t.at-from)/slot]++
		}
	}
	if total <= limit {
		return open
	}
	left, which := limit, time.Duration(0)
	for ; left > perSlot[which]; which++ {
		left -= perSlot[which]
	}
	var near []turn
	for _, sh := range shares {
		for _, t := range sh.invited {
			if (t.at-from)/slot == which {
				near = append(near, t)
			}
		}
	}
	slices.SortFunc(near, func(a, b turn) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.instance, b.instance))
	})
	same := near[left-1]
	last := same
	for _, t := range near[:left] {
		if t == same {
			last.nth++
		}
	}
	return last
}
