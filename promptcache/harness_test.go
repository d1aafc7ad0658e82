package promptcache_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// What the tests' caches are configured with.
const (
	ttl      = 5 * time.Minute
	interval = time.Minute
)

// doc is a value without optional methods.
type doc struct{ Text string }

// revised is a value that has a revision.
type revised struct{ Rev, Text string }

func (r *revised) Revision() string { return r.Rev }

// proves runs a test inside a synctest bubble, where the real clock is exact
// and time passes when everyone waits. Its name begins with the id of the
// behaviour.
func proves(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// exactly is a Config without chance: no jitter, and a log that is thrown away.
func exactly(changes ...func(cfg *promptcache.Config)) promptcache.Config {
	cfg := promptcache.DefaultConfig()
	cfg.TTL = new(ttl)
	cfg.RefreshInterval = interval
	cfg.RefreshJitter = 0
	cfg.Logger = slog.New(slog.DiscardHandler)
	for _, change := range changes {
		change(&cfg)
	}
	return cfg
}

// newCache makes a cache over fetch that is shut down with the test.
func newCache[V any](t *testing.T, fetch promptcache.FetchFunc[V], cfg promptcache.Config) *promptcache.PromptCache[V] {
	t.Helper()
	c, err := promptcache.New(fetch, cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = c.Shutdown(ctx) // the error is that fetches were canceled, which is what a test that left some wants
	})
	return c
}

// started is newCache with a running refresher.
func started[V any](t *testing.T, fetch promptcache.FetchFunc[V], cfg promptcache.Config) *promptcache.PromptCache[V] {
	t.Helper()
	c := newCache(t, fetch, cfg)
	require.NoError(t, c.Start(context.Background()))
	return c
}

// docs is a source of *doc that has the given keys, each with the text "KEY v1".
func docs(keys ...string) *source.Source[*doc] {
	src := source.New[*doc]()
	for _, key := range keys {
		src.Put(key, &doc{key + " v1"})
	}
	return src
}

// pass lets d of the bubble's time pass, and everything happen that it causes.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// logbook is a slog.Handler that keeps what is logged.
type logbook struct {
	mu      sync.Mutex
	records []slog.Record
}

func (l *logbook) Enabled(context.Context, slog.Level) bool { return true }
func (l *logbook) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logbook) WithGroup(string) slog.Handler            { return l }

func (l *logbook) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, r)
	return nil
}

// at returns the messages logged at a level, oldest first.
func (l *logbook) at(level slog.Level) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, r := range l.records {
		if r.Level == level {
			out = append(out, r.Message)
		}
	}
	return out
}

// levelOf returns the level of the first record with the message, far below all
// others if there is none.
func levelOf(l *logbook, message string) slog.Level {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		if r.Message == message {
			return r.Level
		}
	}
	return slog.LevelDebug - 100
}

// countOf returns how often message is among messages.
func countOf(messages []string, message string) (n int) {
	for _, m := range messages {
		if m == message {
			n++
		}
	}
	return n
}

// attrs returns the attributes of the first record with the message.
func (l *logbook) attrs(t *testing.T, message string) map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.records, func(r slog.Record) bool { return r.Message == message })
	require.GreaterOrEqual(t, i, 0, "nothing was logged as %q", message)
	out := make(map[string]any)
	l.records[i].Attrs(func(a slog.Attr) bool {
		out[a.Key] = a.Value.Any()
		return true
	})
	return out
}

// eventlog subscribes to c and keeps its events.
type eventlog struct {
	mu     sync.Mutex
	events []promptcache.Event
}

func follow[V any](t *testing.T, c *promptcache.PromptCache[V]) *eventlog {
	t.Helper()
	l := &eventlog{}
	t.Cleanup(c.Subscribe(func(e promptcache.Event) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.events = append(l.events, e)
	}))
	return l
}

// kinds returns what has happened to key, oldest first.
func (l *eventlog) kinds(key string) []promptcache.EventKind {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []promptcache.EventKind
	for _, e := range l.events {
		if e.Key == key {
			out = append(out, e.Kind)
		}
	}
	return out
}

// loadedWith fetches key into c, which must succeed.
func loadedWith[V any](t *testing.T, c *promptcache.PromptCache[V], key string) V {
	t.Helper()
	v, err := c.GetOrFetch(t.Context(), key)
	require.NoError(t, err)
	return v
}

// broken is an answer that says only what kind of failure it is.
func broken[V any](kind promptcache.ErrorKind) source.Step[V] {
	return func(_ context.Context, key string) (V, error) {
		var zero V
		return zero, &promptcache.FetchError{Key: key, Kind: kind}
	}
}

// goroutines returns how many goroutines there are that the package started.
func goroutines() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Count(stacks, []byte("created by github.com/promptcache/promptcache-go/promptcache."))
}
