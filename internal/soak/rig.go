package soak

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// rig is one cache over one registry, with all that is known of both.
type rig[V any] struct {
	registry[V]
	cache   *promptcache.PromptCache[V]
	court   *court
	customs *customs
	clock   *steppingClock
	tracks  []*track
	byKey   map[string]*track

	epoch     epoch        // like track.epoch, for all keys
	entered   atomic.Int64 // fetches begun
	reads     atomic.Int64 // reads that the cache counts
	refreshes atomic.Int64 // calls of Refresh
	edits     atomic.Int64
	mischief  atomic.Pointer[mischief]

	ops opCounts

	generation *generation // the refresher's; only who starts and operates the cache uses it

	readers int        // how many there are
	mu      sync.Mutex // guards what follows
	saw     map[Kind]*tally
	outages []Outage
}

// mischief is what a fetch does instead of asking the registry.
type mischief struct {
	kind Kind
	odds int // one in so many fetches does it
}

// errPanic is what fetches panic with.
var errPanic = errors.New("soak: a panic on purpose")

// newRig makes the cache and pushes every prompt once.
func newRig[V any](reg registry[V], prompts, readers int, c *court, guard *customs) (*rig[V], error) {
	r := &rig[V]{
		registry: reg, court: c, customs: guard, readers: readers, clock: newSteppingClock(), byKey: make(map[string]*track, prompts), saw: make(map[Kind]*tally),
	}
	for i := range prompts {
		t := r.makeTrack(i)
		if _, err := t.change(func(text string) (string, error) { return r.push(t, text) }); err != nil {
			return nil, err
		}
		r.tracks = append(r.tracks, t)
		r.byKey[t.key] = t
	}
	r.during(calm)
	cfg := r.config(prompts, ttl)
	cfg.Clock = r.clock
	cfg.Logger = slog.New(slog.NewJSONHandler(guard, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg.Canonical, cfg.Domain = reg.cfg.Canonical, reg.cfg.Domain
	cache, err := promptcache.New(promptcache.Validate(r.fetchOnce, r.check), cfg)
	r.cache = cache
	return r, err
}

// config returns the settings of the cache with these two as they are.
func (r *rig[V]) config(size int, ttl time.Duration) promptcache.Config {
	cfg := promptcache.DefaultConfig()
	cfg.MaxSize = size
	cfg.TTL = new(ttl)
	cfg.MaxStale = r.cfg.MaxStale
	cfg.RefreshInterval = interval
	cfg.FetchTimeout = fetchTimeout
	cfg.RefreshConcurrency = concurrency
	cfg.NegativeTTL = negativeTTL
	cfg.BackoffMin, cfg.BackoffMax = backoffMin, backoffMax
	cfg.MaxRetryAfter = maxRetryAfter
	cfg.DownAfter = downAfter
	return cfg
}

// during makes kind what readers see from now on; tally is that of the fault that
// goes on.
func (r *rig[V]) during(kind Kind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.saw[kind]
	if t == nil {
		t = &tally{}
		r.saw[kind] = t
	}
	r.tally.Store(t)
}

func (r *rig[V]) stamp(t *track) stamp { return stamp{t.epoch.count.Load(), r.epoch.count.Load()} }

// startLate is how long after its beginning a fetch may get to run, beside what
// all goroutines are late.
const startLate = 250 * time.Millisecond

// fetchStamp is the stamp of a fetch that runs from now on, and that may have
// been begun, and detached, a little earlier.
func (r *rig[V]) fetchStamp(t *track) stamp {
	at := r.stamp(t)
	if min(t.epoch.calmFor(), r.epoch.calmFor()) < startLate+2*r.court.lag.recent() {
		return unsteady
	}
	return at
}

// fetchOnce is the fetch: the source's, watched, and with mischief now and
// then.
func (r *rig[V]) fetchOnce(ctx context.Context, key string) (V, error) {
	r.entered.Add(1)
	r.tally.Load().fetches.Add(1)
	t := r.byKey[key]
	if t == nil { // a key that does not exist
		return r.fetch(ctx, key)
	}
	if !t.live.enter(ctx, r.fetchStamp(t)) {
		r.court.accuse(Single, "two fetches of %q are wanted at a time", key)
	}
	defer t.live.leave(ctx)
	if g := generationOf(ctx); g != nil {
		if n := g.enter(ctx); n > concurrency {
			r.court.accuse(Bounded, "the refresher has %d fetches under way; want %d or fewer", n, concurrency)
		}
		defer g.leave(ctx)
	}
	if m := r.mischief.Load(); m != nil && rand.IntN(m.odds) == 0 { //nolint:gosec // mischief
		switch {
		case m.kind == Stuck:
			time.Sleep(fetchTimeout + 1500*time.Millisecond) // longer than a fetch may go on after its end
		case rand.IntN(2) == 0: //nolint:gosec // mischief
			runtime.Goexit()
		default:
			panic(errPanic)
		}
	}
	return r.fetch(ctx, key)
}

// check refuses values that the network has corrupted.
func (r *rig[V]) check(key string, v V) error {
	t := r.byKey[key]
	if t == nil {
		return fmt.Errorf("%q was never pushed", key)
	}
	return r.intact(t, v, t.serial(r.id(v)))
}

// intact returns an error unless v is the edit with that serial.
func (r *rig[V]) intact(t *track, v V, serial int) error {
	if serial < 0 {
		return fmt.Errorf("%s was never %q", t.name, r.id(v))
	}
	if text := t.edit(serial).text; !strings.Contains(r.text(v), text) {
		return fmt.Errorf("%s says %.200q; want %q", t.name, r.text(v), text)
	}
	return nil
}

// judge checks a value that a read, begun at the moment at with that floor, has
// brought, and returns its serial.
func (r *rig[V]) judge(how string, t *track, v V, floor int64, at time.Time) int {
	serial := t.serial(r.id(v))
	if err := r.intact(t, v, serial); err != nil {
		r.court.accuse(True, "%s(%q): %v", how, t.key, err)
		return serial
	}
	if int64(serial) < floor {
		r.court.accuse(Forward, "%s(%q) is at %d, but was at %d before", how, t.key, serial, floor)
	}
	if r.cfg.MaxStale > 0 {
		if limit := ttl + r.cfg.MaxStale + interval + scheduleLate; r.court.overdue(t.outdated(serial, at) - limit) {
			r.court.accuse(Age, "%s(%q) has been outdated for %v; want %v or less", how, t.key, t.outdated(serial, at), limit)
		}
	}
	return serial
}

// start starts the refresher.
func (r *rig[V]) start() error {
	ctx := withGeneration(context.Background())
	r.generation = generationOf(ctx)
	return r.cache.Start(ctx)
}
