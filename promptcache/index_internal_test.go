package promptcache

import (
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func newIndex() *index[int] {
	x := &index[int]{}
	x.init()
	return x
}

// walked returns what a walk meets of x, as each walks, and calls between before
// every part.
func walked(x *index[int], between func()) (met []*entry[int]) {
	t := x.table.Load()
	for n, more := 0, true; more; {
		between()
		entries, next := t.part(n)
		met = append(met, entries...)
		n, more = next, next != 0
	}
	return met
}

// requireIndex checks all of x's structure, and that it holds want and no more.
func requireIndex(t require.TestingT, x *index[int], want map[string]*entry[int]) {
	for key, e := range want {
		if x.find(key) != e {
			require.Same(t, e, x.find(key), key)
		}
	}
	met := walked(x, func() {})
	require.Len(t, met, len(want))
	for _, e := range met {
		require.Same(t, want[e.key], e)
	}
	all := x.table.Load()
	if all.flat != nil {
		require.Equal(t, len(want), x.flat)
		require.LessOrEqual(t, 4*x.flat, 3*len(all.flat), "a search must end")
		return
	}
	require.Len(t, all.segments, 1<<(64-all.shift))
	for n := 0; n < len(all.segments); {
		s := all.segments[n].Load()
		first, places := all.placesOf(n, s)
		require.Equal(t, n, first)
		used := 0
		for range s.slots().all {
			used++
		}
		require.Equal(t, used, s.used)
		require.LessOrEqual(t, 4*used, 3*segmentSize, "a search must end")
		for range places {
			require.Same(t, s, all.segments[n].Load(), "it is at every place that begins with its bits")
			n++
		}
	}
}

func TestIndexAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, model := newIndex(), make(map[string]*entry[int])
		next := 0
		add := func() {
			e := &entry[int]{key: strconv.Itoa(next)}
			next++
			x.add(e)
			model[e.key] = e
		}
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			for range rapid.SampledFrom([]int{0, 1, 6, 7, 100, 767, 769, 2500}).Draw(t, "more") {
				add()
			}
			keys := slices.Sorted(maps.Keys(model))
			step := rapid.IntRange(1, 9).Draw(t, "every")
			for i := rapid.IntRange(0, 9).Draw(t, "from"); i < len(keys); i += step {
				x.remove(model[keys[i]])
				delete(model, keys[i])
				require.Nil(t, x.find(keys[i]))
				if len(keys) < 100 {
					requireIndex(t, x, model)
				}
			}
			requireIndex(t, x, model)
		}
		require.Nil(t, x.find("another"))
	})
}

// The index grows through every shape: each flat size, two segments, splits, and
// directories that double.
func TestIndexGrows(t *testing.T) {
	x, model := newIndex(), make(map[string]*entry[int])
	flats, directories := map[int]bool{}, map[int]bool{}
	splitOnly := 0
	for i := range 20_000 {
		before := x.table.Load()
		held := 0
		if before.flat == nil {
			held = segmentsOf(before)
		}
		e := &entry[int]{key: fmt.Sprint("owner/prompt-", i)}
		x.add(e)
		model[e.key] = e
		after := x.table.Load()
		flats[len(after.flat)] = true
		directories[len(after.segments)] = true
		if before == after && after.flat == nil && segmentsOf(after) > held {
			splitOnly++
		}
		if i < 2000 || i%997 == 0 {
			require.Same(t, e, x.find(e.key))
		}
	}
	requireIndex(t, x, model)
	for size := tableMin; size <= segmentSize; size *= 2 {
		require.True(t, flats[size], size)
	}
	for size := 2; size <= 16; size *= 2 {
		require.True(t, directories[size], size)
	}
	require.Positive(t, splitOnly, "a split that does not double the directory")
	for key, e := range model {
		x.remove(e)
		require.Nil(t, x.find(key))
	}
	requireIndex(t, x, nil)
}

func segmentsOf(t *table[int]) (n int) {
	seen := make(map[*segment[int]]bool)
	for i := range t.segments {
		if s := t.segments[i].Load(); !seen[s] {
			seen[s] = true
			n++
		}
	}
	return n
}

// Keys whose first slot is the same, around the end of the table.
func TestIndexShiftsBack(t *testing.T) {
	for size := tableMin; size <= 64; size *= 2 {
		rapid.Check(t, func(t *rapid.T) {
			in, held := make(slots[int], size), map[*entry[int]]uint64{}
			for range rapid.IntRange(1, size/4*3).Draw(t, "entries") {
				near := uint64(size - 3 + rapid.IntRange(0, 5).Draw(t, "hash"))
				e := &entry[int]{}
				in.put(e, near)
				held[e] = near
			}
			for e, hash := range maps.Clone(held) {
				in.take(e, hash)
				delete(held, e)
				for other, at := range held {
					mask := uint64(size - 1)
					for in[at&mask].entry.Load() != other {
						require.NotNil(t, in[at&mask].entry.Load(), "a gap ends the search for it")
						at++
					}
					require.EqualValues(t, held[other], in[at&mask].hash.Load())
				}
				n := 0
				for range in.all {
					n++
				}
				require.Len(t, held, n)
			}
		})
	}
}

