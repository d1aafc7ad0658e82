package promptcache_test

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// registryKey is a Canonical like a registry's: the scheme names the registry,
// the workspace's own "-/", the default commit and surrounding space go, and
// whether the model is included is part of the key.
func registryKey(key string) (string, error) {
	key = strings.TrimSpace(key)
	scheme, rest, ok := strings.Cut(key, "://")
	if !ok {
		scheme, rest = "smith", key
	}
	rest = strings.TrimSuffix(strings.TrimPrefix(rest, "-/"), ":latest")
	if rest == "" || strings.Contains(rest, "//") {
		return "", errors.New("not a prompt's name")
	}
	if scheme == "smith" {
		return rest, nil
	}
	return scheme + "://" + rest, nil
}

func canonical(cfg *promptcache.Config) { cfg.Canonical = registryKey }

func TestSpellings(t *testing.T) {
	spellings := []string{"joke", "-/joke", "joke:latest", "-/joke:latest", " joke", "smith://joke", "smith://-/joke:latest"}

	proves(t, "NB-30 spellings of one prompt are one entry", func(t *testing.T) {
		for _, first := range spellings {
			src := docs("joke")
			c := newCache(t, src.Fetch, exactly(canonical))
			v := loadedWith(t, c, first)
			for _, key := range spellings {
				got, ok := c.Get(key)
				require.True(t, ok, key)
				require.Same(t, v, got)
				e, _ := c.Lookup(key)
				require.Equal(t, "joke", e.Key)
				require.Same(t, v, loadedWith(t, c, key))
			}
			require.Equal(t, map[string]int{"joke": 1}, src.AllCalls(), "the fetch gets the canonical key")
			require.Equal(t, []string{"joke"}, c.Keys())
			require.NoError(t, c.Prefetch(t.Context(), spellings...))
			require.Equal(t, 1, src.Total())
			_, err := c.Refresh(t.Context(), first)
			require.NoError(t, err)
			require.Equal(t, []string{"joke"}, c.Keys())
		}
	})
	proves(t, "NB-30 and one fetch", func(t *testing.T) {
		src := docs("joke")
		c := newCache(t, slow(src.Fetch, time.Second), exactly(canonical))
		var wg sync.WaitGroup
		for _, key := range spellings {
			wg.Go(func() { _, _ = c.GetOrFetch(t.Context(), key) })
		}
		wg.Wait()
		require.Equal(t, 1, src.Total())
	})
	proves(t, "NB-30 invalidated together, by any spelling", func(t *testing.T) {
		for _, invalidated := range spellings {
			src := docs("joke")
			c := newCache(t, src.Fetch, exactly(canonical))
			for _, key := range spellings {
				loadedWith(t, c, key)
			}
			require.Equal(t, 1, c.Invalidate(invalidated))
			for _, key := range spellings {
				_, ok := c.Get(key)
				require.False(t, ok, key)
			}
			require.Zero(t, c.Invalidate(spellings...))
			loadedWith(t, c, "joke")
			require.Equal(t, 1, c.Invalidate(spellings...), "one prompt, however often it is named")
		}
	})
	proves(t, "NB-30 set by one, read by the others; marked by its canonical key", func(t *testing.T) {
		src := docs("joke")
		c := newCache(t, src.Fetch, exactly(canonical))
		for _, set := range spellings {
			value := &doc{"set as " + set}
			c.Set(set, value)
			for _, key := range spellings {
				got, _ := c.Get(key)
				require.Same(t, value, got)
			}
		}
		require.Equal(t, 1, c.Len())
		require.Equal(t, 1, c.MarkStale(only("joke")))
		require.Zero(t, c.MarkStale(only("-/joke")))
		e, _ := c.Lookup("-/joke")
		require.True(t, e.Stale)
	})
	proves(t, "NB-30 a missing prompt is missing by all its names", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly(canonical))
		for _, key := range spellings {
			_, err := c.GetOrFetch(t.Context(), key)
			require.ErrorIs(t, err, promptcache.ErrNotFound)
		}
		require.Equal(t, 1, src.Total())
	})
	proves(t, "NB-30 Canonical runs on misses and writes, not on hits by a spelling in use", func(t *testing.T) {
		var runs atomic.Int64
		src := docs("joke")
		c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) {
			cfg.Canonical = func(key string) (string, error) {
				runs.Add(1)
				return registryKey(key)
			}
		}))
		for _, key := range spellings[:5] { // the canonical one and four others
			loadedWith(t, c, key)
			c.Get(key)
			before := runs.Load()
			for range 10 {
				c.Get(key)
				loadedWith(t, c, key)
			}
			require.Equal(t, before, runs.Load(), key)
		}
		before := runs.Load()
		c.Get(spellings[5])
		c.Get(spellings[5])
		require.Equal(t, before+2, runs.Load(), "a fifth is not indexed")
		c.Invalidate("joke")
		before = runs.Load()
		c.Get(spellings[1])
		require.Equal(t, before+1, runs.Load(), "with the entry its spellings are gone")
	})
	proves(t, "NB-30 a key that Canonical rejects is used as given", func(t *testing.T) {
		src := docs("a//b")
		c := newCache(t, src.Fetch, exactly(canonical))
		require.Equal(t, "a//b v1", loadedWith(t, c, "a//b").Text)
		require.Equal(t, []string{"a//b"}, c.Keys())
	})
}

