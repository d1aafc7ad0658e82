package promptcache

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/benbjohnson/clock"
)

// refresher is the goroutine between Start and Stop. It scans for entries that
// are due, looks at those that readers point out, and has them refetched, a
// bounded number at a time, in the order in which they were found.
//
// Its fields are guarded by the cache's mutex. The methods that ask for its
// state may be called on nil.
type refresher[V any] struct {
	c        *PromptCache[V]
	ctx      context.Context //nolint:containedctx // its own, ended by Stop
	cancel   context.CancelFunc
	ticker   *clock.Ticker
	wake     chan struct{} // holds one token while there may be something to do before the next scan
	alarm    *clock.Timer  // brings one at the moment alarmAt; nil if none was set
	stirred  chan struct{} // holds one token while something has happened to a registry
	done     chan struct{} // closed when it has ended
	listener *clock.Timer  // stirs it at the moment listenAt; nil if none was set

	number   uint16           // which of the cache's it is; not 0
	phased   bool             // the first scan comes at a random moment and is still to come
	stopping bool             // nothing new is begun
	draining bool             // what is under way may finish
	looked   bool             // the first pass is over: the entries' flags are true
	lastScan time.Duration    // the moment of the latest pass
	woken    chain[*entry[V]] // entries that readers found stale
	queue    queue[V]         // entries to be refetched
	active   int              // fetches under way that take up a slot
	landing  bool             // the goroutine that has the mutex has ended a fetch, and can go on with another
	next     *flight[V]       // which is this
	alarmAt  time.Duration    // never if no alarm is to come
	listenAt time.Duration    // never if the listener is not to come
	back     int              // registries that are left of the tour of attendLocked
	lacking  bool             // a required prompt waits for a slot

	saver *saver[V] // ends with it; nil if there is none
}

// startRefresherLocked starts one, to end with ctx at the latest.
func (c *PromptCache[V]) startRefresherLocked(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx) //nolint:gosec // withdraw calls it
	first := c.cfg.RefreshInterval
	phased := c.cfg.RefreshJitter > 0
	if phased {
		first = 1 + rand.N(first) //nolint:gosec // spreads load, guards nothing
	}
	if c.refreshers++; c.refreshers == 0 {
		c.refreshers = 1
	}
	c.attentive = c.time.now() // nobody kept count meanwhile
	c.refresher = &refresher[V]{
		c:        c,
		ctx:      ctx,
		cancel:   cancel,
		ticker:   c.time.clock.Ticker(first), // before the goroutine, so that a mock clock knows of it when Start returns
		wake:     make(chan struct{}, 1),
		stirred:  make(chan struct{}, 1),
		done:     make(chan struct{}),
		number:   c.refreshers,
		lastScan: c.time.now(),
		phased:   phased,
		alarmAt:  never,
		listenAt: never,
	}
	c.refresher.saver = c.startSaverLocked(ctx)
	go c.refresher.run()
}

// running reports whether stale entries are being taken care of.
func (r *refresher[V]) running() bool { return r != nil && !r.over() }

// scanned reports whether the entries' flags may be trusted.
func (r *refresher[V]) scanned() bool { return r.running() && r.looked && !r.c.reappraising }

// over reports whether nothing new may be begun.
func (r *refresher[V]) over() bool { return r.stopping || r.ctx.Err() != nil }

func (r *refresher[V]) run() {
	defer close(r.done)
	defer r.withdraw()
	r.pass(false)
	for r.ctx.Err() == nil {
		select {
		case <-r.ctx.Done():
		case <-r.ticker.C:
			r.rearm()
			r.pass(true)
		case <-r.wake:
			r.answer()
		case <-r.stirred:
			r.settle()
		case e := <-r.c.calls:
			r.hear(e)
		}
	}
}

// rearm makes the ticker go on at the interval after a first scan that came at
// a random moment.
func (r *refresher[V]) rearm() {
	r.c.mu.Lock()
	defer r.c.unlock()
	if r.phased && !r.over() {
		r.setIntervalLocked()
	}
}

