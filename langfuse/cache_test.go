package langfuse_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/promptcache"
)

// project is a registry whose prompt "greeting" can be changed, and which knows
// conditional requests. It remembers what was asked.
type project struct {
	mu     sync.Mutex
	answer string
	status int // 0 is 200
	asked  []*http.Request
}

func (p *project) set(status int, answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.answer = status, answer
}

func (p *project) requests() []*http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func (p *project) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, r)
	tag := fmt.Sprintf(`W/"%x"`, len(p.answer))
	switch {
	case p.status != 0:
		sourcetest.Reply(w, p.status, p.answer)
	case r.Header.Get("If-None-Match") == tag:
		w.Header().Set("ETag", tag)
		w.WriteHeader(http.StatusNotModified)
	default:
		w.Header().Set("ETag", tag)
		sourcetest.Reply(w, http.StatusOK, p.answer)
	}
}

// newCache returns a cache over the project, not started.
func (p *project) newCache(t *testing.T) *promptcache.PromptCache[*langfuse.Prompt] {
	t.Helper()
	src := newSource(t, langfuse.Config{Retries: new(0), HTTPClient: sourcetest.InMemory(p.ServeHTTP)})
	cache, err := langfuse.NewCache(src, promptcache.DefaultConfig())
	require.NoError(t, err)
	return cache
}

// echo answers every request with a prompt as it was asked for.
func echo(requests map[string]int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		requests[r.URL.RequestURI()]++
		version, label := r.URL.Query().Get("version"), r.URL.Query().Get("label")
		if version == "" {
			version = "9"
		}
		sourcetest.Reply(w, http.StatusOK, with(text,
			`"greeting"`, quoteJSON(r.URL.Path[len("/api/public/v2/prompts/"):]), `"version":3`, `"version":`+version, `"latest"`, quoteJSON(label)))
	}
}

func TestEntries(t *testing.T) {
	requests := map[string]int{}
	src := newSource(t, langfuse.Config{HTTPClient: sourcetest.InMemory(echo(requests))})
	get := func(t *testing.T, cache *promptcache.PromptCache[*langfuse.Prompt], key string) *langfuse.Prompt {
		t.Helper()
		p, err := cache.GetOrFetch(t.Context(), key)
		require.NoError(t, err)
		return p
	}
	newCache := func(t *testing.T) *promptcache.PromptCache[*langfuse.Prompt] {
		t.Helper()
		clear(requests)
		cache, err := langfuse.NewCache(src, promptcache.DefaultConfig())
		require.NoError(t, err)
		return cache
	}
	const address = "/api/public/v2/prompts/greeting?"

	t.Run("LF-05 within the TTL there is no second request", func(t *testing.T) {
		cache := newCache(t)
		for _, key := range []string{"greeting", "greeting@staging", "greeting#2"} {
			first := get(t, cache, key)
			require.Same(t, first, get(t, cache, key))
		}
		require.Equal(t, map[string]int{address + "label=production": 1, address + "label=staging": 1, address + "version=2": 1}, requests)
	})
	t.Run("LF-06 no label and label production are one entry", func(t *testing.T) {
		cache := newCache(t)
		require.Same(t, get(t, cache, "greeting@production"), get(t, cache, "greeting"))
		require.Equal(t, []string{"greeting"}, cache.Keys())
		require.Equal(t, map[string]int{address + "label=production": 1}, requests)
	})
	t.Run("LF-07 versions and labels are different entries", func(t *testing.T) {
		cache := newCache(t)
		keys := []string{"greeting#1", "greeting#2", "greeting@1", "greeting@2", "greeting"}
		seen := map[*langfuse.Prompt]bool{}
		for _, key := range keys {
			seen[get(t, cache, key)] = true
		}
		require.Len(t, seen, len(keys))
		require.ElementsMatch(t, keys, cache.Keys())
	})
	t.Run("LF-15 invalidating foo leaves foobar and foo/sub", func(t *testing.T) {
		cache := newCache(t)
		for _, key := range []string{"foo", "foobar", "foo/sub", "foo@x"} {
			get(t, cache, key)
		}
		require.Equal(t, 1, cache.Invalidate("foo@production"))
		require.ElementsMatch(t, []string{"foobar", "foo/sub", "foo@x"}, cache.Keys())
	})
	t.Run("NB-31 a name that looks like a key with a label is another entry", func(t *testing.T) {
		cache := newCache(t)
		require.Equal(t, "greeting@staging", get(t, cache, "greeting@staging@production").Name())
		require.Equal(t, "greeting", get(t, cache, "greeting@staging").Name())
		require.Equal(t, 2, cache.Len())
	})
}

