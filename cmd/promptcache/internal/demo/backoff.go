package demo

import "time"

// mostAttempts returns how often a cache may at most have asked for one prompt
// in an outage that lasted d: once at once, and then after waits that double
// from least to most, each shortened at random by half at most.
func mostAttempts(d, least, most time.Duration) int {
	n := 1
	for wait := min(least, most); d >= wait/2; wait = min(2*wait, most) {
		d -= wait / 2
		n++
	}
	return n
}
