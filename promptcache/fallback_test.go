package promptcache_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// bundled is a cache whose registry has no prompts, and is down, beside bundled ones.
type bundled struct {
	*promptcache.PromptCache[*doc]
	registry, files *source.Source[*doc]
	log             *logbook
	events          *eventlog
}

func newBundled(t *testing.T, start bool, changes ...func(cfg *promptcache.Config)) *bundled {
	t.Helper()
	b := &bundled{registry: docs(), files: source.New[*doc](), log: &logbook{}}
	b.files.Put("a", &doc{"bundled"})
	b.down()
	cfg := exactly(changes...)
	cfg.Logger = slog.New(b.log)
	b.PromptCache = newCache(t, promptcache.Fallback(b.registry.Fetch, b.files.Fetch), cfg)
	b.events = follow(t, b.PromptCache)
	if start {
		require.NoError(t, b.Start(context.Background()))
	}
	return b
}

func (b *bundled) down()       { b.registry.Always(broken[*doc](promptcache.KindUnavailable)) }
func (b *bundled) up(v string) { b.registry.Put("a", &doc{v}); b.registry.Always(nil) }
func (b *bundled) upWithout()  { b.registry.Delete("a"); b.registry.Always(nil) }

// warnings returns what was logged as a warning, once all of it is written.
func (b *bundled) warnings() []string {
	synctest.Wait()
	return b.log.warnings()
}

// is requires what is cached under a.
func (b *bundled) is(t *testing.T, text string, fallback bool) promptcache.Entry[*doc] {
	t.Helper()
	e, ok := b.Lookup("a")
	require.True(t, ok)
	require.Equal(t, text, e.Value.Text)
	require.Equal(t, fallback, e.Fallback)
	if fallback {
		require.True(t, e.Stale)
		require.Error(t, e.LastError)
	}
	return e
}

func TestFallbackAtAColdStart(t *testing.T) {
	proves(t, "ready through an outage, and the registry's prompt within the backoff", func(t *testing.T) {
		b := newBundled(t, true)
		require.Equal(t, "bundled", loadedWith(t, b.PromptCache, "a").Text)
		e := b.is(t, "bundled", true)
		require.ErrorIs(t, e.LastError, promptcache.ErrUnavailable)
		require.Equal(t, time.Second, time.Until(e.NextAttempt))
		s := b.Status()
		require.Equal(t, promptcache.StateDegraded, s.State)
		require.Equal(t, 1, s.Failing)
		require.Equal(t, 1, s.ServingStale)
		require.True(t, s.LastSuccess.IsZero(), "a fallback is no success")
		require.Equal(t, promptcache.Metrics{Misses: 1, Hits: 1, StaleHits: 1, Fetches: 1, FetchErrors: 1, StoredFallbacks: 1}, b.Metrics())
		require.Equal(t, []string{"serving stale prompt"}, b.warnings())
		require.Equal(t, true, b.log.attrs(t, "serving stale prompt")["fallback"])
		pass(0)
		require.Equal(t, []promptcache.EventKind{promptcache.EventAdded, promptcache.EventRefreshFailed, promptcache.EventStale}, b.events.kinds("a"))

		b.up("registry's")
		pass(time.Second)
		_, ok := b.Get("a") // points it out to the refresher
		require.True(t, ok)
		pass(0)
		e = b.is(t, "registry's", false)
		require.False(t, e.Stale)
		require.NoError(t, e.LastError)
		require.Equal(t, promptcache.StateHealthy, b.Status().State)
		require.Equal(t, []string{"no longer serving stale prompts"}, b.log.at(slog.LevelInfo))
		require.Equal(t, []promptcache.EventKind{promptcache.EventRecovered, promptcache.EventChanged}, b.events.kinds("a")[3:])
		m := b.Metrics()
		require.EqualValues(t, 1, m.Refreshes)
		require.Zero(t, m.Unchanged)
		require.Zero(t, m.RefreshErrors)
	})
	proves(t, "the refresher asks again without being told", func(t *testing.T) {
		b := newBundled(t, true)
		loadedWith(t, b.PromptCache, "a")
		b.up("registry's")
		pass(interval)
		b.is(t, "registry's", false)
	})
	proves(t, "GetFresh, Refresh and Prefetch say that it is one", func(t *testing.T) {
		for _, call := range []func(b *bundled) (*doc, error){
			func(b *bundled) (*doc, error) { return b.GetFresh(t.Context(), "a") },
			func(b *bundled) (*doc, error) { return b.Refresh(t.Context(), "a") },
			func(b *bundled) (*doc, error) {
				err := b.Prefetch(t.Context(), "a")
				v, _ := b.Get("a")
				return v, err
			},
		} {
			b := newBundled(t, false)
			for range 2 { // when it is fetched, and when it is there
				v, err := call(b)
				require.Equal(t, "bundled", v.Text)
				require.ErrorIs(t, err, promptcache.ErrStale)
				require.ErrorIs(t, err, promptcache.ErrUnavailable)
			}
		}
	})
	proves(t, "GetOr has no need of its own", func(t *testing.T) {
		b := newBundled(t, false)
		require.Equal(t, "bundled", b.GetOr(t.Context(), "a", &doc{"last"}).Text)
		require.Equal(t, "last", b.GetOr(t.Context(), "b", &doc{"last"}).Text)
		require.EqualValues(t, 1, b.Metrics().Fallbacks)
	})
	proves(t, "without a refresher the read after the backoff asks", func(t *testing.T) {
		b := newBundled(t, false)
		for range 3 {
			require.Equal(t, "bundled", loadedWith(t, b.PromptCache, "a").Text)
		}
		require.Equal(t, 1, b.registry.Total(), "not before the backoff has ended")
		pass(time.Second)
		require.Equal(t, "bundled", loadedWith(t, b.PromptCache, "a").Text)
		require.Equal(t, 2, b.registry.Total())
		pass(time.Second)
		loadedWith(t, b.PromptCache, "a")
		require.Equal(t, 2, b.registry.Total(), "the backoff doubles")
		b.up("registry's")
		pass(time.Second)
		require.Equal(t, "registry's", loadedWith(t, b.PromptCache, "a").Text)
		b.is(t, "registry's", false)
	})
	proves(t, "concurrent readers share one fetch and one fallback", func(t *testing.T) {
		b := newBundled(t, false)
		release := b.files.Hold()
		got := make(chan *doc, 8)
		for range cap(got) {
			go func() { got <- b.GetOr(context.Background(), "a", nil) }()
		}
		synctest.Wait()
		release()
		first := <-got
		require.Equal(t, "bundled", first.Text)
		for range cap(got) - 1 {
			require.Same(t, first, <-got)
		}
		require.Equal(t, 1, b.files.Total())
	})
}

