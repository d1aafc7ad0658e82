package promptcache

import (
	"cmp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func newRecency(n int) (*recency[int], []*entry[int]) {
	r := &recency[int]{}
	r.init()
	entries := make([]*entry[int], n)
	for i := range entries {
		entries[i] = &entry[int]{turnAt: nowhere, rank: nowhere}
		r.add(entries[i], 0, false)
	}
	return r, entries
}

// Readers that go round all entries use each just before it is found.
func TestOldestIsFoundWhileReadersGoRound(t *testing.T) {
	const n, readsPerTry = 1000, 5
	r, entries := newRecency(n)
	for _, e := range entries {
		r.use(e)
	}
	tries := 0
	for at := 0; r.oldest(1) == nil; {
		tries++
		require.LessOrEqual(t, tries, 2*n, "it runs after them for ever")
		for range readsPerTry {
			r.use(entries[at%n])
			at++
		}
	}
}

// exactOrder is what recency should know: least recently used first, those that
// were loaded and not used since before all others.
type exactOrder struct {
	loaded, used []*entry[int]
}

func (o *exactOrder) drop(e *entry[int]) {
	is := func(other *entry[int]) bool { return other == e }
	o.loaded, o.used = slices.DeleteFunc(o.loaded, is), slices.DeleteFunc(o.used, is)
}

func (o *exactOrder) all() []*entry[int] { return append(slices.Clone(o.loaded), o.used...) }

// ranked returns the entries that r holds, with what they are ordered by.
func (r *recency[V]) ranked() []ranked[V] {
	all := r.added.all()
	for i := range r.heap.items.n {
		all = append(all, *r.heap.items.at(i))
	}
	return all
}

// all returns who is in line, in order.
func (l *line[V]) all() (out []ranked[V]) {
	for _, part := range l.pages {
		if part == nil {
			continue
		}
		for _, x := range part.items {
			if x.entry != nil {
				out = append(out, x)
			}
		}
	}
	return out
}

// byStamp returns the entries in order of their stamps, as Keys does.
func (r *recency[V]) byStamp() []*entry[V] {
	all := r.ranked()
	slices.SortFunc(all, func(a, b ranked[V]) int { return cmp.Compare(a.entry.stamp.Load(), b.entry.stamp.Load()) })
	entries := make([]*entry[V], len(all))
	for i, x := range all {
		entries[i] = x.entry
	}
	return entries
}

func TestRecencySequential(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &recency[int]{}
		r.init()
		want := &exactOrder{}
		now := time.Duration(0)
		var moved uint64
		draw := func() *entry[int] {
			all := want.all()
			if len(all) == 0 {
				return nil
			}
			return all[rapid.IntRange(0, len(all)-1).Draw(t, "entry")]
		}
		use := func(do func(e *entry[int])) func(*rapid.T) {
			return func(*rapid.T) {
				if e := draw(); e != nil {
					do(e)
					want.drop(e)
					want.used = append(want.used, e)
				}
			}
		}
		add := func(loaded bool) func(*rapid.T) {
			return func(*rapid.T) {
				e := &entry[int]{rank: nowhere}
				r.add(e, now, loaded)
				if loaded {
					want.loaded = append(want.loaded, e)
				} else {
					want.used = append(want.used, e)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"use": use(func(e *entry[int]) {
				if r.use(e) {
					moved++
				}
			}),
			"use more": use(func(e *entry[int]) {
				for range 3 {
					if r.use(e) {
						moved++
					}
				}
			}),
			"touch": use(func(e *entry[int]) { r.touch(e, now) }),
			"add":   add(false), "add another": add(false), "load": add(true),
			"tick": func(t *rapid.T) {
				now += time.Duration(rapid.IntRange(0, 1_000_000).Draw(t, "passes"))
				r.advance(now)
			},
			"remove": func(*rapid.T) {
				if e := draw(); e != nil {
					r.remove(e)
					want.drop(e)
					require.EqualValues(t, nowhere, e.rank)
				}
			},
			"oldest, after any number of tries": func(t *rapid.T) {
				if len(want.all()) == 0 {
					return
				}
				var e *entry[int]
				for range 2*len(want.all()) + 1 {
					if e = r.oldest(rapid.IntRange(1, 3).Draw(t, "tries")); e != nil {
						break
					}
				}
				require.Same(t, want.all()[0], e)
			},
			"": func(*rapid.T) {
				require.True(t, slices.Equal(want.all(), r.byStamp()), "no two uses tie")
				require.Equal(t, moved, r.uses())
				requireHeap(t, &r.heap)
				require.Len(t, r.ranked(), r.added.waiting+r.heap.items.n)
				for _, x := range r.ranked() {
					require.LessOrEqual(t, x.key, x.entry.stamp.Load())
				}
				for _, e := range want.used {
					require.LessOrEqual(t, momentOf(e.stamp.Load()), momentOf(r.clock.Load()))
				}
				require.LessOrEqual(t, now, momentOf(r.clock.Load()))
			},
		})
	})
}

