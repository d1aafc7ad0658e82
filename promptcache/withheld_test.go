package promptcache_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// held is a started cache of a registry that is down since three prompts of it,
// x0 to x2, were asked for, and of what it falls back on.
type held struct {
	*bundled
	keys []string // of n bundled prompts that nobody has asked for
}

func newHeld(t *testing.T, n int, changes ...func(cfg *promptcache.Config)) held {
	t.Helper()
	h := held{newBundled(t, true, changes...), numbered(n)}
	for _, key := range append([]string{"x0", "x1", "x2"}, h.keys...) {
		h.files.Put(key, &doc{key + " bundled"})
	}
	for i := range 3 {
		loadedWith(t, h.PromptCache, fmt.Sprint("x", i))
	}
	require.Equal(t, promptcache.StateDown, h.Status().State)
	require.Equal(t, 3, h.registry.Total())
	return h
}

func TestWithheld(t *testing.T) {
	proves(t, "what falls back without being asked for says nothing of the registry", func(t *testing.T) {
		h := newHeld(t, 1)
		before := domainOf(t, h.PromptCache, "")
		h.ResetMetrics()
		pass(time.Second / 2)
		require.Equal(t, "p0 bundled", loadedWith(t, h.PromptCache, "p0").Text)
		loadedWith(t, h.PromptCache, "p0")
		require.Equal(t, metrics{Hits: 1, StaleHits: 1, Misses: 1, Fetches: 1, FetchErrors: 1, StoredFallbacks: 1}, h.Metrics())
		after := domainOf(t, h.PromptCache, "")
		require.Equal(t, before.LastError, after.LastError)
		require.Equal(t, before.NextAttempt, after.NextAttempt)
		require.Equal(t, before.LastError, h.Status().LastError)
		require.Equal(t, 4, after.Failing)
		require.Equal(t, 4, after.ServingStale)
		e, _ := h.Lookup("p0")
		require.Equal(t, after.NextAttempt, e.NextAttempt, "with the registry, and not after a backoff of its own")
		pass(0)
		require.Equal(t, []promptcache.EventKind{promptcache.EventAdded, promptcache.EventRefreshFailed, promptcache.EventStale}, h.events.kinds("p0"))
		require.Equal(t, []string{"serving stale prompt"}, h.warnings())

		h.registry.Put("p0", &doc{"registry's"})
		h.registry.Put("x0", &doc{"registry's"})
		h.registry.Always(nil)
		pass(2 * interval)
		e, _ = h.Lookup("p0")
		require.Equal(t, "registry's", e.Value.Text)
		require.False(t, e.Fallback)
		require.Contains(t, h.events.kinds("p0"), promptcache.EventRecovered)
	})

	proves(t, "what nobody has is asked for once a backoff, and again when the registry is back", func(t *testing.T) {
		h := newHeld(t, 0)
		for range 3 {
			_, err := h.GetOrFetch(t.Context(), "b")
			require.ErrorIs(t, err, promptcache.ErrUnavailable)
			var down *promptcache.DownError
			require.ErrorAs(t, err, &down)
		}
		require.Equal(t, 1, h.files.Calls("b"))
		h.registry.Put("x0", &doc{"registry's"})
		h.registry.Put("b", &doc{"registry's"})
		h.registry.Always(nil)
		_, err := h.Refresh(t.Context(), "x0")
		require.NoError(t, err)
		require.Equal(t, "registry's", loadedWith(t, h.PromptCache, "b").Text, "at once")
	})

	proves(t, "a pause is enough", func(t *testing.T) {
		h := newBundled(t, false)
		h.files.Put("b", &doc{"b bundled"})
		h.registry.Always(source.Fail[*doc](&promptcache.FetchError{Kind: promptcache.KindRateLimited, RetryAfter: time.Minute}))
		require.Equal(t, "bundled", loadedWith(t, h.PromptCache, "a").Text)
		pass(time.Minute - 1)
		require.Equal(t, "b bundled", loadedWith(t, h.PromptCache, "b").Text)
		require.Equal(t, 1, h.registry.Total())
		e, _ := h.Lookup("b")
		require.ErrorIs(t, e.LastError, promptcache.ErrRateLimited)
		require.NotEqual(t, promptcache.StateDown, domainOf(t, h.PromptCache, "").State)
		pass(1)
		h.registry.Put("c", &doc{"registry's"})
		h.registry.Always(nil)
		require.Equal(t, "registry's", loadedWith(t, h.PromptCache, "c").Text, "the probe, when one is due")
	})

	proves(t, "the probe is a prompt that was not asked for, if there is one", func(t *testing.T) {
		h := newHeld(t, 1)
		h.registry.Put("p0", &doc{"registry's"})
		h.registry.Always(func(_ context.Context, key string) (*doc, error) {
			if strings.HasPrefix(key, "x") {
				return nil, promptcache.ErrUnavailable
			}
			return &doc{key + " registry's"}, nil
		})
		loadedWith(t, h.PromptCache, "p0")
		loadedWith(t, h.PromptCache, "x0") // used later
		pass(interval)
		require.Equal(t, 1, h.registry.Calls("p0"))
		require.NotEqual(t, promptcache.StateDown, h.Status().State, "only some are broken")
	})

	proves(t, "a second that hangs is given up", func(t *testing.T) {
		h := newHeld(t, 1)
		h.files.Always(source.Hang[*doc]())
		_, err := h.GetOrFetch(t.Context(), "p0")
		require.ErrorContains(t, err, "no answer within the FetchTimeout")
		require.Equal(t, 3, h.registry.Total())
		require.Equal(t, "x2", h.Status().LastError.Key)
	})

	proves(t, "a second may be a Fallback, whose registry is another", func(t *testing.T) {
		first, mirror, files := docs(), docs("a", "b", "c", "d"), docs()
		first.Always(broken[*doc](promptcache.KindUnavailable))
		c := newCache(t, promptcache.Fallback(first.Fetch, promptcache.Fallback(mirror.Fetch, files.Fetch)), exactly())
		for _, key := range []string{"a", "b", "c", "d"} {
			require.Equal(t, key+" v1", loadedWith(t, c, key).Text)
			e, _ := c.Lookup(key)
			require.True(t, e.Fallback)
		}
		require.Equal(t, 3, first.Total())
		require.Equal(t, 4, mirror.Total())
		require.Zero(t, files.Total())
	})

	proves(t, "where only some keys fall back, the others cost one request for each probe at most", func(t *testing.T) {
		registry := docs()
		registry.Always(broken[*doc](promptcache.KindUnavailable))
		some := promptcache.Fallback(registry.Fetch, promptcache.FetchFunc[*doc](source.Value(&doc{"bundled"})))
		c := newCache(t, func(ctx context.Context, key string) (*doc, error) {
			if strings.HasPrefix(key, "bare") {
				return registry.Fetch(ctx, key)
			}
			return some(ctx, key)
		}, exactly())
		for i := range 3 {
			loadedWith(t, c, strconv.Itoa(i))
		}
		for i := range 10 {
			_, err := c.GetOrFetch(t.Context(), fmt.Sprint("bare", i))
			require.ErrorIs(t, err, promptcache.ErrUnavailable)
		}
		require.Equal(t, 4, registry.Total())
	})

	proves(t, "a bare fetch that answers when it should not have been asked ends the outage", func(t *testing.T) {
		h := newBundled(t, false)
		c := newCache(t, func(ctx context.Context, key string) (*doc, error) {
			if key == "bare" {
				return &doc{"answer"}, nil
			}
			return promptcache.Fallback(h.registry.Fetch, h.files.Fetch)(ctx, key)
		}, exactly())
		for i := range 3 {
			_, err := c.GetOrFetch(t.Context(), fmt.Sprint("x", i))
			require.ErrorIs(t, err, promptcache.ErrUnavailable)
		}
		require.Equal(t, promptcache.StateDown, domainOf(t, c, "").State)
		require.Equal(t, "answer", loadedWith(t, c, "bare").Text)
		require.NotEqual(t, promptcache.StateDown, domainOf(t, c, "").State)
	})
}

