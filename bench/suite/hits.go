package suite

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/bench/trace"
)

// keySet is the keys of one table of hits.
type keySet struct {
	name     string
	keys     int
	sequence func(keys []string) []string
	crews    []crew
}

// Sequences are long enough that a branch predictor does not learn them by
// heart.
const sequenceLength = 64 * batch

func keySets(s Settings) []keySet {
	uniform := func(keys []string) []string { return trace.Uniform(keys, sequenceLength, 1) }
	sets := []keySet{
		{"1 key", 1, uniform, []crew{alone, par1, par2, par8}},
		{"100 keys", 100, uniform, []crew{alone, par1, par2, par8}},
		{"10,000 keys, Zipf", 10_000, func(keys []string) []string { return trace.Zipf(keys, 4*sequenceLength, 1) }, []crew{alone, par1, par2, par8}},
		{"1,000,000 keys", 1_000_000, func(keys []string) []string { return trace.Uniform(keys, 1_000_000, 1) }, []crew{alone, par2}},
	}
	if s.Quick {
		sets = sets[1:3]
		for i := range sets {
			sets[i].crews = []crew{alone, par2, par8}
		}
	}
	return slices.DeleteFunc(sets, func(set keySet) bool { return set.keys > s.Largest })
}

// filled is a peer's cache with prompts in it.
type filled struct {
	peer  peer.Peer
	cache peer.Cache
}

// fillAll makes and fills a cache of every peer, with room for twice as much,
// so that a cache in shards loses nothing.
func fillAll(ctx context.Context, of []peer.Peer, keys []string) []filled {
	values := prompts(keys)
	out := make([]filled, len(of))
	for i, p := range of {
		out[i] = filled{p, p.New(ctx, peer.Options{Capacity: max(2*len(keys), 64)})}
		out[i].cache.Fill(keys, values)
	}
	runtime.GC()
	return out
}

func closeAll(caches []filled) {
	for _, f := range caches {
		f.cache.Close()
	}
}

func hits(ctx context.Context, s Settings) (Found, error) {
	found := Found{Measured: target.Measured{}}
	behind := 0
	for _, set := range keySets(s) {
		t, measured, err := hitTable(ctx, s, set)
		if err != nil {
			return found, err
		}
		behind += len(t.Behind())
		found.Tables = append(found.Tables, t)
		found.Measured.Add(measured)
	}
	found.Measured[target.HitColumnsBehind] = rounds.Exact(float64(behind))
	return found, nil
}

func hitTable(ctx context.Context, s Settings, set keySet) (report.Table, target.Measured, error) {
	keys := trace.Keys(set.keys)
	sequence := set.sequence(trace.Copies(keys))
	caches := fillAll(ctx, peer.All(), keys)
	defer closeAll(caches)
	t := report.Table{
		Title:   "Hits: " + set.name,
		Intro:   "Every read is a hit. ns of wall time for each, so on two cores the best is half of one goroutine's.",
		Subject: "cache",
		Rows:    rows(peer.All()),
	}
	measured := target.Measured{}
	for i, c := range set.crews {
		s.say("hits: %s, %s", set.name, c.name)
		cells, results, err := compareReads(ctx, s, caches, sequence, c)
		if err != nil {
			return t, nil, err
		}
		addColumn(&t, report.Column{Name: c.name, Unit: "ns", Ratio: true}, cells)
		if i == 0 {
			cells := allocations(caches, sequence, results)
			addColumn(&t, report.Column{Name: "allocations", Unranked: true}, cells)
			for i, f := range caches {
				measured[target.HitAllocations(f.peer.Name)] = *cells[i].Figure
			}
		}
		ratios, err := hitRatios(set.name, c, results)
		if err != nil {
			return t, nil, err
		}
		measured.Add(ratios)
	}
	return t, measured, nil
}

// hitRatios is our time, that of the first result, by each of the others'.
func hitRatios(keys string, c crew, results []rounds.Result) (target.Measured, error) {
	measured := target.Measured{}
	for _, theirs := range results[1:] {
		ratio, err := rounds.Ratio(results[0], theirs)
		if err != nil {
			return nil, err
		}
		measured[target.Hit(keys, c.name, theirs.Name)] = ratio
	}
	return measured, nil
}

// compareReads measures the reads of every cache, ours first among them.
func compareReads(ctx context.Context, s Settings, caches []filled, sequence []string, c crew) ([]report.Cell, []rounds.Result, error) {
	all := make([]*readers, len(caches))
	subjects := make([]rounds.Subject, len(caches))
	for i, f := range caches {
		all[i] = newReaders(f.cache, sequence, c)
		subjects[i] = all[i].subject(f.peer.Name)
	}
	results, err := rounds.Compare(ctx, s.config(all[0].step()), subjects)
	if err != nil {
		return nil, nil, err
	}
	cells, err := report.Compared(results, results[0])
	if err != nil {
		return nil, nil, err
	}
	for i, f := range caches {
		if err := all[i].judge(f.peer, &cells[i]); err != nil {
			return nil, nil, err
		}
	}
	return cells, results, nil
}

// judge notes in a peer's cell how many reads found nothing. For ours that is an
// error: it would be quick because it is wrong.
func (r *readers) judge(p peer.Peer, cell *report.Cell) error {
	missed := r.missed.Load()
	if missed > 0 && p.Ours {
		return fmt.Errorf("suite: %s: %d reads found nothing of what is cached", p.Name, missed)
	}
	if missed > 0 {
		cell.Text = fmt.Sprintf("(%d reads missed)", missed)
	}
	return nil
}

// allocations counts what a read allocates, to a tenth: memory that is taken
// from the heap, not bytes.
func allocations(caches []filled, sequence []string, results []rounds.Result) []report.Cell {
	cells := make([]report.Cell, len(caches))
	for i, f := range caches {
		n := min(results[i].Ops, len(sequence))
		mallocs := mallocsOf(func() { f.cache.Read(sequence[:n]) })
		cells[i] = report.Figure(rounds.Exact(math.Round(10*float64(mallocs)/float64(n)) / 10))
	}
	return cells
}

// mallocsOf returns how many allocations were made during f, by anybody.
func mallocsOf(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}
