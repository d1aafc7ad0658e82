package promptcache

import (
	"cmp"
	"slices"
	"time"
)

// maxMarks is how many moments a registry's prompts are told apart by at most.
const maxMarks = 256

// shown counts a registry's cached prompts by the moment at which the latest
// fetch that found them began, so that it takes no walk to say how many were
// found since another fetch began. It goes back no further than the first of the
// fetches whose result is still awaited, for nothing else is ever asked.
//
// What holds: marks are in order, and each counts the prompts that were found by
// fetches which began at its moment or later, but before the next one's. What was
// found before the first mark is not counted.
type shown struct{ marks []mark }

// mark is the moment at which a fetch began.
type mark struct {
	at      time.Duration
	fetches int // that began then, and whose result is awaited
	prompts int
}

// begin notes that a fetch begins at the moment at, which is not before that of
// any other.
func (s *shown) begin(at time.Duration) {
	if n := len(s.marks); n == 0 || s.marks[n-1].at < at {
		if n >= maxMarks {
			s.thin()
		}
		s.marks = append(s.marks, mark{at: at})
	}
	s.marks[len(s.marks)-1].fetches++
}

// end notes that the result of a fetch which began at the moment at is awaited no
// longer. That is still a mark until the next fetch begins.
func (s *shown) end(at time.Duration) {
	if m := s.markOf(at); m != nil {
		m.fetches--
	}
}

// move notes that a prompt was found by a fetch which began at the moment at, and
// before that by one which began at the moment before. Either may be neverFound.
func (s *shown) move(before, at time.Duration) {
	if m := s.markOf(before); m != nil {
		m.prompts--
	}
	if m := s.markOf(at); m != nil {
		m.prompts++
	}
}

// markOf returns the mark that counts what was found at the moment at, nil if
// there is none.
func (s *shown) markOf(at time.Duration) *mark {
	if i := s.after(at + 1); i > 0 {
		return &s.marks[i-1]
	}
	return nil
}

// after returns the place of the first mark that is not before the moment at.
func (s *shown) after(at time.Duration) int {
	i, _ := slices.BinarySearchFunc(s.marks, at, func(m mark, at time.Duration) int { return cmp.Compare(m.at, at) })
	return i
}

// since returns how many prompts were found by fetches that began at the moment
// at or later. If too much was under way to tell, these are those that began at
// the moment from or later, which is a little later than at.
func (s *shown) since(at time.Duration) (from time.Duration, prompts int) {
	i := s.after(at)
	if i == len(s.marks) {
		return at, 0
	}
	for _, m := range s.marks[i:] {
		prompts += m.prompts
	}
	return s.marks[i].at, prompts
}

// thin makes room for marks: those of fetches whose result is not awaited are of
// no use any more. If that is not enough, neighbours become one, as long as none
// has more than a 64th of all; so there are never more than 192.
func (s *shown) thin() {
	kept, all := s.marks[:0], 0
	for _, m := range s.marks {
		switch {
		case m.fetches > 0:
			kept = append(kept, m)
		case len(kept) > 0:
			kept[len(kept)-1].prompts += m.prompts
		default:
			continue
		}
		all += m.weight()
	}
	if len(kept) > maxMarks/2 {
		few := kept[:1]
		for _, m := range kept[1:] {
			if last := &few[len(few)-1]; last.weight()+m.weight() <= all*4/maxMarks {
				last.fetches += m.fetches
				last.prompts += m.prompts
			} else {
				few = append(few, m)
			}
		}
		kept = few
	}
	s.marks = kept
}

// weight is how many prompts m counts, or will if all goes well.
func (m mark) weight() int { return m.prompts + m.fetches }
