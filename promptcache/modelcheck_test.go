package promptcache_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/promptcache/promptcache-go/promptcache"
)

var (
	modelKeys      = []string{"a", "b", "c", "d", "e", "f"}
	modelSizes     = []int{0, 1, 2, 3, 4, 4, 5}
	modelTTLs      = []*time.Duration{nil, new(3 * time.Minute), new(5 * time.Minute), new(5 * time.Minute), new(promptcache.Forever)}
	modelMaxStales = []time.Duration{0, 0, time.Second, 4 * time.Minute}
	modelIntervals = []time.Duration{time.Minute, time.Minute, 90 * time.Second, 7 * time.Minute}
	modelPauses    = []time.Duration{
		1, time.Second, 59 * time.Second, time.Minute, 3 * time.Minute, 3*time.Minute + 1, 5 * time.Minute, 5*time.Minute + 1, 15 * time.Minute,
	}
)

// machine drives a cache and its model through the same calls.
type machine struct {
	cache *promptcache.PromptCache[*revised]
	model *model

	file      []byte // a snapshot of the cache, and of the model
	modelFile []modelEntry

	versions map[string]int
	failing  bool
	sets     int
}

func newMachine(t *rapid.T) *machine {
	m := &machine{versions: make(map[string]int)}
	cfg := m.config(t)
	cache, err := promptcache.New(m.fetch, cfg)
	require.NoError(t, err)
	m.cache = cache
	m.model = &model{size: cfg.MaxSize, ttl: cfg.TTL, maxStale: cfg.MaxStale, interval: cfg.RefreshInterval, fetch: m.fetched}
	return m
}

func (m *machine) config(t *rapid.T) promptcache.Config {
	return exactly(func(cfg *promptcache.Config) {
		cfg.MaxSize = rapid.SampledFrom(modelSizes).Draw(t, "size")
		cfg.TTL = rapid.SampledFrom(modelTTLs).Draw(t, "ttl")
		cfg.MaxStale = rapid.SampledFrom(modelMaxStales).Draw(t, "maxStale")
		cfg.RefreshInterval = rapid.SampledFrom(modelIntervals).Draw(t, "interval")
		cfg.IdleAfter = 0
		cfg.BackoffMin, cfg.BackoffMax = 0, 0
	})
}

// fetch is the cache's.
func (m *machine) fetch(_ context.Context, key string) (*revised, error) {
	if m.failing {
		return nil, promptcache.ErrUnavailable
	}
	return m.make(key), nil
}

func (m *machine) make(key string) *revised {
	return &revised{Rev: fmt.Sprintf("%s@%d", key, m.versions[key])}
}

// fetched is the model's.
func (m *machine) fetched(key string) *revised {
	if m.failing {
		return nil
	}
	return m.make(key)
}

func drawKey(t *rapid.T) string { return rapid.SampledFrom(modelKeys).Draw(t, "key") }

func drawKeys(t *rapid.T) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(modelKeys), 0, 3, rapid.ID[string]).Draw(t, "keys")
}

// text is v in words: its revision and, for a value that was set, its own name.
func text(v *revised) string {
	if v == nil {
		return "nothing"
	}
	return v.Rev + v.Text
}

