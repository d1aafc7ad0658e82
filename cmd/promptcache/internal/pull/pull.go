// Package pull makes and refreshes snapshots: it fetches prompts, says what became
// of each, and writes the file whole or not at all.
package pull

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/parallel"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/promptcache"
)

// Outcome is what became of a prompt.
type Outcome string

// The outcomes.
const (
	Added     Outcome = "added"     // the file did not have it
	Changed   Outcome = "changed"   // its revision is another one
	Unchanged Outcome = "unchanged" // its revision is the same
	Removed   Outcome = "removed"   // the file does not have it any more
	Failed    Outcome = "failed"    // it could not be fetched
)

// Result says what became of one prompt.
type Result struct {
	Key     string
	Outcome Outcome
	// Old is what the file had, nil if nothing. It may be an entry that could not
	// be decoded.
	Old *registry.Entry
	// Value is what was fetched, nil if nothing.
	Value registry.Value
	// Err is why it has failed.
	Err error
}

// Job is a snapshot to be made.
type Job struct {
	Path  string
	Cache *registry.Cache
	// Old is what is at Path; nil if there is nothing, or nothing that can be
	// read.
	Old *registry.Snapshot
	// Update keeps what Old has: what is not among Keys, and what of them cannot
	// be fetched.
	Update bool
	// Prune removes what the registry says does not exist.
	Prune bool
	// KeepGoing writes what could be fetched if not everything can.
	KeepGoing bool
	// Keys are what is fetched: canonical, with schemes, each once.
	Keys []string
	// Concurrency is how many are fetched at once.
	Concurrency int
	// Each is called with what became of each, in the order of Keys, and then of
	// what the file will not have any more.
	Each func(Result)
}

// Report is what came of a Job.
type Report struct {
	// Written says that Path was replaced.
	Written bool
	// Prompts is how many the file has then.
	Prompts int
	Counts  map[Outcome]int
}

// Changed reports whether the file has other prompts than before.
func (r Report) Changed() bool {
	return r.Written && r.Counts[Added]+r.Counts[Changed]+r.Counts[Removed] > 0
}

// Run does the job. Its error is that of the file, or that ctx was canceled; then
// the file is as it was. What could not be fetched is for the Results to say.
func (j Job) Run(ctx context.Context) (Report, error) {
	report := Report{Counts: make(map[Outcome]int)}
	tell := func(r Result) {
		report.Counts[r.Outcome]++
		j.Each(r)
	}
	old := make(map[string]*registry.Entry)
	if j.Old != nil {
		for i := range j.Old.Entries {
			old[j.Old.Entries[i].Key] = &j.Old.Entries[i]
		}
		if j.Update {
			if err := j.Cache.LoadFile(j.Path); err != nil {
				return report, err
			}
		}
	}

	type fetched struct {
		value registry.Value
		err   error
	}
	parallel.Each(j.Concurrency, j.Keys, func(key string) fetched {
		value, err := j.Cache.Fetch(ctx, key)
		return fetched{value, err}
	}, func(key string, got fetched) {
		if !errors.Is(ctx.Err(), context.Canceled) { // then it is not the prompt's fault
			tell(j.judge(key, old[key], got.value, got.err))
		}
	})
	if errors.Is(ctx.Err(), context.Canceled) {
		return report, ctx.Err()
	}
	if report.Counts[Failed] > 0 && (!j.KeepGoing || len(j.Cache.Keys()) == 0) {
		return report, nil
	}
	if !j.Update {
		for _, key := range slices.Sorted(maps.Keys(old)) {
			if !slices.Contains(j.Keys, key) {
				tell(Result{Key: key, Outcome: Removed, Old: old[key]})
			}
		}
	}
	return j.write(report)
}

// judge says what became of a key.
func (j Job) judge(key string, old *registry.Entry, value registry.Value, err error) Result {
	r := Result{Key: key, Old: old, Value: value, Err: err}
	switch {
	case err != nil && j.Prune && old != nil && errors.Is(err, promptcache.ErrNotFound):
		j.Cache.Forget(key)
		r.Outcome, r.Err = Removed, nil
	case err != nil:
		r.Outcome = Failed
	case old == nil:
		r.Outcome = Added
	case old.Value == nil || old.Value.Revision() != value.Revision():
		r.Outcome = Changed
	default:
		r.Outcome = Unchanged
	}
	return r
}

// write writes the file. The prompts come in the order of their keys, so that
// files can be compared.
func (j Job) write(report Report) (Report, error) {
	keys := j.Cache.Keys()
	slices.Sort(keys)
	if err := j.Cache.DumpFile(j.Path, keys); err != nil {
		return report, err
	}
	report.Written, report.Prompts = true, len(keys)
	return report, nil
}
