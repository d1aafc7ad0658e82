package soak

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// editPause is how long an editor rests, on average.
const editPause = 40 * time.Millisecond

// opCounts is what editors and operators did.
type opCounts struct {
	Pushes, Sets, Invalidates, Refreshes, MarkStales, Prefetches atomic.Int64
	Stops, Configures, Clears, Subscriptions, Dumps, Snapshots   atomic.Int64
	AirGaps                                                      atomic.Int64
}

// edit does something about one prompt, or a few.
func (r *rig[V]) edit(ctx context.Context) error {
	t := r.pick()
	switch n := rand.IntN(100); { //nolint:gosec // load
	case n < 45:
		return r.change(t, func(int) {})
	case n < 60:
		return r.change(t, func(serial int) { r.set(t, serial) })
	case n < 75:
		r.lure(ctx, t)
		return r.change(t, func(serial int) { r.invalidate(t, serial) })
	case n < 85:
		if rand.IntN(2) == 0 { //nolint:gosec // load
			r.lure(ctx, t)
		}
		return r.change(t, func(serial int) { r.refresh(ctx, t, serial) })
	case n < 92:
		r.ops.MarkStales.Add(1)
		last := t.key[len(t.key)-1]
		r.cache.MarkStale(func(key string) bool { return key[len(key)-1] == last && key <= t.key })
		return nil
	default:
		r.ops.Prefetches.Add(1)
		other := r.tracks[rand.IntN(len(r.tracks))] //nolint:gosec // load
		r.customs.checkError("Prefetch", r.cache.Prefetch(ctx, t.key, other.key))
		return nil
	}
}

// change pushes a commit, and lets then do something about it while no other
// editor touches the prompt.
func (r *rig[V]) change(t *track, then func(serial int)) error {
	t.op.Lock()
	defer t.op.Unlock()
	serial, err := t.change(func(text string) (string, error) { return r.push(t, text) })
	if err != nil {
		return fmt.Errorf("soak: push %s: %w", t.name, err)
	}
	r.edits.Add(1)
	r.ops.Pushes.Add(1)
	then(serial)
	return nil
}

// set stores what the registry has now.
func (r *rig[V]) set(t *track, serial int) {
	r.ops.Sets.Add(1)
	e := t.edit(serial)
	v, err := r.local(t, e.id, e.text)
	if err != nil {
		r.court.accuse(True, "%s cannot be made: %v", t.name, err)
		return
	}
	t.epoch.around(func() { r.cache.Set(t.key, v) })
	t.raise(int64(serial))
}

// invalidate removes the prompt: whoever comes later gets no older one than the
// registry had before.
func (r *rig[V]) invalidate(t *track, serial int) {
	r.ops.Invalidates.Add(1)
	t.epoch.around(func() { r.cache.Invalidate(t.key) })
	t.raise(int64(serial))
}

// lure has a reader fetch the prompt, so that what comes next meets that fetch
// under way, somewhere.
func (r *rig[V]) lure(ctx context.Context, t *track) {
	t.op.Lock()
	defer t.op.Unlock()
	r.invalidate(t, t.latest())
	rest(ctx, time.Duration(rand.IntN(3000))*time.Microsecond) //nolint:gosec // load
}

func (r *rig[V]) refresh(ctx context.Context, t *track, serial int) {
	r.ops.Refreshes.Add(1)
	r.refreshes.Add(1)
	v, err := r.cache.Refresh(ctx, t.key)
	switch {
	case err == nil:
		if got := r.judge("Refresh", t, v, int64(serial), time.Now()); got < serial {
			r.court.accuse(Fresh, "Refresh(%q) brought %d, but the registry was at %d before", t.key, got, serial)
		}
	case errors.Is(err, promptcache.ErrStale):
		r.judge("Refresh", t, v, 0, time.Now())
	}
	r.customs.checkError("Refresh", err)
}

