package soak

import (
	"fmt"
	"hash/crc32"
	"sync"
	"sync/atomic"
	"time"
)

// edit is one change of what a key means.
type edit struct {
	id   string    // the commit's hash, or the version's number
	text string    // the template
	done time.Time // when it was current at the latest
}

// track is all that is known of one key: every value that it ever had, and what
// the cache may no longer answer.
type track struct {
	name   string // the prompt's
	key    string // the cache's
	tagged bool   // key is read by a tag, which is moved after the push

	op sync.Mutex // one push, Set or Invalidate of a key at a time

	mu    sync.RWMutex // guards what follows
	edits []edit
	byID  map[string]int

	floor  atomic.Int64 // no read that begins now may bring an older serial
	epoch  epoch        // of what can detach a fetch of the key or remove its entry
	cached atomic.Pointer[sighting]
	live   liveFetches
}

// sighting says that a key was found cached.
type sighting struct {
	stamp stamp
	until time.Time // while it may be served
}

// epoch counts what happens to one key or to all.
type epoch struct {
	count atomic.Int64 // odd while something is going on
	last  atomic.Int64 // when something ended, by the wall clock
}

// around does what, which happens in no epoch.
func (e *epoch) around(what func()) {
	e.count.Add(1)
	what()
	e.last.Store(time.Now().UnixNano())
	e.count.Add(1)
}

// calmFor returns for how long nothing has happened.
func (e *epoch) calmFor() time.Duration { return time.Duration(time.Now().UnixNano() - e.last.Load()) }

// stamp is a moment in the life of a key's entry.
type stamp struct{ key, all int64 }

// unsteady is a stamp that says nothing.
var unsteady = stamp{-1, -1}

// steady reports whether nothing was removing the entry or detaching a fetch.
func (s stamp) steady() bool { return s.key%2 == 0 && s.all%2 == 0 }

// textOf is a template that tells what it is, and whether it is intact.
func textOf(name string, serial int) string {
	text := fmt.Sprintf("%s is at %d", name, serial)
	return fmt.Sprintf("%s, sum %08x", text, crc32.ChecksumIEEE([]byte(text)))
}

// change makes the next edit with push, which returns its id. Whoever has read
// the new value already waits until it is known.
func (t *track) change(push func(text string) (id string, err error)) (serial int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	serial = len(t.edits)
	text := textOf(t.name, serial)
	id, err := push(text)
	if err != nil {
		return 0, err
	}
	t.edits = append(t.edits, edit{id: id, text: text, done: time.Now()})
	t.byID[id] = serial
	return serial, nil
}

// serial returns which edit made the value with this id, -1 if none did.
func (t *track) serial(id string) int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if s, ok := t.byID[id]; ok {
		return s
	}
	return -1
}

func (t *track) edit(serial int) edit {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.edits[serial]
}

// outdated returns for how long, at the moment now, an edit had been replaced; 0
// if it had not.
func (t *track) outdated(serial int, now time.Time) time.Duration {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if serial+1 >= len(t.edits) {
		return 0
	}
	return max(0, now.Sub(t.edits[serial+1].done))
}

// latest returns the serial that is current.
func (t *track) latest() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.edits) - 1
}

// raise makes the floor no lower than serial.
func (t *track) raise(serial int64) {
	for {
		floor := t.floor.Load()
		if floor >= serial || t.floor.CompareAndSwap(floor, serial) {
			return
		}
	}
}
