package promptcache

import "time"

// schedule orders entries by the moment at which the refresher must look at
// them, so that a scan costs what is due and not what is cached. The caller
// holds the cache's mutex.
type schedule[V any] struct{ heap heap[V] }

func (s *schedule[V]) init() {
	s.heap.place = func(e *entry[V]) *int32 { return &e.turnAt }
}

// set makes e's moment next; never takes it out.
func (s *schedule[V]) set(e *entry[V], next time.Duration) {
	switch in := e.turnAt != nowhere; {
	case next == never && !in:
	case next == never:
		s.heap.remove(e)
	case !in:
		s.heap.push(e, int64(next))
	default:
		s.heap.fix(e, int64(next))
	}
}

// next returns e's moment.
func (s *schedule[V]) next(e *entry[V]) time.Duration {
	if e.turnAt == nowhere {
		return never
	}
	return time.Duration(s.heap.items.at(int(e.turnAt)).key)
}

// due returns an entry whose moment has come, the earliest first; nil if there
// is none. The caller sets its next moment, or it is returned again.
func (s *schedule[V]) due(now time.Duration) *entry[V] {
	if first, ok := s.heap.first(); ok && first.key <= int64(now) {
		return first.entry
	}
	return nil
}
