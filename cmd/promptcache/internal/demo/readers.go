package demo

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	fewReaders  = 8                     // who read all the while in the background
	manyReaders = 200                   // who read at once
	readerPause = 10 * time.Millisecond // between two requests of one of the few
)

// readers are users who ask the service for one prompt, again and again.
type readers struct {
	quit  func()
	ended sync.WaitGroup

	mu    sync.Mutex           // guards what follows
	times latencies            // sorted once stop has returned
	seen  map[string]time.Time // when an answer with this revision, shortened, first came
	last  string               // the latest revision, shortened as in seen
	fails []error
	stall time.Duration
}

// startReaders has fewReaders ask for key, from now to stop or the end of ctx.
func (s *service) startReaders(ctx context.Context, key string) *readers {
	quit := make(chan struct{})
	r := &readers{
		quit: sync.OnceFunc(func() { close(quit) }),
		seen: make(map[string]time.Time),
	}
	for range fewReaders {
		r.ended.Go(func() {
			for pause(ctx, quit, readerPause) {
				r.note(s.get(ctx, key))
			}
		})
	}
	r.ended.Go(func() { r.watchMachine(ctx, quit) })
	return r
}

// pause waits for d; it returns false if that is cut short.
func pause(ctx context.Context, quit <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-quit:
		return false
	case <-ctx.Done():
		return false
	}
}

func (r *readers) note(a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times = append(r.times, a.took)
	if a.err != nil {
		r.fails = append(r.fails, a.err)
		return
	}
	r.last = a.revision
	if _, known := r.seen[a.revision]; !known {
		r.seen[a.revision] = time.Now()
	}
}

// watchMachine measures how long this process is kept from running: by that
// much a request can be late though nothing but the machine held it up.
func (r *readers) watchMachine(ctx context.Context, quit <-chan struct{}) {
	const beat = time.Millisecond
	for last := time.Now(); pause(ctx, quit, beat); last = time.Now() {
		late := time.Since(last) - beat
		r.mu.Lock()
		r.stall = max(r.stall, late)
		r.mu.Unlock()
	}
}

// saw returns when the first answer with revision came, and whether one did.
func (r *readers) saw(revision string) (time.Time, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.seen[revision]
	return at, ok
}

// latest returns the revision of the latest answer.
func (r *readers) latest() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// stop lets the requests under way finish; then r's fields may be read. It may
// be called more than once.
func (r *readers) stop() {
	r.quit()
	r.ended.Wait()
	sorted(r.times)
}

// failures returns how many of the requests failed, and how the first did.
func failures(of int, errs []error) string {
	if len(errs) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d, the first: %v", len(errs), of, errs[0])
}

// burst has n readers ask for key at once, each that many times in a row. It
// returns when all have their answers.
func (s *service) burst(ctx context.Context, key string, n, each int) (latencies, []error) {
	var (
		mu    sync.Mutex
		times = make([]time.Duration, 0, n*each)
		fails []error
		ready sync.WaitGroup
		wg    sync.WaitGroup
	)
	ready.Add(n)
	for range n {
		wg.Go(func() {
			ready.Done()
			ready.Wait() // all at once
			for range each {
				a := s.get(ctx, key)
				mu.Lock()
				times = append(times, a.took)
				if a.err != nil {
					fails = append(fails, a.err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return sorted(times), fails
}