// Every entry that is there all along is met exactly once, whatever comes, goes,
// is split or doubled between two parts of a walk.
func TestWalkMeetsWhatStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := newIndex()
		stay, others := map[*entry[int]]int{}, []*entry[int]{}
		next := 0
		add := func() *entry[int] {
			e := &entry[int]{key: strconv.Itoa(next)}
			next++
			x.add(e)
			return e
		}
		for range rapid.SampledFrom([]int{3, 700, 768, 1500, 5000}).Draw(t, "entries") {
			if e := add(); next%3 > 0 {
				stay[e] = 0
			} else {
				others = append(others, e)
			}
		}
		come := rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 50, 800, 4000}), 4, 4).Draw(t, "come")
		gone := rapid.SliceOfN(rapid.IntRange(0, 300), 4, 4).Draw(t, "go")
		n := 0
		met := walked(x, func() {
			if n >= 4 {
				return
			}
			for range come[n] {
				others = append(others, add())
			}
			for range min(gone[n], len(others)) {
				x.remove(others[0])
				others = others[1:]
			}
			n++
		})
		for _, e := range met {
			if _, ok := stay[e]; ok {
				stay[e]++
			}
		}
		for e, times := range stay {
			require.Equal(t, 1, times, e.key)
		}
	})
}

// Readers without the mutex never see another key's entry, nor one that was
// removed before they looked.
func TestIndexReadersAndAWriter(t *testing.T) {
	const keys = 3000
	x := newIndex()
	var removed [keys]atomic.Int64 // the version up to which all are gone
	stable := make([]*entry[int], 200)
	for i := range stable {
		stable[i] = &entry[int]{key: fmt.Sprint("stable-", i)}
		x.add(stable[i])
	}
	var over atomic.Bool
	var wrong, found atomic.Int64
	var wg sync.WaitGroup
	for r := range 4 {
		wg.Go(func() {
			for i := r * 701; !over.Load(); i++ {
				k := i % keys
				gone := removed[k].Load()
				if e := x.find(strconv.Itoa(k)); e != nil {
					found.Add(1)
					if e.key != strconv.Itoa(k) || int64(e.turnAt) <= gone { // turnAt is its version here
						wrong.Add(1)
					}
				}
				if e := x.find(stable[i%len(stable)].key); e != nil && e != stable[i%len(stable)] {
					wrong.Add(1)
				}
			}
		})
	}
	for version := int32(1); version <= 15 || found.Load() < 1000; version++ {
		entries := make([]*entry[int], keys)
		for k := range keys {
			entries[k] = &entry[int]{key: strconv.Itoa(k), turnAt: version}
			x.add(entries[k])
		}
		for k, e := range entries {
			x.remove(e)
			removed[k].Store(int64(version))
		}
	}
	over.Store(true)
	wg.Wait()
	require.Zero(t, wrong.Load())
	for _, e := range stable {
		require.Same(t, e, x.find(e.key), "and what stays is there when all is quiet")
	}
}

// Parts that many keys share grow deep, and the others go on standing at many
// places of the directory until they are split.
func TestIndexOfUnevenHashes(t *testing.T) {
	var x index[int]
	x.init()
	var in []*entry[int]
	made := 0
	add := func(n int, fits func(h uint64) bool) {
		for added := 0; added < n; made++ {
			key := fmt.Sprint("owner/prompt-", made)
			if fits(maphash.String(x.seed, key)) {
				in = append(in, &entry[int]{key: key})
				x.add(in[len(in)-1])
				added++
			}
		}
	}
	add(3*segmentSize, func(h uint64) bool { return h>>59 == 0 })
	table := x.table.Load()
	_, places := table.placesOf(len(table.segments)/2, table.segments[len(table.segments)/2].Load())
	require.GreaterOrEqual(t, places, 16, "the other half is one segment")
	add(2*segmentSize, func(h uint64) bool { return h>>63 == 1 })
	for i, e := range in {
		require.Same(t, e, x.find(e.key), "%d", i)
	}
	for _, e := range in {
		x.remove(e)
		require.Nil(t, x.find(e.key))
	}
}

// keysThatMeet returns two keys whose hashes have the same low half.
func keysThatMeet(t *testing.T, seed maphash.Seed) (one, other string) {
	t.Helper()
	seen := make(map[uint32]string)
	for i := range 2_000_000 {
		key := fmt.Sprint("owner/prompt-", i)
		low := uint32(maphash.String(seed, key))
		if other, met := seen[low]; met {
			return key, other
		}
		seen[low] = key
	}
	require.Fail(t, "two of 2,000,000 would have met")
	return "", ""
}

func TestIndexOfHashesThatMeet(t *testing.T) {
	var x index[int]
	x.init()
	one, other := keysThatMeet(t, x.seed)
	x.add(&entry[int]{key: one})
	require.Nil(t, x.find(other))
	require.Equal(t, one, x.find(one).key)
	x.add(&entry[int]{key: other})
	require.Equal(t, other, x.find(other).key)
	require.Equal(t, one, x.find(one).key)
	x.remove(x.find(one))
	require.Nil(t, x.find(one))
	require.Equal(t, other, x.find(other).key)
}

func TestHitOfHashesThatMeet(t *testing.T) {
	c := internalCache(t, (&registryOf{}).fetch, func(*Config) {})
	one, other := keysThatMeet(t, c.entries.index.seed)
	c.Set(one, new(1))
	_, ok := c.Get(other)
	require.False(t, ok)
	c.Set(other, new(2))
	for key, want := range map[string]int{one: 1, other: 2} {
		needsNoMutex(t, c, "Get", func() {
			got, ok := c.Get(key)
			require.True(t, ok)
			require.Equal(t, want, *got)
		})
		needsNoMutex(t, c, "Lookup", func() {
			got, ok := c.Lookup(key)
			require.True(t, ok)
			require.Equal(t, want, *got.Value)
			require.Equal(t, key, got.Key)
		})
	}
	require.EqualValues(t, 4, c.Metrics().Hits)
	require.EqualValues(t, 1, c.Metrics().Misses)
}
