package sim

import (
	"cmp"
	"slices"
	"time"
)

// A limit is for a minute. So all that instances have to know of one another is
// which request is the last that is served in it. To find that, each minute is
// first rehearsed by doubles, who are all served: up to the last request that
// is, they do what the instances will do. Then each instance plays the minute
// on its own.

// share is the instances that one processor plays where there is a limit.
type share[T instance[T]] struct {
	w      *world
	ids    []int
	all    []T
	double T      // of one after the other
	stage  *world // the double's
	asked  []turn // the double's requests in this minute
}

func newShare[T instance[T]](w *world, start func(w *world, id int) T, from, step int) *share[T] {
	sh := &share[T]{w: w, stage: newWorld(w.s, w.audience.ttl)}
	sh.stage.audience.observed = 0
	sh.stage.registry.heard = func(id int, at time.Duration) {
		if w.s.outage(at) == nil {
			sh.asked = append(sh.asked, turn{at: at, instance: id})
		}
	}
	sh.double = start(sh.stage, from)
	for id := from; id < w.s.Instances; id += step {
		sh.ids = append(sh.ids, id)
		sh.all = append(sh.all, start(w, id))
	}
	return sh
}

// together plays instances that compete for what the registry serves in a
// minute.
func together[T instance[T]](worlds []*world, start func(w *world, id int) T) {
	shares := make([]*share[T], len(worlds))
	each(worlds, func(i int, w *world) { shares[i] = newShare(w, start, i, len(worlds)) })
	s := worlds[0].s
	for from := time.Duration(0); from < s.Duration; from += time.Minute {
		to, last := min(from+time.Minute, s.Duration), open
		if o := s.outage(from); o == nil || o.To < to { // else no request is served
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

// rehearse finds out what would ask before the moment to if all were served.
func (sh *share[T]) rehearse(to time.Duration) {
	sh.asked = sh.asked[:0]
	for _, in := range sh.all {
		if in.next() < to {
			sh.double.become(in)
			sh.double.play(to)
		}
	}
}

// play plays the minute that ends at the moment to.
func (sh *share[T]) play(last turn, to time.Duration) {
	sh.w.registry.serve(last)
	for _, in := range sh.all {
		in.play(to)
	}
}

// lastServed returns the last request that is served in the minute that begins
// at the moment from, after a rehearsal.
func lastServed[T instance[T]](shares []*share[T], from time.Duration, limit int) turn {
	const span = 1 << 20 // about a millisecond, so that those of one are few to sort
	var counts [time.Minute/span + 1]int
	total := 0
	for _, sh := range shares {
		total += len(sh.asked)
		for _, t := range sh.asked {
			counts[(t.at-from)/span]++
		}
	}
	if total <= limit {
		return open
	}
	which, left := time.Duration(0), limit
	for ; left > counts[which]; which++ {
		left -= counts[which]
	}
	var near []turn
	for _, sh := range shares {
		for _, t := range sh.asked {
			if (t.at-from)/span == which {
				near = append(near, t)
			}
		}
	}
	slices.SortFunc(near, func(a, b turn) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.instance, b.instance))
	})
	last := near[left-1]
	nth := 0
	for _, t := range near[:left] {
		if t == last {
			nth++
		}
	}
	last.nth = nth
	return last
}
