package watch

import (
	"errors"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// look compares what is cached under a key with what was told of it, and tells
// what is new. err is why nothing is cached, if nothing is.
//
// An event of the cache only says where to look: so what is told is true at the
// time, also when a second change has come before the first was told of.
func (w *watcher) look(key string, err error) error {
	f, ok := w.followed[key]
	if !ok {
		return nil
	}
	entry, cached := w.cache.Lookup(key)
	if cached {
		err = entry.LastError
	}
	news := Event{At: time.Now(), Registry: f.Registry.Name(), Key: key, Age: entry.Age, New: entry.Value, Err: err}
	var kinds []Kind
	before := f.value
	switch {
	case !cached && before == nil && err == nil: // it was told of with the event before this
		return nil
	case !cached && before == nil:
		kinds = f.failures(err)
	case !cached:
		kinds = append(kinds, Removed)
		f.err = err
	case before == nil:
		f.err = nil
		kinds = append([]Kind{Found}, f.failures(err)...)
	default:
		kinds = f.failures(err)
		if entry.Value != before {
			kinds = append(kinds, Changed)
		}
	}
	f.value = entry.Value
	for _, kind := range kinds {
		e := news
		e.Kind = kind
		if kind == Changed || kind == Removed {
			e.Old = before
		}
		if kind == Found || kind == Changed || kind == Recovered {
			e.Err = nil
		}
		if err := w.Tell(e); err != nil {
			return err
		}
	}
	if err := w.noteState(f.Registry.Name()); err != nil {
		return err
	}
	told := f.stale
	f.stale = cached && entry.Stale && f.err != nil
	if f.stale && !told {
		news.Kind = Stale
		return w.Tell(news)
	}
	return nil
}

// failures returns what there is to tell of how the latest fetch ended, and takes
// it down.
func (f *followed) failures(err error) []Kind {
	before := f.err
	f.err = err
	switch {
	case err == nil && before != nil && f.value != nil:
		return []Kind{Recovered}
	case err != nil && (before == nil || reason(before) != reason(err)):
		return []Kind{Failed}
	}
	return nil
}

// reason returns what a failure has in common with others of its sort: their
// texts may differ in a port or a number.
func reason(err error) (r struct {
	kind   promptcache.ErrorKind
	status int
},
) {
	if fe, ok := errors.AsType[*promptcache.FetchError](err); ok {
		r.kind, r.status = fe.Kind, fe.StatusCode
	}
	return r
}

// noteState tells a registry's state if that has changed since it was told.
func (w *watcher) noteState(name string) error {
	failing, _ := w.count(name)
	if unhealthy, told := w.unhealthy[name]; !told && failing == 0 || told && unhealthy == (failing > 0) {
		return nil
	}
	return w.tellState(name)
}

func (w *watcher) tellState(name string) error {
	failing, prompts := w.count(name)
	w.unhealthy[name] = failing > 0
	return w.Tell(Event{Kind: State, At: time.Now(), Registry: name, Healthy: failing == 0, Failing: failing, Prompts: prompts})
}

// count returns how many prompts of a registry fail, and how many there are. One
// that the registry says does not exist is no failure of the registry's.
func (w *watcher) count(name string) (failing, prompts int) {
	for _, f := range w.followed {
		if f.Registry.Name() != name {
			continue
		}
		prompts++
		if f.err != nil && !errors.Is(f.err, promptcache.ErrNotFound) {
			failing++
		}
	}
	return failing, prompts
}
