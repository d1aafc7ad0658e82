package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/promptcache/promptcache-go/fakes/faultnet"
	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd"
)

// options is what the command line says.
type options struct {
	cfg   faultnet.Config
	steps faultnet.Schedule
	storm time.Duration
}

const usage = `Runs a TCP proxy that breaks connections on purpose, until SIGINT or SIGTERM.
Its first line on standard output is "listening on URL".

Usage: faultnet -target HOST:PORT [-fault KIND[,NAME=VALUE]...]... [flags]

Kinds: latency bandwidth corrupt reset truncate black-hole half-open refuse
Names: direction (answers, requests, both), skip, times (connections), after
(bytes), delay, jitter (durations), rate (bytes per second), fraction,
at, for (durations since the start; without "for" the fault stays)

Every flag may be written with one dash or two.

`

// forever is longer than anybody lets the command run.
const forever = 100 * 365 * 24 * time.Hour

func (o *options) flags(flags *flag.FlagSet) {
	flags.StringVar(&o.cfg.Target, "target", "", "pass connections on to `HOST:PORT`, a loopback address (required)")
	flags.Uint64Var(&o.cfg.Seed, "seed", 1, "draw what is random from `SEED`")
	flags.Func("fault", "inject the fault `KIND[,NAME=VALUE]...` (repeatable)", o.addFault)
	flags.DurationVar(&o.storm, "storm", 0, "let faults of all kinds follow each other for `DURATION`, drawn from the seed")
}

// addFault reads KIND[,NAME=VALUE]...
func (o *options) addFault(text string) error {
	kind, rest, more := strings.Cut(text, ",")
	step := faultnet.Step{For: forever, Fault: faultnet.Fault{Kind: faultnet.Kind(kind)}}
	for more {
		var pair string
		pair, rest, more = strings.Cut(rest, ",")
		name, value, _ := strings.Cut(pair, "=")
		if err := set(&step, name, value); err != nil {
			return fmt.Errorf("%s: %w", pair, err)
		}
	}
	o.steps = append(o.steps, step)
	return nil
}

// set sets one member of a step.
func set(step *faultnet.Step, name, value string) (err error) {
	f := &step.Fault
	switch name {
	case "direction":
		f.Direction = faultnet.Direction(value)
	case "skip":
		f.Skip, err = strconv.Atoi(value)
	case "times":
		f.Times, err = strconv.Atoi(value)
	case "after":
		f.After, err = strconv.ParseInt(value, 10, 64)
	case "delay":
		f.Delay, err = time.ParseDuration(value)
	case "jitter":
		f.Jitter, err = time.ParseDuration(value)
	case "rate":
		f.BytesPerSecond, err = strconv.ParseInt(value, 10, 64)
	case "fraction":
		f.Fraction, err = strconv.ParseFloat(value, 64)
	case "at":
		step.At, err = time.ParseDuration(value)
	case "for":
		step.For, err = time.ParseDuration(value)
	default:
		err = errors.New("want a name that -h lists")
	}
	return err
}

// open returns the proxy that will listen on addr.
func (o *options) open(addr string) (server fakecmd.Server, note string, err error) {
	o.cfg.Addr = addr
	steps := append(faultnet.Storm{Seed: o.cfg.Seed, Length: o.storm}.Schedule(), o.steps...)
	return &player{cfg: o.cfg, steps: steps}, "", nil
}

// player is a proxy and what plays its faults.
type player struct {
	*faultnet.Proxy
	cfg    faultnet.Config
	steps  faultnet.Schedule
	cancel context.CancelFunc
	played sync.WaitGroup
}

// Up lets the proxy listen and begins to play. It refuses faults that are wrong.
func (p *player) Up() error {
	if err := p.steps.Validate(); err != nil {
		return err
	}
	proxy, err := faultnet.Start(p.cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.Proxy, p.cancel = proxy, cancel
	later := slices.DeleteFunc(slices.Clone(p.steps), p.stays)
	p.played.Go(func() { _ = proxy.Play(ctx, later) }) // ends when it is canceled
	return nil
}

// stays injects a fault that is there from the beginning and stays, before
// anybody is told where the proxy is.
func (p *player) stays(step faultnet.Step) bool {
	if step.At > 0 || step.For < forever {
		return false
	}
	_, err := p.Inject(step.Fault)
	return err == nil // it was validated
}

// Close ends both, if there is something to end.
func (p *player) Close() {
	if p.Proxy == nil {
		return
	}
	p.cancel()
	p.played.Wait()
	p.Proxy.Close()
}