// setIntervalLocked makes the next scan come one interval from now. A mock's
// Reset would revive a stopped ticker, so it must not be over.
func (r *refresher[V]) setIntervalLocked() {
	r.phased = false
	r.ticker.Reset(r.c.cfg.RefreshInterval)
}

// pass looks at every entry whose moment has come, and if fetch is set has
// those that are due refetched. It lets go of the lock after every few.
func (r *refresher[V]) pass(fetch bool) {
	now := r.c.time.now()
	for more := true; more; {
		r.c.mu.Lock()
		more = r.passChunkLocked(now, fetch)
		r.c.unlock()
		r.hearWaiting()
	}
	r.attend(now)
}

func (r *refresher[V]) passChunkLocked(now time.Duration, fetch bool) (more bool) {
	if r.over() {
		return false
	}
	if r.lastScan != now { // else this is not the first chunk
		r.lastScan = now
		r.c.entries.recency.advance(now)
	}
	for range chunk {
		e := r.c.schedule.due(now)
		if e == nil {
			r.looked = true
			r.c.publishLocked()
			return false
		}
		r.lookLocked(e, now, fetch)
	}
	return true
}

// lookLocked brings e's flags up to the moment now and, if it is due, queues it.
func (r *refresher[V]) lookLocked(e *entry[V], now time.Duration, fetch bool) {
	stale, expired := r.c.judgeLocked(e, now)
	e.put(isExpired, expired)
	if stale {
		r.c.noticeStaleLocked(e, now)
	}
	if fetch {
		r.considerLocked(e, now)
	}
	r.c.rescheduleLocked(e)
	if r.c.schedule.next(e) <= now { // due, but not now: the next pass sees it
		r.c.schedule.set(e, now+1)
	}
}

// considerLocked queues e if it is due and somebody reads it.
func (r *refresher[V]) considerLocked(e *entry[V], now time.Duration) {
	if e.is(isQueued) || r.c.flights[e.key] != nil || r.c.dueAtLocked(e) > now {
		return
	}
	substituted := r.c.substitutedAtLocked(e) <= now
	if e.is(isParked) && !substituted {
		return
	}
	if !e.is(isMarked) && r.c.idleLocked(e, now) {
		e.set(isDormant) // the next reader wakes it
		e.sleep()
		r.c.noteTroubleLocked(e, now)
		return
	}
	e.drop(isDormant)
	returns := e.registry.turn == returning && e.failure() != nil && e.failure().transient
	if (e.registry.held || returns) && !substituted {
		r.c.parkLocked(e, now)
		return
	}
	e.drop(isParked)
	r.queue.push(e)
	r.dispatchLocked()
}

// wakeLocked tells the refresher, if there is one, that a reader found e stale.
func (c *PromptCache[V]) wakeLocked(e *entry[V]) {
	if e.is(isDormant) {
		e.drop(isDormant)
		c.noteTroubleLocked(e, c.time.now())
		c.rescheduleLocked(e)
	}
	r := c.refresher
	if !r.running() {
		return
	}
	if e.wokenBy() != r.number {
		now := c.time.now()
		if until := c.waitsLocked(e); until > now {
			c.hushLocked(e, until, now)
			return
		}
		e.setWokenBy(r.number)
		r.woken.push(e)
		r.nudge()
	}
	e.drop(isCalling) // until it was looked at
}

// waitsLocked returns until when a stale e must wait for its backoff or its
// registry, never if that is not known. A reader's prompt waits less.
func (c *PromptCache[V]) waitsLocked(e *entry[V]) (until time.Duration) {
	r := e.registry
	switch {
	case e.failure() == nil && !e.is(isParked):
		return 0
	case e.is(isParked) && !r.held:
		r.comeback.hurry(e)
		return never
	}
	if e.failure() != nil {
		until = r.until(e.failure())
	}
	switch {
	case !r.held:
		return until
	case r.probe != nil:
		return never
	default:
		return max(until, r.next)
	}
}

