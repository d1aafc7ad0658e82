package promptcache_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func (l *logbook) warnings() []string { return l.at(slog.LevelWarn) }

// logging is exactly with a log.
func logging(log *logbook, changes ...func(cfg *promptcache.Config)) promptcache.Config {
	cfg := exactly(changes...)
	cfg.Logger = slog.New(log)
	return cfg
}

func TestLog(t *testing.T) {
	const begin, end = "serving stale prompt", "no longer serving stale prompts"

	proves(t, "an outage is one line at its start and one at its end", func(t *testing.T) {
		log := &logbook{}
		src := source.New[*revised]()
		for _, key := range []string{"a", "b", "c"} {
			src.Put(key, &revised{Rev: key + "1"})
		}
		c := started(t, src.Fetch, logging(log))
		require.NoError(t, c.Prefetch(t.Context(), "a", "b", "c"))
		src.Always(broken[*revised](promptcache.KindUnavailable))
		pass(4 * time.Hour)
		require.Equal(t, []string{begin}, log.warnings())
		require.ElementsMatch(t, []string{begin, begin, "registry down"}, log.at(slog.LevelDebug), "further keys, and that it is all of them")
		require.Empty(t, log.at(slog.LevelInfo))
		attrs := log.attrs(t, begin)
		key, _ := attrs["key"].(string)
		require.Contains(t, []string{"a", "b", "c"}, key)
		require.Equal(t, 6*time.Minute, attrs["age"])
		require.Equal(t, key+"1", attrs["revision"])
		err, _ := attrs["err"].(error)
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.NotContains(t, attrs, "domain", "there is but one")

		failed := c.Metrics().RefreshErrors
		src.Always(nil)
		pass(10 * time.Minute)
		require.Equal(t, []string{end}, log.at(slog.LevelInfo))
		require.Equal(t, []string{begin}, log.warnings())
		attrs = log.attrs(t, end)
		require.EqualValues(t, 3, attrs["prompts"])
		require.EqualValues(t, failed, attrs["failed_fetches"])
		require.Greater(t, attrs["duration"], 4*time.Hour-7*time.Minute)

		src.Always(broken[*revised](promptcache.KindUnavailable))
		pass(time.Hour)
		require.Len(t, log.warnings(), 2, "the next outage is another one")
	})

	proves(t, "a failure that ends after the prompt turned stale is counted once", func(t *testing.T) {
		log := &logbook{}
		src := docs("a")
		c := newCache(t, slow(src.Fetch, 4*time.Second), logging(log))
		loadedWith(t, c, "a")
		src.Script(broken[*doc](promptcache.KindUnavailable))
		pass(ttl - 9*time.Second)
		_, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrStale)
		require.Empty(t, log.warnings(), "it is fresh")
		src.Script(broken[*doc](promptcache.KindUnavailable))
		_, err = c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrStale)
		pass(0) // lines are written after the waiters were told
		require.Equal(t, []string{begin}, log.warnings())
		_, err = c.Refresh(t.Context(), "a")
		require.NoError(t, err)
		pass(0)
		require.EqualValues(t, 2, log.attrs(t, end)["failed_fetches"])
	})

	proves(t, "a failure while the prompt is fresh is no more than Debug", func(t *testing.T) {
		log := &logbook{}
		src := docs("a")
		c := newCache(t, src.Fetch, logging(log))
		loadedWith(t, c, "a")
		src.Script(broken[*doc](promptcache.KindUnavailable))
		_, _ = c.Refresh(t.Context(), "a")
		require.Equal(t, []string{"refresh failed, prompt still fresh"}, log.at(slog.LevelDebug))
		require.Empty(t, log.warnings())
		_, _ = c.Refresh(t.Context(), "a")
		require.Empty(t, log.at(slog.LevelInfo), "no outage, no end")
	})

	proves(t, "a failed first fetch is for its caller, not for the log", func(t *testing.T) {
		log := &logbook{}
		c := newCache(t, docs().Fetch, logging(log))
		_, err := c.GetOrFetch(t.Context(), "a")
		require.Error(t, err)
		require.Empty(t, log.records)
	})

	proves(t, "an outage ends when its last prompt is gone", func(t *testing.T) {
		log := &logbook{}
		src := docs("a", "b")
		c := started(t, src.Fetch, logging(log))
		require.NoError(t, c.Prefetch(t.Context(), "a", "b"))
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + interval)
		c.Invalidate("a")
		require.Empty(t, log.at(slog.LevelInfo))
		require.Equal(t, 1, c.Status().ServingStale)
		require.NoError(t, c.Configure(logging(log, func(cfg *promptcache.Config) { cfg.TTL = new(time.Hour) })))
		require.Equal(t, []string{end}, log.at(slog.LevelInfo), "b is fresh by the new TTL")
		require.Zero(t, c.Status().ServingStale)
		require.Equal(t, 1, c.Status().Failing)
	})

	proves(t, "each Domain has its outage", func(t *testing.T) {
		log := &logbook{}
		src := docs("eu/a", "eu/b", "us/a")
		asked := make(map[string]int)
		c := started(t, src.Fetch, logging(log, func(cfg *promptcache.Config) {
			cfg.Domain = func(key string) string {
				asked[key]++
				domain, _, _ := strings.Cut(key, "/")
				return domain
			}
		}))
		for _, key := range []string{"eu/a", "eu/b", "us/a"} {
			loadedWith(t, c, key)
		}
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(time.Hour)
		require.Equal(t, []string{begin, begin}, log.warnings())
		require.Contains(t, []any{"eu", "us"}, log.attrs(t, begin)["domain"])
		require.Equal(t, 3, c.Status().ServingStale)
		for _, key := range []string{"eu/a", "eu/b"} {
			c.Set(key, &doc{})
		}
		require.Empty(t, log.at(slog.LevelInfo), "nothing is stale, but the registry is down")
		src.Script(source.Value(&doc{}))
		_, err := c.Refresh(t.Context(), "eu/b")
		require.NoError(t, err)
		pass(0)
		require.Equal(t, []string{end}, log.at(slog.LevelInfo))
		require.Equal(t, "eu", log.attrs(t, end)["domain"])
		require.Equal(t, map[string]int{"eu/a": 2, "eu/b": 3, "us/a": 1}, asked, "not for hits and refreshes")
	})

	proves(t, "a panic is one Error line with its stack", func(t *testing.T) {
		log := &logbook{}
		src := docs("a")
		src.Script(source.Panic[*doc]("oh"))
		c := newCache(t, src.Fetch, logging(log))
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrPanicked)
		pass(0) // lines are written after the waiters were told
		require.Equal(t, []string{"fetch panicked"}, log.at(slog.LevelError))
		attrs := log.attrs(t, "fetch panicked")
		require.Equal(t, "a", attrs["key"])
		require.Contains(t, attrs["stack"], "fakes/source")
	})

	proves(t, "a prompt that is removed because it does not exist is one warning", func(t *testing.T) {
		log := &logbook{}
		src := docs("a")
		c := newCache(t, src.Fetch, logging(log, func(cfg *promptcache.Config) { cfg.NotFound = promptcache.RemoveAtOnce }))
		loadedWith(t, c, "a")
		src.Delete("a")
		_, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		pass(0)
		require.Equal(t, []string{"prompt removed: the registry says it does not exist"}, log.warnings())
		require.Equal(t, "a", log.attrs(t, log.warnings()[0])["key"])
	})

	proves(t, "NB-29 one line at the start and one at the end of an outage of 10,000 failed refreshes", func(t *testing.T) {
		const n = 2_000
		log := &logbook{}
		keys := numbered(n)
		src := docs(keys...)
		c := started(t, src.Fetch, logging(log, func(cfg *promptcache.Config) { cfg.MaxSize = n }))
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + interval)
		for range 5 {
			for _, key := range keys {
				_, err := c.Refresh(t.Context(), key) // which asks anyway
				require.ErrorIs(t, err, promptcache.ErrStale)
			}
		}
		failed := c.Metrics().RefreshErrors
		require.GreaterOrEqual(t, failed, uint64(5*n))
		require.Equal(t, []string{begin}, log.warnings())
		require.Empty(t, log.at(slog.LevelInfo))
		src.Always(nil)
		pass(ttl)
		require.Equal(t, []string{begin}, log.warnings())
		require.Equal(t, []string{end}, log.at(slog.LevelInfo))
		attrs := log.attrs(t, end)
		require.EqualValues(t, n, attrs["prompts"])
		require.EqualValues(t, failed, attrs["failed_fetches"])
	})

	proves(t, "NB-29 the end says how many attempts failed, by kind", func(t *testing.T) {
		log := &logbook{}
		src := docs("a", "b")
		c := newCache(t, src.Fetch, logging(log))
		loadedWith(t, c, "a")
		fail := func(kinds ...promptcache.ErrorKind) {
			for _, kind := range kinds {
				src.Script(broken[*doc](kind))
				_, err := c.Refresh(t.Context(), "b")
				require.Error(t, err)
				pass(0) // lines are written after the waiters were told
			}
		}
		fail(promptcache.KindUnauthorized)
		loadedWith(t, c, "a")
		_, err := c.Refresh(t.Context(), "a")
		require.NoError(t, err, "the failure before it is another matter")
		c.Invalidate("a")
		fail(promptcache.KindUnavailable, promptcache.KindRateLimited, promptcache.KindUnavailable)
		require.Equal(t, []string{"registry down"}, log.warnings(), "though nothing is served stale")
		attrs := log.attrs(t, "registry down")
		require.EqualValues(t, 3, attrs["failures"])
		require.Contains(t, attrs, "err")
		pass(time.Minute)
		fail(promptcache.KindUnknown, promptcache.KindUnavailable, promptcache.KindNotFound)
		pass(0)
		require.Equal(t, []string{"registry up"}, log.at(slog.LevelInfo))
		attrs = log.attrs(t, "registry up")
		require.Equal(t, time.Minute, attrs["duration"])
		require.EqualValues(t, 5, attrs["failed_fetches"])
		kinds := make(map[string]int64)
		for _, a := range attrs["errors"].([]slog.Attr) {
			kinds[a.Key] = a.Value.Int64()
		}
		require.Equal(t, map[string]int64{"unavailable": 3, "rate limited": 1, "unknown": 1}, kinds)
	})

	proves(t, "rejected prompts are no outage: one warning of their own, and one line when it is over", func(t *testing.T) {
		const rejected, accepted = "prompt rejected, serving the one before", "prompts no longer rejected"
		log := &logbook{}
		src := docs("a", "b", "c")
		c := started(t, src.Fetch, logging(log))
		require.NoError(t, c.Prefetch(t.Context(), "a", "b", "c"))
		src.Always(broken[*doc](promptcache.KindInvalid))
		_, err := c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrInvalid)
		pass(0)
		require.Equal(t, []string{rejected}, log.warnings(), "though it is fresh")
		attrs := log.attrs(t, rejected)
		require.Equal(t, "a", attrs["key"])
		cause, _ := attrs["err"].(error)
		require.ErrorIs(t, cause, promptcache.ErrInvalid)
		pass(2 * ttl)
		require.Equal(t, []string{rejected}, log.warnings())
		require.Equal(t, 2, countOf(log.at(slog.LevelDebug), rejected), "the other two")
		require.Equal(t, 3, c.Status().ServingStale)
		require.Equal(t, promptcache.StateDegraded, c.Status().State)
		failed := c.Metrics().Rejected
		src.Always(nil)
		pass(2 * ttl)
		require.Equal(t, []string{accepted}, log.at(slog.LevelInfo))
		attrs = log.attrs(t, accepted)
		require.EqualValues(t, 3, attrs["prompts"])
		require.EqualValues(t, failed, attrs["rejected_fetches"])
		require.Positive(t, attrs["duration"])
	})

	proves(t, "a prompt goes from one trouble to the other", func(t *testing.T) {
		const rejected, accepted = "prompt rejected, serving the one before", "prompts no longer rejected"
		log := &logbook{}
		src := docs("a")
		c := newCache(t, src.Fetch, logging(log))
		loadedWith(t, c, "a")
		pass(ttl + 1)
		for _, kind := range []promptcache.ErrorKind{promptcache.KindInvalid, promptcache.KindUnavailable, promptcache.KindInvalid} {
			src.Script(broken[*doc](kind))
			_, err := c.Refresh(t.Context(), "a")
			require.Error(t, err)
			pass(0)
		}
		c.Invalidate("a")
		require.Equal(t, []string{rejected, begin, rejected}, log.warnings())
		require.Equal(t, []string{accepted, end, accepted}, log.at(slog.LevelInfo))
	})

	proves(t, "prompts that wait for their registry are part of its outage", func(t *testing.T) {
		log := &logbook{}
		keys := numbered(20)
		src := docs(keys...)
		c := started(t, src.Fetch, logging(log))
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		src.Script(limitedTo[*doc](10 * time.Minute))
		pass(time.Second)
		_, err := c.Refresh(t.Context(), "p0")
		require.Error(t, err)
		pass(0)
		require.Empty(t, log.warnings())
		pass(ttl + interval)
		require.Equal(t, []string{begin}, log.warnings())
		cause, _ := log.attrs(t, begin)["err"].(error)
		require.ErrorIs(t, cause, promptcache.ErrRateLimited)
		pass(ttl + interval)
		require.Equal(t, []string{end}, log.at(slog.LevelInfo))
		require.EqualValues(t, 20, log.attrs(t, end)["prompts"])
		require.EqualValues(t, 1, log.attrs(t, end)["failed_fetches"])
	})
}