func TestKeysThatDiffer(t *testing.T) {
	type cache = *promptcache.PromptCache[*doc]
	// independent proves that the keys are entries of their own, whatever
	// happens to the first.
	independent := func(t *testing.T, keys ...string) {
		t.Helper()
		first, others := keys[0], keys[1:]
		for name, happen := range map[string]func(c cache){
			"Invalidate": func(c cache) { require.Equal(t, 1, c.Invalidate(first)) },
			"Set":        func(c cache) { c.Set(first, &doc{"set"}) },
			"MarkStale":  func(c cache) { require.Equal(t, 1, c.MarkStale(only(first))) },
			"Refresh":    func(c cache) { _, _ = c.Refresh(t.Context(), first) },
		} {
			src := docs(keys...)
			c := newCache(t, src.Fetch, exactly(canonical))
			for _, key := range keys {
				require.Equal(t, key+" v1", loadedWith(t, c, key).Text)
			}
			require.Len(t, c.Keys(), len(keys))
			require.Equal(t, len(keys), src.Total())
			src.Put(first, &doc{first + " v2"})
			happen(c)
			for _, key := range others {
				e, ok := c.Lookup(key)
				require.True(t, ok, "%s %s", name, key)
				require.Equal(t, key+" v1", e.Value.Text, name)
				require.False(t, e.Stale, name)
				require.Equal(t, 1, src.Calls(key), name)
			}
		}
	}
	proves(t, "NB-31 m with model and the tag m:with_model are two", func(t *testing.T) {
		independent(t, "m?model=true", "m:with_model", "m")
		independent(t, "m:with_model", "m?model=true", "m")
	})
	proves(t, "NB-32 two registries never share an entry", func(t *testing.T) {
		independent(t, "fuse://joke", "joke", "smith2://joke", "fuse-eu://joke")
		independent(t, "joke", "fuse://joke")
	})
	proves(t, "LF-15 invalidating foo leaves foobar and foo/sub", func(t *testing.T) {
		independent(t, "foo", "foobar", "foo/sub", "fo", "FOO", "foo:production", "foo:1")
	})
	proves(t, "NB-32 nor a fetch, a failure, or what is known to be missing", func(t *testing.T) {
		src := docs("fuse://joke")
		src.Script(broken[*doc](promptcache.KindNotFound))
		cfg := exactly(canonical, func(cfg *promptcache.Config) {
			cfg.Domain = func(key string) string {
				scheme, _, _ := strings.Cut(key, "://")
				return scheme
			}
		})
		c := newCache(t, src.Fetch, cfg)
		_, err := c.GetOrFetch(t.Context(), "joke")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		require.Equal(t, "fuse://joke v1", loadedWith(t, c, "fuse://joke").Text)

		release := src.Hold()
		a := async(func() (*doc, error) { return c.Refresh(t.Context(), "fuse://joke") })
		b := async(func() (*doc, error) { return c.Refresh(t.Context(), "joke") })
		pass(0)
		require.Equal(t, 2, src.InFlight())
		release()
		require.NoError(t, (<-a).err)
		require.ErrorIs(t, (<-b).err, promptcache.ErrNotFound)
	})
	proves(t, "NB-32 nor do two caches share anything", func(t *testing.T) {
		one, two := docs("joke"), docs("joke")
		two.Put("joke", &doc{"of two"})
		a, b := newCache(t, one.Fetch, exactly()), newCache(t, two.Fetch, exactly())
		require.Equal(t, "joke v1", loadedWith(t, a, "joke").Text)
		require.Equal(t, "of two", loadedWith(t, b, "joke").Text)
		a.Invalidate("joke")
		require.Equal(t, 1, b.Len())
		require.Zero(t, b.Metrics().Invalidations)
	})
}

