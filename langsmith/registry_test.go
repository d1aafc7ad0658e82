package langsmith_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

const (
	ttl      = 5 * time.Minute
	interval = time.Minute
)

// stage is a cache over the fake registry, real HTTP between them, whose time
// passes when it is told to.
type stage struct {
	t      *testing.T
	fake   *fakelangsmith.Server
	clock  *clock.Mock
	cache  *promptcache.PromptCache[*langsmith.PromptCommit]
	events chan promptcache.Event
	log    *lockedBuffer
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{
		t:      t,
		fake:   fakelangsmith.StartTest(t, fakelangsmith.Config{}),
		clock:  clock.NewMock(),
		events: make(chan promptcache.Event, 64),
		log:    &lockedBuffer{},
	}
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	src, err := langsmith.New(langsmith.Config{
		Endpoint:   s.fake.URL(),
		APIKey:     langsmith.NewSecret(fakelangsmith.DefaultKey),
		HTTPClient: client,
		Retries:    new(0),
		Getenv:     func(string) string { return "" },
	})
	require.NoError(t, err)
	cfg := promptcache.DefaultConfig()
	cfg.TTL = new(ttl)
	cfg.RefreshInterval = interval
	cfg.RefreshJitter = 0
	cfg.Clock = s.clock
	cfg.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	s.cache, err = langsmith.NewCache(src, cfg)
	require.NoError(t, err)
	t.Cleanup(s.cache.Subscribe(func(e promptcache.Event) { s.events <- e }))
	return s
}

func (s *stage) push(prompt, template string) string {
	s.t.Helper()
	hash, err := s.fake.PushText(prompt, template)
	require.NoError(s.t, err)
	return hash
}

// read is a read-through that must succeed.
func (s *stage) read(key string) *langsmith.PromptCommit {
	s.t.Helper()
	p, err := s.cache.GetOrFetch(s.t.Context(), key)
	require.NoError(s.t, err)
	return p
}

// pass lets d pass on the cache's clock, one interval at a time.
func (s *stage) pass(d time.Duration) {
	for ; d > 0; d -= interval {
		s.clock.Add(min(d, interval))
	}
}

