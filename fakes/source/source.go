// Package source is a scripted [promptcache.FetchFunc] for tests: a registry in
// memory that can be told to fail, hang, panic or answer anything, and that
// counts what it is asked.
//
//	src := source.New[string]()
//	src.Put("greeting", "Hello {name}")
//	cache, err := promptcache.New(src.Fetch, promptcache.DefaultConfig())
//	...
//	src.Always(source.Fail[string](promptcache.ErrUnavailable)) // an outage
//	src.Always(nil)                                             // and its end
//
// For a registry that speaks HTTP see the other fakes.
package source

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"sync"

	"github.com/promptcache/promptcache-go/promptcache"
)

// Step is one answer of a scripted source.
type Step[V any] func(ctx context.Context, key string) (V, error)

// Source answers fetches from a table of values, unless a script says
// otherwise. Its methods are safe for concurrent use.
type Source[V any] struct {
	mu          sync.Mutex // guards what follows
	values      map[string]V
	script      []Step[V]
	always      Step[V]
	held        chan struct{} // closed by release; nil when nothing is held
	calls       map[string]int
	total       int
	inFlight    map[string]int
	flying      int
	maxInFlight int
	maxOfAKey   int
	changed     chan struct{} // closed and replaced when a counter changes
}

// New returns a source that has no prompts.
func New[V any]() *Source[V] {
	return &Source[V]{
		values:   make(map[string]V),
		calls:    make(map[string]int),
		inFlight: make(map[string]int),
		changed:  make(chan struct{}),
	}
}

// Fetch is the FetchFunc. It answers with the next step of the script, else
// with what Always says, else with the value that was Put, else with
// promptcache.ErrNotFound.
func (s *Source[V]) Fetch(ctx context.Context, key string) (V, error) {
	step, held := s.begin(key)
	defer s.end(key)
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
			var zero V
			return zero, fmt.Errorf("source: %q was held: %w", key, context.Cause(ctx))
		}
	}
	return step(ctx, key)
}

// Put makes value what the registry has under key.
func (s *Source[V]) Put(key string, value V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key] = value
}

// Delete makes key unknown to the registry.
func (s *Source[V]) Delete(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, key)
}

// Script appends steps; each answers one fetch, of whatever key, in the order
// in which the fetches begin.
func (s *Source[V]) Script(steps ...Step[V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, steps...)
}

// Always makes step the answer to every fetch that the script does not answer;
// nil ends that.
func (s *Source[V]) Always(step Step[V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = step
}

// Hold makes fetches that begin from now on wait for release or for the end of
// their context, and only then answer: by what they were to answer when they
// began. Calling release again does nothing.
func (s *Source[V]) Hold() (release func()) {
	held := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = held
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.held == held {
			s.held = nil
		}
		close(held)
	})
}

func (s *Source[V]) begin(key string) (step Step[V], held chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total++
	s.calls[key]++
	s.flying++
	s.inFlight[key]++
	s.maxInFlight = max(s.maxInFlight, s.flying)
	s.maxOfAKey = max(s.maxOfAKey, s.inFlight[key])
	s.notifyLocked()
	switch value, ok := s.values[key]; {
	case len(s.script) > 0:
		step = s.script[0]
		s.script = s.script[1:]
	case s.always != nil:
		step = s.always
	case ok:
		step = Value(value)
	default:
		step = Fail[V](&promptcache.FetchError{Key: key, Kind: promptcache.KindNotFound, StatusCode: 404})
	}
	return step, s.held
}

func (s *Source[V]) end(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying--
	s.inFlight[key]--
	if s.inFlight[key] == 0 {
		delete(s.inFlight, key)
	}
	s.notifyLocked()
}

func (s *Source[V]) notifyLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Calls returns how many fetches of key have begun.
func (s *Source[V]) Calls(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[key]
}

// AllCalls returns how many fetches of each key have begun.
func (s *Source[V]) AllCalls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// Total returns how many fetches have begun.
func (s *Source[V]) Total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// InFlight returns how many fetches are under way.
func (s *Source[V]) InFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flying
}

// MaxInFlight returns how many fetches were under way at once, at most: of all
// keys, and of one key.
func (s *Source[V]) MaxInFlight() (all, ofAKey int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.maxInFlight, s.maxOfAKey
}

// AwaitTotal waits until n fetches have begun since New, or for the end of ctx,
// whose error it returns.
func (s *Source[V]) AwaitTotal(ctx context.Context, n int) error {
	return s.await(ctx, func() bool { return s.total >= n })
}

// AwaitIdle waits until no fetch is under way, or for the end of ctx.
func (s *Source[V]) AwaitIdle(ctx context.Context) error {
	return s.await(ctx, func() bool { return s.flying == 0 })
}

func (s *Source[V]) await(ctx context.Context, reached func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := reached(), s.changed
		total, flying := s.total, s.flying
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("source: %d fetches begun, %d under way: %w", total, flying, ctx.Err())
		}
	}
}

// Value answers with v.
func Value[V any](v V) Step[V] {
	return func(context.Context, string) (V, error) { return v, nil }
}

// Fail answers with err.
func Fail[V any](err error) Step[V] {
	return func(context.Context, string) (V, error) {
		var zero V
		return zero, err
	}
}

// Hang waits for the end of the fetch's context and answers with its cause.
func Hang[V any]() Step[V] {
	return func(ctx context.Context, _ string) (V, error) {
		var zero V
		<-ctx.Done()
		return zero, context.Cause(ctx)
	}
}

// Stuck ignores the fetch's context and answers as then does once until is
// closed.
func Stuck[V any](until <-chan struct{}, then Step[V]) Step[V] {
	return func(ctx context.Context, key string) (V, error) {
		<-until
		return then(ctx, key)
	}
}

// Panic panics with value.
func Panic[V any](value any) Step[V] {
	return func(context.Context, string) (V, error) { panic(value) }
}

// Goexit ends the fetch's goroutine.
func Goexit[V any]() Step[V] {
	return func(context.Context, string) (V, error) {
		runtime.Goexit()
		panic("unreachable")
	}
}
