package faultnet

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Kind is what a [Fault] does to a connection.
type Kind string

// The kinds of faults.
const (
	// Latency sends every piece on Fault.Delay after it came, give or take up to
	// Fault.Jitter. The order stays, and so does the bandwidth.
	Latency Kind = "latency"
	// Bandwidth sends on at most Fault.BytesPerSecond.
	Bandwidth Kind = "bandwidth"
	// Corrupt replaces Fault.Fraction of the bytes by others, from Fault.After
	// on.
	Corrupt Kind = "corrupt"
	// Reset cuts the connection on both sides, with an RST, after Fault.After
	// bytes. A system may throw away what the receiver has not read by then.
	Reset Kind = "reset"
	// Truncate ends the answers, as if they were complete, after Fault.After
	// bytes. The target's side is reset; what the client sends is read and
	// thrown away until it closes, or is reset when the fault is removed.
	Truncate Kind = "truncate"
	// BlackHole sends nothing on after Fault.After bytes. Both sides stay open.
	// When it is removed everything goes on, as after a network partition. A
	// new connection whose requests meet it from the first byte on is accepted,
	// and the target does not hear of it before then.
	BlackHole Kind = "black-hole"
	// HalfOpen loses the target after Fault.After bytes, and the client hears
	// nothing of it: its connection stays open and takes what is sent, as when
	// the other host has lost its power. When the fault is removed the client is
	// reset.
	HalfOpen Kind = "half-open"
	// Refuse closes the port until it is removed. Connections that are open stay.
	Refuse Kind = "refuse"
)

var kinds = []Kind{Latency, Bandwidth, Corrupt, Reset, Truncate, BlackHole, HalfOpen, Refuse}

// Kinds returns all kinds of faults.
func Kinds() []Kind { return slices.Clone(kinds) }

// Direction is what of a connection meets a [Fault].
type Direction string

// The directions. The zero Direction is Answers.
const (
	Answers  Direction = "answers"  // from the target to the client
	Requests Direction = "requests" // from the client to the target
	Both     Direction = "both"     // each on its own: After counts the bytes of either
)

// way is one of the two directions, as an index.
type way int

const (
	answers way = iota
	requests
)

var ways = [...]way{answers, requests}

func (d Direction) covers(w way) bool {
	switch d {
	case Both:
		return true
	case Requests:
		return w == requests
	default:
		return w == answers
	}
}

// Fault is something that goes wrong.
type Fault struct {
	Kind Kind
	// Direction is what it happens to; the end of a connection is its other
	// direction's, too. Empty means Answers. Truncate is for Answers only, and
	// Refuse has none.
	Direction Direction
	// Skip and Times limit the fault to connections that are accepted after it
	// was injected: the first Skip of them do not meet it, the next Times do. A
	// Times of 0 means all that follow, and with a Skip of 0, too, those that are
	// open. Not for Refuse.
	Skip, Times int
	// After is the number of bytes that pass before it happens, in its
	// direction, counted from when the connection met it. Not for Latency,
	// Bandwidth and Refuse.
	After int64
	// Delay and Jitter are Latency's. Jitter may not be more than Delay.
	Delay, Jitter time.Duration
	// BytesPerSecond is Bandwidth's, for each connection and direction.
	BytesPerSecond int64
	// Fraction is Corrupt's: more than 0, at most 1.
	Fraction float64
}

// validate returns all that is wrong with f.
func (f Fault) validate() error {
	var problems []error
	problem := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	problem(!slices.Contains(kinds, f.Kind), "kind %q is none of %q", f.Kind, kinds)
	problem(!slices.Contains([]Direction{"", Answers, Requests, Both}, f.Direction), "direction %q is none of answers, requests, both", f.Direction)
	problem(f.Skip < 0 || f.Times < 0 || f.After < 0 || f.Delay < 0 || f.Jitter < 0 || f.BytesPerSecond < 0, "a number is negative")
	problem((f.Kind == Latency) != (f.Delay > 0), "a delay is for latency, which needs one")
	problem(f.Jitter > f.Delay, "the jitter %v is more than the delay %v", f.Jitter, f.Delay)
	problem((f.Kind == Bandwidth) != (f.BytesPerSecond > 0), "bytes per second are for bandwidth, which needs them")
	problem((f.Kind == Corrupt) != (f.Fraction > 0 && f.Fraction <= 1), "a fraction, more than 0 and at most 1, is for corrupt, which needs one")
	problem(f.Fraction != 0 && f.Kind != Corrupt, "%s has no fraction", f.Kind)
	problem(f.After > 0 && slices.Contains([]Kind{Latency, Bandwidth, Refuse}, f.Kind), "%s begins at once, not after %d bytes", f.Kind, f.After)
	problem(f.Kind == Truncate && f.Direction != "" && f.Direction != Answers, "truncate is for answers")
	problem(f.Kind == Refuse && (f.Direction != "" || f.Skip > 0 || f.Times > 0), "refuse is for the port, not for connections")
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("faultnet: fault: %w", err)
	}
	return nil
}

// active is a fault that was injected and not removed.
type active struct {
	Fault
	first, last int // the numbers of the connections that meet it; last is 0 if there is no end
}

// meets reports whether the connection with this number meets the fault.
func (f *active) meets(number int) bool {
	return f.Kind != Refuse && number >= f.first && (f.last == 0 || number <= f.last)
}
