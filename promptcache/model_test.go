package promptcache_test

import (
	"slices"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// model is a naive cache: a slice, most recently used first, what it remembers
// of absent keys, its Domains, and the counters. It has no jitter and no idle
// keys, a fetch takes no time, and all fetches of a Domain at one moment get
// the same answer.
type model struct {
	now        time.Duration
	size       int
	ttl        *time.Duration
	maxStale   time.Duration
	interval   time.Duration
	backoffMin time.Duration
	backoffMax time.Duration
	downAfter  int

	started  bool          // between Start and Stop
	nextScan time.Duration // of the refresher, if it runs

	entries  []*modelEntry
	absences []*modelAbsence // least recently used first
	domains  map[string]*modelDomain
	metrics  promptcache.Metrics

	domain func(key string) string
	fetch  func(key string) (*revised, promptcache.ErrorKind) // nil is a failure
}

type modelEntry struct {
	key         string
	value       *revised
	at          time.Duration
	marked      bool
	failure     *modelFailure
	parked      bool
	loaded      bool // from a snapshot, and not fetched since
	unread      bool // loaded, and not read since
	seenStale   bool // what readers go by while the refresher runs
	seenExpired bool
}

type modelAbsence struct {
	key     string
	failure *modelFailure
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

func (m *model) insert(key string, v *revised) {
	m.forget(key)
	m.entries = slices.Insert(m.entries, 0, &modelEntry{key: key, value: v, at: m.now})
	m.trim()
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
	if stale {
		m.wake(e)
	}
	return &seen, stale
}

// getOrFetch is GetOrFetch; nil is an error.
func (m *model) getOrFetch(key string) *revised {
	e, stale := m.read(key, false)
	if e != nil && (!stale || m.running()) {
		v := e.value
		if stale {
			m.wake(e)
		}
		return v
	}
	if !m.barred(key) && m.online() {
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
	m.forget(key)
	if m.size == 0 {
		return
	}
	if e := m.find(key); e != nil {
		m.remove(e)
	}
	m.insert(key, v)
}

func (m *model) invalidate(keys ...string) (n int) {
	for _, key := range keys {
		m.forget(key)
		if e := m.find(key); e != nil {
			m.remove(e)
			m.metrics.Invalidations++
			n++
		}
	}
	return n
}

func (m *model) markStale(keys ...string) (n int) {
	for _, a := range slices.Clone(m.absences) {
		if slices.Contains(keys, a.key) {
			m.remembered(a.key)
		}
	}
	var marked []*modelEntry
	for _, e := range m.entries {
		if slices.Contains(keys, e.key) {
			e.marked = true
			e.seenStale = e.seenStale || m.online()
			marked = append(marked, e)
		}
	}
	if m.online() {
		m.wake(marked...)
	}
	return len(marked)
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
			e.unread, e.failure, e.parked = cached.unread, cached.failure, cached.parked
			*cached = e
			wanted = append(wanted, cached)
		}
	}
	i := slices.IndexFunc(m.entries, func(e *modelEntry) bool { return e.unread })
	if i < 0 {
		i = len(m.entries)
	}
	var marked []*modelEntry
	for _, e := range wanted {
		if m.find(e.key) == nil {
			m.forget(e.key)
			m.entries = slices.Insert(m.entries, i, e)
			i++
		}
		e.seenStale = m.stale(e)
		if e.marked {
			marked = append(marked, e)
		}
	}
	if m.online() {
		m.wake(marked...)
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
	m.work()
}

func (m *model) stop() {
	m.started = false
	m.unpark()
}

func (m *model) configure(cfg promptcache.Config) {
	ran, before := m.running(), m.interval
	m.size, m.ttl, m.maxStale, m.interval = cfg.MaxSize, cfg.TTL, cfg.MaxStale, cfg.RefreshInterval
	m.backoffMin, m.backoffMax, m.downAfter = cfg.BackoffMin, cfg.BackoffMax, cfg.DownAfter
	m.absences = m.absences[max(0, len(m.absences)-m.size):]
	m.trim()
	if m.size == 0 {
		for _, d := range m.domains {
			m.lift(d, "")
		}
	}
	for _, e := range m.entries {
		m.see(e)
	}
	switch {
	case ran && !m.running():
		m.unpark()
	case m.running() && (!ran || m.interval != before):
		m.nextScan = m.now + m.interval
	}
	m.work()
}

// step lets time pass, to the next scan or comeback at most, and returns how
// much.
func (m *model) step(d time.Duration) time.Duration {
	if !m.running() {
		m.now += d
		return d
	}
	scan, next := m.nextScan, m.nextScan
	for _, d := range m.domains {
		if len(d.comeback) > 0 {
			next = min(next, d.comebackAt)
		}
	}
	if m.now+d < next {
		m.now += d
		return d
	}
	d = next - m.now
	m.now = next
	if next == scan {
		m.nextScan += m.interval
		for _, e := range m.entries {
			m.see(e)
		}
		m.work(m.entries...)
		return d
	}
	m.work()
	return d
}
