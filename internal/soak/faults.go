package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/promptcache/promptcache-go/fakes/faultnet"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

// Both fakes take the faults of either.
type httpFault = fakelangsmith.Fault

// outageGrace is how long after the beginning of an outage a fetch that began
// before it can still succeed.
const outageGrace = fetchTimeout + 200*time.Millisecond

// weather lets the faults of one registry happen.
type weather struct {
	fake  fakeServer
	proxy *faultnet.Proxy
	rig   cacheRig
	court *court

	quoting string                   // an answer that shows the caller's credentials
	going   func(kind Kind, on bool) // told what begins and ends
}

// play plays the plan until it is over or ctx ends.
func (w weather) play(ctx context.Context, episodes []Episode) error {
	began := time.Now()
	for _, e := range episodes {
		if !rest(ctx, time.Until(began.Add(e.At))) {
			break // which the run reports
		}
		if err := w.episode(ctx, e); err != nil {
			return fmt.Errorf("soak: %s: %w", e, err)
		}
	}
	return nil
}

// episode lets one fault happen, and counts the fetches of an outage.
func (w weather) episode(ctx context.Context, e Episode) error {
	w.going(e.Kind, true)
	w.rig.during(e.Kind)
	began := time.Now()
	end, err := w.begin(ctx, e)
	if err != nil {
		return err
	}
	if e.Total && e.For >= outageGrace+time.Second {
		rest(ctx, outageGrace)
		before := w.rig.spent()
		rest(ctx, e.For-outageGrace)
		w.rig.outageOver(e, before, w.rig.spent(), time.Since(began)-outageGrace)
	} else {
		rest(ctx, e.For)
	}
	end()
	w.rig.passed(time.Since(began))
	w.rig.during(calm)
	w.going(e.Kind, false)
	return nil
}

// begin begins an episode.
func (w weather) begin(ctx context.Context, e Episode) (end func(), err error) {
	luck := rand.New(rand.NewPCG(e.Draw, 0)) //nolint:gosec // repeatable, not secret
	if fault, ok := httpFaultOf(e.Kind, w.quoting, luck); ok {
		return w.fake.Inject(fault)
	}
	if fault, ok := netFaultOf(e.Kind, luck); ok {
		remove, err := w.proxy.Inject(fault) //nolint:contextcheck // until it is removed
		if e.Kind == Refusals {
			w.proxy.Cut() // and what is open
		}
		return remove, err
	}
	switch e.Kind {
	case SomeErrors:
		remove := func() {} // of what the last one has left
		end := w.repeat(ctx, 30*time.Millisecond, func() (err error) {
			remove()
			fault, _ := httpFaultOf(Errors, w.quoting, luck)
			fault.Times = 1 + luck.IntN(4)
			remove, err = w.fake.Inject(fault)
			return err
		})
		return func() {
			end()
			remove()
		}, nil
	case Cuts:
		return w.repeat(ctx, 100*time.Millisecond, func() error {
			w.proxy.Cut()
			return nil
		}), nil
	case ClockSteps:
		return w.repeat(ctx, 200*time.Millisecond, func() error {
			w.rig.stepClock(time.Duration(luck.Int64N(int64(48*time.Hour))) - 24*time.Hour)
			return nil
		}), nil
	case Panics:
		return w.rig.misbehave(mischief{kind: Panics, odds: 3}), nil
	case Stuck:
		return w.rig.misbehave(mischief{kind: Stuck, odds: 40}), nil
	default:
		return nil, errors.New("there is no such fault")
	}
}

// repeat does what it is told at once and again after each pause, until the
// returned function is called.
func (w weather) repeat(ctx context.Context, pause time.Duration, what func() error) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if err := what(); err != nil {
				w.court.accuse(True, "a fault cannot be injected: %v", err)
			}
			rest(ctx, pause)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// httpFaultOf draws the fault of a kind that is the registry's; body is an answer
// that quotes the caller's credentials.
func httpFaultOf(kind Kind, body string, luck *rand.Rand) (fault httpFault, ok bool) {
	switch kind {
	case Errors:
		fault = httpFault{Kind: fakelangsmith.Status, Status: 500 + []int{0, 2, 3, 4}[luck.IntN(4)]}
		if luck.IntN(2) == 0 {
			fault.Body, fault.ContentType = body, "application/json"
		}
	case Unauthorized:
		fault = httpFault{Kind: fakelangsmith.Status, Status: 401, Body: body, ContentType: "application/json"}
	case RateLimit:
		fault = httpFault{Kind: fakelangsmith.Status, Status: 429, RetryAfter: []string{"1", "2"}[luck.IntN(2)]}
	case Hangs:
		fault = httpFault{Kind: fakelangsmith.Hang}
	case Drips:
		fault = httpFault{Kind: fakelangsmith.Drip, Interval: time.Duration(1+luck.IntN(4)) * time.Millisecond}
	case Garbage:
		fault = httpFault{Kind: fakelangsmith.Garbage}
	case HTML:
		fault = httpFault{Kind: fakelangsmith.HTML, Status: []int{200, 404, 502}[luck.IntN(3)]}
	case HalfJSON:
		fault = httpFault{Kind: fakelangsmith.Truncated}
	case CutBodies:
		fault = httpFault{Kind: fakelangsmith.Cut}
	case HugeBodies:
		fault = httpFault{Kind: fakelangsmith.Huge, Size: maxBody + 1 + luck.Int64N(maxBody)}
	default:
		return fault, false
	}
	return fault, true
}

// netFaultOf draws the fault of a kind that is the network's.
func netFaultOf(kind Kind, luck *rand.Rand) (fault faultnet.Fault, ok bool) {
	switch kind {
	case Latency:
		fault = faultnet.Fault{Kind: faultnet.Latency, Delay: time.Duration(50+luck.IntN(400)) * time.Millisecond}
		fault.Jitter = fault.Delay / 2
	case Bandwidth:
		fault = faultnet.Fault{Kind: faultnet.Bandwidth, BytesPerSecond: 300 + luck.Int64N(4000)}
	case Corruption:
		fault = faultnet.Fault{Kind: faultnet.Corrupt, Fraction: 0.0002 + luck.Float64()/100}
	case Resets:
		fault = faultnet.Fault{Kind: faultnet.Reset}
	case EarlyEnds:
		fault = faultnet.Fault{Kind: faultnet.Truncate, After: luck.Int64N(20)} // not even a status line
	case BlackHoles:
		fault = faultnet.Fault{Kind: faultnet.BlackHole, Direction: faultnet.Both}
	case HalfOpens:
		fault = faultnet.Fault{Kind: faultnet.HalfOpen, After: luck.Int64N(20)}
	case Refusals:
		fault = faultnet.Fault{Kind: faultnet.Refuse}
	default:
		return fault, false
	}
	return fault, true
}