func TestNewCache(t *testing.T) {
	sourcetest.RunCache(t, sourcetest.CacheSubject[*langfuse.Prompt]{
		Spellings: []string{"greeting", "greeting@production"}, Good: text, Bad: "a//b",
		New: func(client *http.Client, cfg promptcache.Config) (*promptcache.PromptCache[*langfuse.Prompt], error) {
			if client == nil {
				return langfuse.NewCache(nil, cfg)
			}
			return langfuse.NewCache(newSource(t, langfuse.Config{HTTPClient: client}), cfg)
		},
	})
}

func TestConditionalRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := &project{answer: text}
		cache := registry.newCache(t)
		refreshed := func() *langfuse.Prompt {
			time.Sleep(time.Hour) // the bubble's
			p, err := cache.GetFresh(t.Context(), "greeting")
			require.NoError(t, err)
			return p
		}
		first := refreshed()
		require.Same(t, first, refreshed(), "the value keeps its identity")
		requests := registry.requests()
		require.Len(t, requests, 2)
		require.NotContains(t, requests[0].Header, "If-None-Match")
		require.Equal(t, first.ETag(), requests[1].Header.Get("If-None-Match"), "a weak tag goes back as it came")
		require.NotContains(t, requests[1].Header, "Cache-Control")
		require.EqualValues(t, 1, cache.Metrics().Unchanged)

		registry.set(0, with(text, "Hello", "Good morning,"))
		second := refreshed()
		require.Equal(t, "Good morning, {{name}}", second.Text())
		require.Same(t, second, refreshed())
		requests = registry.requests()
		require.Equal(t, []string{first.ETag(), second.ETag()},
			[]string{requests[2].Header.Get("If-None-Match"), requests[3].Header.Get("If-None-Match")})
	})
}

func TestConditionOnlyOnWhatIsCached(t *testing.T) {
	unconditional := func(t *testing.T, registry *project) {
		t.Helper()
		requests := registry.requests()
		require.NotContains(t, requests[len(requests)-1].Header, "If-None-Match")
	}
	t.Run("an entry that is gone is fetched without a condition", func(t *testing.T) {
		registry := &project{answer: text}
		cache := registry.newCache(t)
		for range 2 {
			_, err := cache.GetOrFetch(t.Context(), "greeting")
			require.NoError(t, err)
			unconditional(t, registry)
			cache.Invalidate("greeting")
		}
		require.Len(t, registry.requests(), 2)
	})
	t.Run("an entry that goes during its refresh is fetched again without a condition", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			registry := &project{answer: text}
			arrived, release := make(chan struct{}), make(chan struct{})
			var slow atomic.Bool
			src := newSource(t, langfuse.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
				registry.ServeHTTP(w, r)
				if slow.Load() {
					slow.Store(false)
					close(arrived)
					<-release // with its 304 on the way
				}
			})})
			cache, err := langfuse.NewCache(src, promptcache.DefaultConfig())
			require.NoError(t, err)
			_, err = cache.GetOrFetch(t.Context(), "greeting")
			require.NoError(t, err)
			slow.Store(true)
			done := make(chan error)
			go func() {
				_, err := cache.Refresh(t.Context(), "greeting")
				done <- err
			}()
			<-arrived
			cache.Invalidate("greeting")
			again, err := cache.GetOrFetch(t.Context(), "greeting")
			require.NoError(t, err)
			require.Equal(t, 3, again.Version())
			unconditional(t, registry)
			close(release)
			require.NoError(t, <-done)
			require.Len(t, registry.requests(), 3)
			got, ok := cache.Get("greeting")
			require.True(t, ok)
			require.Same(t, again, got)
		})
	})
	t.Run("another prompt's tag is not sent", func(t *testing.T) {
		registry := &project{answer: text}
		cache := registry.newCache(t)
		other, err := cache.GetOrFetch(t.Context(), "greeting@latest")
		require.NoError(t, err)
		require.NotEmpty(t, other.ETag())
		cache.Set("greeting", other) // fetched by another label
		_, err = cache.Refresh(t.Context(), "greeting")
		require.NoError(t, err)
		unconditional(t, registry)
	})
	t.Run("a fallback has no tag", func(t *testing.T) {
		registry := &project{answer: text}
		cache := registry.newCache(t)
		var fallback langfuse.Prompt
		require.NoError(t, fallback.UnmarshalJSON([]byte(text)))
		cache.Set("greeting", &fallback)
		_, err := cache.Refresh(t.Context(), "greeting")
		require.NoError(t, err)
		unconditional(t, registry)
	})
	t.Run("what came through a snapshot has its tag", func(t *testing.T) {
		registry := &project{answer: text}
		p, err := registry.newCache(t).GetOrFetch(t.Context(), "greeting")
		require.NoError(t, err)
		dump, err := p.MarshalJSON()
		require.NoError(t, err)
		var loaded langfuse.Prompt
		require.NoError(t, loaded.UnmarshalJSON(dump))
		cache := registry.newCache(t)
		cache.Set("greeting", &loaded)
		same, err := cache.Refresh(t.Context(), "greeting")
		require.NoError(t, err)
		require.Same(t, &loaded, same)
		requests := registry.requests()
		require.NotEmpty(t, p.ETag())
		require.Equal(t, p.ETag(), requests[len(requests)-1].Header.Get("If-None-Match"))
	})
}

func TestPinnedVersionIsNeverRefetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := &project{answer: text}
		cache := registry.newCache(t)
		for range 3 {
			for _, key := range []string{"greeting", "greeting#3"} {
				_, err := cache.GetFresh(t.Context(), key)
				require.NoError(t, err)
			}
			time.Sleep(time.Hour) // the bubble's
		}
		require.Len(t, registry.requests(), 4)
	})
	t.Run("NB-42 a composed one is, and a changed child is a change", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			composed := with(text, `"resolutionGraph":null`, `"resolutionGraph":{"root":{"name":"greeting","version":3}}`)
			registry := &project{answer: composed}
			cache := registry.newCache(t)
			before, err := cache.GetFresh(t.Context(), "greeting#3")
			require.NoError(t, err)
			registry.set(0, with(composed, "Hello", "Good morning,"))
			time.Sleep(time.Hour) // the bubble's
			after, err := cache.GetFresh(t.Context(), "greeting#3")
			require.NoError(t, err)
			require.Equal(t, before.Version(), after.Version())
			require.Equal(t, "Good morning, {{name}}", after.Text())
			require.Zero(t, cache.Metrics().Unchanged)
		})
	})
}

func TestOutageBehindACache(t *testing.T) {
	for name, failure := range map[string]struct {
		status int
		body   string
		gone   bool
	}{
		"NB-25 a proxy's HTML 404 evicts nothing":       {http.StatusNotFound, "<html>", false},
		"NB-25 a 401 evicts nothing":                    {http.StatusUnauthorized, missing, false},
		"NB-25 a 403 evicts nothing":                    {http.StatusForbidden, missing, false},
		"NB-25 nor does a 409":                          {http.StatusConflict, `{"message":"x","error":"LangfuseConflictError"}`, false},
		"LF-11 the registry's own 404, confirmed, does": {http.StatusNotFound, missing, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				registry := &project{answer: text}
				cache := registry.newCache(t)
				before, err := cache.GetOrFetch(t.Context(), "greeting")
				require.NoError(t, err)
				registry.set(failure.status, failure.body)
				for n := range 4 {
					time.Sleep(time.Hour) // the bubble's
					got, err := cache.GetFresh(t.Context(), "greeting")
					if failure.gone && n > 0 {
						require.ErrorIs(t, err, promptcache.ErrNotFound)
						require.Nil(t, got)
						continue
					}
					require.ErrorIs(t, err, promptcache.ErrStale)
					require.Same(t, before, got)
				}
			})
		})
	}
}