// await waits for an event of a kind.
func (s *stage) await(kind promptcache.EventKind) promptcache.Event {
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

func TestRegistryReads(t *testing.T) {
	t.Run("LF-01 the first read-through fetches exactly once", func(t *testing.T) {
		s := newStage(t)
		hash := s.push("greeting", "Hello {name}")
		require.Equal(t, hash, s.read("greeting").CommitHash())
		require.Equal(t, 1, s.fake.Count())
	})

	t.Run("LF-03 a failing first fetch returns its error, or the fallback, which is not stored", func(t *testing.T) {
		s := newStage(t)
		_, err := s.cache.GetOrFetch(t.Context(), "greeting")
		require.ErrorIs(t, err, promptcache.ErrNotFound)

		var fallback langsmith.PromptCommit
		require.NoError(t, fallback.UnmarshalJSON([]byte(`{"owner":"-","repo":"greeting","commit_hash":"bundled","manifest":{},"examples":[]}`)))
		require.Same(t, &fallback, s.cache.GetOr(t.Context(), "greeting", &fallback))
		require.Zero(t, s.cache.Len())
	})

	t.Run("LF-04 the registry's prompt wins over the fallback", func(t *testing.T) {
		s := newStage(t)
		hash := s.push("greeting", "Hello {name}")
		require.Equal(t, hash, s.cache.GetOr(t.Context(), "greeting", nil).CommitHash())
	})

	t.Run("LF-05 within the TTL there is no second request, by name, tag, hash or with the model", func(t *testing.T) {
		s := newStage(t)
		hash := s.push("greeting", "Hello {name}")
		require.NoError(t, s.fake.SetTag("greeting", "production", hash))
		keys := []string{"greeting", "greeting:production", "greeting:" + hash, "greeting?model"}
		for range 3 {
			for _, key := range keys {
				require.Equal(t, hash, s.read(key).CommitHash())
			}
		}
		require.Equal(t, len(keys), s.fake.Count())
	})

	t.Run("NB-30 all spellings of a prompt make one request and one entry", func(t *testing.T) {
		s := newStage(t)
		s.push("al", "Hello")
		first := s.read("al")
		for _, key := range []string{"al:latest", "-/al", "-/al:latest", "al:", "al"} {
			require.Same(t, first, s.read(key))
		}
		require.Equal(t, 1, s.fake.Count())
		require.Equal(t, []string{"al"}, s.cache.Keys())
		require.Equal(t, 1, s.cache.Invalidate("-/al:latest"))
		require.Zero(t, s.cache.Len())
	})
}

func TestRegistryRefresh(t *testing.T) {
	t.Run("LF-08 once stale the old value comes at once, five readers cause one refetch, then comes the new value", func(t *testing.T) {
		s := newStage(t)
		old := s.push("greeting", "Hello {name}")
		require.NoError(t, s.cache.Start(context.Background()))
		defer s.cache.Stop()
		first := s.read("greeting")
		newer := s.push("greeting", "Good day {name}")
		release, err := s.fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Hang})
		require.NoError(t, err)

		s.pass(ttl + interval)
		require.NoError(t, s.fake.WaitRequests(t.Context(), 2))
		var readers sync.WaitGroup
		for range 5 {
			readers.Go(func() {
				p, ok := s.cache.Get("greeting")
				if !ok || p != first {
					t.Errorf("got %v, %v during the refetch", p, ok)
				}
			})
		}
		readers.Wait()
		require.Equal(t, old, s.read("greeting").CommitHash())
		release()
		e := s.await(promptcache.EventChanged)
		require.Equal(t, [2]string{old, newer}, [2]string{e.OldRevision, e.NewRevision})
		require.Equal(t, newer, s.read("greeting").CommitHash())
		require.Equal(t, 2, s.fake.Count())
	})

	t.Run("LF-09 a refresh that began before a newer value was set is dropped", func(t *testing.T) {
		s := newStage(t)
		s.push("greeting", "Hello {name}")
		s.read("greeting")
		newest := s.push("greeting", "Good day {name}")
		require.NoError(t, s.cache.Start(context.Background()))
		defer s.cache.Stop()
		release, err := s.fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Hang, Prompt: "greeting"})
		require.NoError(t, err)
		s.pass(ttl + interval)
		require.NoError(t, s.fake.WaitRequests(t.Context(), 2))

		other := s.push("other", "Set by hand")
		byHand := s.read("other")
		s.cache.Set("greeting", byHand)
		release()
		require.NoError(t, s.fake.WaitIdle(t.Context()))
		require.Equal(t, other, s.read("greeting").CommitHash())
		require.NotEqual(t, other, newest)
	})

	t.Run("LF-10 a failed refresh serves the very same prompt, and says so once", func(t *testing.T) {
		s := newStage(t)
		s.push("greeting", "Hello {name}")
		first := s.read("greeting")
		require.NoError(t, s.cache.Start(context.Background()))
		defer s.cache.Stop()
		s.fake.Down()
		for range 20 {
			s.pass(interval)
			require.Same(t, first, s.read("greeting"))
		}
		for range 2 {
			s.await(promptcache.EventRefreshFailed)
		}
		require.Equal(t, 1, strings.Count(s.log.String(), `level=WARN msg="serving stale prompt" key=greeting`))
	})

	t.Run("LF-11 a deleted prompt is served until a second answer confirms it", func(t *testing.T) {
		s := newStage(t)
		s.push("greeting", "Hello {name}")
		first := s.read("greeting")
		require.NoError(t, s.fake.DeletePrompt("greeting"))
		s.pass(ttl + interval)
		require.Same(t, first, s.read("greeting"))
		require.Equal(t, 2, s.fake.Count())
		s.pass(interval)
		_, err := s.cache.GetOrFetch(t.Context(), "greeting")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		require.Zero(t, s.cache.Len())
		require.Equal(t, 3, s.fake.Count())
	})

	t.Run("NB-25 a proxy's 404, a 401 and a 403 evict nothing, however often", func(t *testing.T) {
		for name, fault := range map[string]fakelangsmith.Fault{
			"proxy 404": {Kind: fakelangsmith.HTML, Status: http.StatusNotFound},
			"401":       {Kind: fakelangsmith.Status, Status: http.StatusUnauthorized},
			"403":       {Kind: fakelangsmith.Status, Status: http.StatusForbidden},
		} {
			s := newStage(t)
			s.push("greeting", "Hello {name}")
			first := s.read("greeting")
			_, err := s.fake.Inject(fault)
			require.NoError(t, err)
			for range 5 {
				s.pass(ttl + interval)
				require.Same(t, first, s.read("greeting"), name)
			}
			require.Equal(t, 6, s.fake.Count(), name)
		}
	})

	t.Run("NB-26 with MaxStale an outage ends in an error and not in an old prompt", func(t *testing.T) {
		s := newStage(t)
		cfg := s.cache.Config()
		cfg.MaxStale = time.Hour
		require.NoError(t, s.cache.Configure(cfg))
		s.push("greeting", "Hello {name}")
		first := s.read("greeting")
		s.fake.Down()
		s.pass(ttl + time.Hour)
		require.Same(t, first, s.read("greeting"))
		s.pass(time.Minute)
		_, err := s.cache.GetOrFetch(t.Context(), "greeting")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.NoError(t, s.fake.Up())
		s.pass(interval)
		require.Equal(t, first.CommitHash(), s.read("greeting").CommitHash())
	})
}
