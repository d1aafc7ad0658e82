package promptcache_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// lruModel is an exact LRU of keys, most recently used first. The last unread of
// them were loaded and not read since.
type lruModel struct {
	size     int
	keys     []string
	unread   int
	required []string

	hits, misses, evictions, invalidations uint64
}

func (m *lruModel) has(key string) bool { return slices.Contains(m.keys, key) }

func (m *lruModel) drop(key string) bool {
	i := slices.Index(m.keys, key)
	if i < 0 {
		return false
	}
	if i >= len(m.keys)-m.unread {
		m.unread--
	}
	m.keys = slices.Delete(m.keys, i, i+1)
	return true
}

// use makes key the most recently used, and makes room for it if it is new.
func (m *lruModel) use(key string) {
	m.drop(key)
	m.keys = slices.Insert(m.keys, 0, key)
	m.evict()
}

// evict passes over what is required, which counts as used.
func (m *lruModel) evict() {
	for len(m.keys) > m.size {
		last := m.keys[len(m.keys)-1]
		m.drop(last)
		if slices.Contains(m.required, last) {
			m.keys = slices.Insert(m.keys, 0, last)
			continue
		}
		m.evictions++
	}
}

func (m *lruModel) read(key string) (hit bool) {
	if m.has(key) {
		m.hits++
		m.use(key)
		return true
	}
	m.misses++
	return false
}

// load takes from keys, the least recently used first, what there is room for.
func (m *lruModel) load(keys []string) (n int) {
	room := m.size - len(m.keys)
	wanted := make(map[string]bool)
	for _, required := range []bool{true, false} {
		for _, key := range slices.Backward(keys) {
			if !m.has(key) && room > 0 && required == slices.Contains(m.required, key) {
				wanted[key] = true
				room--
			}
		}
	}
	for _, key := range keys {
		if wanted[key] {
			m.keys = slices.Insert(m.keys, len(m.keys)-m.unread, key)
			m.unread++
			n++
		}
	}
	return n
}

// lruMachine drives a cache and the model through the same calls.
type lruMachine struct {
	cache *promptcache.PromptCache[*doc]
	model *lruModel
	cfg   promptcache.Config
	pool  int // how many keys there are
}

// key draws a key and one of its spellings.
func (m *lruMachine) key(t *rapid.T) (canonical, spelling string) {
	canonical = fmt.Sprint("prompt-", rapid.IntRange(0, m.pool-1).Draw(t, "key"))
	spelling = canonical
	if n := rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3, 4, 5, 6}).Draw(t, "spelling"); n > 0 {
		spelling = canonical[:n-1] + strings.ToUpper(canonical[n-1:n]) + canonical[n:]
	}
	return canonical, spelling
}

func (m *lruMachine) reads() map[string]func(*rapid.T) {
	ctx := context.Background()
	found := func(read func(key string) bool) func(*rapid.T) {
		return func(t *rapid.T) {
			for range rapid.IntRange(1, 20).Draw(t, "times") {
				key, spelling := m.key(t)
				require.Equal(t, m.model.read(key), read(spelling))
			}
		}
	}
	through := func(read func(key string) (*doc, error)) func(*rapid.T) {
		return func(t *rapid.T) {
			for range rapid.IntRange(1, 20).Draw(t, "times") {
				key, spelling := m.key(t)
				v, err := read(spelling)
				require.NoError(t, err)
				require.Equal(t, key, v.Text)
				synctest.Wait()
				if !m.model.read(key) {
					m.model.use(key)
				}
			}
		}
	}
	return map[string]func(*rapid.T){
		"Get":        found(func(key string) bool { _, ok := m.cache.Get(key); return ok }),
		"Lookup":     found(func(key string) bool { _, ok := m.cache.Lookup(key); return ok }),
		"GetOrFetch": through(func(key string) (*doc, error) { return m.cache.GetOrFetch(ctx, key) }),
		"GetFresh":   through(func(key string) (*doc, error) { return m.cache.GetFresh(ctx, key) }),
		"GetOr":      through(func(key string) (*doc, error) { return m.cache.GetOr(ctx, key, nil), nil }),
	}
}