func TestFallbackIsNotNeeded(t *testing.T) {
	proves(t, "what the registry has brought stays through an outage", func(t *testing.T) {
		b := newBundled(t, true)
		b.up("registry's")
		good := loadedWith(t, b.PromptCache, "a")
		b.down()
		pass(ttl + 10*interval)
		require.Same(t, good, b.is(t, "registry's", false).Value)
		require.Zero(t, b.files.Total())
		require.NotZero(t, b.Metrics().RefreshErrors)
		require.Zero(t, b.Metrics().StoredFallbacks)
	})
	proves(t, "but not when it is too old to be served", func(t *testing.T) {
		b := newBundled(t, false, func(cfg *promptcache.Config) { cfg.MaxStale = interval })
		b.up("registry's")
		loadedWith(t, b.PromptCache, "a")
		b.down()
		pass(ttl + interval)
		require.Equal(t, "registry's", loadedWith(t, b.PromptCache, "a").Text)
		require.Zero(t, b.files.Total())
		pass(interval)
		require.Equal(t, "bundled", loadedWith(t, b.PromptCache, "a").Text)
		b.is(t, "bundled", true)
		pass(0)
		require.Contains(t, b.events.kinds("a"), promptcache.EventChanged)
		b.up("new")
		pass(interval)
		require.Equal(t, "new", loadedWith(t, b.PromptCache, "a").Text)
	})
	proves(t, "nor when the refresher has seen that", func(t *testing.T) {
		b := newBundled(t, true, func(cfg *promptcache.Config) { cfg.MaxStale = interval })
		b.up("registry's")
		loadedWith(t, b.PromptCache, "a")
		b.registry.Always(broken[*doc](promptcache.KindUnavailable))
		b.files.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + 2*interval)
		_, ok := b.Get("a")
		require.False(t, ok, "neither has one")
		b.files.Always(nil)
		_, err := b.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrStale)
		v, ok := b.Get("a")
		require.True(t, ok, "at once, not after the next scan")
		require.Equal(t, "bundled", v.Text)
	})
	proves(t, "a fallback that is refetched never gets too old", func(t *testing.T) {
		b := newBundled(t, true, func(cfg *promptcache.Config) { cfg.MaxStale = interval })
		loadedWith(t, b.PromptCache, "a")
		pass(10 * ttl)
		b.is(t, "bundled", true)
	})
}

