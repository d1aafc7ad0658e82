package promptcache

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"
)

// PromptCache holds prompts in memory for request handlers. See the package
// documentation for what it promises. All methods are safe for concurrent use;
// no user code is called while a lock is held.
type PromptCache[V any] struct {
	fetch     FetchFunc[V]
	canonical func(string) (string, error)
	domain    func(string) string
	logger    *slog.Logger
	time      timeline
	codec     Codec
	snapshots SnapshotConfig
	hooks     []FetchHook
	saving    chan struct{} // holds one token while autosave writes

	lifecycle sync.Mutex // serialises Start and Configure; taken before mu

	entries  lru[V]
	counters counters
	rules    atomic.Pointer[rules]
	calls    chan *entry[V] // what readers found stale, for the refresher

	mu           mutex // guards what follows, and the entries, flights and refresher they lead to; unlock releases it
	cfg          Config
	schedule     schedule[V]
	absences     absences
	flights      map[string]*flight[V]   // by key: the fetch whose result will be stored
	flying       map[*flight[V]]struct{} // every fetch that has not returned
	deadlines    deadlines[V]
	refresher    *refresher[V]   // nil when there is none; stays until it has ended
	refreshers   uint16          // how many there have been, modulo its size
	attentive    time.Duration   // from when on it is known when entries were read
	reappraising bool            // Configure is under way
	required     requirements    // cfg's, which does not change without it
	armed        context.Context //nolint:containedctx // Start's, for Configure to start the refresher again; nil when stopped
	closed       bool            // Shutdown was called

	metrics     Metrics                          // without the hits that needed no mutex
	cleared     struct{ hits, staleHits uint64 } // those of them that ResetMetrics has cleared
	saves       saves
	health      health
	registries  registries[V]
	waiting     map[State]*stateWaiter
	subscribers []*subscriber
	pendingLogs []logLine       // written by unlock
	pendingEnds []chan struct{} // closed by unlock, for there may be any number of goroutines that wait for one
}

