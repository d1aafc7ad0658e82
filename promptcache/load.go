package promptcache

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Load adds the prompts of a snapshot to the cache and returns how many. They
// keep the age that they had, by the wall clock, and are marked FromSnapshot
// until they are fetched anew, for which they are due from the second half of
// their TTL. The snapshot may be a bare one if the Codec reads those; its
// prompts are of unknown age, taken for as old as the moment of the call.
//
// A load merges. It evicts nothing: when not all fits, the most recently used of
// the snapshot are taken. What is loaded counts as less recently used than what
// was read or fetched. It replaces a cached prompt only if it was fetched later
// or what is cached is a fallback, and never one whose age it does not know, or one
// that is being refetched. A
// fetch of a prompt that is not cached goes on, and its result replaces what was
// loaded. Prompts of Config.Required come first where not all fits.
//
// A load asks no registry and shows none to be well: a prompt that fails goes on
// failing, with its LastError and its backoff, and no EventRecovered is sent.
//
// All of the snapshot is verified before anything is applied; what is wrong with
// it as a whole is a *SnapshotError, and nothing is loaded. A *SkippedError says
// that some entries were left out; the number counts the others. With MaxSize 0
// nothing is loaded.
func (c *PromptCache[V]) Load(r io.Reader) (int, error) {
	return c.restore("", func(limit int64) (*Snapshot, time.Time, error) {
		s, err := readSnapshot(r, limit)
		return s, c.time.clock.Now(), err
	})
}

// LoadFile is Load for a regular file. A file that is missing is an error that
// matches fs.ErrNotExist. The prompts of a bare file are taken for as old as the file is,
// by its modification time.
func (c *PromptCache[V]) LoadFile(path string) (int, error) {
	return c.restore(path, func(limit int64) (*Snapshot, time.Time, error) {
		f, info, err := openSnapshotFile(path)
		if err != nil {
			return nil, time.Time{}, err
		}
		defer f.Close() //nolint:errcheck // nothing was written
		s, err := readSnapshot(f, limit)
		return s, info.ModTime(), err
	})
}

// candidate is an entry of a snapshot that may be loaded.
type candidate[V any] struct {
	key, domain string
	value       V
	traits      traits
	fetchedAt   time.Time
	dated       bool // fetchedAt was recorded
	future      bool // fetchedAt is the present, for what was recorded is later
	marked      bool

	reason error // why it is not loaded, once that is known
}

// restore loads what read returns, and the moment at which what has no age was
// fetched.
func (c *PromptCache[V]) restore(path string, read func(limit int64) (*Snapshot, time.Time, error)) (int, error) {
	snap, moment, err := read(c.snapshots.limit())
	if err == nil {
		err = survive(func() error { return c.readable(snap) })
	}
	if err != nil {
		err = &SnapshotError{Op: "load", Path: path, Err: err}
		c.noteLoad(0, nil, err)
		return 0, err
	}
	candidates, skipped := c.decodeAll(snap, moment)
	c.mu.Lock()
	disabled := c.cfg.MaxSize == 0
	c.unlock()
	if disabled {
		return 0, nil
	}
	loaded := c.merge(candidates)
	for _, cand := range candidates {
		if cand.reason != nil {
			skipped = append(skipped, Skipped{cand.key, cand.reason})
		}
	}
	err = leftOut("load", path, loaded, skipped)
	c.noteLoad(loaded, skipped, err)
	return loaded, err
}

// readable reports whether the codec reads snapshots like this one.
func (c *PromptCache[V]) readable(s *Snapshot) error {
	format := c.codec.Format()
	switch {
	case s.Version == 0 && !bare(c.codec):
		return fmt.Errorf(`it has no "promptcache", so nothing says that its entries are of the format %q, which this cache reads`, format)
	case s.Version != 0 && s.Format != format:
		return fmt.Errorf("its entries are of the format %q; this cache reads %q", s.Format, format)
	}
	return nil
}

// decodeAll runs all user code there is to run, and returns what may be loaded,
// least recently used first, and what may not.
func (c *PromptCache[V]) decodeAll(s *Snapshot, moment time.Time) (candidates []*candidate[V], skipped []Skipped) {
	wall := c.time.clock.Now()
	last := make(map[string]*candidate[V], len(s.Entries))
	for _, e := range s.Entries {
		cand, err := c.decodeEntry(e)
		if err != nil {
			skipped = append(skipped, Skipped{e.Key, err})
			continue
		}
		if cand.dated = s.Version != 0; !cand.dated {
			cand.fetchedAt = moment
		}
		if cand.fetchedAt.After(wall) {
			cand.fetchedAt, cand.future = wall, true
		}
		if earlier := last[cand.key]; earlier != nil {
			earlier.reason = ErrOtherSpelling
		}
		last[cand.key] = cand
		candidates = append(candidates, cand)
	}
	return candidates, skipped
}