func (m *lruMachine) actions() map[string]func(*rapid.T) {
	ctx := context.Background()
	actions := m.reads()
	actions["Set"] = func(t *rapid.T) {
		for range rapid.IntRange(1, 20).Draw(t, "times") {
			key, spelling := m.key(t)
			m.cache.Set(spelling, &doc{key})
			m.model.use(key)
		}
	}
	actions["Invalidate"] = func(t *rapid.T) {
		key, spelling := m.key(t)
		if slices.Contains(m.model.required, key) {
			return // it would be fetched again when nobody asks
		}
		removed := m.model.drop(key)
		require.Equal(t, removed, m.cache.Invalidate(spelling) == 1)
		if removed {
			m.model.invalidations++
		}
	}
	actions["refresh and mark, which use nothing"] = func(t *rapid.T) {
		key, spelling := m.key(t)
		m.cache.MarkStale(func(k string) bool { return k < key })
		if m.model.has(key) {
			_, err := m.cache.Refresh(ctx, spelling)
			require.NoError(t, err)
		}
	}
	actions["time"] = func(t *rapid.T) {
		pass(rapid.SampledFrom([]time.Duration{time.Millisecond, interval, ttl + 1, 3 * ttl}).Draw(t, "passes"))
	}
	actions["Load"] = func(t *rapid.T) {
		peer, err := promptcache.New[*doc](nil, exactly(func(cfg *promptcache.Config) { cfg.TTL, cfg.MaxSize = nil, 1000 }))
		require.NoError(t, err)
		var keys []string
		for range rapid.IntRange(0, 30).Draw(t, "prompts") {
			if key, _ := m.key(t); !slices.Contains(keys, key) {
				keys = append(keys, key)
				peer.Set(key, &doc{key})
			}
		}
		var file bytes.Buffer
		require.NoError(t, peer.Dump(&file))
		before := m.cache.Len()
		_, err = m.cache.Load(&file)
		require.NoError(t, err)
		require.Equal(t, m.model.load(keys), m.cache.Len()-before)
	}
	actions["Configure"] = func(t *rapid.T) {
		m.cfg.MaxSize = rapid.IntRange(max(1, len(m.model.required)), 200).Draw(t, "size")
		m.model.size = m.cfg.MaxSize
		require.NoError(t, m.cache.Configure(m.cfg))
		m.model.evict()
	}
	actions["Start or Stop"] = func(*rapid.T) {
		if m.cache.Start(ctx) != nil {
			m.cache.Stop()
		}
	}
	actions[""] = func(t *rapid.T) {
		synctest.Wait()
		require.Equal(t, m.model.keys, append([]string{}, m.cache.Keys()...))
		metrics := m.cache.Metrics()
		require.Equal(t, m.model.hits, metrics.Hits)
		require.Equal(t, m.model.misses, metrics.Misses)
		require.Equal(t, m.model.evictions, metrics.Evictions)
		require.Equal(t, m.model.invalidations, metrics.Invalidations)
	}
	return actions
}

func TestAgainstModelExactLRU(t *testing.T) {
	t.Run("NB-13 a sequential program sees exact LRU, of hundreds of keys", rapid.MakeCheck(func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			size := rapid.SampledFrom([]int{1, 2, 5, 10, 63, 64, 65, 100, 200}).Draw(t, "size")
			m := &lruMachine{pool: rapid.SampledFrom([]int{size + 1, 2 * size, 300}).Draw(t, "keys")}
			m.model = &lruModel{size: size, keys: []string{}}
			m.cfg = exactly(func(cfg *promptcache.Config) {
				cfg.MaxSize, cfg.IdleAfter = size, 0
				cfg.Canonical = func(key string) (string, error) { return strings.ToLower(key), nil }
			})
			src := source.New[*doc]()
			src.Always(func(_ context.Context, key string) (*doc, error) { return &doc{key}, nil })
			var err error
			m.cache, err = promptcache.New(src.Fetch, m.cfg)
			require.NoError(t, err)
			defer func() { _ = m.cache.Shutdown(context.Background()) }()
			if n := rapid.SampledFrom([]int{0, 0, 1, 5}).Draw(t, "required"); n > 0 && n <= size {
				for i := range n {
					m.cfg.Required = append(m.cfg.Required, fmt.Sprint("prompt-", i*3))
					m.cache.Set(m.cfg.Required[i], &doc{m.cfg.Required[i]}) // so that none is fetched when nobody asks
					m.model.use(m.cfg.Required[i])
				}
				m.model.required = m.cfg.Required
				require.NoError(t, m.cache.Configure(m.cfg))
			}
			t.Repeat(m.actions())
		})
	}))
}
