package soak

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// What follows shows that each check can fail: it is inside the package because
// a cache that is sound gives it no occasion to.

// note is a value of a registry that is a map.
type note struct{ ID, Text string }

// stubRig is a rig over a registry that answers what answer says.
func stubRig(t *testing.T, maxStale time.Duration, answer func(ctx context.Context, tr *track) (*note, error)) *rig[*note] {
	t.Helper()
	c := newCourt(func() []string { return nil })
	var r *rig[*note]
	r, err := newRig(registry[*note]{
		network: network{tally: &atomic.Pointer[tally]{}},
		name:    "stub",
		cfg:     promptcache.Config{MaxStale: maxStale},
		fetch: func(ctx context.Context, key string) (*note, error) {
			return answer(ctx, r.byKey[key])
		},
		push: func(tr *track, _ string) (string, error) { return strconv.Itoa(len(tr.edits)), nil },
		id:   func(n *note) string { return n.ID },
		text: func(n *note) string { return n.Text },
		makeTrack: func(i int) *track {
			return &track{name: fmt.Sprint("p", i), key: fmt.Sprint("p", i), byID: make(map[string]int)}
		},
		local: func(_ *track, id, text string) (*note, error) { return &note{id, text}, nil },
	}, 2, 1, c, newCustoms(c))
	require.NoError(t, err)
	return r
}

// honest answers what the registry has.
func honest(_ context.Context, tr *track) (*note, error) {
	e := tr.edit(tr.latest())
	return &note{e.id, e.text}, nil
}

func (r *rig[V]) accused(t *testing.T, want ...Invariant) {
	t.Helper()
	counts, _ := r.court.verdict()
	got := []Invariant{}
	for _, inv := range invariants {
		if counts[inv] > 0 {
			got = append(got, inv)
		}
	}
	require.ElementsMatch(t, append([]Invariant{}, want...), got, "%+v", r.court.kept)
}

