package soak

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// histogram counts durations by their order of magnitude, to the base 2.
type histogram struct {
	buckets [40]atomic.Int64
	most    atomic.Int64
}

func (h *histogram) add(d time.Duration) {
	h.buckets[min(bits.Len64(uint64(max(d, 0))), len(h.buckets)-1)].Add(1)
	for most := h.most.Load(); int64(d) > most && !h.most.CompareAndSwap(most, int64(d)); most = h.most.Load() {
	}
}

// quantile returns what a fraction q of the durations is less than, up to a
// factor of 2.
func (h *histogram) quantile(q float64) time.Duration {
	var total int64
	for i := range h.buckets {
		total += h.buckets[i].Load()
	}
	rank, seen := int64(q*float64(total)), int64(0)
	for i := range h.buckets {
		if seen += h.buckets[i].Load(); seen > rank {
			return min(time.Duration(1)<<i, time.Duration(h.most.Load()))
		}
	}
	return time.Duration(h.most.Load())
}