func TestFallbackOfWhatTheRegistryDoesNotHave(t *testing.T) {
	const warning = "serving a fallback: the registry says that the prompt does not exist"
	proves(t, "it falls back, says so once, and is no outage", func(t *testing.T) {
		b := newBundled(t, true)
		b.upWithout()
		loadedWith(t, b.PromptCache, "a")
		e := b.is(t, "bundled", true)
		require.ErrorIs(t, e.LastError, promptcache.ErrNotFound)
		require.Equal(t, 30*time.Second, time.Until(e.NextAttempt), "NegativeTTL")
		require.Zero(t, b.Status().ServingStale)
		require.Equal(t, promptcache.StateDegraded, b.Status().State)
		pass(10 * interval)
		require.Greater(t, b.registry.Total(), 3)
		require.Equal(t, []string{warning}, b.warnings())

		b.down()
		pass(10 * interval)
		require.Equal(t, []string{warning, "serving stale prompt"}, b.warnings(), "an outage is one")
		require.Equal(t, 1, b.Status().ServingStale)
		b.upWithout()
		pass(10 * interval)
		require.Zero(t, b.Status().ServingStale)
		require.Equal(t, []string{"no longer serving stale prompts"}, b.log.at(slog.LevelInfo))

		b.up("registry's")
		pass(10 * interval)
		b.is(t, "registry's", false)
	})
	proves(t, "so does one that was deleted, visibly", func(t *testing.T) {
		b := newBundled(t, true)
		b.up("registry's")
		loadedWith(t, b.PromptCache, "a")
		b.upWithout()
		pass(ttl + 2*interval)
		require.Zero(t, b.Len(), "confirmed, and removed")
		require.Zero(t, b.files.Total())
		pass(interval)
		require.Equal(t, "bundled", loadedWith(t, b.PromptCache, "a").Text)
		require.ErrorIs(t, b.is(t, "bundled", true).LastError, promptcache.ErrNotFound)
		require.Equal(t, []string{"serving stale prompt", "prompt removed: the registry says it does not exist", warning}, b.warnings())
	})
	proves(t, "until the fallback is taken out, too", func(t *testing.T) {
		b := newBundled(t, true)
		b.upWithout()
		loadedWith(t, b.PromptCache, "a")
		b.files.Delete("a")
		pass(10 * interval)
		require.Zero(t, b.Len())
		require.EqualValues(t, 1, b.Metrics().Removals)
	})
}