func TestReadsAreJudged(t *testing.T) {
	prepare := func(t *testing.T, maxStale time.Duration) (*rig[*note], *track, *tally) {
		t.Helper()
		r := stubRig(t, maxStale, honest)
		tr := r.tracks[0]
		require.NoError(t, r.change(tr, func(int) {}))
		require.NoError(t, r.change(tr, func(int) {}))
		_, err := r.cache.GetOrFetch(t.Context(), tr.key)
		require.NoError(t, err)
		r.get(tr, r.tally.Load())
		r.accused(t)
		require.EqualValues(t, 2, tr.floor.Load())
		return r, tr, r.tally.Load()
	}
	old := func(tr *track, serial int) *note { return &note{tr.edit(serial).id, tr.edit(serial).text} }

	t.Run("an older value than before", func(t *testing.T) {
		for _, how := range []func(*rig[*note], *track, *tally){
			func(r *rig[*note], tr *track, saw *tally) { r.get(tr, saw) },
			func(r *rig[*note], tr *track, saw *tally) { r.getOrFetch(context.Background(), tr, saw) },
			func(r *rig[*note], tr *track, saw *tally) { r.getFresh(context.Background(), tr, saw) },
			func(r *rig[*note], tr *track, saw *tally) { r.getOr(context.Background(), tr, saw) },
		} {
			r, tr, saw := prepare(t, 0)
			r.cache.Set(tr.key, old(tr, 1))
			how(r, tr, saw)
			r.accused(t, Forward)
		}
	})
	t.Run("an older value than its Age says", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, tr, saw := prepare(t, 0)
			time.Sleep(time.Second)
			r.cache.Set(tr.key, old(tr, 1))
			r.lookup(tr, saw)
			r.accused(t, Forward, Age)
		})
	})
	t.Run("a value that has been outdated for too long", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, tr, saw := prepare(t, time.Second)
			tr.floor.Store(0)
			time.Sleep(ttl + time.Second + interval + scheduleLate + 1)
			r.cache.Set(tr.key, old(tr, 1))
			r.get(tr, saw)
			r.accused(t, Age)
		})
	})
	t.Run("a value that the registry never had, or altered", func(t *testing.T) {
		for _, wrong := range []*note{{"99", "x"}, {"1", "x"}} {
			r, tr, saw := prepare(t, 0)
			tr.floor.Store(0)
			r.cache.Set(tr.key, wrong)
			r.get(tr, saw)
			r.accused(t, True)
		}
	})
	t.Run("a cached prompt that is not served", func(t *testing.T) {
		for _, how := range []func(*rig[*note], *track, *tally){
			func(r *rig[*note], tr *track, saw *tally) { r.get(tr, saw) },
			func(r *rig[*note], tr *track, saw *tally) { r.lookup(tr, saw) },
		} {
			r, tr, saw := prepare(t, 0)
			r.cache.Invalidate(tr.key) // which nobody was told of
			how(r, tr, saw)
			r.accused(t, Available)
		}
		r, tr, saw := prepare(t, 0)
		r.invalidate(tr, 0) // which is no failure
		r.get(tr, saw)
		r.accused(t)
	})
	t.Run("a fetch that fails though the prompt is cached", func(t *testing.T) {
		r, tr, saw := prepare(t, 0)
		r.cache.Invalidate(tr.key)
		r.fetch = func(context.Context, string) (*note, error) { return nil, errors.New("down") }
		r.getOrFetch(t.Context(), tr, saw)
		r.getFresh(t.Context(), tr, saw)
		r.getOr(t.Context(), tr, saw)
		require.EqualValues(t, 3, saw.errs.Load())
		counts, _ := r.court.verdict()
		require.Equal(t, 3, counts[Available])
	})
	t.Run("Refresh that brings what was outdated", func(t *testing.T) {
		r, tr, _ := prepare(t, 0)
		r.fetch = func(context.Context, string) (*note, error) { return old(tr, 1), nil }
		r.refresh(t.Context(), tr, 2)
		r.accused(t, Forward, Fresh)
	})
	t.Run("a prompt that does not exist", func(t *testing.T) {
		r, _, saw := prepare(t, 0)
		require.NoError(t, r.cache.Configure(r.config(ghosts, ttl)))
		for i := range ghosts {
			r.cache.Set(fmt.Sprint("ghost-", i), &note{"1", ""})
		}
		r.ghost(t.Context(), saw)
		r.accused(t, True)
	})
}

func TestFetchesAreCounted(t *testing.T) {
	t.Run("two of one key", func(t *testing.T) {
		var r *rig[*note]
		r = stubRig(t, 0, func(ctx context.Context, tr *track) (*note, error) {
			if ctx.Value(t) == nil {
				_, _ = r.fetchOnce(context.WithValue(ctx, t, true), tr.key)
			}
			return honest(ctx, tr)
		})
		_, err := r.cache.GetOrFetch(t.Context(), r.tracks[0].key)
		require.NoError(t, err)
		r.accused(t, Single)
	})
	t.Run("one that was detached does not count", func(t *testing.T) {
		var l liveFetches
		ctx, cancel := context.WithCancel(t.Context())
		require.True(t, l.enter(ctx, stamp{}))
		require.True(t, l.enter(context.WithValue(t.Context(), l.list[0], 1), stamp{key: 2}), "something came between")
		require.True(t, l.enter(context.WithValue(t.Context(), l.list[0], 2), stamp{key: 3}), "something is going on")
		require.False(t, l.enter(context.WithValue(t.Context(), l.list[0], 3), stamp{}))
		l.leave(ctx)
		cancel()
		require.Len(t, l.list, 3)
	})
	t.Run("more than the refresher may", func(t *testing.T) {
		r := stubRig(t, 0, honest)
		ctx := withGeneration(t.Context())
		g := generationOf(ctx)
		for i := range concurrency {
			g.enter(context.WithValue(ctx, g, i))
		}
		_, err := r.fetchOnce(ctx, r.tracks[0].key)
		require.NoError(t, err)
		r.accused(t, Bounded)
		require.Len(t, g.live, concurrency, "it has left")
	})
	t.Run("one that a reader waits for outlives its refresher", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			hold := make(chan struct{})
			r := stubRig(t, 0, func(ctx context.Context, tr *track) (*note, error) {
				<-hold
				return honest(ctx, tr)
			})
			key := r.tracks[0].key
			r.cache.Set(key, &note{r.tracks[0].edit(0).id, r.tracks[0].edit(0).text})
			require.NoError(t, r.start())
			r.cache.MarkStale(func(string) bool { return true })
			synctest.Wait()
			go func() { _, _ = r.cache.GetFresh(context.Background(), key) }()
			synctest.Wait()
			require.Len(t, r.generation.live, 1)
			require.NoError(t, r.disconnect(t.Context(), 10))
			require.Equal(t, 1, r.cache.Status().InFlight)
			require.Empty(t, r.generation.live, "the next refresher has all of its slots")
			close(hold)
			synctest.Wait()
			require.NoError(t, r.cache.Shutdown(t.Context()))
			r.accused(t)
		})
	})
	t.Run("more than an outage may cost", func(t *testing.T) {
		r := stubRig(t, 0, honest)
		bound := outageBound(10*time.Second, 1, 4)
		require.EqualValues(t, downAfter+concurrency+1+4+10, bound)
		r.outageOver(Episode{}, spent{}, spent{bound, 4}, 10*time.Second)
		r.accused(t)
		r.outageOver(Episode{}, spent{}, spent{bound + 1, 4}, 10*time.Second)
		r.accused(t, Quiet)
	})
	t.Run("counters that do not agree", func(t *testing.T) {
		r := stubRig(t, 0, honest)
		r.balance()
		r.accused(t)
		r.cache.Get("p0")
		r.balance()
		r.accused(t, Counted)
	})
}

