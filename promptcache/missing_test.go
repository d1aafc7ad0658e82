package promptcache_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestMassMissing(t *testing.T) {
	const warning, end = "most prompts are not found: removing none of them", "prompts are found again"
	// deleted runs a cache of n prompts, of which the registry loses some, for
	// as long as it takes to be sure.
	deleted := func(t *testing.T, n, lost int, changes ...func(cfg *promptcache.Config)) (*promptcache.PromptCache[*doc], *source.Source[*doc], *logbook) {
		t.Helper()
		log := &logbook{}
		keys := numbered(n)
		src := docs(keys...)
		c := started(t, src.Fetch, logging(log, changes...))
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		for _, key := range keys[:lost] {
			src.Delete(key)
		}
		pass(3 * ttl)
		return c, src, log
	}

	for _, row := range []struct {
		prompts, lost int
		removed       bool
	}{
		{1, 1, true},
		{2, 1, true},
		{2, 2, true},
		{3, 1, true},
		{3, 2, true},
		{3, 3, false},
		{4, 2, true},
		{4, 3, false},
		{10, 1, true},
		{10, 3, true},
		{10, 5, true},
		{10, 6, false},
		{10, 10, false},
	} {
		proves(t, fmt.Sprintf("LF-11 NB-25 of %d prompts %d are not found any more, removed: %v", row.prompts, row.lost, row.removed), func(t *testing.T) {
			c, _, log := deleted(t, row.prompts, row.lost)
			d := domainOf(t, c, "")
			require.NotEqual(t, promptcache.StateDown, d.State, "it answers")
			require.Equal(t, !row.removed, d.RemovalsSuspended)
			if row.removed {
				require.Equal(t, row.prompts-row.lost, c.Len())
				require.EqualValues(t, row.lost, c.Metrics().Removals)
				require.Zero(t, d.NotFound)
				require.NotContains(t, log.warnings(), warning)
				return
			}
			require.Equal(t, row.prompts, c.Len())
			require.Zero(t, c.Metrics().Removals)
			require.Equal(t, row.lost, d.NotFound)
			require.Equal(t, 1, countOf(log.warnings(), warning))
			require.Equal(t, promptcache.StateDegraded, d.State)
		})
	}

	proves(t, "NB-25 a wiped registry takes none of a hundred prompts, whichever is asked for first", func(t *testing.T) {
		c, src, log := deleted(t, 100, 100, func(cfg *promptcache.Config) { cfg.RefreshJitter = 1 })
		pass(time.Hour)
		require.Equal(t, 100, c.Len())
		require.Equal(t, 100, domainOf(t, c, "").NotFound)
		require.Equal(t, 1, countOf(log.warnings(), warning))
		for _, key := range c.Keys() {
			src.Put(key, &doc{key + " v2"})
		}
		pass(ttl + interval)
		require.Equal(t, 100, c.Len())
		require.Zero(t, domainOf(t, c, "").NotFound)
		require.False(t, domainOf(t, c, "").RemovalsSuspended)
		require.Equal(t, []string{end, "no longer serving stale prompts"}, log.at(levelOf(log, end)))
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
	})

	proves(t, "NB-25 a wrong project that has some of them by chance takes hardly any", func(t *testing.T) {
		c, _, _ := deleted(t, 100, 90, func(cfg *promptcache.Config) { cfg.RefreshJitter = 0.5 })
		require.GreaterOrEqual(t, c.Len(), 97, "two, if one was found, are not yet a mass")
		require.True(t, domainOf(t, c, "").RemovalsSuspended)
	})

	proves(t, "LF-11 a prompt that was deleted alone goes once the registry has shown another", func(t *testing.T) {
		src := docs("a", "b", "c")
		c := started(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		pass(2 * interval)
		loadedWith(t, c, "b")
		loadedWith(t, c, "c")
		src.Delete("a")
		pass(ttl)
		require.Equal(t, 3, src.Calls("a"), "denied, and again")
		require.Equal(t, 3, c.Len(), "but was it wiped?")
		pass(3 * interval)
		require.Equal(t, 2, src.Calls("b"))
		require.Equal(t, 2, c.Len())
		require.EqualValues(t, 1, c.Metrics().Removals)
	})

	proves(t, "LF-11 prompts that are never asked for are no witnesses to wait for", func(t *testing.T) {
		src := source.New[*versioned]()
		for _, key := range []string{"a", "b", "c"} {
			src.Put(key, &versioned{Rev: key, Fixed: key != "a"})
		}
		c := started(t, src.Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context(), "a", "b", "c"))
		src.Delete("a")
		pass(ttl + 3*interval)
		require.Equal(t, 2, c.Len())
	})

	proves(t, "LF-11 what was Set is no witness", func(t *testing.T) {
		src := docs("a", "b", "c")
		c := newCache(t, src.Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context(), "a", "b", "c"))
		pass(time.Second)
		src.Delete("a")
		deny := func() {
			_, err := c.Refresh(t.Context(), "a")
			require.ErrorIs(t, err, promptcache.ErrNotFound)
			pass(interval)
		}
		deny()
		c.Set("b", &doc{"set"})
		deny()
		require.Equal(t, 3, c.Len())
		_, err := c.Refresh(t.Context(), "b")
		require.NoError(t, err)
		deny()
		require.Equal(t, 2, c.Len())
	})

	proves(t, "LF-11 a prompt that was shown just before the denial came, but asked for no earlier, is a witness", func(t *testing.T) {
		src := docs("a", "b", "c")
		c := newCache(t, src.Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context(), "a", "b", "c"))
		pass(time.Second)
		src.Delete("a")
		_, err := c.Refresh(t.Context(), "b")
		require.NoError(t, err)
		_, err = c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrStale)
		pass(interval)
		_, err = c.Refresh(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		require.Equal(t, 2, c.Len())
	})

	// asked is a cache of prompts that were fetched a second ago, and nothing is
	// fetched but by refresh.
	asked := func(t *testing.T, n int) (c *promptcache.PromptCache[*doc], refresh func(key string, deleted bool)) {
		t.Helper()
		keys := numbered(n)
		src := docs(keys...)
		c = newCache(t, src.Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		pass(time.Second)
		return c, func(key string, deleted bool) {
			if deleted {
				src.Delete(key)
			}
			_, err := c.Refresh(t.Context(), key)
			require.Equal(t, deleted, err != nil)
		}
	}

	proves(t, "NB-25 those that were removed already count, too", func(t *testing.T) {
		c, refresh := asked(t, 6)
		refresh("p0", true)
		refresh("p1", true)
		refresh("p5", false)
		pass(interval)
		refresh("p0", true)
		require.Equal(t, 5, c.Len(), "two of three are no mass")
		refresh("p2", true)
		refresh("p1", true)
		require.Equal(t, 5, c.Len(), "three of four are")
		require.True(t, domainOf(t, c, "").RemovalsSuspended)
	})

	proves(t, "NB-25 a witness that is gone is none", func(t *testing.T) {
		c, refresh := asked(t, 5)
		refresh("p0", true)
		refresh("p1", false)
		c.Invalidate("p1")
		pass(interval)
		refresh("p0", true)
		require.Equal(t, 4, c.Len())
		refresh("p2", false)
		refresh("p0", true)
		require.Equal(t, 3, c.Len())
	})

	for name, remove := range map[string]func(c *promptcache.PromptCache[*doc]){
		"Clear":      func(c *promptcache.PromptCache[*doc]) { c.Clear() },
		"Invalidate": func(c *promptcache.PromptCache[*doc]) { c.Invalidate(c.Keys()...) },
		"RemoveAtOnce": func(c *promptcache.PromptCache[*doc]) {
			cfg := c.Config()
			cfg.NotFound = promptcache.RemoveAtOnce
			_ = c.Configure(cfg)
			pass(2 * ttl)
		},
	} {
		proves(t, "LF-11 who did delete them all says so by "+name, func(t *testing.T) {
			c, _, log := deleted(t, 10, 10)
			require.Equal(t, 10, c.Len())
			remove(c)
			require.Zero(t, c.Len())
			require.Zero(t, domainOf(t, c, "").NotFound)
			require.False(t, domainOf(t, c, "").RemovalsSuspended)
			require.Equal(t, 1, countOf(log.at(levelOf(log, end)), end))
		})
	}

	proves(t, "NB-25 one Domain's loss says nothing of another's", func(t *testing.T) {
		src := docs("a/1", "a/2", "a/3", "b/1")
		c := started(t, src.Fetch, exactly(byPrefix))
		require.NoError(t, c.Prefetch(t.Context(), "a/1", "a/2", "a/3", "b/1"))
		for _, key := range []string{"a/1", "a/2", "a/3", "b/1"} {
			src.Delete(key)
		}
		pass(2 * ttl)
		require.ElementsMatch(t, []string{"a/1", "a/2", "a/3"}, c.Keys())
	})

	proves(t, "KeepServing counts what is missing, too", func(t *testing.T) {
		c, _, log := deleted(t, 3, 3, func(cfg *promptcache.Config) { cfg.NotFound = promptcache.KeepServing })
		require.Equal(t, 3, domainOf(t, c, "").NotFound)
		require.False(t, domainOf(t, c, "").RemovalsSuspended)
		require.NotContains(t, log.warnings(), warning)
	})
}
