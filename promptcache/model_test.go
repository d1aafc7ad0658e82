package promptcache_test

import (
	"slices"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// model is a naive cache: a slice, most recently used first, and the counters.
// It has no jitter, no backoff and no idle keys, and a fetch takes no time.
type model struct {
	now      time.Duration
	size     int
	ttl      *time.Duration
	maxStale time.Duration
	interval time.Duration

	started  bool          // between Start and Stop
	nextScan time.Duration // of the refresher, if it runs

	entries []*modelEntry
	metrics promptcache.Metrics

	fetch func(key string) *revised // nil is a failure
}

type modelEntry struct {
	key         string
	value       *revised
	at          time.Duration
	marked      bool
	failed      bool
	loaded      bool // from a snapshot, and not fetched since
	unread      bool // loaded, and not read since
	seenStale   bool // what readers go by while the refresher runs
	seenExpired bool
}

func (m *model) online() bool  { return m.ttl != nil }
func (m *model) running() bool { return m.started && m.online() && m.size > 0 }

func (m *model) keys() []string {
	keys := make([]string, 0, len(m.entries))
	for _, e := range m.entries {
		keys = append(keys, e.key)
	}
	return keys
}

func (m *model) find(key string) *modelEntry {
	i := slices.IndexFunc(m.entries, func(e *modelEntry) bool { return e.key == key })
	if i < 0 {
		return nil
	}
	return m.entries[i]
}

func (m *model) remove(e *modelEntry) {
	m.entries = slices.DeleteFunc(m.entries, func(other *modelEntry) bool { return other == e })
}

func (m *model) touch(e *modelEntry) {
	m.remove(e)
	e.unread = false
	m.entries = slices.Insert(m.entries, 0, e)
}

func (m *model) trim() {
	for len(m.entries) > m.size {
		m.entries = m.entries[:len(m.entries)-1]
		m.metrics.Evictions++
	}
}

func (m *model) stale(e *modelEntry) bool {
	return m.online() && (e.marked || m.now-e.at > *m.ttl)
}

func (m *model) expired(e *modelEntry) bool {
	return m.online() && m.maxStale > 0 && *m.ttl != promptcache.Forever && m.now-e.at > *m.ttl+m.maxStale
}

func (m *model) see(e *modelEntry) { e.seenStale, e.seenExpired = m.stale(e), m.expired(e) }

// refetch is a fetch of key whose result is stored.
func (m *model) refetch(key string) *revised {
	v := m.fetch(key)
	if m.size == 0 {
		return v
	}
	m.metrics.Fetches++
	e := m.find(key)
	switch {
	case v == nil:
		m.metrics.FetchErrors++
		if e != nil {
			m.metrics.RefreshErrors++
			e.failed = true
			e.seenStale = e.seenStale || m.stale(e)
		}
	case e == nil:
		m.entries = slices.Insert(m.entries, 0, &modelEntry{key: key, value: v, at: m.now})
		m.trim()
	default:
		m.metrics.Refreshes++
		if v.Rev == e.value.Rev {
			m.metrics.Unchanged++
			v = e.value
		}
		*e = modelEntry{key: key, value: v, at: m.now, unread: e.unread}
	}
	return v
}

// read is what all reads have in common. It returns nil for a miss.
func (m *model) read(key string, exact bool) (e *modelEntry, stale bool) {
	if m.size == 0 {
		return nil, false
	}
	e = m.find(key)
	if e == nil {
		m.metrics.Misses++
		return nil, false
	}
	m.touch(e)
	stale, expired := e.seenStale, e.seenExpired
	if exact || !m.running() {
		stale, expired = m.stale(e), m.expired(e)
	}
	if expired {
		m.metrics.Misses++
		return nil, false
	}
	m.metrics.Hits++
	if stale {
		m.metrics.StaleHits++
		e.seenStale = true
	}
	return e, stale
}

// get is Get and, if exact, Lookup. A stale entry is refetched afterwards.
func (m *model) get(key string, exact bool) (found *modelEntry, stale bool) {
	e, stale := m.read(key, exact)
	if e == nil {
		return nil, false
	}
	seen := *e
	if stale && m.running() {
		m.refetch(key)
	}
	return &seen, stale
}

// getOrFetch is GetOrFetch; nil is an error.
func (m *model) getOrFetch(key string) *revised {
	e, stale := m.read(key, false)
	if e != nil && (!stale || m.running()) {
		v := e.value
		if stale {
			m.refetch(key)
		}
		return v
	}
	if m.online() {
		if v := m.refetch(key); v != nil {
			return v
		}
	}
	if e != nil {
		return e.value
	}
	return nil
}

func (m *model) set(key string, v *revised) {
	if m.size == 0 {
		return
	}
	if e := m.find(key); e != nil {
		m.remove(e)
	}
	m.entries = slices.Insert(m.entries, 0, &modelEntry{key: key, value: v, at: m.now})
	m.trim()
}

func (m *model) invalidate(keys ...string) (n int) {
	for _, key := range keys {
		if e := m.find(key); e != nil {
			m.remove(e)
			m.metrics.Invalidations++
			n++
		}
	}
	return n
}

func (m *model) markStale(keys ...string) (n int) {
	for _, key := range keys {
		if e := m.find(key); e != nil {
			e.marked = true
			n++
			if m.online() {
				e.seenStale = true
			}
			if m.running() {
				m.refetch(key)
			}
		}
	}
	return n
}

// dump returns what a snapshot holds, least recently used first.
func (m *model) dump() []modelEntry {
	file := make([]modelEntry, 0, len(m.entries))
	for _, e := range slices.Backward(m.entries) {
		file = append(file, modelEntry{key: e.key, value: e.value, at: e.at, marked: e.marked})
	}
	return file
}

// load takes from a snapshot what is newer, and behind all that was read what
// there is room for, the most recently used first.
func (m *model) load(file []modelEntry) (n int) {
	if m.size == 0 {
		return 0
	}
	room := m.size - len(m.entries)
	var wanted []*modelEntry
	for i := range slices.Backward(file) {
		e := file[i]
		e.loaded = true
		cached := m.find(e.key)
		switch {
		case m.expired(&e):
		case cached == nil && room > 0:
			room--
			e.unread = true
			wanted = append(wanted, &e)
		case cached != nil && e.at > cached.at:
			if e.value.Rev == cached.value.Rev {
				e.value = cached.value
			}
			e.unread = cached.unread
			*cached = e
			wanted = append(wanted, cached)
		}
	}
	i := slices.IndexFunc(m.entries, func(e *modelEntry) bool { return e.unread })
	if i < 0 {
		i = len(m.entries)
	}
	for _, e := range wanted {
		if m.find(e.key) == nil {
			m.entries = slices.Insert(m.entries, i, e)
			i++
		}
		e.seenStale = m.stale(e)
	}
	for _, e := range wanted {
		if e.marked && m.running() {
			m.refetch(e.key)
		}
	}
	m.metrics.SnapshotLoaded += uint64(len(wanted))
	return len(wanted)
}

func (m *model) start() {
	m.started = true
	m.nextScan = m.now + m.interval
	for _, e := range m.entries {
		m.see(e)
	}
}

func (m *model) configure(size int, ttl *time.Duration, maxStale, interval time.Duration) {
	ran, before := m.running(), m.interval
	m.size, m.ttl, m.maxStale, m.interval = size, ttl, maxStale, interval
	m.trim()
	for _, e := range m.entries {
		m.see(e)
	}
	if m.running() && (!ran || interval != before) {
		m.nextScan = m.now + interval
	}
}

// step lets time pass, to the next scan at most, and returns how much.
func (m *model) step(d time.Duration) time.Duration {
	if !m.running() || m.now+d < m.nextScan {
		m.now += d
		return d
	}
	d = m.nextScan - m.now
	m.now = m.nextScan
	m.nextScan += m.interval
	for _, e := range slices.Clone(m.entries) {
		m.see(e)
		if m.stale(e) {
			m.refetch(e.key)
		}
	}
	return d
}
