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
		require.Equal(t, []string{begin, begin}, log.at(slog.LevelDebug), "further keys")
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
		require.Equal(t, []string{end}, log.at(slog.LevelInfo))
		require.Equal(t, "eu", log.attrs(t, end)["domain"])
		require.Equal(t, map[string]int{"eu/a": 2, "eu/b": 2, "us/a": 1}, asked, "not for hits and refreshes")
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
}