func TestFallbackWhileItIsServed(t *testing.T) {
	proves(t, "an edit is picked up, and what is unchanged keeps its identity", func(t *testing.T) {
		b := newBundled(t, true)
		first := loadedWith(t, b.PromptCache, "a")
		b.files.Put("a", &doc{"bundled"})
		pass(2 * interval)
		require.Greater(t, b.files.Total(), 1)
		require.Same(t, first, b.is(t, "bundled", true).Value)
		require.NotContains(t, b.events.kinds("a"), promptcache.EventChanged)
		b.files.Put("a", &doc{"edited"})
		pass(5 * interval)
		b.is(t, "edited", true)
		require.Contains(t, b.events.kinds("a"), promptcache.EventChanged)
		require.NotContains(t, b.events.kinds("a"), promptcache.EventRecovered)
		m := b.Metrics()
		require.Equal(t, m.Fetches, m.StoredFallbacks)
		require.Equal(t, m.Fetches-1, m.RefreshErrors)
	})
	proves(t, "one that cannot be read any more is kept", func(t *testing.T) {
		b := newBundled(t, true)
		first := loadedWith(t, b.PromptCache, "a")
		b.files.Always(broken[*doc](promptcache.KindInvalid))
		pass(5 * interval)
		require.Same(t, first, b.is(t, "bundled", true).Value)
	})
	proves(t, "the same content from the registry is still the registry's", func(t *testing.T) {
		b := newBundled(t, true)
		fallback := loadedWith(t, b.PromptCache, "a")
		b.up("bundled")
		pass(interval)
		require.NotSame(t, fallback, b.is(t, "bundled", false).Value)
	})
	proves(t, "a Set takes its place, and Invalidate removes it", func(t *testing.T) {
		b := newBundled(t, false)
		loadedWith(t, b.PromptCache, "a")
		b.Set("a", &doc{"set"})
		require.False(t, b.is(t, "set", false).Stale)
		require.Equal(t, promptcache.StateStopped, b.Status().State)
		require.Zero(t, b.Status().Failing)
		require.Equal(t, 1, b.Invalidate("a"))
		loadedWith(t, b.PromptCache, "a")
		b.is(t, "bundled", true)
	})
	proves(t, "what was invalidated meanwhile is not stored", func(t *testing.T) {
		b := newBundled(t, true)
		release := b.files.Hold()
		got := make(chan string)
		go func() { got <- b.GetOr(context.Background(), "a", &doc{"none"}).Text }()
		synctest.Wait()
		b.Invalidate("a")
		release()
		require.Equal(t, "bundled", <-got)
		require.Zero(t, b.Len())
		require.Zero(t, b.Metrics().StoredFallbacks)
	})
	proves(t, "offline it is served like any other", func(t *testing.T) {
		b := newBundled(t, true)
		loadedWith(t, b.PromptCache, "a")
		require.NoError(t, b.Configure(promptcache.Config{MaxSize: 10}))
		e, ok := b.Lookup("a")
		require.True(t, ok)
		require.True(t, e.Fallback)
		require.False(t, e.Stale)
		require.NoError(t, b.Configure(exactly()))
		b.up("registry's")
		pass(interval)
		b.is(t, "registry's", false)
	})
	proves(t, "a disabled cache passes it through", func(t *testing.T) {
		b := newBundled(t, false, func(cfg *promptcache.Config) { cfg.MaxSize = 0 })
		for range 2 {
			require.Equal(t, "bundled", loadedWith(t, b.PromptCache, "a").Text)
		}
		require.Equal(t, 2, b.registry.Total())
		require.Zero(t, b.Metrics())
	})
	proves(t, "an immutable one is not for ever", func(t *testing.T) {
		registry, files := source.New[*versioned](), source.New[*versioned]()
		registry.Always(broken[*versioned](promptcache.KindUnavailable))
		files.Put("a", &versioned{"bundled", true})
		c := started(t, promptcache.Fallback(registry.Fetch, files.Fetch), exactly())
		loadedWith(t, c, "a")
		registry.Put("a", &versioned{"registry's", true})
		registry.Always(nil)
		pass(interval)
		require.Equal(t, "registry's", loadedWith(t, c, "a").Rev)
		pass(10 * ttl)
		require.Equal(t, 2, registry.Total(), "that one is")
	})
}

