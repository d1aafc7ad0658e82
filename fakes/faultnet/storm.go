package faultnet

import (
	"math/rand/v2"
	"time"
)

// Storm is bad weather: faults that follow each other, drawn from a seed. The
// same Storm always gives the same schedule.
type Storm struct {
	// Seed is what it is drawn from.
	Seed uint64
	// Length is how long it lasts: no fault begins or lasts longer.
	Length time.Duration
	// Kinds are what it is made of. None means all.
	Kinds []Kind
	// Burst is how long a fault lasts, and Calm how long the pause before the
	// next is: on average; each is drawn from half to one and a half of it. 0
	// means a twentieth of Length.
	Burst, Calm time.Duration
}

// Schedule draws the faults. A Storm whose Length is not positive has none.
func (s Storm) Schedule() Schedule {
	if len(s.Kinds) == 0 {
		s.Kinds = kinds
	}
	if s.Burst <= 0 {
		s.Burst = max(s.Length/20, 1)
	}
	if s.Calm <= 0 {
		s.Calm = max(s.Length/20, 1)
	}
	luck := rand.New(rand.NewPCG(s.Seed, 0)) //nolint:gosec // repeatable, not secret
	var schedule Schedule
	for at := between(luck, s.Calm); at < s.Length; {
		length := min(between(luck, s.Burst), s.Length-at)
		schedule = append(schedule, Step{At: at, For: length, Fault: draw(luck, s.Kinds[luck.IntN(len(s.Kinds))])})
		at += length + between(luck, s.Calm)
	}
	return schedule
}

// between returns from half to one and a half of d.
func between(luck *rand.Rand, d time.Duration) time.Duration {
	return d/2 + time.Duration(luck.Int64N(int64(d)+1))
}

// draw returns a fault of the kind that a client with second-long patience will
// notice now and then.
func draw(luck *rand.Rand, kind Kind) Fault {
	fault := Fault{Kind: kind}
	switch kind {
	case Latency:
		fault.Delay = time.Duration(1+luck.IntN(200)) * time.Millisecond
		fault.Jitter = time.Duration(luck.Int64N(int64(fault.Delay)))
	case Bandwidth:
		fault.BytesPerSecond = 200 + luck.Int64N(20_000)
	case Corrupt:
		fault.Fraction = 0.0005 + luck.Float64()/50
	case Reset, Truncate, HalfOpen:
		fault.After = luck.Int64N(1000)
	case BlackHole:
		fault.After = luck.Int64N(1000)
		fault.Direction = []Direction{Answers, Requests, Both}[luck.IntN(3)]
	case Refuse:
	}
	return fault
}
