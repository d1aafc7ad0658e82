package promptcache

import (
	"slices"
	"time"
)

// lru is the cache's membership and order. The caller holds the cache's mutex,
// but for find and use.
//
// Its members are what the index leads to, and their order is that of recency:
// both are read without the mutex. A refresh changes neither.
type lru[V any] struct {
	index   index[V]
	recency recency[V]

	count     int // members
	spellings int // entries of index that are other spellings
}

func (l *lru[V]) init() {
	l.index.init()
	l.recency.init()
}

// find returns the entry that key or one of its indexed spellings leads to. It
// may miss one that is there while the mutex is held by somebody else.
func (l *lru[V]) find(key string) *entry[V] {
	e := l.index.find(key)
	if e != nil && e.is(isSpelling) {
		return e.extra.alias
	}
	return e
}

// peek returns the entry of a canonical key.
func (l *lru[V]) peek(key string) *entry[V] {
	if e := l.index.find(key); e != nil && !e.is(isSpelling) {
		return e
	}
	return nil
}

// add takes in e, whose key must not be there yet, as the most recently used
// entry or, if it is loaded, as that of those that were loaded and not read
// since, which are less recently used than all others.
func (l *lru[V]) add(e *entry[V], now time.Duration, loaded bool) {
	if l.spellings > 0 {
		if alias := l.index.find(e.key); alias != nil {
			l.forget(alias)
		}
	}
	l.count++
	l.index.add(e)
	l.recency.add(e, now, loaded)
}

// alias indexes a spelling with e, unless e has enough of them.
func (l *lru[V]) alias(e *entry[V], key string) {
	if key == e.key || l.index.find(key) != nil || e.extra != nil && len(e.extra.aliases) == maxAliases {
		return
	}
	a := &entry[V]{key: key, extra: &extra[V]{alias: e}}
	a.set(isSpelling)
	e.more().aliases = append(e.more().aliases, a)
	l.index.add(a)
	l.spellings++
}

// forget takes a spelling out, which is canonical by now.
func (l *lru[V]) forget(alias *entry[V]) {
	of := alias.extra.alias.extra
	of.aliases = slices.DeleteFunc(of.aliases, func(a *entry[V]) bool { return a == alias })
	l.index.remove(alias)
	l.spellings--
}

// remove takes e and its spellings out.
func (l *lru[V]) remove(e *entry[V]) {
	l.count--
	l.index.remove(e)
	l.recency.remove(e)
	if e.extra != nil {
		for _, alias := range e.extra.aliases {
			l.index.remove(alias)
			l.spellings--
		}
	}
}

// len returns the number of entries.
func (l *lru[V]) len() int { return l.count }

// all yields the entries, in no order.
func (l *lru[V]) all(yield func(*entry[V]) bool) {
	t := l.index.table.Load()
	for n, more := 0, true; more; more = n != 0 {
		var part []*entry[V]
		part, n = t.part(n)
		for _, e := range part {
			if !e.is(isSpelling) && !yield(e) {
				return
			}
		}
	}
}