func TestFallbackOfAFirstThatMisbehaves(t *testing.T) {
	proves(t, "one that hangs leaves time", func(t *testing.T) {
		b := newBundled(t, false, func(cfg *promptcache.Config) { cfg.FetchTimeout = 8 * time.Second })
		b.registry.Always(source.Hang[*doc]())
		began := time.Now()
		require.Equal(t, "bundled", loadedWith(t, b.PromptCache, "a").Text)
		require.Equal(t, 6*time.Second, time.Since(began))
		e := b.is(t, "bundled", true)
		require.ErrorIs(t, e.LastError, promptcache.ErrUnavailable)
		require.ErrorContains(t, e.LastError, "no answer within 6s, which leaves time for the fallback")
	})
	proves(t, "but has all of it where there will be none", func(t *testing.T) {
		b := newBundled(t, false, func(cfg *promptcache.Config) { cfg.FetchTimeout = 8 * time.Second })
		b.up("registry's")
		loadedWith(t, b.PromptCache, "a")
		b.registry.Always(func(ctx context.Context, key string) (*doc, error) {
			return slow(func(context.Context, string) (*doc, error) { return &doc{"late"}, nil }, 7*time.Second)(ctx, key)
		})
		pass(ttl + time.Second)
		require.Equal(t, "late", loadedWith(t, b.PromptCache, "a").Text)
	})
	proves(t, "one that answers in time is not hurried", func(t *testing.T) {
		b := newBundled(t, false, func(cfg *promptcache.Config) { cfg.FetchTimeout = 8 * time.Second })
		b.registry.Always(source.Value(&doc{"in time"}))
		require.Equal(t, "in time", loadedWith(t, b.PromptCache, "a").Text)
		pass(8 * time.Second)
		require.False(t, b.is(t, "in time", false).Stale)
	})
	proves(t, "its context ends with it", func(t *testing.T) {
		var ofFirst context.Context
		var endedOfFirst, endedOfSecond error
		first := func(ctx context.Context, _ string) (*doc, error) {
			ofFirst = ctx
			return nil, promptcache.ErrUnavailable
		}
		second := func(ctx context.Context, _ string) (*doc, error) {
			endedOfFirst, endedOfSecond = ofFirst.Err(), ctx.Err()
			return &doc{"second's"}, nil
		}
		loadedWith(t, newCache(t, promptcache.Fallback(first, second), exactly()), "a")
		require.Error(t, endedOfFirst)
		require.NoError(t, endedOfSecond)
	})
	for name, tt := range map[string]struct {
		step source.Step[*doc]
		kind error
	}{
		"panics":                            {source.Panic[*doc]("oh"), promptcache.ErrPanicked},
		"returns nothing":                   {source.Value[*doc](nil), promptcache.ErrInvalid},
		"says that nothing is not modified": {source.Fail[*doc](promptcache.ErrNotModified), promptcache.ErrInvalid},
		"rejects the key":                   {broken[*doc](promptcache.KindInvalid), promptcache.ErrInvalid},
		"refuses the credentials":           {broken[*doc](promptcache.KindUnauthorized), promptcache.ErrUnauthorized},
	} {
		proves(t, "one that "+name, func(t *testing.T) {
			b := newBundled(t, true)
			b.registry.Always(tt.step)
			loadedWith(t, b.PromptCache, "a")
			require.ErrorIs(t, b.is(t, "bundled", true).LastError, tt.kind)
			if errors.Is(tt.kind, promptcache.ErrInvalid) {
				pass(0)
				require.Contains(t, b.events.kinds("a"), promptcache.EventRejected)
			}
		})
	}
	proves(t, "a reader who has left gets no fallback", func(t *testing.T) {
		b := newBundled(t, false)
		b.registry.Always(source.Hang[*doc]())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := b.GetOrFetch(ctx, "a")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		pass(time.Minute)
		require.Zero(t, b.files.Total())
	})
}

func TestBothFail(t *testing.T) {
	errFile := errors.New("a.yaml:3: no")
	failing := func(kind promptcache.ErrorKind, cause error) promptcache.FetchFunc[*doc] {
		return func(_ context.Context, key string) (*doc, error) {
			return nil, &promptcache.FetchError{Key: key, Kind: kind, StatusCode: int(kind), RetryAfter: time.Duration(kind), Err: cause}
		}
	}
	nothing := func(context.Context, string) (*doc, error) { return nil, nil }
	same := func(context.Context, string) (*doc, error) { return nil, promptcache.ErrNotModified }
	unavailable, notFound := failing(promptcache.KindUnavailable, nil), failing(promptcache.KindNotFound, nil)
	for _, tt := range []struct {
		name          string
		first, second promptcache.FetchFunc[*doc]
		kind          promptcache.ErrorKind
		text          string
	}{
		{"the first's error counts", unavailable, notFound, promptcache.KindUnavailable, `unavailable (HTTP 6): unavailable; the fallback: promptcache: fetch "a": not found`},
		{"neither has it", notFound, notFound, promptcache.KindNotFound, `not found (HTTP 1): not found; the fallback: promptcache: fetch "a": not found`},
		{"only the second may have it", notFound, failing(promptcache.KindInvalid, errFile), promptcache.KindInvalid, `invalid (HTTP 7): not found; the fallback: a.yaml:3: no`},
		{"the second's error is text", unavailable, failing(promptcache.KindInvalid, errFile), promptcache.KindUnavailable, `; the fallback: promptcache: fetch "a": invalid (HTTP 7): a.yaml:3: no`},
		{"the second brings nothing", unavailable, nothing, promptcache.KindUnavailable, "; the fallback: the fetch returned no value and no error"},
		{"the second says it is the same", notFound, same, promptcache.KindUnknown, "not modified, but nothing of its own is cached"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, err := promptcache.Fallback(tt.first, tt.second)(t.Context(), "a")
			require.Nil(t, v)
			var fe *promptcache.FetchError
			require.ErrorAs(t, err, &fe)
			require.Equal(t, tt.kind, fe.Kind)
			require.ErrorContains(t, err, tt.text)
			require.Equal(t, tt.kind == promptcache.KindNotFound, errors.Is(err, promptcache.ErrNotFound))
			require.NotErrorIs(t, err, promptcache.ErrNotModified)
			if tt.kind != promptcache.KindUnknown {
				require.Equal(t, int(tt.kind), fe.StatusCode)
				require.Equal(t, time.Duration(tt.kind), fe.RetryAfter)
			}
		})
	}
	proves(t, "the cache backs off and answers with it", func(t *testing.T) {
		b := newBundled(t, false)
		_, err := b.GetOrFetch(t.Context(), "b")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.NotErrorIs(t, err, promptcache.ErrNotFound)
		require.Zero(t, b.Len())
	})
}