// New returns a cache that gets its prompts from fetch. It starts no
// goroutine: call Start for background refreshes. fetch may be nil if
// cfg.TTL is, for an offline cache calls nothing. All problems of cfg come back
// in one error.
//
// If cfg.Snapshot has a Path, New loads that file. What may be wrong with it is
// no error of New: it is logged and shown in Status.
func New[V any](fetch FetchFunc[V], cfg Config) (*PromptCache[V], error) {
	c := &PromptCache[V]{fetch: fetch, canonical: cfg.Canonical, domain: cfg.Domain}
	required, err := c.check(cfg)
	if err != nil {
		return nil, err
	}
	cfg = cfg.clone()
	if cfg.Clock == nil {
		cfg.Clock = clock.New()
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Codec == nil {
		cfg.Codec = jsonCodec[V]{}
	}
	c.cfg, c.required = cfg, required
	c.publishLocked()
	c.logger = cfg.Logger
	c.time = newTimeline(cfg.Clock)
	c.entries.init()
	c.counters = newCounters()
	c.calls = make(chan *entry[V], maxCalls)
	c.schedule.init()
	c.registries.init()
	c.flights = make(map[string]*flight[V])
	c.flying = make(map[*flight[V]]struct{})
	c.health.since = cfg.Clock.Now()
	c.codec, c.snapshots, c.hooks = cfg.Codec, cfg.Snapshot, cfg.OnFetch
	c.saving = make(chan struct{}, 1)
	c.openSnapshot()
	return c, nil
}

// check returns cfg's required prompts, or all that is wrong with cfg for this
// cache. It calls user code.
func (c *PromptCache[V]) check(cfg Config) (requirements, error) {
	required := c.requirementsOf(cfg)
	err := errors.Join(cfg.validate(), required.check(cfg.MaxSize))
	if c.fetch == nil && cfg.TTL != nil {
		err = errors.Join(err, errors.New("promptcache: config: there is a TTL but no fetch; pass New a fetch, or leave TTL nil for offline mode"))
	}
	return required, err
}

// Get returns the prompt cached under key. It never blocks and never calls
// out. A stale prompt is returned like a fresh one, and the refresher, if it
// runs, is told to refetch it at once; see Lookup for telling them apart. It
// returns false for a prompt that is not cached or older than TTL + MaxStale.
// The value is shared: do not change it.
func (c *PromptCache[V]) Get(key string) (V, bool) {
	return c.hit(key, true)
}

// Lookup is Get with all that the cache knows of the prompt. Whether it is
// stale is decided by the clock at this moment. It counts and touches like Get.
func (c *PromptCache[V]) Lookup(key string) (out Entry[V], ok bool) {
	if c.look(key, &out) {
		return out, true
	}
	ok = c.lookLocking(key, &out)
	return out, ok
}

// Set stores value under key as fetched now. It wins over a fetch in flight:
// the fetch's result is dropped, and whoever waited for it gets value. It
// starts nothing, so it may be called on a stopped or shut down cache. With
// MaxSize 0 it does nothing.
func (c *PromptCache[V]) Set(key string, value V) {
	canonical := c.canonicalKey(key)
	domain := c.domainOf(canonical)
	t := traitsOf(value)

	c.lockForOne()
	defer c.unlock()
	now, wall := c.time.both()
	snap := c.newSnapshot(value, t, now, wall, snapSet)
	c.supersedeLocked(canonical, value)
	if c.cfg.MaxSize == 0 {
		return
	}
	e := c.entries.peek(canonical)
	if e == nil {
		e = c.insertLocked(canonical, domain, snap, now)
	} else {
		c.entries.recency.touch(e, now)
		c.replaceLocked(e, snap, t.revision != "" && t.revision == e.snap().revision)
	}
	if !e.is(isGone) { // which it is if there is room only for what is required
		c.entries.alias(e, key)
	}
}

// Invalidate removes the prompts cached under keys and returns how many there
// were. Fetches of these keys that are in flight store nothing, and a
// read-through that begins after Invalidate has returned never gets a value
// whose fetch began before. A remembered ErrNotFound is forgotten, as is a
// key's backoff.
func (c *PromptCache[V]) Invalidate(keys ...string) int {
	canonical := make([]string, len(keys))
	for i, key := range keys {
		canonical[i] = c.canonicalKey(key)
	}
	c.mu.Lock()
	defer c.unlock()
	removed := 0
	for _, key := range canonical {
		c.absences.forget(key)
		c.detachLocked(c.flights[key])
		if e := c.entries.peek(key); e != nil {
			c.removeLocked(e, Event{Kind: EventRemoved})
			removed++
		}
	}
	c.metrics.Invalidations += uint64(removed)
	return removed
}

// Clear removes everything that is there when it is called: prompts, remembered
// errors, and the results of all fetches in flight. What others add meanwhile may
// be removed, too.
func (c *PromptCache[V]) Clear() {
	c.mu.Lock()
	c.absences.clear()
	for _, f := range c.flights {
		c.detachLocked(f)
	}
	c.unlock()
	c.each(func(e *entry[V]) {
		c.removeLocked(e, Event{Kind: EventRemoved})
		c.metrics.Invalidations++
	})
}

// MarkStale makes the prompts whose canonical key matches stale, whatever
// their age, and returns how many there were. They are served on; a running
// refresher refetches them at once, otherwise the next read-through does. It
// is not lost on a fetch in flight: what that brings is stored as stale. A
// prompt that is stored for the first time while it runs may be missed. A
// remembered ErrNotFound is forgotten. Offline nothing is stale; the mark
// counts once there is a TTL. match is called without a lock.
func (c *PromptCache[V]) MarkStale(match func(key string) bool) int {
	keys := c.keys()
	c.mu.Lock()
	for key := range c.flights {
		if c.entries.peek(key) == nil {
			keys = append(keys, key)
		}
	}
	keys = c.absences.appendKeys(keys)
	c.unlock()

	keys = slices.DeleteFunc(keys, func(key string) bool { return !match(key) })

	marked := 0
	c.inChunks(len(keys), func(i int) {
		key := keys[i]
		c.absences.forgetNotFound(key)
		if f := c.flights[key]; f != nil {
			f.marked = true
		}
		if e := c.entries.peek(key); e != nil {
			c.markLocked(e)
			marked++
		}
	})
	return marked
}

// Len returns the number of prompts held, those too old to be served included.
func (c *PromptCache[V]) Len() int {
	c.mu.Lock()
	defer c.unlock()
	return c.entries.len()
}

// Keys returns the canonical keys of the prompts held, most recently used
// first.
func (c *PromptCache[V]) Keys() []string {
	keys := c.keys()
	slices.Reverse(keys)
	return keys
}

// canonicalKey returns the one key of all spellings. It calls user code, so no
// lock may be held.
func (c *PromptCache[V]) canonicalKey(key string) string {
	if c.canonical == nil {
		return key
	}
	canonical, err := c.canonical(key)
	if err != nil {
		return key // the fetch reports what is wrong with it
	}
	return canonical
}

// domainOf returns the Domain of a canonical key. It calls user code.
func (c *PromptCache[V]) domainOf(key string) string {
	if c.domain == nil {
		return ""
	}
	return c.domain(key)
}

// mutex is the cache's. It has no Unlock, so that unlock is the only way out.
type mutex struct{ held sync.Mutex }

func (m *mutex) Lock() { m.held.Lock() }

// unlock releases mu, and then tells those who wait for what has ended under it and
// writes the log lines that came up.
func (c *PromptCache[V]) unlock() {
	lines, ends := c.pendingLogs, c.pendingEnds
	c.pendingLogs, c.pendingEnds = nil, nil
	c.mu.held.Unlock()
	for _, end := range ends {
		close(end)
	}
	for _, line := range lines {
		line.write(c.logger)
	}
}

// newSnapshot wraps a value whose fetch began at the moment at.
func (c *PromptCache[V]) newSnapshot(value V, t traits, at time.Duration, fetchedAt time.Time, is snapshotKind) *snapshot[V] {
	if t.immutable {
		is |= snapImmutable
	}
	return &snapshot[V]{
		value:     value,
		revision:  t.revision,
		at:        at,
		fetchedAt: fetchedAt.Unix(),
		nanos:     uint32(fetchedAt.Nanosecond()), //nolint:gosec // below 1e9
		early:     drawEarly(c.cfg.RefreshJitter, is&snapRefreshed == 0),
		kind:      is,
	}
}