func TestRecencyMoments(t *testing.T) {
	require.EqualValues(t, 0, stampOf(-time.Second))
	for _, moment := range []time.Duration{0, 1, time.Second, 24 * time.Hour, 50 * 365 * 24 * time.Hour} {
		require.Equal(t, moment, momentOf(stampOf(moment)))
		require.Equal(t, moment, momentOf(live|stampOf(moment)))
		require.Less(t, stampOf(moment), int64(live), "less than any use")
	}
}

// Once readers have met, they tie with what has come since the latest advance
// and with nothing else; the next advance ends that.
func TestRecencyAfterReadersHaveMet(t *testing.T) {
	r, e := newRecency(6)
	before := r.clock.Load()
	require.True(t, r.use(e[0]))
	r.clock.Or(shared) // as a reader does that has met another
	require.False(t, r.use(e[1]))
	require.False(t, r.use(e[2]))
	at := e[1].stamp.Load()
	require.Equal(t, at, e[2].stamp.Load(), "they tie")
	require.Greater(t, at, before)
	require.False(t, r.use(e[1]))
	require.Equal(t, at, e[1].stamp.Load(), "and write nothing the second time")
	for _, other := range e[3:] {
		require.Less(t, other.stamp.Load(), at, "but not with what came before")
	}
	r.touch(e[3], 0)
	require.Equal(t, at, e[3].stamp.Load(), "a value that is set is used like those that are read")
	r.touch(e[4], 0)
	r.advance(0)
	r.touch(e[3], 0)
	require.Greater(t, e[3].stamp.Load(), at)
	require.True(t, r.use(e[4]), "the order is exact again")
	require.Greater(t, e[4].stamp.Load(), e[3].stamp.Load())
	require.EqualValues(t, 2, r.uses())
}

// A reader that a scan has come between is no reader that has met another.
func TestUsesThatMeetAScanAreInOrder(t *testing.T) {
	r, e := newRecency(4)
	for _, used := range e {
		now := r.clock.Load()
		r.advance(0) // between the reader's look at the clock and its step
		require.True(t, r.useMet(used, now))
		require.Zero(t, r.clock.Load()&shared)
	}
	for i := range 3 {
		require.Less(t, e[i].stamp.Load(), e[i+1].stamp.Load())
	}
	require.EqualValues(t, 4, r.uses())
	require.False(t, r.useMet(e[0], r.clock.Or(shared)|shared), "one of those that have met is not counted by the clock")
	require.EqualValues(t, 4, r.uses())
}

func TestRecencyUnderContention(t *testing.T) {
	const entries, readers, rounds = 16, 8, 300
	r, e := newRecency(entries)
	moved := make([]uint64, readers)
	const uses = 20
	fences := make([]int64, 1, rounds+1)
	fences[0] = r.advance(0)
	var lastUse [entries]int // the round of it
	for round := range rounds {
		used := make([]map[int]bool, readers)
		var wg sync.WaitGroup
		for g := range readers {
			used[g] = make(map[int]bool)
			wg.Go(func() {
				for i := range uses {
					k := (round*7 + g*3 + i*i) % (entries / 2 * (1 + round%2))
					before := e[k].stamp.Load()
					if r.use(e[k]) {
						moved[g]++
					}
					if e[k].stamp.Load() < max(before, fences[round]) {
						panic("a stamp has become less, or is older than the use")
					}
					used[g][k] = true
				}
			})
		}
		wg.Wait()
		fences = append(fences, r.advance(0))
		for _, keys := range used {
			for k := range keys {
				lastUse[k] = round + 1
			}
		}
		for k := range e {
			if last := lastUse[k]; last > 0 {
				require.GreaterOrEqual(t, e[k].stamp.Load(), fences[last-1], "a use is later than the advance before")
				require.Less(t, e[k].stamp.Load(), fences[last], "and earlier than the one after")
			}
		}
	}
	total := uint64(0)
	for _, n := range moved {
		total += n
	}
	require.Equal(t, total, r.uses())
}

// A reader that comes late with its stamp does not take a later one back.
func TestStampsOnlyGrow(t *testing.T) {
	e := &entry[int]{}
	for _, tt := range []struct{ stamp, want int64 }{{10, 10}, {5, 10}, {10, 10}, {11, 11}} {
		e.stamp.atLeast(tt.stamp)
		require.Equal(t, tt.want, e.stamp.Load())
	}
}