func TestFallbackAndPrevious(t *testing.T) {
	proves(t, "neither source is asked about what is not its own", func(t *testing.T) {
		var seen []string
		down := false
		ask := func(who string) promptcache.FetchFunc[*doc] {
			return func(ctx context.Context, _ string) (*doc, error) {
				note := who
				if v, ok := promptcache.Previous[*doc](ctx); ok {
					note += " has " + v.Text
				}
				seen = append(seen, note)
				if down && who == "first" {
					return nil, promptcache.ErrUnavailable
				}
				return &doc{who + "'s"}, nil
			}
		}
		c := newCache(t, promptcache.Fallback(ask("first"), ask("second")), exactly(func(cfg *promptcache.Config) { cfg.MaxStale = interval }))
		fetch := func() { _, _ = c.Refresh(t.Context(), "a") }
		down = true
		fetch()
		fetch()
		down = false
		fetch()
		fetch()
		down = true
		fetch()
		pass(ttl + 2*interval)
		fetch()
		require.Equal(t, []string{
			"first", "second", // nothing is cached
			"first", "second", // a fallback is
			"first",
			"first has first's",
			"first has first's",           // which is served on
			"first has first's", "second", // which is too old
		}, seen)
	})
}

func TestMarkFallback(t *testing.T) {
	errCause := errors.New("because")
	marking := func(causes ...error) promptcache.FetchFunc[*doc] {
		return func(ctx context.Context, _ string) (*doc, error) {
			for _, cause := range causes {
				promptcache.MarkFallback(ctx, cause)
			}
			return &doc{"made up"}, nil
		}
	}
	lookup := func(t *testing.T, fetch promptcache.FetchFunc[*doc]) promptcache.Entry[*doc] {
		t.Helper()
		c := newCache(t, fetch, exactly())
		loadedWith(t, c, "a")
		e, ok := c.Lookup("a")
		require.True(t, ok)
		return e
	}
	t.Run("a cause that says nothing", func(t *testing.T) {
		e := lookup(t, marking(errCause))
		require.True(t, e.Fallback)
		require.ErrorIs(t, e.LastError, errCause)
	})
	t.Run("nil takes it back", func(t *testing.T) { require.False(t, lookup(t, marking(errCause, nil)).Fallback) })
	t.Run("outside of a cache it does nothing", func(t *testing.T) {
		v, err := marking(errCause)(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, "made up", v.Text)
		down := func(context.Context, string) (*doc, error) { return nil, errCause }
		v, err = promptcache.Fallback(down, marking())(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, "made up", v.Text)
	})
	proves(t, "a prompt that may be served is never replaced by one", func(t *testing.T) {
		src := docs("a")
		fetch := func(ctx context.Context, key string) (*doc, error) {
			v, err := src.Fetch(ctx, key)
			if err != nil {
				promptcache.MarkFallback(ctx, err)
				return &doc{"made up"}, nil
			}
			return v, nil
		}
		c := newCache(t, fetch, exactly())
		good := loadedWith(t, c, "a")
		src.Always(broken[*doc](promptcache.KindUnavailable))
		v, err := c.Refresh(t.Context(), "a")
		require.Same(t, good, v)
		require.ErrorIs(t, err, promptcache.ErrStale)
		e, _ := c.Lookup("a")
		require.Same(t, good, e.Value)
		require.False(t, e.Fallback)
		require.ErrorIs(t, e.LastError, promptcache.ErrUnavailable)
		require.Zero(t, c.Metrics().StoredFallbacks)
	})
	t.Run("Validate sees it, too", func(t *testing.T) {
		c := newCache(t, promptcache.Validate(marking(errCause), func(_ string, v *doc) error { return fmt.Errorf("%s: %w", v.Text, errCause) }), exactly())
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrInvalid)
		require.ErrorContains(t, err, "made up")
		require.Zero(t, c.Len())
	})
	t.Run("fallbacks of fallbacks", func(t *testing.T) {
		up := func(text string) promptcache.FetchFunc[*doc] {
			return func(context.Context, string) (*doc, error) { return &doc{text}, nil }
		}
		down := func(text string) promptcache.FetchFunc[*doc] {
			return func(context.Context, string) (*doc, error) { return nil, errors.New(text) }
		}
		f := promptcache.Fallback[*doc]
		for _, tt := range []struct {
			fetch       promptcache.FetchFunc[*doc]
			text, cause string
		}{
			{f(f(up("a"), up("b")), up("c")), "a", ""},
			{f(f(down("a"), up("b")), up("c")), "b", `promptcache: fetch "k": a`},
			{f(f(down("a"), down("b")), up("c")), "c", `promptcache: fetch "k": a; the fallback: b`},
			{f(down("a"), f(up("b"), up("c"))), "b", `promptcache: fetch "k": a`},
			{f(down("a"), f(down("b"), up("c"))), "c", `promptcache: fetch "k": a`},
		} {
			c := newCache(t, tt.fetch, exactly())
			v, err := c.GetOrFetch(t.Context(), "k")
			require.NoError(t, err)
			require.Equal(t, tt.text, v.Text)
			e, _ := c.Lookup("k")
			if tt.cause == "" {
				require.False(t, e.Fallback)
				continue
			}
			require.True(t, e.Fallback)
			require.EqualError(t, e.LastError, tt.cause)
		}
	})
	proves(t, "an attempt that succeeds after all is no fallback", func(t *testing.T) {
		src := docs("a")
		src.Script(broken[*doc](promptcache.KindUnavailable))
		inner := promptcache.Fallback(src.Fetch, marking())
		twice := func(ctx context.Context, key string) (*doc, error) {
			if _, err := inner(ctx, key); err != nil {
				return nil, err
			}
			return inner(ctx, key)
		}
		require.False(t, lookup(t, twice).Fallback)
	})
}