func TestWithheldInTheBackground(t *testing.T) {
	proves(t, "fallbacks do not get too old in an outage, and edits of them are seen", func(t *testing.T) {
		h := newHeld(t, 20, func(cfg *promptcache.Config) { cfg.MaxStale, cfg.MaxSize = 2*interval, 100 })
		for _, key := range h.keys {
			loadedWith(t, h.PromptCache, key)
		}
		asked := h.registry.Total()
		for _, key := range h.keys {
			h.files.Put(key, &doc{key + " edited"})
		}
		lasts := 10 * ttl
		for range lasts / interval {
			pass(interval)
			for _, key := range h.keys {
				_, ok := h.Get(key)
				require.True(t, ok, key)
			}
		}
		for _, key := range h.keys {
			e, _ := h.Lookup(key)
			require.Equal(t, key+" edited", e.Value.Text)
			require.True(t, e.Fallback)
		}
		require.LessOrEqual(t, h.registry.Total()-asked, mostProbes(h.Config(), lasts))
		require.LessOrEqual(t, h.files.Calls("p0"), int(lasts/ttl)+5, "once a TTL, and as a probe")
		require.Zero(t, h.Status().TooOld)
	})

	proves(t, "edits are seen within a TTL where nothing gets too old", func(t *testing.T) {
		h := newHeld(t, 5)
		for _, key := range h.keys {
			loadedWith(t, h.PromptCache, key)
			h.files.Put(key, &doc{key + " edited"})
		}
		pass(ttl + 2*interval)
		for _, key := range h.keys {
			e, _ := h.Lookup(key)
			require.Equal(t, key+" edited", e.Value.Text)
		}
	})

	proves(t, "what waits for a slot when the registry is back does not wait for ever", func(t *testing.T) {
		h := newHeld(t, 4, func(cfg *promptcache.Config) { cfg.RefreshConcurrency, cfg.FetchTimeout = 1, time.Hour })
		for _, key := range h.keys {
			loadedWith(t, h.PromptCache, key)
		}
		pass(ttl)
		release := h.files.Hold()
		pass(2 * interval)
		require.NotZero(t, h.Status().Queued)
		h.registry.Always(func(_ context.Context, key string) (*doc, error) {
			if key == "x0" {
				return &doc{"back"}, nil
			}
			return nil, promptcache.ErrUnavailable
		})
		cfg := h.Config()
		cfg.DownAfter = 1000 // it does not go down again, and does not come back again
		require.NoError(t, h.Configure(cfg))
		_, err := h.Refresh(t.Context(), "x0")
		require.NoError(t, err)
		require.NotEqual(t, promptcache.StateDown, h.Status().State)
		release()
		pass(time.Second)
		h.registry.Always(source.Value(&doc{"back"}))
		pass(10 * interval)
		for _, key := range append(h.keys, "x1", "x2") {
			e, _ := h.Lookup(key)
			require.Equal(t, "back", e.Value.Text, key)
		}
	})

	proves(t, "prompts that get too old in an outage are replaced without readers that wait", func(t *testing.T) {
		h := newHeld(t, 3, func(cfg *promptcache.Config) { cfg.MaxStale = 2 * interval })
		h.registry.Always(source.Value(&doc{"registry's"}))
		require.NoError(t, ignoreStale(h.Prefetch(t.Context(), append(h.keys, "x0")...)))
		pass(interval)
		h.down()
		pass(ttl + 4*interval)
		require.Equal(t, promptcache.StateDown, h.Status().State)
		for _, key := range h.keys {
			v, ok := h.Get(key)
			require.True(t, ok)
			require.Equal(t, key+" bundled", v.Text)
		}
	})

	proves(t, "one that second lacks is tried again after its backoff, and comes back with the registry", func(t *testing.T) {
		h := newHeld(t, 3, func(cfg *promptcache.Config) { cfg.MaxStale, cfg.BackoffMax = 2*interval, 2*interval })
		h.registry.Always(source.Value(&doc{"registry's"}))
		_, err := h.Refresh(t.Context(), "p0")
		require.NoError(t, err)
		pass(interval)
		h.files.Delete("p0")
		h.down()
		pass(ttl + 20*interval)
		_, ok := h.Get("p0")
		require.False(t, ok)
		require.GreaterOrEqual(t, h.files.Calls("p0"), 5)
		require.LessOrEqual(t, h.files.Calls("p0"), 25, "it backs off")
		h.files.Put("p0", &doc{"p0 bundled"})
		pass(3 * interval)
		v, ok := h.Get("p0")
		require.True(t, ok)
		require.Equal(t, "p0 bundled", v.Text)
		h.registry.Always(source.Value(&doc{"back"}))
		pass(5 * interval)
		v, _ = h.Get("p0")
		require.Equal(t, "back", v.Text)
	})
}

