package promptcache

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
)

// lots is how many prompts the steps below may not depend on.
const lots = 20_000

// allocatesLittle does step for each of the entries, and requires that no few of
// these steps allocate more than it takes for a few entries. A list of lots that
// moves to where there is more room takes more, as does a copy of them.
func allocatesLittle(t *testing.T, entries []*entry[*int], step func(e *entry[*int])) {
	t.Helper()
	var before, after runtime.MemStats
	for few := range slices.Chunk(entries, chunk) {
		runtime.ReadMemStats(&before)
		for _, e := range few {
			step(e)
		}
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<10))
	}
}

// What is done under one hold of the mutex does not depend on how many prompts
// there are, and what is kept of each does not move.
func TestHoldsDoNotGrow(t *testing.T) {
	t.Run("a not found, the first and one that is confirmed", func(t *testing.T) {
		c, mock, _ := many(t, lots)
		cfg := c.Config()
		cfg.NotFound = RemoveConfirmed
		require.NoError(t, c.Configure(cfg))
		c.each(func(e *entry[*int]) {
			e.current.Store(c.newSnapshot(new(int), traits{immutable: true}, 0, mock.Now(), snapFetched))
		})
		e := c.entries.find("owner/prompt-7")
		f := &flight[*int]{key: e.key, registry: e.registry, entry: e, attached: true, counted: true}
		f.registry.shown.begin(0)
		require.Zero(t, testing.AllocsPerRun(10, func() { // which a walk of the index does
			e.registry.missing = missing{began: never}
			c.denyLocked(e.registry, 0)
			c.confirmedLocked(e, false)
		}))
		require.Positive(t, testing.AllocsPerRun(1, func() { c.each(func(*entry[*int]) {}) }))
	})

	t.Run("whoever looks for a few prompts stops when they are found", func(t *testing.T) {
		c, _, _ := many(t, lots)
		seen := 0
		c.search(func(*entry[*int]) bool {
			seen++
			return seen == 2
		})
		require.Equal(t, 2, seen)
		require.Less(t, testing.AllocsPerRun(1, func() { c.search(func(*entry[*int]) bool { return true }) }), 20.0, "one part of the index")
	})

	t.Run("the queue, whoever comes, leaves or is next", func(t *testing.T) {
		c, _, r := many(t, lots)
		all := c.choose(func(*entry[*int]) bool { return true })
		allocatesLittle(t, all, func(e *entry[*int]) { r.queue.push(e) })
		leave := true
		allocatesLittle(t, all, func(e *entry[*int]) {
			if leave {
				c.unqueueLocked(e)
			}
			leave = !leave
		})
		require.Equal(t, lots/2, r.queue.waiting)
		var left []*entry[*int]
		for places := 0; ; places++ {
			require.LessOrEqual(t, places, lots)
			e, ok := r.queue.pop()
			if !ok {
				break
			}
			if e != nil {
				left = append(left, e)
			}
		}
		require.Len(t, left, lots/2)
		for i, e := range left {
			require.Same(t, all[2*i+1], e)
		}
		require.Zero(t, c.countOf(isQueued))
	})

	t.Run("readers that wake the refresher, or are spared that", func(t *testing.T) {
		c, _, r := many(t, lots)
		all := c.choose(func(*entry[*int]) bool { return true })
		allocatesLittle(t, all, func(e *entry[*int]) { c.wakeLocked(e) })
		require.Equal(t, all, r.takeWoken())
		require.Empty(t, r.takeWoken())
		allocatesLittle(t, all, func(e *entry[*int]) { c.hushLocked(e, never, 0) })
		back := &c.registryLocked("").comeback
		back.waiting = all
		allocatesLittle(t, all, func(e *entry[*int]) { back.hurry(e) })
		require.Same(t, all[0], back.pop())
	})

	t.Run("prompts that are chosen", func(t *testing.T) {
		c, _, _ := many(t, lots)
		matching := 0
		all := c.choose(func(*entry[*int]) bool {
			matching++
			return matching%2 == 0
		})
		require.Len(t, all, lots/2)
		for i := 1; i < len(all); i++ {
			require.Less(t, all[i-1].stamp.Load(), all[i].stamp.Load())
		}
	})

	t.Run("fetches whose time is over", func(t *testing.T) {
		c, mock, _ := many(t, 1000)
		c.cfg.FetchTimeout = time.Second
		c.mu.Lock()
		for i := range 1000 {
			key := fmt.Sprint("another/", i)
			go c.fly(c.launchLocked(t.Context(), key, "", nil, nil))
		}
		c.deadlines.timer.Stop()
		c.unlock()
		mock.Add(time.Second)
		before := len(c.flights)
		require.Equal(t, 1000, before)
		steps := 0
		for more := true; more; steps++ {
			more = c.expireFew(c.deadlines.set)
			c.mu.Lock()
			left := len(c.flights)
			c.unlock()
			require.LessOrEqual(t, before-left, expireAtOnce)
			before = left
		}
		require.Zero(t, before)
		require.Greater(t, steps, 1000/expireAtOnce)
	})

	t.Run("a fetch that begins later has its own time", func(t *testing.T) {
		c, mock, _ := many(t, 0, func(cfg *Config) { cfg.MaxSize, cfg.FetchTimeout = 10, time.Second })
		first := c.join(t.Context(), "first", "", ifStale).flight
		mock.Add(time.Second / 2)
		second := c.join(t.Context(), "second", "", ifStale).flight
		mock.Add(time.Second / 2)
		<-first.done
		c.mu.Lock()
		require.False(t, second.settled)
		require.NotNil(t, c.deadlines.timer)
		require.Equal(t, 3*time.Second/2, c.deadlines.at)
		c.unlock()
		mock.Add(time.Second / 2)
		<-second.done
		require.ErrorIs(t, second.err, context.DeadlineExceeded)
	})

	t.Run("those who wait are told when the mutex is free", func(t *testing.T) {
		c, _, _ := many(t, 1)
		got := make(chan error)
		go func() { got <- c.WaitFor(context.Background(), StateShutdown) }()
		j := c.join(t.Context(), "another", "", ifStale)
		isOver := func(over <-chan struct{}) bool {
			select {
			case <-over:
				return true
			default:
				return false
			}
		}
		v := new(int)
		c.mu.Lock()
		c.supersedeLocked("another", v)
		require.False(t, isOver(j.flight.done))
		c.unlock()
		require.True(t, isOver(j.flight.done))
		require.Same(t, v, c.await(t.Context(), j).value)

		require.Eventually(t, func() bool {
			c.mu.Lock()
			defer c.unlock()
			return len(c.waiting) == 1
		}, time.Minute, time.Millisecond)
		c.mu.Lock()
		w := c.waiting[StateShutdown]
		c.closed = true
		c.noteStateLocked()
		require.False(t, isOver(w.over))
		c.unlock()
		require.NoError(t, <-got)
		require.Empty(t, c.waiting)
	})
}