// answer looks at the entries that readers pointed out, and at what else has
// come up. One that is still backing off is left to the scan after its wait.
func (r *refresher[V]) answer() {
	woken := r.takeWoken()
	now := r.c.time.now()
	r.c.inChunks(len(woken), func(i int) {
		if e := woken[i]; !e.is(isGone) && !r.over() {
			e.drop(isDormant)
			r.considerLocked(e, now)
			r.c.rescheduleLocked(e)
		}
	})
	r.attend(now)
	r.c.inChunks(len(woken), func(i int) {
		if e := woken[i]; e.is(isParked) && e.registry.probing(now) { // with another prompt: this one's readers send the next
			e.sleep()
		}
	})
}

// takeWoken returns the entries that readers have pointed out, each once.
func (r *refresher[V]) takeWoken() []*entry[V] {
	r.c.mu.Lock()
	woken := r.woken
	r.woken = chain[*entry[V]]{}
	r.c.unlock()
	return woken.slice()
}

// dispatchAtOnce is how many queued entries are looked at before the lock is let go
// of: fewer than a chunk, for one that has to wait for its registry may be a line in
// the log.
const dispatchAtOnce = 16

// dispatchLocked begins the fetches that are queued, as far as there are slots. It
// looks at a few and has settle see to the rest.
func (r *refresher[V]) dispatchLocked() {
	for range dispatchAtOnce {
		if r.over() || r.active >= r.c.cfg.RefreshConcurrency {
			return
		}
		e, ok := r.queue.pop()
		if !ok {
			return
		}
		if e == nil {
			continue
		}
		if r.c.flights[e.key] != nil {
			continue // a reader was faster
		}
		if now := r.c.time.now(); e.registry.shut(now) && r.c.substitutedAtLocked(e) > now {
			r.c.parkLocked(e, now)
			r.c.rescheduleLocked(e)
			continue
		}
		r.fetchLocked(e.key, e.registry.domain, e)
	}
	r.stir()
}

// fetchLocked begins a fetch that takes up a slot. e is nil if the key is not
// cached. While the registry may not be asked the fetch must be a Fallback's.
func (r *refresher[V]) fetchLocked(key, domain string, e *entry[V]) {
	var withheld *FetchError
	if now, reg := r.c.time.now(), r.c.registries.byDomain[domain]; reg.shut(now) {
		withheld = r.c.heldLocked(reg, key, now)
	}
	f := r.c.launchLocked(r.ctx, key, domain, e, withheld)
	f.slot = r
	r.active++
	if r.landing && r.next == nil {
		r.next = f
	} else {
		go r.c.fly(f)
	}
}

// withdraw ends the refresher: what it has queued is left alone, and its
// fetches that no reader waits for are canceled, unless they may finish.
func (r *refresher[V]) withdraw() {
	r.c.mu.Lock()
	r.cancel()
	r.stopping = true
	r.ticker.Stop()
	for _, timer := range []*clock.Timer{r.alarm, r.listener} {
		if timer != nil {
			timer.Stop()
		}
	}
	var canceled []*flight[V]
	if !r.draining {
		canceled = r.c.cancelFlyingLocked(errStopped, func(f *flight[V]) bool { return f.waiters == 0 || f.settled })
	}
	r.c.publishLocked() // so that nobody calls any more
	r.c.noteStateLocked()
	r.c.unlock()

	r.c.eachRegistry(func(reg *registry[V]) { reg.comeback, reg.chosen, reg.turn = comeback[V]{}, nil, noTurn })
	woken := r.takeWoken()
	r.c.inChunks(len(woken), func(i int) { woken[i].sleep() })
	for range maxCalls {
		r.hearWaiting()
	}
	for r.emptyQueue() {
	}
	r.c.unpark()
	r.rouse(true)
	r.c.awaitOrAbandon(canceled)
	r.saver.await()

	r.c.mu.Lock()
	r.c.refresher = nil
	r.c.restLocked()
	r.c.publishLocked()
	r.c.unlock()
}

// emptyQueue takes the first few out of the queue, and reports whether there were
// any.
func (r *refresher[V]) emptyQueue() bool {
	r.c.mu.Lock()
	defer r.c.unlock()
	for range chunk {
		e, ok := r.queue.pop()
		if !ok {
			return false
		}
		if e != nil {
			r.c.rescheduleLocked(e)
		}
	}
	return true
}
