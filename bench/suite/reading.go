package suite

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/rounds"
)

// batch is how many keys are read in one call of an adapter.
const batch = 1_000

// crew is how many goroutines read, on how many processors.
type crew struct {
	name       string
	goroutines int
	procs      int // GOMAXPROCS
}

// The crews of the tables. The last two have more to do than a machine of two
// cores can do at once; then it shows who blocks the others.
var (
	alone = crew{"one goroutine", 1, 0}
	par1  = crew{"parallel on 1", 1, 1}
	par2  = crew{"parallel on 2", 2, 2}
	par8  = crew{"parallel on 8", 8, 8}
)

// readers read a sequence of keys from a cache, over and over.
type readers struct {
	cache    peer.Cache
	sequence []string // a multiple of batch long
	crew     crew
	// write is called by each goroutine after every batch, unless it is nil.
	write func(g, i int)

	missed atomic.Int64 // reads that found nothing, since they were made
	next   []int        // of each goroutine: where in the sequence it goes on
}

func newReaders(cache peer.Cache, sequence []string, c crew) *readers {
	r := &readers{cache: cache, sequence: sequence, crew: c, next: make([]int, c.goroutines)}
	for g := range r.next { // spread over the sequence
		r.next[g] = len(sequence) / c.goroutines * g / batch * batch
	}
	return r
}

// step is what the number of reads must be a multiple of.
func (r *readers) step() int { return batch * r.crew.goroutines }

// run makes n reads altogether and returns how long that took.
func (r *readers) run(_ context.Context, n int) (time.Duration, error) {
	if r.crew.procs > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(r.crew.procs))
	}
	each := n / batch / r.crew.goroutines
	if r.crew.goroutines == 1 {
		began := time.Now()
		r.work(0, each)
		return time.Since(began), nil
	}
	var wg sync.WaitGroup
	start := make(chan struct{})
	for g := range r.crew.goroutines {
		wg.Go(func() {
			<-start
			r.work(g, each)
		})
	}
	began := time.Now()
	close(start)
	wg.Wait()
	return time.Since(began), nil
}

// work is goroutine g's share: so many batches.
func (r *readers) work(g, batches int) {
	found, at := 0, r.next[g]
	for i := range batches {
		if at+batch > len(r.sequence) {
			at = 0
		}
		found += r.cache.Read(r.sequence[at : at+batch])
		at += batch
		if r.write != nil {
			r.write(g, i)
		}
	}
	r.next[g] = at
	if missed := batches*batch - found; missed > 0 {
		r.missed.Add(int64(missed))
	}
}

// subject is the readers as one subject of a comparison.
func (r *readers) subject(name string) rounds.Subject { return rounds.Subject{Name: name, Run: r.run} }