func TestFallbackAndSnapshots(t *testing.T) {
	proves(t, "a fallback is not dumped, and a load replaces it", func(t *testing.T) {
		b := newBundled(t, false)
		require.Equal(t, "bundled", loadedWith(t, b.PromptCache, "a").Text)
		older := snapshotOf(t, "a")
		pass(ttl / 2)
		require.Equal(t, "bundled", loadedWith(t, b.PromptCache, "a").Text) // asks again
		require.NotContains(t, string(dumpOf(t, b.PromptCache)), "bundled")

		require.Equal(t, 1, load(t, b.PromptCache, older), "though it is older than the fallback's fetch")
		e, ok := b.Lookup("a")
		require.True(t, ok)
		require.False(t, e.Fallback)
		require.True(t, e.FromSnapshot)
		require.Equal(t, "a v1", e.Value.Text)
	})
	proves(t, "an equal revision does not keep the fallback's value", func(t *testing.T) {
		files, registry := source.New[*revised](), source.New[*revised]()
		files.Put("a", &revised{"r1", "bundled"})
		registry.Put("a", &revised{"r1", "the registry's"})
		online := newCache(t, registry.Fetch, exactly())
		require.NoError(t, online.Prefetch(t.Context(), "a"))

		registry.Always(broken[*revised](promptcache.KindUnavailable))
		c := newCache(t, promptcache.Fallback(registry.Fetch, files.Fetch), exactly())
		require.Equal(t, "bundled", loadedWith(t, c, "a").Text)
		require.Equal(t, 1, load(t, c, dumpOf(t, online)))
		v, _ := c.Get("a")
		require.Equal(t, "the registry's", v.Text)
	})
}
