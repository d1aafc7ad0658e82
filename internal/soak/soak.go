package soak

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"
)

// The calm before the faults, in which everything is fetched and measured.
const warmUp = 2 * time.Second

// hangs is after how long a call that does not return is taken to hang.
const hangs = 20 * time.Second

// cacheRig is a rig, whatever its values are.
type cacheRig interface {
	readSome(ctx context.Context)
	edit(ctx context.Context) error
	operate(ctx context.Context) error
	start() error
	during(kind Kind)
	passed(length time.Duration)
	spent() spent
	outageOver(e Episode, before, after spent, length time.Duration)
	stepClock(d time.Duration)
	misbehave(m mischief) (end func())
	complete(ctx context.Context, end time.Time)
	converge(ctx context.Context) time.Duration
	shutdown(ctx context.Context)
	report() SideReport
}

// side is one registry and the cache over it.
type side struct {
	name string
	rig  cacheRig
	fake fakeServer
	network
	quoting string // an answer that shows the caller's credentials
}

func (s side) close() {
	s.network.close()
	s.fake.Close()
}

// soak is a run.
type soak struct {
	cfg     Config
	court   *court
	customs *customs
	sides   []side

	mu    sync.Mutex // guards what follows
	going map[string]int
	err   error // the first that is the run's own, not the cache's
}

// Run soaks the caches and reports what it saw. It returns an error if cfg is
// wrong, ctx ends, or the run itself fails; what the caches do wrong is in the
// report.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	goroutines := runtime.NumGoroutine()
	s := &soak{cfg: cfg, going: make(map[string]int)}
	s.court = newCourt(s.during)
	s.customs = newCustoms(s.court)
	defer s.close()
	if err := s.build(); err != nil { //nolint:contextcheck // servers live until close
		return nil, err
	}
	report := &Report{Seed: cfg.Seed, Length: cfg.Length, Prompts: cfg.Prompts, Readers: cfg.Readers, Machine: machine(), Began: time.Now()}
	if err := s.run(ctx, report); err != nil {
		return nil, err
	}
	s.close()
	report.GoroutinesLeft = max(0, s.gone(ctx, goroutines)-goroutines)
	report.finish(s)
	return report, nil
}

// build makes both sides.
func (s *soak) build() error {
	smith, err := newLangsmith(s.cfg.Seed)
	if err != nil {
		return err
	}
	s.sides = append(s.sides, side{
		name: langsmithName, fake: smith.fake, network: smith.network,
		quoting: fmt.Sprintf(`{"detail":"the key %s is not known"}`, langsmithKey),
	})
	fuse, err := newLangfuse(s.cfg.Seed)
	if err != nil {
		return err
	}
	s.sides = append(s.sides, side{
		name: langfuseName, fake: fuse.fake, network: fuse.network,
		quoting: fmt.Sprintf(`{"message":"the key %s is not known","error":"%s"}`, langfuseSecret, basicAuth),
	})
	if s.sides[0].rig, err = newRig(smith, s.cfg.Prompts/2, s.cfg.Readers, s.court, s.customs); err != nil {
		return err
	}
	s.sides[1].rig, err = newRig(fuse, s.cfg.Prompts/2, s.cfg.Readers, s.court, s.customs)
	return err
}

// close ends the servers and what is connected to them.
func (s *soak) close() {
	for _, side := range s.sides {
		side.close()
	}
}

// run is the run, from the first fetch to the last.
func (s *soak) run(ctx context.Context, report *Report) error {
	for _, side := range s.sides {
		if err := side.rig.start(); err != nil {
			return err
		}
		side.rig.complete(ctx, time.Now().Add(convergeLimit))
	}
	s.say("%d prompts are cached; %d readers begin", s.cfg.Prompts, s.cfg.Readers)
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	var readers sync.WaitGroup
	for range s.cfg.Readers {
		readers.Go(func() { s.read(reading) })
	}
	readers.Go(func() { s.court.lag.watch(reading) })
	rest(ctx, warmUp)
	report.Before = s.resources()
	s.court.begin()
	s.storm(ctx)
	s.say("the faults are over; waiting for every prompt to be up to date")
	s.converge(ctx, report)
	report.After = s.settled(ctx, report.Before)
	stopReading()
	s.returns("the readers", readers.Wait)
	var edits int64
	for _, side := range s.sides {
		s.returns("Shutdown", func() { side.rig.shutdown(ctx) })
		r := side.rig.report()
		r.Requests = side.fake.Count()
		r.Network = side.proxy.Stats()
		edits += r.Edits
		report.Sides = append(report.Sides, r)
	}
	s.flat(report.Before, report.After, edits)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && ctx.Err() != nil {
		s.err = fmt.Errorf("soak: %w", context.Cause(ctx))
	}
	return s.err
}

// read reads until ctx ends.
func (s *soak) read(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		if n%readsAtOnce == 0 {
			rest(ctx, readPause)
		}
		s.sides[n%len(s.sides)].rig.readSome(context.WithoutCancel(ctx))
	}
}

// storm lets faults happen, prompts change and operators operate.
func (s *soak) storm(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var faults, others sync.WaitGroup
	for _, side := range s.sides {
		w := weather{
			fake: side.fake, proxy: side.proxy, rig: side.rig, court: s.court, quoting: side.quoting,
			going: func(kind Kind, on bool) { s.note(side.name, kind, on) },
		}
		episodes := plan(s.cfg.Seed, side.name, s.cfg.Length)
		faults.Go(func() { s.fail(w.play(ctx, episodes)) })
		for range editors {
			others.Go(func() { s.repeat(ctx, editPause, side.rig.edit) })
		}
		others.Go(func() { s.repeat(ctx, 10*editPause, side.rig.operate) })
	}
	s.returnsAfter(s.cfg.Length+hangs, "the faults", faults.Wait)
	cancel()
	s.returns("editors and operators", others.Wait)
}

// repeat does what it is told until ctx ends.
func (s *soak) repeat(ctx context.Context, pause time.Duration, what func(context.Context) error) {
	for ctx.Err() == nil {
		if err := what(ctx); err != nil {
			s.fail(err)
			return
		}
		rest(ctx, pause)
	}
}

// converge lets all caches converge at the same time.
func (s *soak) converge(ctx context.Context, report *Report) {
	took := make([]time.Duration, len(s.sides))
	var all sync.WaitGroup
	for i, side := range s.sides {
		all.Go(func() { took[i] = side.rig.converge(ctx) })
	}
	s.returnsAfter(convergeLimit+2*hangs, "Prefetch", all.Wait)
	report.Converged = slices.Max(took)
}

// note keeps which faults go on.
func (s *soak) note(name string, kind Kind, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what := name + ": " + string(kind)
	if !on {
		delete(s.going, what)
		return
	}
	s.going[what]++
	s.sayLocked("%s", what)
}

func (s *soak) during() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.going))
}

func (s *soak) fail(err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

func (s *soak) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sayLocked(format, args...)
}

func (s *soak) sayLocked(format string, args ...any) {
	_, _ = fmt.Fprintf(s.cfg.Progress, format+"\n", args...) // progress is nobody's promise
}

// returns calls what and accuses it if it hangs.
func (s *soak) returns(name string, what func()) { s.returnsAfter(hangs, name, what) }

func (s *soak) returnsAfter(limit time.Duration, name string, what func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		what()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		s.court.accuse(Alive, "%s did not return within %v\n%s", name, limit, stacks())
	}
}
