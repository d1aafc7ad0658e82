package promptcache_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestFallbackInAnOutage(t *testing.T) {
	// bundledBehind is a cache over a registry and prompts that are bundled.
	bundledBehind := func(t *testing.T, n int, changes ...func(cfg *promptcache.Config)) (c *promptcache.PromptCache[*doc], registry, files *source.Source[*doc], keys []string) {
		t.Helper()
		keys = numbered(n)
		registry, files = docs(keys...), source.New[*doc]()
		for _, key := range keys {
			files.Put(key, &doc{key + " bundled"})
		}
		registry.Always(broken[*doc](promptcache.KindUnavailable))
		return newCache(t, promptcache.Fallback(registry.Fetch, files.Fetch), exactly(changes...)), registry, files, keys
	}

	proves(t, "NB-20 a cold start in an outage gets every bundled prompt, and asks the registry no more than without", func(t *testing.T) {
		c, registry, files, keys := bundledBehind(t, 50)
		require.NoError(t, c.Start(t.Context()))
		for _, key := range keys {
			require.Equal(t, key+" bundled", loadedWith(t, c, key).Text)
		}
		require.Equal(t, 3, registry.Total())
		require.Equal(t, 50, files.Total())
		s := c.Status()
		require.Equal(t, promptcache.StateDown, s.State)
		require.Equal(t, "p2", s.LastError.Key, "the last that was asked for")
		e, _ := c.Lookup("p10")
		require.True(t, e.Fallback)
		require.ErrorIs(t, e.LastError, promptcache.ErrUnavailable)
		var down *promptcache.DownError
		require.ErrorAs(t, e.LastError, &down)
		require.Equal(t, "p2", down.Err.Key, "a real answer, not what another prompt was spared for")
		require.Equal(t, "p2", s.Domains[0].LastError.Key)
		_, err := c.GetOrFetch(t.Context(), "nowhere")
		require.ErrorIs(t, err, promptcache.ErrUnavailable, "not that it does not exist")
		require.Equal(t, 3, registry.Total())

		registry.Always(nil)
		pass(interval)
		pass(10 * time.Second)
		for _, key := range keys {
			e, _ := c.Lookup(key)
			require.False(t, e.Fallback)
			require.Equal(t, key+" v1", e.Value.Text)
		}
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
	})

	proves(t, "what is required is ready at once", func(t *testing.T) {
		c, registry, _, _ := bundledBehind(t, 20, requiring(numbered(20)...), func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 })
		require.NoError(t, c.Start(t.Context()))
		pass(0)
		require.NoError(t, c.Ready())
		require.Equal(t, 3, registry.Total())
	})

	proves(t, "where there is room only for what is required a fallback is returned and not kept", func(t *testing.T) {
		c, _, _, _ := bundledBehind(t, 2, requiring("p0"), func(cfg *promptcache.Config) { cfg.MaxSize = 1 })
		c.Set("p0", &doc{"set"})
		require.Equal(t, "p1 bundled", loadedWith(t, c, "p1").Text)
		require.Equal(t, []string{"p0"}, c.Keys())
		require.Zero(t, c.Metrics().StoredFallbacks)
		require.Zero(t, c.Status().Failing)
		require.NoError(t, c.Start(t.Context()))
		require.NoError(t, c.Configure(c.Config()))
		require.Equal(t, promptcache.StateDegraded.String(), c.Status().State.String(), "nothing was ever fetched")
		_, err := c.Refresh(t.Context(), "p0")
		require.Error(t, err)
		c.Set("p0", &doc{"set"})
		require.Zero(t, c.Status().ServingStale)
	})

	proves(t, "a prompt of the registry's that is cached is not replaced, and one that got too old is", func(t *testing.T) {
		c, registry, files, keys := bundledBehind(t, 5, func(cfg *promptcache.Config) { cfg.MaxStale = time.Minute })
		registry.Always(nil)
		loadedWith(t, c, keys[0])
		loadedWith(t, c, keys[4])
		registry.Always(broken[*doc](promptcache.KindUnavailable))
		for _, key := range keys[1:4] {
			loadedWith(t, c, key)
		}
		require.Equal(t, promptcache.StateDown, domainOf(t, c, "").State)
		pass(ttl + 1)
		_, err := c.Refresh(t.Context(), keys[0])
		require.ErrorIs(t, err, promptcache.ErrStale)
		v, err := c.GetFresh(t.Context(), keys[0])
		require.ErrorIs(t, err, promptcache.ErrStale)
		require.Equal(t, "p0 v1", v.Text)
		asked := registry.Total()
		v, err = c.GetFresh(t.Context(), keys[4])
		require.ErrorIs(t, err, promptcache.ErrStale)
		require.Equal(t, "p4 v1", v.Text)
		require.Equal(t, asked, registry.Total(), "nobody is asked for it")
		require.Zero(t, files.Calls(keys[0])+files.Calls(keys[4]))
		pass(time.Minute)
		require.Equal(t, "p0 bundled", loadedWith(t, c, keys[0]).Text)
	})

	proves(t, "a fetch without a Fallback is not asked to fall back", func(t *testing.T) {
		with, without := source.New[*doc](), source.New[*doc]()
		with.Always(broken[*doc](promptcache.KindUnavailable))
		without.Always(broken[*doc](promptcache.KindUnavailable))
		router, err := promptcache.Route(promptcache.Routes[*doc]{Backends: map[string]promptcache.Backend[*doc]{
			"with":    {Fetch: promptcache.Fallback(with.Fetch, promptcache.FetchFunc[*doc](source.Value(&doc{"bundled"})))},
			"without": {Fetch: without.Fetch},
		}})
		require.NoError(t, err)
		c := newCache(t, router.Fetch, router.Config(exactly()))
		for i := range 10 {
			require.Equal(t, "bundled", loadedWith(t, c, fmt.Sprint("with:", i)).Text)
			_, err := c.GetOrFetch(t.Context(), fmt.Sprint("without:", i))
			require.ErrorIs(t, err, promptcache.ErrUnavailable)
		}
		require.Equal(t, 3, with.Total())
		require.Equal(t, 3, without.Total())
	})

	proves(t, "a second that fails says nothing of the first, which has answered", func(t *testing.T) {
		first, second := docs(), docs()
		second.Always(broken[*doc](promptcache.KindUnavailable))
		c := newCache(t, promptcache.Fallback(first.Fetch, second.Fetch), exactly())
		for i := range 10 {
			_, err := c.GetOrFetch(t.Context(), strconv.Itoa(i))
			require.ErrorIs(t, err, promptcache.ErrUnavailable)
		}
		require.Equal(t, 10, first.Total())
		require.NotEqual(t, promptcache.StateDown, domainOf(t, c, "").State)
	})

	proves(t, "fallbacks for what the registry does not have are no mass of missing prompts", func(t *testing.T) {
		c, registry, _, keys := bundledBehind(t, 5)
		registry.Always(broken[*doc](promptcache.KindNotFound))
		for range 3 {
			for _, key := range keys {
				_, err := c.Refresh(t.Context(), key)
				require.ErrorIs(t, err, promptcache.ErrNotFound)
			}
			pass(interval)
		}
		require.Zero(t, domainOf(t, c, "").NotFound)
		registry.Always(nil)
		for _, key := range keys {
			_, err := c.Refresh(t.Context(), key)
			require.NoError(t, err)
		}
		require.Zero(t, domainOf(t, c, "").NotFound)
		require.Equal(t, promptcache.StateHealthy.String(), domainOf(t, c, "").State.String())
	})
}
