package sourcetest

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// CacheSubject is a source's NewCache to test. V is what the source fetches, a
// pointer.
type CacheSubject[V any] struct {
	// New returns a cache over a source with this network, or without a source
	// if it is nil.
	New func(*http.Client, promptcache.Config) (*promptcache.PromptCache[V], error)
	// Spellings of one prompt's key, the canonical one first; Good is the
	// registry's answer to them, and Bad a key that cannot name a prompt.
	Spellings []string
	Good, Bad string
}

// RunCache proves that a source's NewCache makes one entry of a prompt's
// spellings, and what it does with what its caller has set.
func RunCache[V any](t *testing.T, s CacheSubject[V]) {
	canonical := s.Spellings[0]
	newCache := func(t *testing.T, cfg promptcache.Config) (*promptcache.PromptCache[V], *atomic.Int32) {
		t.Helper()
		client, requests := always(http.StatusOK, s.Good, nil)
		cache, err := s.New(client, cfg)
		require.NoError(t, err)
		return cache, requests
	}
	t.Run("NB-30 spellings of one prompt are one entry, invalidated together", func(t *testing.T) {
		for _, spelling := range s.Spellings {
			cache, requests := newCache(t, promptcache.DefaultConfig())
			first, err := cache.GetOrFetch(t.Context(), spelling)
			require.NoError(t, err)
			for _, key := range s.Spellings {
				got, err := cache.GetOrFetch(t.Context(), key)
				require.NoError(t, err)
				require.Same(t, first, got, key)
			}
			require.Equal(t, []string{canonical}, cache.Keys())
			require.EqualValues(t, 1, requests.Load())
			require.Equal(t, 1, cache.Invalidate(spelling))
			for _, key := range s.Spellings {
				_, ok := cache.Get(key)
				require.False(t, ok, key)
			}
		}
	})
	t.Run("NB-32 the entries belong to the source's registry", func(t *testing.T) {
		cache, _ := newCache(t, promptcache.DefaultConfig())
		require.Contains(t, cache.Config().Domain(canonical), "https://")
	})
	t.Run("a key that names no prompt is refused by the fetch", func(t *testing.T) {
		cache, requests := newCache(t, promptcache.DefaultConfig())
		_, err := cache.GetOrFetch(t.Context(), s.Bad)
		_ = FetchError(t, err, s.Bad, promptcache.KindInvalid)
		require.Zero(t, requests.Load())
	})
	t.Run("the caller's Canonical and Domain stay", func(t *testing.T) {
		cfg := promptcache.DefaultConfig()
		cfg.Canonical = func(string) (string, error) { return canonical, nil }
		var asked atomic.Bool
		cfg.Domain = func(string) string { asked.Store(true); return "mine" }
		cache, _ := newCache(t, cfg)
		_, err := cache.GetOrFetch(t.Context(), s.Bad)
		require.NoError(t, err)
		require.True(t, asked.Load())
	})
	t.Run("without a source it is offline", func(t *testing.T) {
		online, _ := newCache(t, promptcache.DefaultConfig())
		value, err := online.GetOrFetch(t.Context(), canonical)
		require.NoError(t, err)

		cfg := promptcache.DefaultConfig()
		_, err = s.New(nil, cfg)
		require.ErrorContains(t, err, "there is a TTL but no fetch")
		cfg.TTL = nil
		cache, err := s.New(nil, cfg)
		require.NoError(t, err)
		_, err = cache.GetOrFetch(t.Context(), canonical)
		require.ErrorIs(t, err, promptcache.ErrOffline)
		cache.Set(s.Spellings[len(s.Spellings)-1], value)
		require.Equal(t, []string{canonical}, cache.Keys())
	})
}