// ignoreStale returns err unless all that is wrong is that it wraps ErrStale.
func ignoreStale(err error) error {
	if errors.Is(err, promptcache.ErrStale) {
		return nil
	}
	return err
}

func TestFallbackOfWhatIsRejected(t *testing.T) {
	proves(t, "it is no outage, and the log does not speak of a prompt before", func(t *testing.T) {
		const begin, end = "prompt rejected, serving a fallback", "prompts no longer rejected"
		b := newBundled(t, true)
		errBad := errors.New("bad")
		log := &logbook{}
		cfg := exactly()
		cfg.Logger = slog.New(log)
		b.up("bad")
		c := started(t, promptcache.Fallback(promptcache.Validate(b.registry.Fetch, func(_ string, v *doc) error {
			if v.Text == "bad" {
				return errBad
			}
			return nil
		}), b.files.Fetch), cfg)
		for range 4 {
			require.Equal(t, "bundled", loadedWith(t, c, "a").Text)
			pass(interval)
		}
		d := domainOf(t, c, "")
		require.Equal(t, promptcache.StateDegraded, d.State, "it answers")
		require.Equal(t, []string{begin}, log.warnings())
		require.Equal(t, true, log.attrs(t, begin)["fallback"])
		b.up("good")
		pass(5 * interval)
		require.Equal(t, "good", loadedWith(t, c, "a").Text)
		require.Equal(t, []string{end}, log.at(slog.LevelInfo))
	})
}

