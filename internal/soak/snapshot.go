package soak

import (
	"bytes"
	"context"
	"errors"

	"github.com/promptcache/promptcache-go/promptcache"
)

// snapshot has the cache dumped and another one load it, which then has nothing
// that the registry never had, and nothing older than the first had shown.
func (r *rig[V]) snapshot(ctx context.Context) error {
	r.ops.Snapshots.Add(1)
	floors := make(map[*track]int64, len(r.tracks))
	for _, t := range r.tracks {
		floors[t] = t.floor.Load()
	}
	var file bytes.Buffer
	if err := r.cache.Dump(&file); err != nil {
		r.customs.checkError("Dump", err)
		r.court.accuse(True, "Dump: %v", err)
		return nil
	}
	r.customs.check("a snapshot", file.String())
	cfg := r.config(len(r.tracks), ttl)
	cfg.Clock, cfg.Canonical, cfg.Domain = r.clock, r.cfg.Canonical, r.cfg.Domain
	other, err := promptcache.New(r.fetch, cfg)
	if err != nil {
		return err
	}
	loaded, err := other.Load(&file)
	r.customs.checkError("Load", err)
	var skipped *promptcache.SkippedError // what is too old, by a clock that is stepping
	if err != nil && !errors.As(err, &skipped) {
		r.court.accuse(True, "Load: %v", err)
	}
	keys := other.Keys()
	if loaded != len(keys) {
		r.court.accuse(Counted, "Load brought %d prompts, but there are %d", loaded, len(keys))
	}
	for _, key := range keys {
		v, ok := other.Get(key)
		if !ok {
			continue
		}
		t := r.byKey[key]
		serial := t.serial(r.id(v))
		if err := r.intact(t, v, serial); err != nil {
			r.court.accuse(True, "a snapshot of %q: %v", key, err)
		} else if int64(serial) < floors[t] {
			r.court.accuse(Forward, "a snapshot of %q is at %d, but was at %d before", key, serial, floors[t])
		}
	}
	return other.Shutdown(ctx)
}