func TestConvergence(t *testing.T) {
	for name, spoil := range map[string]func(*rig[*note]){
		"an outdated prompt": func(r *rig[*note]) {
			r.fetch = func(context.Context, string) (*note, error) {
				e := r.tracks[0].edit(0)
				return &note{e.id, e.text}, nil
			}
		},
		"a registry that does not come back": func(r *rig[*note]) {
			r.fetch = func(context.Context, string) (*note, error) { return nil, promptcache.ErrUnavailable }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := stubRig(t, 0, honest)
				require.NoError(t, r.start())
				r.complete(t.Context(), time.Now())
				require.Less(t, r.converge(t.Context()), time.Second)
				r.accused(t)
				spoil(r)
				require.NoError(t, r.change(r.tracks[0], func(int) {}))
				r.cache.MarkStale(func(string) bool { return true })
				r.converge(t.Context())
				r.accused(t, Converged)
				r.shutdown(t.Context())
			})
		})
	}
}

func TestCredentialsAreFound(t *testing.T) {
	c := newCourt(func() []string { return []string{"something"} })
	guard := newCustoms(c)
	guard.check("here", "nothing")
	guard.checkError("here", nil)
	counts, _ := c.verdict()
	require.Zero(t, counts[Secret])
	guard.checkError("an error", fmt.Errorf("wrapped: %w", errors.New("key "+langfuseSecret)))
	_, _ = fmt.Fprintf(guard, "log %s", basicAuth)
	guard.check("an event", langsmithKey)
	counts, kept := c.verdict()
	require.GreaterOrEqual(t, counts[Secret], 3)
	for _, v := range kept {
		require.Equal(t, []string{"something"}, v.During)
		require.False(t, strings.Contains(v.What, langfuseSecret) || strings.Contains(v.What, langsmithKey), "it is not repeated")
	}
}

func TestSteppingClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newSteppingClock()
		began := c.Now()
		c.step(-5 * time.Hour)
		stepped := c.Now()
		require.Equal(t, -5*time.Hour, stepped.Sub(began))
		time.Sleep(time.Second)
		c.step(time.Hour)
		require.Equal(t, time.Second, c.Since(began))
		require.Equal(t, time.Second, c.Since(stepped))
		require.Equal(t, -4*time.Hour+time.Second, c.Now().Sub(began))
	})
}

func TestCourtKeepsTheFirst(t *testing.T) {
	c := newCourt(func() []string { return nil })
	for i := range 3 * maxViolations {
		c.accuse(Age, "%d", i)
	}
	c.accuse(Flat, "also kept")
	counts, kept := c.verdict()
	require.Equal(t, 3*maxViolations, counts[Age])
	require.Len(t, kept, maxViolations+1)
}