func (m *machine) actions() map[string]func(*rapid.T) {
	ctx := context.Background()
	return map[string]func(*rapid.T){
		"Get": func(t *rapid.T) {
			key := drawKey(t)
			v, ok := m.cache.Get(key)
			synctest.Wait()
			e, _ := m.model.get(key, false)
			require.Equal(t, e != nil, ok)
			if ok {
				require.Equal(t, text(e.value), text(v))
			}
		},
		"Lookup": func(t *rapid.T) { m.lookup(t, drawKey(t)) },
		"GetOrFetch": func(t *rapid.T) {
			key := drawKey(t)
			v, err := m.cache.GetOrFetch(ctx, key)
			synctest.Wait()
			want := m.model.getOrFetch(key)
			require.Equal(t, want == nil, err != nil)
			require.Equal(t, text(want), text(v))
		},
		"GetOr": func(t *rapid.T) {
			key := drawKey(t)
			v := m.cache.GetOr(ctx, key, &revised{Rev: "fallback"})
			synctest.Wait()
			want := m.model.getOrFetch(key)
			if want == nil {
				want = &revised{Rev: "fallback"}
				if m.model.size > 0 {
					m.model.metrics.Fallbacks++
				}
			}
			require.Equal(t, text(want), text(v))
		},
		"Set": func(t *rapid.T) {
			key := drawKey(t)
			m.sets++
			v := &revised{Rev: fmt.Sprintf("%s@%d", key, m.versions[key]), Text: fmt.Sprint(" set ", m.sets)}
			m.cache.Set(key, v)
			m.model.set(key, v)
		},
		"Refresh": func(t *rapid.T) {
			key := drawKey(t)
			v, err := m.cache.Refresh(ctx, key)
			synctest.Wait()
			if !m.model.online() {
				require.ErrorIs(t, err, promptcache.ErrOffline)
				return
			}
			cached := m.model.find(key)
			servable := cached != nil && !m.model.expired(cached)
			want := m.model.refetch(key)
			require.Equal(t, want == nil, err != nil)
			require.Equal(t, want == nil && servable, errors.Is(err, promptcache.ErrStale))
			if want != nil {
				require.Equal(t, text(want), text(v))
			}
		},
		"Invalidate": func(t *rapid.T) {
			keys := drawKeys(t)
			require.Equal(t, m.model.invalidate(keys...), m.cache.Invalidate(keys...))
		},
		"MarkStale": func(t *rapid.T) {
			keys := drawKeys(t)
			n := m.cache.MarkStale(func(key string) bool { return slices.Contains(keys, key) })
			synctest.Wait()
			require.Equal(t, m.model.markStale(keys...), n)
		},
		"Clear": func(t *rapid.T) {
			if rapid.IntRange(0, 4).Draw(t, "really") == 0 {
				m.cache.Clear()
				m.model.invalidate(m.model.keys()...)
			}
		},
		"Configure": func(t *rapid.T) {
			cfg := m.config(t)
			require.NoError(t, m.cache.Configure(cfg))
			synctest.Wait()
			m.model.configure(cfg.MaxSize, cfg.TTL, cfg.MaxStale, cfg.RefreshInterval)
		},
		"Start": func(t *rapid.T) {
			err := m.cache.Start(ctx)
			synctest.Wait()
			if m.model.started {
				require.ErrorIs(t, err, promptcache.ErrRunning)
				return
			}
			require.NoError(t, err)
			m.model.start()
		},
		"Stop": func(t *rapid.T) {
			if rapid.IntRange(0, 2).Draw(t, "really") == 0 {
				m.cache.Stop()
				m.model.started = false
			}
		},
		"Dump": func(t *rapid.T) {
			var file bytes.Buffer
			require.NoError(t, m.cache.Dump(&file))
			m.file, m.modelFile = file.Bytes(), m.model.dump()
		},
		"Load": func(t *rapid.T) {
			if m.file == nil {
				return
			}
			n, err := m.cache.Load(bytes.NewReader(m.file))
			synctest.Wait()
			require.NoError(t, err)
			require.Equal(t, m.model.load(m.modelFile), n)
		},
		"publish":   func(t *rapid.T) { m.versions[drawKey(t)]++ },
		"outage":    func(t *rapid.T) { m.failing = rapid.Bool().Draw(t, "failing") },
		"time":      m.pass,
		"more time": m.pass,
		"ResetMetrics": func(*rapid.T) {
			m.cache.ResetMetrics()
			m.model.metrics = promptcache.Metrics{}
		},
		"": m.check,
	}
}

func (m *machine) lookup(t *rapid.T, key string) {
	got, ok := m.cache.Lookup(key)
	synctest.Wait()
	want, stale := m.model.get(key, true)
	require.Equal(t, want != nil, ok)
	if !ok {
		return
	}
	require.Equal(t, text(want.value), text(got.Value))
	require.Equal(t, key, got.Key)
	require.Equal(t, want.value.Rev, got.Revision)
	require.Equal(t, stale, got.Stale)
	require.Equal(t, want.failed, got.LastError != nil)
	require.Equal(t, want.loaded, got.FromSnapshot)
	require.Equal(t, m.model.now-want.at, got.Age)
}

// pass lets time pass, from scan to scan, for the model fetches at each.
func (m *machine) pass(t *rapid.T) {
	for d := rapid.SampledFrom(modelPauses).Draw(t, "pause"); d > 0; {
		step := m.model.step(d)
		pass(step)
		d -= step
		m.check(t)
	}
}

func (m *machine) check(t *rapid.T) {
	require.Equal(t, m.model.keys(), append([]string{}, m.cache.Keys()...), "most recently used first")
	require.Equal(t, len(m.model.entries), m.cache.Len())
	require.Equal(t, m.model.metrics, m.cache.Metrics())
	failing := 0
	for _, e := range m.model.entries {
		if e.failed {
			failing++
		}
	}
	require.Equal(t, failing, m.cache.Status().Failing)
}

func TestAgainstModel(t *testing.T) {
	steps := flag.Lookup("rapid.steps")
	before := steps.Value.String()
	require.NoError(t, steps.Value.Set("120"))
	t.Cleanup(func() { _ = steps.Value.Set(before) })
	t.Run("NB-13 NB-14 contents, recency, staleness and counters are those of a naive model", rapid.MakeCheck(func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			m := newMachine(t)
			defer func() { _ = m.cache.Shutdown(context.Background()) }()
			t.Repeat(m.actions())
			for _, key := range modelKeys {
				m.lookup(t, key)
			}
		})
	}))
}
