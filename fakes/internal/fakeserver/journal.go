package fakeserver

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// maxRecorded bounds the list of requests, so that a server left running does
// not grow; the counts go on.
const maxRecorded = 10_000

// masked stands for a credential in a record.
const masked = "***"

// Request is a request that the server received.
type Request struct {
	Method string `json:"method"`
	// Path is as it was on the wire, escapes included; Query without its "?".
	Path  string `json:"path"`
	Query string `json:"query"`
	// Prompt is the full name of what the request was about, or "".
	Prompt string `json:"prompt"`
	// Header is a copy; the values of X-Api-Key, Authorization, Cookie and
	// Proxy-Authorization are "***".
	Header http.Header `json:"header"`
	// At is when it arrived.
	At time.Time `json:"at"`
}

// journal counts and records the requests.
type journal struct {
	mu          sync.Mutex
	requests    []Request
	count       int
	perPrompt   map[string]int
	inFlight    int
	maxInFlight int
	changed     chan struct{} // closed and replaced at each change: who waits looks again
}

func newJournal() *journal {
	return &journal{perPrompt: map[string]int{}, changed: make(chan struct{})}
}

// begin records a request; the returned function says that it is over.
func (j *journal) begin(r *http.Request, prompt string) (done func()) {
	header := r.Header.Clone()
	for _, name := range []string{"X-Api-Key", "Authorization", "Proxy-Authorization", "Cookie"} {
		if header.Get(name) != "" {
			header.Set(name, masked)
		}
	}
	record := Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
		Prompt: prompt, Header: header, At: time.Now(),
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.requests) == maxRecorded {
		j.requests = slices.Delete(j.requests, 0, maxRecorded/2)
	}
	j.requests = append(j.requests, record)
	j.count++
	if prompt != "" {
		j.perPrompt[prompt]++
	}
	j.inFlight++
	j.maxInFlight = max(j.maxInFlight, j.inFlight)
	j.changedLocked()
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.inFlight--
		j.changedLocked()
	}
}

func (j *journal) changedLocked() {
	close(j.changed)
	j.changed = make(chan struct{})
}

// wait returns when reached says so, or with ctx's error.
func (j *journal) wait(ctx context.Context, what string, reached func() bool) error {
	for {
		j.mu.Lock()
		ok, changed, count, inFlight := reached(), j.changed, j.count, j.inFlight
		j.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s, at %d requests, %d in flight: %w", what, count, inFlight, context.Cause(ctx))
		}
	}
}

// Requests lists the requests since the start or the last
// [Base.ResetRequests], oldest first; at most the last 10,000.
func (b *Base) Requests() []Request {
	b.journal.mu.Lock()
	defer b.journal.mu.Unlock()
	copies := append([]Request{}, b.journal.requests...) // as JSON, none is [] and not null
	for i := range copies {
		copies[i].Header = copies[i].Header.Clone()
	}
	return copies
}

// Count is the number of requests since the start or the last
// [Base.ResetRequests], failed ones included.
func (b *Base) Count() int {
	b.journal.mu.Lock()
	defer b.journal.mu.Unlock()
	return b.journal.count
}

// CountFor is the number of requests about one prompt, which need not exist.
func (b *Base) CountFor(prompt string) int {
	full, err := b.cfg.Ref(prompt)
	if err != nil {
		return 0 // no request can be about it
	}
	b.journal.mu.Lock()
	defer b.journal.mu.Unlock()
	return b.journal.perPrompt[full]
}

// InFlight is the number of requests that are being answered now, hanging ones
// included.
func (b *Base) InFlight() int {
	b.journal.mu.Lock()
	defer b.journal.mu.Unlock()
	return b.journal.inFlight
}

// MaxInFlight is the most that InFlight has been since the start or the last
// [Base.ResetRequests].
func (b *Base) MaxInFlight() int {
	b.journal.mu.Lock()
	defer b.journal.mu.Unlock()
	return b.journal.maxInFlight
}

// ResetRequests forgets the requests and their counts. MaxInFlight begins anew
// at what is in flight.
func (b *Base) ResetRequests() {
	j := b.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests, j.count = nil, 0
	clear(j.perPrompt)
	j.maxInFlight = j.inFlight
	j.changedLocked()
}

// WaitRequests returns when at least n requests have arrived since the last
// [Base.ResetRequests]. It fails when ctx ends.
func (b *Base) WaitRequests(ctx context.Context, n int) error {
	return b.wait(ctx, fmt.Sprintf("%d requests", n), func() bool { return b.journal.count >= n })
}

// WaitIdle returns when no request is in flight. It fails when ctx ends.
func (b *Base) WaitIdle(ctx context.Context) error {
	return b.wait(ctx, "the last answer", func() bool { return b.journal.inFlight == 0 })
}

func (b *Base) wait(ctx context.Context, what string, reached func() bool) error {
	if err := b.journal.wait(ctx, what, reached); err != nil {
		return fmt.Errorf("%s: %w", b.cfg.Package, err)
	}
	return nil
}
