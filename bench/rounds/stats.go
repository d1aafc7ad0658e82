package rounds

import (
	"fmt"
	"math"
	"slices"
)

// Summary is a distribution in three numbers.
type Summary struct {
	Median float64
	// Low and High are the tenth and the ninetieth percentile: with few
	// samples nearly the least and the greatest.
	Low, High float64
}

// Summarize returns the summary of samples, whose order does not matter; NaN
// throughout if there are none.
func Summarize(samples []float64) Summary {
	return Summary{Median: Quantile(samples, 0.5), Low: Quantile(samples, 0.1), High: Quantile(samples, 0.9)}
}

// Exact is the summary of something that does not vary.
func Exact(v float64) Summary { return Summary{v, v, v} }

// Overlaps reports whether the two spreads have a value in common, so that a
// difference of the medians may be chance.
func (s Summary) Overlaps(other Summary) bool { return s.Low <= other.High && other.Low <= s.High }

// Quantile returns the q-quantile of samples, interpolated linearly between its
// neighbours. NaN if there are no samples or q is not within 0 and 1.
func Quantile(samples []float64, q float64) float64 {
	if len(samples) == 0 || !(q >= 0 && q <= 1) {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(samples))
	at := q * float64(len(sorted)-1)
	below := int(at)
	if below == len(sorted)-1 {
		return sorted[below]
	}
	return sorted[below] + (at-float64(below))*(sorted[below+1]-sorted[below])
}

// Ratio returns how many times as long as base r took, formed round by round, so
// that what slowed down both in a round cancels out. The two must be of one
// comparison.
func Ratio(r, base Result) (Summary, error) {
	if len(r.Samples) != len(base.Samples) {
		return Summary{}, fmt.Errorf("rounds: %s has %d rounds and %s has %d: not of one comparison", r.Name, len(r.Samples), base.Name, len(base.Samples))
	}
	ratios := make([]float64, len(r.Samples))
	for i := range ratios {
		ratios[i] = r.Samples[i] / base.Samples[i]
	}
	return Summarize(ratios), nil
}
