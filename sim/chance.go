package sim

import (
	"math/rand/v2"
	"time"
)

// mix returns a hash of its arguments whose bits are as good as random
// (splitmix64's finisher after each).
func mix(words ...uint64) uint64 {
	var h uint64
	for _, w := range words {
		h = mixIn(h, w)
	}
	return h
}

// mixIn returns the hash of what h is one of, and one word more.
func mixIn(h, word uint64) uint64 {
	h += word + 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// below returns a duration from 0 up to d, exclusive, that depends on h alone.
func below(d time.Duration, h uint64) time.Duration {
	return time.Duration(h % uint64(d)) //nolint:gosec // d is positive, the remainder less
}

// dice is what one instance draws from.
type dice struct{ rand.PCG }

func newDice(seed uint64, instance int) dice {
	return dice{*rand.NewPCG(seed, uint64(instance))} //nolint:gosec // an instance is not negative
}

// float returns a number from 0 up to 1, exclusive.
func (d *dice) float() float64 { return float64(d.Uint64()>>11) / (1 << 53) }