// page is a value that a careless reader could change.
type page struct {
	Lines []string
	Vars  map[string]string
}

func TestSharedValues(t *testing.T) {
	t.Run("NB-33 the cache never writes to a value that readers hold", func(t *testing.T) {
		var version atomic.Int64
		c := started(t, func(context.Context, string) (*page, error) {
			v := strconv.FormatInt(version.Add(1)/3, 10) // some refreshes bring an equal page
			return &page{[]string{v}, map[string]string{"v": v}}, nil
		}, exactly(func(cfg *promptcache.Config) {
			cfg.TTL, cfg.RefreshInterval = new(time.Microsecond), 20*time.Microsecond
			cfg.MaxSize = 3
		}))
		keys := []string{"a", "b", "c", "d"}
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for j := range 500 {
					key := keys[(i+j)%len(keys)]
					v, err := c.GetOrFetch(context.Background(), key)
					if err != nil {
						t.Error(err)
						return
					}
					lines, vars := strings.Join(v.Lines, "\n"), maps.Clone(v.Vars) // the race detector watches
					switch j % 5 {
					case 0:
						c.Set(key, &page{[]string{"set"}, nil})
					case 1:
						c.Invalidate(key)
					case 2:
						c.MarkStale(every)
					}
					if lines != strings.Join(v.Lines, "\n") || !maps.Equal(vars, v.Vars) {
						t.Error("a value changed in a reader's hands")
					}
				}
			})
		}
		returns(t, wg.Wait)
	})
	proves(t, "NB-33 what a reader got stays what it was when the prompt changes", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		v := loadedWith(t, c, "a")
		e, _ := c.Lookup("a")
		src.Put("a", &doc{"a v2"})
		pass(ttl + interval)
		require.Equal(t, "a v1", v.Text)
		require.Equal(t, "a v1", e.Value.Text)
		require.False(t, e.Stale)
		now, _ := c.Get("a")
		require.Equal(t, "a v2", now.Text)
	})
	proves(t, "NB-33 what the cache hands out is the caller's own", func(t *testing.T) {
		src := docs("a", "b")
		c := newCache(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		loadedWith(t, c, "b")
		keys := c.Keys()
		keys[0], keys[1] = "x", "y"
		require.Equal(t, []string{"b", "a"}, c.Keys())
		*c.Config().TTL = time.Nanosecond
		require.Equal(t, ttl, *c.Config().TTL)
		pass(time.Second)
		e, _ := c.Lookup("a")
		require.False(t, e.Stale)
		m := c.Metrics()
		c.Get("a")
		require.EqualValues(t, 1, m.Hits)
		require.EqualValues(t, 2, c.Metrics().Hits)
	})
	proves(t, "NB-33 a refresh that changes nothing keeps the very same value", func(t *testing.T) {
		src := docs("a")
		c := started(t, src.Fetch, exactly())
		v := loadedWith(t, c, "a")
		src.Put("a", &doc{v.Text}) // equal, but another one
		pass(ttl + interval)
		now, _ := c.Get("a")
		require.Same(t, v, now)
		require.EqualValues(t, 1, c.Metrics().Unchanged)
	})
}