func TestResourcesAreCompared(t *testing.T) {
	s := &soak{court: newCourt(func() []string { return nil })}
	s.flat(Resources{100, 1 << 20, 5}, Resources{100 + goroutineMargin, 1<<20 + heapAllowance + 3*heapPerEdit, 2 * maxConns}, 3)
	counts, _ := s.court.verdict()
	require.Zero(t, counts[Flat])
	s.flat(Resources{100, 1 << 20, 5}, Resources{101 + goroutineMargin, 1<<20 + heapAllowance + 3*heapPerEdit + 1, 2*maxConns + 1}, 3)
	counts, _ = s.court.verdict()
	require.Equal(t, 3, counts[Flat])

	end := make(chan struct{})
	ended := make(chan struct{})
	go func() { defer close(ended); <-end }()
	synctest.Test(t, func(t *testing.T) { // in which the wait takes no time
		s := &soak{court: newCourt(func() []string { return nil })}
		require.Positive(t, s.gone(t.Context(), 0))
		counts, _ := s.court.verdict()
		require.Equal(t, 1, counts[Flat])
		s.returns("what hangs", func() { time.Sleep(2 * hangs) })
		counts, _ = s.court.verdict()
		require.Equal(t, 1, counts[Alive])
		time.Sleep(2 * hangs) // it does return
	})
	close(end)
	<-ended
}

func TestHistogram(t *testing.T) {
	var h histogram
	for i := range 1000 {
		h.add(time.Duration(i) * time.Microsecond)
	}
	require.InDelta(t, 500*time.Microsecond, h.quantile(0.5), float64(500*time.Microsecond))
	require.Equal(t, 999*time.Microsecond, h.quantile(1))
	require.LessOrEqual(t, h.quantile(0.99), 999*time.Microsecond)
}

func TestLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lag
		require.Zero(t, l.recent())
		l.tick(time.Now())
		time.Sleep(lagTick + 3*time.Second)
		require.Equal(t, 3*time.Second, l.recent(), "it is late already")
		l.tick(time.Now())
		l.watchFor(t, lagMemory/2)
		require.Equal(t, 3*time.Second, l.recent(), "it was late")
		l.watchFor(t, 3*lagMemory)
		require.Zero(t, l.recent())
		require.Equal(t, 3*time.Second, l.most())
	})
}

func (l *lag) watchFor(t *testing.T, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	l.watch(ctx)
}

func TestAStarvedMachineIsAnExcuse(t *testing.T) {
	c := newCourt(func() []string { return nil })
	require.True(t, c.overdue(1))
	require.False(t, c.overdue(0))
	require.Zero(t, c.excused.Load())
	now := time.Now()
	c.lag.tick(now)
	c.lag.tick(now.Add(lagTick + time.Second)) // a second late
	require.Equal(t, time.Second, c.lag.lost())
	require.False(t, c.overdue(2*time.Second))
	require.EqualValues(t, 1, c.excused.Load())
	require.True(t, c.overdue(2*time.Second+1))
	c.lag.tick(now.Add(2*lagTick + 3*time.Second)) // two more
	require.Equal(t, 3*time.Second, c.lag.lost())
}

func TestSnapshotsAreJudged(t *testing.T) {
	r := stubRig(t, 0, honest)
	tr := r.tracks[0]
	require.NoError(t, r.change(tr, func(int) {}))
	_, err := r.cache.GetOrFetch(t.Context(), tr.key)
	require.NoError(t, err)
	r.cache.Set(tr.key, &note{"1", tr.edit(1).text})
	require.NoError(t, r.snapshot(t.Context()))
	r.accused(t)
	tr.raise(2) // which was shown, they say
	require.NoError(t, r.snapshot(t.Context()))
	r.accused(t, Forward)
	r.cache.Set(tr.key, &note{"1", "never said " + langfuseSecret})
	require.NoError(t, r.snapshot(t.Context()))
	r.accused(t, Forward, True, Secret)
}