// domains is a cache that has n Domains of so many prompts each.
func domains(tb testing.TB, n, prompts int) (*PromptCache[*int], *clock.Mock, *refresher[*int]) {
	tb.Helper()
	c, mock, r := many(tb, 0, func(cfg *Config) {
		cfg.MaxSize = n * prompts
		cfg.RefreshInterval = comebackTick
		cfg.Domain = func(key string) string { return key[:5] }
	})
	v := new(int)
	for i := range n {
		for j := range prompts {
			c.Set(fmt.Sprintf("%05d/%d", i, j), v)
		}
	}
	return c, mock, r
}

// Nor does it depend on how many Domains there are.
func TestHoldsDoNotGrowWithDomains(t *testing.T) {
	const n = 3000

	t.Run("the way back", func(t *testing.T) {
		c, mock, r := domains(t, 200, 10)
		mock.Add(ttlOf(c) + 1)
		c.cfg.RefreshConcurrency = 0
		for _, reg := range c.registries.list {
			parked := c.choose(func(e *entry[*int]) bool {
				if e.registry == reg {
					e.set(isParked)
				}
				return e.registry == reg
			})
			r.comeBackLocked(reg, parked, c.time.now())
		}
		mock.Add(comebackTick)
		before := c.countOf(isParked)
		require.Equal(t, 2000, before)
		for more := true; more; {
			c.mu.Lock()
			more = r.attendLocked(c.time.now())
			c.unlock()
			after := c.countOf(isParked)
			require.LessOrEqual(t, before-after, chunk)
			before = after
		}
		require.Zero(t, before)
		require.Equal(t, 2000, r.queue.waiting)
	})

	t.Run("rousing", func(t *testing.T) {
		c, _, r := domains(t, n, 1)
		c.each(func(e *entry[*int]) { c.hushLocked(e, never, 0) })
		steps := 0
		for more, before := true, n; more; steps++ {
			more = c.rouseChunkLocked(true)
			after := c.countOf(isHushed)
			require.LessOrEqual(t, before-after, chunk)
			before = after
		}
		require.Zero(t, c.countOf(isHushed))
		c.each(func(e *entry[*int]) { c.hushLocked(e, time.Hour, 0) })
		require.Equal(t, time.Hour-hushSlack, r.listenAt)
		c.registries.byDomain["00007"].hush.over = true
		r.rouse(false)
		require.Equal(t, n-1, c.countOf(isHushed), "only one may call again")
		r.listen(time.Hour)
		r.rouse(false)
		require.Zero(t, c.countOf(isHushed))
	})

	t.Run("a tour meets each, also while some go", func(t *testing.T) {
		c, _, _ := many(t, 0)
		for i := range n {
			c.registryLocked(strconv.Itoa(i)).entries = 1
		}
		require.Len(t, c.registries.list, n, "none that has prompts is forgotten")
		met, left := make(map[string]int), 0
		for more, step := true, 0; more; step++ {
			shown := 0
			more = c.registries.tour(&left, func(r *registry[*int], _ *int) bool {
				shown++
				met[r.domain]++
				return true
			})
			require.LessOrEqual(t, shown, chunk)
			r := c.registries.list[step*7]
			met[r.domain]++ // it may be that nobody meets it any more
			c.forgetRegistryLocked(r)
		}
		require.Len(t, met, n)
		for i, r := range c.registries.list {
			require.Equal(t, i, r.place)
			require.Same(t, r, c.registries.byDomain[r.domain])
		}
	})

	t.Run("a tour goes on where most have gone", func(t *testing.T) {
		c, _, _ := many(t, 0)
		for i := range 10 * chunk {
			c.registryLocked(strconv.Itoa(i))
		}
		left := 0
		none := func(*registry[*int], *int) bool { return true }
		require.True(t, c.registries.tour(&left, none))
		for range 9 * chunk {
			c.forgetRegistryLocked(c.registries.list[0])
		}
		require.False(t, c.registries.tour(&left, none))
	})

	t.Run("Domains that somebody makes up", func(t *testing.T) {
		c, _, _ := many(t, 0)
		kept := c.registryLocked("kept")
		kept.entries = 1
		for i := range 100 {
			c.registryLocked(fmt.Sprint("kept ", i)).entries = 1
		}
		before := 0
		for i := range lots {
			c.registryLocked(strconv.Itoa(i))
			after := len(c.registries.list)
			require.LessOrEqual(t, before-after, chunk)
			require.LessOrEqual(t, after, maxRegistries+101)
			before = after
		}
		require.Same(t, kept, c.registryLocked("kept"))
		require.Len(t, c.registries.byDomain, len(c.registries.list))
	})

	t.Run("Status has each once", func(t *testing.T) {
		c, _, _ := domains(t, n, 1)
		s := c.Status()
		require.Len(t, s.Domains, n)
		require.Equal(t, n, s.Entries)
	})
}

