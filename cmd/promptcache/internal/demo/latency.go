package demo

import (
	"slices"
	"time"
)

// latencies are how long requests took, sorted.
type latencies []time.Duration

// sorted makes latencies of times in any order; it keeps the slice.
func sorted(times []time.Duration) latencies {
	slices.Sort(times)
	return times
}

// percentile returns what p percent of the requests took at most, 0 if there
// were none. 50 is the median, 100 the slowest.
func (l latencies) percentile(p int) time.Duration {
	if len(l) == 0 {
		return 0
	}
	return l[max((len(l)*p+99)/100-1, 0)]
}

func (l latencies) median() time.Duration  { return l.percentile(50) }
func (l latencies) slowest() time.Duration { return l.percentile(100) }
