package promptcache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/benbjohnson/clock"
)

// maxSkippedShown is how many of the entries that a load left out Status names.
const maxSkippedShown = 100

// SnapshotStatus says how a cache's snapshots are doing.
type SnapshotStatus struct {
	// Path is Config.Snapshot's.
	Path string
	// LastSaved is when a snapshot file was last written, by autosave or
	// DumpFile; zero if none was.
	LastSaved time.Time
	// SaveError is why the latest attempt to write one failed, or what it had to
	// leave out; nil if all is well.
	SaveError error
	// LastLoaded is when the latest load ended, by New, Load or LoadFile; zero
	// if there was none.
	LastLoaded time.Time
	// LoadError is what was wrong then; nil if all was well.
	LoadError error
	// Loaded is how many prompts that load brought.
	Loaded int
	// Skipped says which entries of the snapshot it left out and why, those that
	// were not needed included; the first 100 of SkippedCount.
	Skipped      []Skipped
	SkippedCount int
}

// snapshotState counts a cache's changes, so that two states can be compared.
type snapshotState struct {
	contents uint64 // what is cached: prompts added, changed, removed, marked
	ages     uint64 // how old it is: the same, and prompts found unchanged
}

// saves is what is known of a cache's snapshots. The cache's mutex guards it.
type saves struct {
	now, saved snapshotState
	savedAt    time.Duration // the moment of saved
	lastSaved  time.Time
	saveError  error
	failing    bool // SaveError was logged
	unusable   bool // what is at Path could not be loaded, not all of it: it must not be lost

	loadedAt     time.Time
	loadError    error
	loaded       int
	skipped      []Skipped
	skippedCount int
}

func (c *PromptCache[V]) snapshotStatusLocked() SnapshotStatus {
	return SnapshotStatus{
		Path:         c.snapshots.Path,
		LastSaved:    c.saves.lastSaved,
		SaveError:    c.saves.saveError,
		LastLoaded:   c.saves.loadedAt,
		LoadError:    c.saves.loadError,
		Loaded:       c.saves.loaded,
		Skipped:      append([]Skipped(nil), c.saves.skipped...),
		SkippedCount: c.saves.skippedCount,
	}
}

// openSnapshot loads the file at Snapshot.Path, if there is one.
func (c *PromptCache[V]) openSnapshot() {
	path := c.snapshots.Path
	if path == "" || c.cfg.MaxSize == 0 {
		return
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		c.logger.Debug("no snapshot yet", "path", path)
		return
	}
	loaded, err := c.LoadFile(path)
	switch {
	case errors.Is(err, ErrSnapshot):
		c.logger.Warn("snapshot not loaded", "path", path, "err", err)
	case err != nil:
		c.logger.Warn("snapshot loaded in part", "path", path, "prompts", loaded, "err", err)
	default:
		c.logger.Info("snapshot loaded", "path", path, "prompts", loaded)
	}
	c.mu.Lock()
	defer c.unlock()
	c.saves.saved = c.saves.now // the file says the same
	c.saves.unusable = err != nil
}

// saver is the goroutine that writes changes to Snapshot.Path while a refresher
// runs.
type saver[V any] struct {
	c      *PromptCache[V]
	ticker *clock.Ticker
	done   chan struct{} // closed when it has ended
}

// startSaverLocked starts one, to end with ctx; nil if none is wanted.
func (c *PromptCache[V]) startSaverLocked(ctx context.Context) *saver[V] {
	if c.snapshots.Every == 0 {
		return nil
	}
	s := &saver[V]{c: c, ticker: c.time.clock.Ticker(c.snapshots.Every), done: make(chan struct{})}
	go s.run(ctx)
	return s
}

func (s *saver[V]) run(ctx context.Context) {
	defer close(s.done)
	defer s.ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.ticker.C:
			if ctx.Err() == nil {
				_ = s.c.autosave(false) // the error is in Status
			}
		}
	}
}

// await waits for the goroutine to end, for a second of real time at most: a
// file system that hangs must not hold up Stop. The write goes on then.
func (s *saver[V]) await() {
	if s == nil {
		return
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-s.done:
	case <-timer.C:
	}
}

// autosave writes the cache to Snapshot.Path if that is due, unless it is empty.
// last says that there will be no other chance.
func (c *PromptCache[V]) autosave(last bool) error {
	if last {
		c.saving <- struct{}{}
	} else {
		select {
		case c.saving <- struct{}{}:
		default:
			return nil // the next tick
		}
	}
	defer func() { <-c.saving }()

	c.mu.Lock()
	due, aside := c.saveDueLocked(last), ""
	if c.saves.unusable {
		aside = c.snapshots.Path + ".rejected"
	}
	c.unlock()
	if !due {
		return nil
	}
	state, err := c.dumpFile(c.snapshots.Path, aside)
	if errors.Is(err, ErrEmptySnapshot) {
		return nil // which is no failure: what is there is better than nothing
	}
	c.noteAutosave(state, err)
	return err
}

// saveDueLocked reports whether there is something to write: a change, or ages
// that are so old that a restart would not serve what is in the file. The last
// time, any newer age is worth it.
func (c *PromptCache[V]) saveDueLocked(last bool) bool {
	s := &c.saves
	switch {
	case c.cfg.MaxSize == 0:
		return false
	case s.now.contents != s.saved.contents:
		return true
	case s.now.ages == s.saved.ages:
		return false
	}
	return last || c.cfg.MaxStale > 0 && c.time.now()-s.savedAt >= c.cfg.MaxStale/2
}

// noteAutosave records how an autosave ended. Only a change for the worse or the
// better is worth a line.
func (c *PromptCache[V]) noteAutosave(state snapshotState, err error) {
	failed := errors.Is(err, ErrSnapshot)
	c.mu.Lock()
	defer c.unlock()
	if !failed {
		c.saves.saved, c.saves.savedAt, c.saves.unusable = state, c.time.now(), false
	}
	switch was := c.saves.failing; {
	case failed && !was:
		c.logLater(levelWarn, "snapshot not written", "", "", "path", c.snapshots.Path, "err", err)
	case err != nil && !was:
		c.logLater(levelWarn, "snapshot written in part", "", "", "path", c.snapshots.Path, "err", err)
	case err == nil && was:
		c.logLater(levelInfo, "snapshot written again", "", "", "path", c.snapshots.Path)
	}
	c.saves.failing = err != nil
}

// noteDump records how a DumpFile ended, autosave's too.
func (c *PromptCache[V]) noteDump(err error) {
	c.mu.Lock()
	defer c.unlock()
	if errors.Is(err, ErrEmptySnapshot) {
		return
	}
	c.saves.saveError = err
	failed := errors.Is(err, ErrSnapshot)
	if !failed {
		c.saves.lastSaved = c.time.clock.Now()
	}
	switch {
	case c.cfg.MaxSize == 0:
	case failed:
		c.metrics.SnapshotErrors++
	default:
		c.metrics.SnapshotWrites++
	}
}

// saveLast is autosave's last chance, in Shutdown. It takes no longer than ctx
// and a second.
func (c *PromptCache[V]) saveLast(ctx context.Context) error {
	if !c.snapshots.OnShutdown {
		return nil
	}
	done := make(chan error, 1)
	go func() {
		err := errors.New("promptcache: shutdown: the snapshot's codec ended its goroutine")
		defer func() { done <- err }()
		err = c.autosave(true)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("promptcache: shutdown: the snapshot is still being written: %w", ctx.Err())
	}
}