// Nor on how many prompts are required.
func TestHoldsDoNotGrowWithRequired(t *testing.T) {
	requiring := func(t *testing.T, cached int) (*PromptCache[*int], *clock.Mock, *refresher[*int]) {
		t.Helper()
		c, mock, r := many(t, cached, func(cfg *Config) {
			cfg.MaxSize = lots
			for i := range lots {
				cfg.Required = append(cfg.Required, fmt.Sprint("owner/prompt-", i))
			}
		})
		return c, mock, r
	}
	// round looks at all that lack, and returns in how many holds.
	round := func(t *testing.T, c *PromptCache[*int], r *refresher[*int]) (holds int) {
		t.Helper()
		for left := len(c.required.lacking); left > 0; holds++ {
			before := left
			c.mu.Lock()
			left = r.requireLocked(left, c.time.now())
			c.unlock()
			if left > 0 {
				require.LessOrEqual(t, before-left, chunk)
			}
		}
		return holds
	}

	t.Run("a registry is down, and none is there", func(t *testing.T) {
		c, mock, r := requiring(t, 0)
		c.mu.Lock()
		reg := c.registryLocked("")
		reg.cause = &FetchError{Kind: KindUnavailable, Err: errors.New("down")}
		c.holdBackLocked(reg)
		reg.next = time.Minute
		c.unlock()
		require.Equal(t, (lots+chunk-1)/chunk, round(t, c, r))
		require.Empty(t, c.flights)
		require.False(t, r.lacking)
		require.Equal(t, time.Minute, r.alarmAt)
		mock.Add(time.Minute)
		reg.next = 2 * time.Minute
		round(t, c, r)
		require.Equal(t, 2*time.Minute, r.alarmAt, "the one before has rung")
		require.Len(t, c.required.lacking, lots)
	})

	t.Run("all are there", func(t *testing.T) {
		c, _, r := requiring(t, lots)
		require.Equal(t, (lots+chunk-1)/chunk, round(t, c, r))
		require.Empty(t, c.required.lacking)
		require.Zero(t, round(t, c, r), "nothing is looked at any more")
		require.NoError(t, c.Ready())

		require.Equal(t, 2, c.Invalidate("owner/prompt-7", "owner/prompt-8"))
		c.Set("owner/prompt-8", new(int))
		c.Invalidate("owner/prompt-8")
		require.Len(t, c.required.lacking, 2, "each once")
		c.Set("owner/prompt-8", new(int))
		require.ErrorContains(t, c.Ready(), "1 of 20000 required prompts cannot be served:\n\"owner/prompt-7\" is not cached")
		require.Equal(t, 1, round(t, c, r))
		require.Len(t, c.required.lacking, 1)
		require.Contains(t, c.flights, "owner/prompt-7")
	})

	t.Run("there are slots for a few", func(t *testing.T) {
		c, _, r := requiring(t, 0)
		for i := range 3 {
			require.Equal(t, 1, round(t, c, r), "it ends where there is no slot")
			require.True(t, r.lacking)
			require.Len(t, c.flights, (i+1)*c.cfg.RefreshConcurrency)
			for j := range (i + 1) * c.cfg.RefreshConcurrency {
				require.Contains(t, c.flights, fmt.Sprint("owner/prompt-", j), "each has its turn")
			}
			r.active = 0
		}
		for _, lacks := range c.required.list {
			c.Set(lacks.key, new(int))
		}
		r.require(c.time.now())
		require.False(t, r.lacking, "nobody waits for a slot any more")
		r.require(c.time.now())
		require.Empty(t, c.required.lacking)
	})
}
