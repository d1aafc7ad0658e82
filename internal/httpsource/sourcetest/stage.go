package sourcetest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// The times of a [Stage].
const (
	TTL      = 5 * time.Minute
	Interval = time.Minute
)

// Fake is what every fake registry of this module has.
type Fake interface {
	Count() int
	WaitRequests(ctx context.Context, n int) error
	WaitIdle(ctx context.Context) error
	Down()
	Up() error
}

// Value is what a source fetches: a pointer.
type Value interface {
	comparable
	Revision() string
}

// Registry is a source and the fake that it asks.
type Registry[V Value] struct {
	Fake

	// New returns a cache over a source with this network and so many retries.
	New func(client *http.Client, retries int, cfg promptcache.Config) (*promptcache.PromptCache[V], error)
	// Push makes template what the key with the prompt's name means; Delete
	// removes the prompt.
	Push   func(name, template string) error
	Delete func(name string) error
	// Inject adds a fault of a kind, by the name that the fakes have for it, to
	// the requests about a prompt, or all.
	Inject func(kind string, status int, name string) (remove func(), err error)
}

// Stage is a cache over a fake registry, real HTTP between them, whose time
// passes when it is told to.
type Stage[V Value] struct {
	Registry[V]

	Cache  *promptcache.PromptCache[V]
	Log    *Log
	t      *testing.T
	clock  *clock.Mock
	events chan promptcache.Event
}

// NewStage returns a Stage whose source does not retry.
func NewStage[V Value](t *testing.T, registry Registry[V]) *Stage[V] {
	t.Helper()
	return NewStageWith(t, registry, 0)
}

// NewStageWith returns a Stage whose source retries so many times.
func NewStageWith[V Value](t *testing.T, registry Registry[V], retries int) *Stage[V] {
	t.Helper()
	s := &Stage[V]{Registry: registry, Log: &Log{}, t: t, clock: clock.NewMock(), events: make(chan promptcache.Event, 64)}
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	cfg := promptcache.DefaultConfig()
	cfg.TTL = new(TTL)
	cfg.RefreshInterval = Interval
	cfg.RefreshJitter = 0
	cfg.Clock = s.clock
	cfg.Logger = slog.New(slog.NewTextHandler(s.Log, nil))
	var err error
	s.Cache, err = registry.New(client, retries, cfg)
	require.NoError(t, err)
	t.Cleanup(s.Cache.Subscribe(func(e promptcache.Event) { s.events <- e }))
	return s
}

// Start starts the refresher until the test ends.
func (s *Stage[V]) Start() {
	s.t.Helper()
	require.NoError(s.t, s.Cache.Start(context.Background()))
	s.t.Cleanup(s.Cache.Stop)
}

// MustPush pushes a template.
func (s *Stage[V]) MustPush(name, template string) {
	s.t.Helper()
	require.NoError(s.t, s.Push(name, template))
}

// Fail lets requests about a prompt, or all, fail until remove.
func (s *Stage[V]) Fail(kind string, status int, name string) (remove func()) {
	s.t.Helper()
	remove, err := s.Inject(kind, status, name)
	require.NoError(s.t, err)
	return remove
}

// Read is a read-through that must succeed.
func (s *Stage[V]) Read(key string) V {
	s.t.Helper()
	value, err := s.Cache.GetOrFetch(s.t.Context(), key)
	require.NoError(s.t, err)
	return value
}

// ReadHas is a read-through that must bring a prompt with the template.
func (s *Stage[V]) ReadHas(key, template string) V {
	s.t.Helper()
	value := s.Read(key)
	content, err := json.Marshal(value)
	require.NoError(s.t, err)
	require.Contains(s.t, string(content), template)
	return value
}

// Pass lets d pass on the cache's clock, one interval at a time.
func (s *Stage[V]) Pass(d time.Duration) {
	for ; d > 0; d -= Interval {
		s.clock.Add(min(d, Interval))
	}
}

// Await waits for an event of a kind.
func (s *Stage[V]) Await(kind promptcache.EventKind) promptcache.Event {
	s.t.Helper()
	timeout := time.NewTimer(10 * time.Second)
	defer timeout.Stop()
	for {
		select {
		case e := <-s.events:
			if e.Kind == kind {
				return e
			}
		case <-timeout.C:
			require.FailNow(s.t, "no event of kind "+kind.String())
		}
	}
}

// Arrived waits until n requests have reached the fake.
func (s *Stage[V]) Arrived(n int) {
	s.t.Helper()
	require.NoError(s.t, s.WaitRequests(s.t.Context(), n))
}

// Log is a log that may be read while it is written.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is what was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