// operate does something about the cache as a whole. Only one goroutine does.
func (r *rig[V]) operate(ctx context.Context) error {
	switch n := rand.IntN(100); { //nolint:gosec // load
	case n < 30:
		return r.reconfigure(ctx)
	case n < 45:
		r.ops.Stops.Add(1)
		r.cache.Stop()
		rest(ctx, time.Duration(rand.IntN(800))*time.Millisecond) //nolint:gosec // load
		return r.start()                                          //nolint:contextcheck // the refresher outlives the operators
	case n < 50:
		return r.clear(ctx)
	case n < 75:
		r.ops.Subscriptions.Add(1)
		unsubscribe := r.cache.Subscribe(func(e promptcache.Event) {
			r.customs.check("an event", fmt.Sprintf("%+v", e))
			r.customs.checkError("an event's Err", e.Err)
		})
		rest(ctx, time.Duration(rand.IntN(1500))*time.Millisecond) //nolint:gosec // load
		unsubscribe()
		return nil
	case n < 85:
		return r.snapshot(ctx)
	default:
		return r.inspect()
	}
}

// reconfigure changes the TTL or, which evicts, the size; or takes the cache
// offline for a moment.
func (r *rig[V]) reconfigure(ctx context.Context) error {
	r.ops.Configures.Add(1)
	size := len(r.tracks)
	life := ttlLow + time.Duration(rand.Int64N(int64(ttl-ttlLow))) //nolint:gosec // load
	switch n := rand.IntN(8); {                                    //nolint:gosec // load
	case n < 1 && r.cfg.MaxStale == 0: // with it, what is too old would be served meanwhile
		if err := r.disconnect(ctx, size); err != nil {
			return err
		}
		return r.cache.Configure(r.config(size, life))
	case n < 6:
		return r.cache.Configure(r.config(size, life))
	}
	var err error
	r.epoch.around(func() { err = r.cache.Configure(r.config(size-size/10, life)) })
	if err != nil {
		return err
	}
	return r.cache.Configure(r.config(size, life))
}

// disconnect takes the cache offline, in which no fetch may begin.
func (r *rig[V]) disconnect(ctx context.Context, size int) error {
	r.ops.AirGaps.Add(1)
	cfg := r.config(size, ttl)
	cfg.TTL = nil
	if err := r.cache.Configure(cfg); err != nil {
		return err
	}
	r.generation.dismiss()
	before := r.cache.Metrics().Fetches
	rest(ctx, time.Duration(rand.IntN(300))*time.Millisecond) //nolint:gosec // load
	if begun := r.cache.Metrics().Fetches - before; begun > 0 {
		r.court.accuse(Bounded, "%d fetches were begun offline", begun)
	}
	r.reads.Add(1)
	if _, err := r.cache.GetOrFetch(ctx, "ghost-offline"); !errors.Is(err, promptcache.ErrOffline) {
		r.court.accuse(True, "GetOrFetch of what is not cached, offline: %v", err)
	}
	return nil
}

// clear empties the cache a few times, so that readers are fetching again and
// some prompts have changed meanwhile. Whoever comes later gets nothing older
// than the registry had before.
func (r *rig[V]) clear(ctx context.Context) error {
	r.ops.Clears.Add(1)
	before := make([]int, len(r.tracks))
	for range 6 {
		for i, t := range r.tracks {
			before[i] = t.latest()
		}
		r.epoch.around(r.cache.Clear)
		for i, t := range r.tracks {
			t.raise(int64(before[i]))
		}
		rest(ctx, time.Duration(rand.IntN(3000))*time.Microsecond) //nolint:gosec // load
		for range 20 {
			if err := r.change(r.pick(), func(int) {}); err != nil {
				return err
			}
		}
	}
	return nil
}

// inspect looks for credentials in all that the cache tells.
func (r *rig[V]) inspect() error {
	r.ops.Dumps.Add(1)
	for _, told := range []any{r.cache.Status(), r.cache.Metrics(), r.cache.Config().Required, r.cache.Ready()} {
		r.customs.check("Status, Metrics or Ready", fmt.Sprintf("%+v", told))
	}
	keys := r.cache.Keys()
	for range min(50, len(keys)) {
		e, ok := r.cache.Lookup(keys[rand.IntN(len(keys))]) //nolint:gosec // a sample
		r.reads.Add(1)
		if !ok {
			continue
		}
		dump, err := json.Marshal(e.Value)
		if err != nil {
			return fmt.Errorf("soak: marshal %q: %w", e.Key, err)
		}
		r.customs.check("a dump", string(dump))
		r.customs.check("an entry", fmt.Sprintf("%+v %#v", e, e.Value))
	}
	return nil
}

// rest waits; it is false if ctx has ended before.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
