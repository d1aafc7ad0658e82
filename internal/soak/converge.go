package soak

import (
	"context"
	"slices"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// convergeLimit is how long after the last fault and edit a cached prompt may be
// outdated: TTL, scan, the longest backoff, and the way back of the registry's
// prompts, which takes one more interval.
const convergeLimit = ttl + interval + backoffMax + interval + convergeSlack

// converge waits until every cached prompt is what the registry has, and the
// cache is healthy; then all that are missing must be there to be had. It
// returns how long that took.
func (r *rig[V]) converge(ctx context.Context) time.Duration {
	began := time.Now()
	behind := slices.Clone(r.tracks)
	lost := r.court.lag.lost()
	limit := func() time.Duration { return convergeLimit + 2*(r.court.lag.lost()-lost) } // ours and the refresher's
	for time.Since(began) < limit() && ctx.Err() == nil {
		behind = slices.DeleteFunc(behind, r.upToDate)
		if len(behind) == 0 && r.healthy() {
			break
		}
		rest(ctx, 50*time.Millisecond)
	}
	took := time.Since(began)
	if ctx.Err() != nil {
		return took
	}
	if took > convergeLimit && len(behind) == 0 && r.healthy() {
		r.court.excused.Add(1)
	}
	if len(behind) > 0 {
		e, _ := r.cache.Lookup(behind[0].key)
		r.reads.Add(1)
		r.court.accuse(Converged, "%d prompts of %s are outdated %v after the last fault, such as %q: at %d of %d, age %v, stale %v, next attempt %v, last error %v",
			len(behind), r.name, took, behind[0].key, behind[0].serial(r.idOf(e)), behind[0].latest(), e.Age, e.Stale, e.NextAttempt, e.LastError)
	}
	if !r.healthy() {
		r.court.accuse(Converged, "%s is not healthy %v after the last fault: %+v", r.name, took, r.cache.Status())
	}
	r.complete(ctx, began.Add(limit()))
	return took
}

func (r *rig[V]) idOf(e promptcache.Entry[V]) string {
	if e.Key == "" {
		return ""
	}
	return r.id(e.Value)
}

// upToDate reports whether t's prompt is the registry's, if it is cached.
func (r *rig[V]) upToDate(t *track) bool {
	r.reads.Add(1)
	e, ok := r.cache.Lookup(t.key)
	return !ok || t.serial(r.id(e.Value)) == t.latest()
}

func (r *rig[V]) healthy() bool {
	s := r.cache.Status()
	return s.State == promptcache.StateHealthy && s.Failing == 0 && s.ServingStale == 0
}

// complete fetches what is missing, and again what fails, for nothing may still
// fail at the moment end.
func (r *rig[V]) complete(ctx context.Context, end time.Time) {
	keys := make([]string, 0, len(r.tracks))
	for _, t := range r.tracks {
		keys = append(keys, t.key)
	}
	err := r.cache.Prefetch(ctx, keys...)
	for err != nil && time.Now().Before(end) && rest(ctx, 100*time.Millisecond) {
		err = r.cache.Prefetch(ctx, keys...)
	}
	if err != nil {
		r.court.accuse(Converged, "after the last fault %.2000v", err)
		return
	}
	for _, t := range r.tracks {
		r.reads.Add(1)
		e, ok := r.cache.Lookup(t.key)
		if !ok || t.serial(r.id(e.Value)) != t.latest() {
			r.court.accuse(Converged, "%q is cached: %v, at %d of %d, after Prefetch", t.key, ok, t.serial(r.idOf(e)), t.latest())
			return
		}
	}
}

// balance checks the counters of a cache that is at rest.
func (r *rig[V]) balance() {
	m, s := r.cache.Metrics(), r.cache.Status()
	wrong := func(what string, got, want int64) {
		r.court.accuse(Counted, "%s: %s is %d, want %d: %+v", r.name, what, got, want, m)
	}
	if reads := r.reads.Load(); int64(m.TotalRequests()) != reads { //nolint:gosec // far from 2^63
		wrong("TotalRequests", int64(m.TotalRequests()), reads) //nolint:gosec // far from 2^63
	}
	if entered := r.entered.Load(); int64(m.Fetches) != entered { //nolint:gosec // far from 2^63
		wrong("Fetches", int64(m.Fetches), entered) //nolint:gosec // far from 2^63
	}
	if s.InFlight != 0 || s.Abandoned != 0 || s.Queued != 0 {
		r.court.accuse(Counted, "%s: at rest, but %+v", r.name, s)
	}
	if n := len(r.cache.Keys()); n != r.cache.Len() || n != s.Entries {
		wrong("Len", int64(r.cache.Len()), int64(n))
	}
}
