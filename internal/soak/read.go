package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// How readers read: in small bunches, so that the machine has time for the
// rest.
const (
	readsAtOnce = 20
	readPause   = 20 * time.Millisecond
)

// tally is what readers saw while one kind of fault went on.
type tally struct {
	episodes, span             atomic.Int64
	reads, stale, misses, errs atomic.Int64
	fetches, requests, ghosts  atomic.Int64
	oldest                     atomic.Int64 // the greatest Age of a value served
	latency                    histogram
}

// pick draws a prompt. A few are drawn often.
func (r *rig[V]) pick() *track {
	n := len(r.tracks)
	if rand.IntN(3) == 0 { //nolint:gosec // load
		n = 1 + n/50
	}
	return r.tracks[rand.IntN(n)] //nolint:gosec // load
}

// readSome reads once, somehow.
func (r *rig[V]) readSome(ctx context.Context) {
	t := r.pick()
	if rand.IntN(8) == 0 { //nolint:gosec // some callers give up
		limited, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(20_000))*time.Microsecond) //nolint:gosec // load
		defer cancel()
		ctx = limited
	}
	r.reads.Add(1)
	saw := r.tally.Load()
	saw.reads.Add(1)
	switch n := rand.IntN(100); { //nolint:gosec // load
	case n < 60:
		r.get(t, saw)
	case n < 80:
		r.lookup(t, saw)
	case n < 96:
		r.getOrFetch(ctx, t, saw)
	case n < 98:
		r.getFresh(ctx, t, saw)
	case n < 99:
		r.getOr(ctx, t, saw)
	default:
		r.ghost(ctx, saw)
	}
}

// ghosts is how many keys readers ask for that do not exist.
const ghosts = 40

// ghost asks for a prompt that does not exist.
func (r *rig[V]) ghost(ctx context.Context, saw *tally) {
	key := fmt.Sprintf("ghost-%d", rand.IntN(ghosts)) //nolint:gosec // load
	v, err := r.cache.GetOrFetch(ctx, key)
	if err == nil {
		r.court.accuse(True, "GetOrFetch(%q) brought %s", key, r.id(v))
	}
	saw.ghosts.Add(1)
	r.customs.checkError("GetOrFetch", err)
}

func (r *rig[V]) get(t *track, saw *tally) {
	before, known, floor, at := r.stamp(t), t.cached.Load(), t.floor.Load(), time.Now()
	v, ok := r.cache.Get(t.key)
	saw.latency.add(time.Since(at))
	if !ok {
		saw.misses.Add(1)
		r.missed("Get", t, before, known, nil)
		return
	}
	serial := r.judge("Get", t, v, floor, at)
	if r.cfg.MaxStale == 0 {
		t.cached.Store(&sighting{before, at.Add(time.Hour)})
	}
	t.raise(int64(serial))
}

func (r *rig[V]) lookup(t *track, saw *tally) {
	before, known, floor, at := r.stamp(t), t.cached.Load(), t.floor.Load(), time.Now()
	e, ok := r.cache.Lookup(t.key)
	saw.latency.add(time.Since(at))
	if !ok {
		saw.misses.Add(1)
		r.missed("Lookup", t, before, known, nil)
		return
	}
	serial := r.judge("Lookup", t, e.Value, floor, at)
	if e.Stale {
		saw.stale.Add(1)
	}
	for oldest := saw.oldest.Load(); int64(e.Age) > oldest && !saw.oldest.CompareAndSwap(oldest, int64(e.Age)); oldest = saw.oldest.Load() {
	}
	if outdated := t.outdated(serial, at); outdated > e.Age {
		r.court.accuse(Age, "Lookup(%q) says that it is %v old, but it has been outdated for %v", t.key, e.Age, outdated)
	}
	until := at.Add(time.Hour)
	if r.cfg.MaxStale > 0 {
		if e.Age > ttl+r.cfg.MaxStale {
			r.court.accuse(Age, "Lookup(%q) is %v old; want %v or less", t.key, e.Age, ttl+r.cfg.MaxStale)
		}
		until = at.Add(ttlLow + r.cfg.MaxStale - e.Age)
	}
	t.cached.Store(&sighting{before, until})
	t.raise(int64(serial))
	if e.LastError != nil {
		r.customs.checkError("Lookup's LastError", e.LastError)
	}
}

// missed checks that a read that found nothing could find nothing.
func (r *rig[V]) missed(how string, t *track, before stamp, known *sighting, err error) {
	if known == nil || known.stamp != before || !before.steady() || !time.Now().Before(known.until) {
		return
	}
	if r.stamp(t) == before {
		r.court.accuse(Available, "%s(%q) found nothing (%v), but it was cached", how, t.key, err)
	}
}

func (r *rig[V]) getOrFetch(ctx context.Context, t *track, saw *tally) {
	before, known, floor, at := r.stamp(t), t.cached.Load(), t.floor.Load(), time.Now()
	v, err := r.cache.GetOrFetch(ctx, t.key)
	if err != nil {
		saw.errs.Add(1)
		r.customs.checkError("GetOrFetch", err)
		r.missed("GetOrFetch", t, before, known, err)
		return
	}
	r.judge("GetOrFetch", t, v, floor, at)
}

func (r *rig[V]) getFresh(ctx context.Context, t *track, saw *tally) {
	before, known, floor, at := r.stamp(t), t.cached.Load(), t.floor.Load(), time.Now()
	v, err := r.cache.GetFresh(ctx, t.key)
	if err == nil || errors.Is(err, promptcache.ErrStale) {
		r.judge("GetFresh", t, v, floor, at)
	}
	if err != nil {
		saw.errs.Add(1)
		r.customs.checkError("GetFresh", err)
		if !errors.Is(err, promptcache.ErrStale) {
			r.missed("GetFresh", t, before, known, err)
		}
	}
}

func (r *rig[V]) getOr(ctx context.Context, t *track, saw *tally) {
	before, known, floor, at := r.stamp(t), t.cached.Load(), t.floor.Load(), time.Now()
	var fallback V // a nil pointer, which no cache holds
	v := r.cache.GetOr(ctx, t.key, fallback)
	if any(v) == any(fallback) {
		saw.errs.Add(1)
		r.missed("GetOr", t, before, known, nil)
		return
	}
	r.judge("GetOr", t, v, floor, at)
}