// decodeEntry makes a candidate of an entry that is this cache's.
func (c *PromptCache[V]) decodeEntry(e SnapshotEntry) (*candidate[V], error) {
	key, value, err := decode[V](c.codec, e.Name, e.Value)
	if err != nil {
		return nil, err
	}
	if e.Key != e.Name && e.Key != key {
		return nil, fmt.Errorf("the snapshot gives the entry %.100q the key %.100q, but it is that of %.100q", e.Name, e.Key, key)
	}
	cand := &candidate[V]{value: value, fetchedAt: e.FetchedAt, marked: e.Stale}
	err = survive(func() error {
		cand.key = c.canonicalKey(key)
		cand.domain = c.domainOf(cand.key)
		cand.traits = traitsOf(value)
		return nil
	})
	if err == nil && c.domain != nil && e.Source != "" && e.Source != cand.domain && !c.snapshots.AnySource {
		err = fmt.Errorf("%w: %q, not %q; if that is right, set Snapshot.AnySource", ErrOtherSource, e.Source, cand.domain)
	}
	return cand, err
}

// merge loads those of the candidates that may be, and writes down with the
// others why not. It lets go of the lock after every few.
func (c *PromptCache[V]) merge(candidates []*candidate[V]) (loaded int) {
	c.mu.Lock()
	now, wall := c.time.now(), c.time.clock.Now()
	c.unlock()
	at := func(cand *candidate[V]) time.Duration {
		// Half of for ever is enough for any age, and cannot overflow.
		return now - min(max(wall.Sub(cand.fetchedAt), 0), never/2)
	}

	admitted := 0
	for _, required := range []bool{true, false} {
		c.inChunks(len(candidates), func(i int) {
			cand := candidates[len(candidates)-1-i] // the most recently used first, for there may not be room for all
			if cand.reason != nil || required != (c.required.byKey[cand.key] != nil) {
				return
			}
			cached := c.entries.peek(cand.key)
			switch {
			case c.tooOldLocked(cand, now-at(cand)):
				cand.reason = ErrTooOld
			case cached == nil && c.entries.len()+admitted >= c.cfg.MaxSize:
				cand.reason = ErrNoRoom
			case cached == nil:
				admitted++
			}
		})
	}
	c.inChunks(len(candidates), func(i int) {
		cand := candidates[i]
		if cand.reason != nil {
			return
		}
		if cand.reason = c.takeInLocked(cand, at(cand), now); cand.reason == nil {
			loaded++
		}
	})
	return loaded
}

// tooOldLocked reports whether a candidate of that age would not be served.
func (c *PromptCache[V]) tooOldLocked(cand *candidate[V], age time.Duration) bool {
	return !c.cfg.offline() && !cand.traits.immutable && c.cfg.MaxStale > 0 && age > later(*c.cfg.TTL, c.cfg.MaxStale)
}

// takeInLocked loads a candidate, or says why not.
func (c *PromptCache[V]) takeInLocked(cand *candidate[V], at, now time.Duration) error {
	is := snapLoaded
	if cand.marked {
		is |= snapMarked
	}
	snap := c.newSnapshot(cand.value, cand.traits, at, cand.fetchedAt, is)
	snap.early = c.spreadLocked(snap.early, now-at)

	e := c.entries.peek(cand.key)
	switch {
	case e != nil:
		newer := cand.dated && !cand.future && at > e.snap().at && cand.fetchedAt.After(e.snap().wall(time.UTC))
		if !newer && !e.snap().fallback() || c.flights[cand.key] != nil {
			return ErrNewerCached
		}
		unchanged := !e.snap().fallback() && cand.traits.revision != "" && cand.traits.revision == e.snap().revision
		if unchanged {
			snap.value = e.snap().value
		}
		c.replaceByLoadedLocked(e, snap, unchanged)
	case c.entries.len() >= c.cfg.MaxSize:
		return ErrNoRoom
	default:
		e = c.insertLocked(cand.key, cand.domain, snap, now)
		if f := c.flights[cand.key]; f != nil {
			f.entry = e // which it refreshes by now
		}
	}
	if cand.marked {
		c.markLocked(e)
	} else if stale, _ := c.judgeLocked(e, now); stale {
		c.noticeStaleLocked(e, now)
	}
	return nil
}

// spreadLocked returns the fraction of the TTL after which a loaded prompt of
// that age is due, for a fleet loads the same snapshot at once: as it was drawn,
// or if that is over, from what is left of the TTL.
func (c *PromptCache[V]) spreadLocked(drawn early, age time.Duration) early {
	if c.cfg.offline() || c.cfg.RefreshJitter == 0 {
		return drawn
	}
	spent := float64(age) / float64(*c.cfg.TTL)
	if spent <= 0.5 || spent >= 1 {
		return drawn
	}
	return earlyBy(spent + (1-spent)*(drawn.fraction()-0.5)*2)
}

// noteLoad records how a load ended, for Status, metrics and the log.
func (c *PromptCache[V]) noteLoad(loaded int, skipped []Skipped, err error) {
	for _, s := range skipped {
		c.logger.Debug("snapshot entry not loaded", "key", s.Key, "reason", s.Reason)
	}
	c.mu.Lock()
	defer c.unlock()
	if c.cfg.MaxSize > 0 {
		c.metrics.SnapshotLoaded += uint64(loaded) //nolint:gosec // a count
		if errors.Is(err, ErrSnapshot) {
			c.metrics.SnapshotErrors++
		}
	}
	c.saves.loadedAt = c.time.clock.Now()
	c.saves.loadError = err
	c.saves.loaded = loaded
	c.saves.skippedCount = len(skipped)
	c.saves.skipped = slices.Clone(skipped[:min(len(skipped), maxSkippedShown)])
}