func TestFallbacksAndMissingPrompts(t *testing.T) {
	proves(t, "LF-11 what the registry does not have is no witness to wait for", func(t *testing.T) {
		h := newBundled(t, true)
		h.files.Put("b", &doc{"b bundled"})
		h.files.Delete("a")
		h.up("registry's")
		for _, key := range []string{"a", "b"} {
			loadedWith(t, h.PromptCache, key)
		}
		h.files.Put("c", &doc{"c bundled"})
		loadedWith(t, h.PromptCache, "c")
		h.registry.Delete("a")
		pass(ttl + 3*interval)
		require.ElementsMatch(t, []string{"b", "c"}, h.Keys())
		require.NotContains(t, h.log.at(slog.LevelDebug), "refresh failed, prompt still fresh")
		require.Zero(t, domainOf(t, h.PromptCache, "").NotFound)
	})

	proves(t, "LF-11 fallbacks that are taken out go, however many they are", func(t *testing.T) {
		h := newBundled(t, true)
		h.registry.Always(nil)
		for _, key := range []string{"r0", "r1", "r2"} {
			h.registry.Put(key, &doc{key})
			loadedWith(t, h.PromptCache, key)
		}
		for _, key := range numbered(5) {
			h.files.Put(key, &doc{key})
			loadedWith(t, h.PromptCache, key)
			h.files.Delete(key)
		}
		keeping := h.Config()
		keeping.NotFound = promptcache.KeepServing
		require.NoError(t, h.Configure(keeping))
		pass(3 * interval)
		require.Len(t, h.Keys(), 8)
		require.Zero(t, domainOf(t, h.PromptCache, "").NotFound)
		removing := keeping
		removing.NotFound = promptcache.RemoveConfirmed
		require.NoError(t, h.Configure(removing))
		pass(5 * interval)
		require.ElementsMatch(t, []string{"r0", "r1", "r2"}, h.Keys())
		require.EqualValues(t, 5, h.Metrics().Removals)
		h.registry.Delete("r0")
		pass(2 * ttl)
		require.ElementsMatch(t, []string{"r1", "r2"}, h.Keys(), "they do not count as removed either")
		require.NotContains(t, h.warnings(), "most prompts are not found: removing none of them")
	})

	proves(t, "one that was denied and is a fallback now is not missing any more", func(t *testing.T) {
		h := newBundled(t, true, func(cfg *promptcache.Config) { cfg.NotFound, cfg.MaxStale = promptcache.KeepServing, 4*interval })
		h.up("registry's")
		loadedWith(t, h.PromptCache, "a")
		h.upWithout()
		pass(ttl + 2*interval)
		require.Equal(t, 1, domainOf(t, h.PromptCache, "").NotFound)
		h.is(t, "registry's", false)
		pass(10 * interval)
		h.is(t, "bundled", true)
		require.Zero(t, domainOf(t, h.PromptCache, "").NotFound)
		h.up("registry's")
		pass(10 * interval)
		h.is(t, "registry's", false)
		require.Zero(t, domainOf(t, h.PromptCache, "").NotFound)
	})

	proves(t, "LF-11 one that was found and is a fallback now is no witness", func(t *testing.T) {
		h := newBundled(t, false, func(cfg *promptcache.Config) { cfg.NotFound, cfg.MaxStale = promptcache.KeepServing, interval })
		h.files.Delete("a")
		for _, key := range []string{"w", "x"} {
			h.files.Put(key, &doc{key + " bundled"})
		}
		has := map[string]bool{"a": true, "w": true}
		h.registry.Always(func(_ context.Context, key string) (*doc, error) {
			switch {
			case has[key]:
				return &doc{key + " registry's"}, nil
			case key == "a":
				return nil, promptcache.ErrNotFound
			}
			return nil, promptcache.ErrUnavailable
		})
		for _, key := range []string{"a", "w", "x"} {
			loadedWith(t, h.PromptCache, key)
		}
		refresh := func(key string) { _, _ = h.Refresh(t.Context(), key) }
		pass(time.Second)
		has["a"] = false
		refresh("a")
		refresh("w")
		has["w"] = false
		pass(ttl + interval + 1)
		refresh("w")
		e, _ := h.Lookup("w")
		require.True(t, e.Fallback)
		cfg := h.Config()
		cfg.NotFound = promptcache.RemoveConfirmed
		require.NoError(t, h.Configure(cfg))
		refresh("a")
		require.Contains(t, h.Keys(), "a")
		has["w"] = true
		refresh("w")
		refresh("a")
		require.NotContains(t, h.Keys(), "a")
	})
}
