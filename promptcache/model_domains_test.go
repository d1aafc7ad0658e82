package promptcache_test

import (
	"slices"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// modelFailure is a key's failures since its last success.
type modelFailure struct {
	count     int
	until     time.Duration
	transient bool
	era       int
}

// modelDomain is what the model knows of a Domain.
type modelDomain struct {
	name    string
	run     int
	runKeys map[string]bool
	down    bool
	step    int
	next    time.Duration
	era     int

	comeback   []string // keys, in order
	hurried    []string
	comebackAt time.Duration

	succeeded, failed bool
}

func (d *modelDomain) shut(now time.Duration) bool { return d.down && now < d.next }

func (d *modelDomain) bars(f *modelFailure, now time.Duration) bool {
	return f != nil && now < f.until && (!f.transient || f.era == d.era)
}

func (m *model) domainOf(key string) *modelDomain { return m.named(m.domain(key)) }

func (m *model) named(name string) *modelDomain {
	if m.domains == nil {
		m.domains = make(map[string]*modelDomain)
	}
	if m.domains[name] == nil {
		m.domains[name] = &modelDomain{name: name}
	}
	return m.domains[name]
}

func (m *model) backoff(count int) time.Duration {
	wait := m.backoffMin
	for range count - 1 {
		wait = min(2*wait, m.backoffMax)
	}
	return wait
}

func (m *model) forget(key string) {
	m.absences = slices.DeleteFunc(m.absences, func(a *modelAbsence) bool { return a.key == key })
}

// remembered returns the failure of an absent key, which is then the most
// recently used.
func (m *model) remembered(key string) *modelFailure {
	i := slices.IndexFunc(m.absences, func(a *modelAbsence) bool { return a.key == key })
	if i < 0 {
		return nil
	}
	a := m.absences[i]
	m.forget(key)
	m.absences = append(m.absences, a)
	return a.failure
}

// barred reports whether a read-through of key, which is missing or stale, is
// answered without a fetch.
func (m *model) barred(key string) bool {
	f := m.remembered(key)
	if e := m.find(key); e != nil {
		f = e.failure
	}
	d := m.domainOf(key)
	return d.bars(f, m.now) || d.shut(m.now)
}

func (m *model) due(e *modelEntry) bool {
	return m.stale(e) && !m.domainOf(e.key).bars(e.failure, m.now)
}

// wake is what follows when readers find entries stale.
func (m *model) wake(entries ...*modelEntry) {
	if !m.running() {
		return
	}
	var woken []*modelEntry
	for _, e := range entries {
		d := m.domainOf(e.key)
		switch {
		case e.parked && !d.down:
			d.hurried = append(d.hurried, e.key)
		case (e.parked || e.failure != nil) && (d.bars(e.failure, m.now) || d.shut(m.now)):
		default:
			woken = append(woken, e)
		}
	}
	if len(woken) > 0 {
		m.work(woken...)
	}
}

// work is what the refresher does at one moment: it looks at the entries, and
// at what else there is to do. All that it fetches it begins before any of it
// is answered.
func (m *model) work(entries ...*modelEntry) {
	if !m.running() {
		return
	}
	keys := m.consider(entries...)
	var probes []string
	for _, d := range m.domains {
		if len(d.comeback) > 0 && m.now >= d.comebackAt {
			d.comebackAt = m.now + 100*time.Millisecond
			if e := m.nextBack(d); e != nil {
				e.parked = false
				keys = append(keys, m.consider(e)...)
			}
		}
		if d.down && !d.shut(m.now) {
			probes = append(probes, m.probes(d)...)
		}
	}
	for _, key := range keys {
		m.land(key, false)
	}
	for _, key := range probes {
		m.land(key, true)
	}
}

// consider returns the keys of those of the entries that are to be refetched,
// and parks those that must wait.
func (m *model) consider(entries ...*modelEntry) (keys []string) {
	for _, e := range entries {
		switch {
		case e.parked || !m.due(e):
		case m.domainOf(e.key).down:
			e.parked = true
		default:
			keys = append(keys, e.key)
		}
	}
	return keys
}

// probes returns the key that d is probed with, if there is one.
func (m *model) probes(d *modelDomain) []string {
	i := slices.IndexFunc(m.entries, func(e *modelEntry) bool { return m.domainOf(e.key) == d && e.failure == nil })
	if i < 0 {
		i = slices.IndexFunc(m.entries, func(e *modelEntry) bool { return m.domainOf(e.key) == d && e.parked && m.due(e) })
	}
	if i < 0 {
		return nil
	}
	m.entries[i].parked = false
	return []string{m.entries[i].key}
}

// nextBack returns the next parked entry that comes back, and ends the comeback
// if there is none.
func (m *model) nextBack(d *modelDomain) *modelEntry {
	for _, key := range append(slices.Clone(d.hurried), d.comeback...) {
		if e := m.find(key); e != nil && e.parked {
			return e
		}
	}
	d.comeback, d.hurried = nil, nil
	return nil
}

func (m *model) unpark() {
	for _, d := range m.domains {
		d.comeback, d.hurried = nil, nil
	}
	for _, e := range m.entries {
		e.parked = false
	}
}

// refetch is a fetch that a caller waits for.
func (m *model) refetch(key string) *revised {
	d := m.domainOf(key)
	return m.land(key, d.down && !d.shut(m.now))
}

// land is a fetch of key, which may be a probe, whose result is stored.
func (m *model) land(key string, probe bool) *revised {
	v, kind := m.fetch(key)
	if m.size == 0 {
		return v
	}
	m.metrics.Fetches++
	d := m.domainOf(key)
	transient := kind == promptcache.KindUnavailable
	if v != nil {
		d.succeeded = true
	} else {
		d.failed = true
		m.metrics.FetchErrors++
	}
	if transient {
		m.fail(d, key, probe)
	} else {
		d.run, d.runKeys = 0, nil
		m.lift(d, key)
	}
	e := m.find(key)
	switch {
	case v == nil && e == nil:
		if f := m.failureAfter(d, m.remembered(key), transient); f.until > m.now {
			m.forget(key)
			m.absences = append(m.absences, &modelAbsence{key, f})
			m.absences = m.absences[max(0, len(m.absences)-m.size):]
		} else {
			m.forget(key)
		}
	case v == nil:
		m.metrics.RefreshErrors++
		e.failure = m.failureAfter(d, e.failure, transient)
		e.parked = e.parked && transient
		e.seenStale = e.seenStale || m.stale(e)
	case e == nil:
		m.insert(key, v)
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

func (m *model) failureAfter(d *modelDomain, before *modelFailure, transient bool) *modelFailure {
	count := 1
	if before != nil {
		count += before.count
	}
	return &modelFailure{count: count, until: m.now + m.backoff(count), transient: transient, era: d.era}
}

// fail is a failure of the registry.
func (m *model) fail(d *modelDomain, key string, probe bool) {
	d.run++
	if d.runKeys == nil {
		d.runKeys = make(map[string]bool)
	}
	d.runKeys[key] = true
	if probe {
		d.step++
	}
	others := slices.ContainsFunc(m.entries, func(e *modelEntry) bool { return m.domainOf(e.key) == d && !d.runKeys[e.key] })
	if !d.down && m.downAfter > 0 && d.run >= m.downAfter && (len(d.runKeys) > 1 || !others) {
		d.down, probe, d.step = true, true, 1
		d.comeback, d.hurried = nil, nil
	}
	if probe {
		d.next = max(d.next, m.now+m.backoff(d.step))
	}
}

// lift is an answer about key, or about nothing, of a registry that was down.
func (m *model) lift(d *modelDomain, key string) {
	if !d.down {
		return
	}
	d.down, d.step, d.next = false, 0, 0
	d.era++
	if !m.running() {
		return
	}
	for _, e := range m.entries {
		if m.domainOf(e.key) == d && e.key != key && (e.parked || e.failure != nil && e.failure.transient) {
			e.parked = true
			d.comeback = append(d.comeback, e.key)
		}
	}
	d.comebackAt = m.now + 100*time.Millisecond
}

func (m *model) state(d *modelDomain) promptcache.State {
	failing := slices.ContainsFunc(m.entries, func(e *modelEntry) bool { return m.domainOf(e.key) == d && e.failure != nil })
	switch {
	case d.down:
		return promptcache.StateDown
	case failing || d.failed && !d.succeeded:
		return promptcache.StateDegraded
	case d.succeeded:
		return promptcache.StateHealthy
	default:
		return promptcache.StateStarting
	}
}
