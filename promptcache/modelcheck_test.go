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
	modelBackoffs  = [][2]time.Duration{{0, 0}, {time.Second, 5 * time.Minute}, {20 * time.Second, 20 * time.Second}}
	modelDowns     = []int{0, 1, 2, 3, 3, 3}
	modelKinds     = []promptcache.ErrorKind{0, 0, promptcache.KindUnavailable, promptcache.KindUnavailable, promptcache.KindConflict}
	modelPauses    = []time.Duration{
		1, 50 * time.Millisecond, 100 * time.Millisecond, time.Second, 20 * time.Second, 59 * time.Second, time.Minute, 3 * time.Minute, 3*time.Minute + 1, 5 * time.Minute, 5*time.Minute + 1, 15 * time.Minute,
	}
)

// machine drives a cache and its model through the same calls.
type machine struct {
	cache *promptcache.PromptCache[*revised]
	model *model

	file      []byte // a snapshot of the cache, and of the model
	modelFile []modelEntry

	versions map[string]int
	failing  map[string]promptcache.ErrorKind // by Domain
	sets     int
}

func newMachine(t *rapid.T) *machine {
	m := &machine{versions: make(map[string]int), failing: make(map[string]promptcache.ErrorKind)}
	cfg := m.config(t)
	cache, err := promptcache.New(m.fetch, cfg)
	require.NoError(t, err)
	m.cache = cache
	m.model = &model{fetch: m.fetched, domain: modelDomainOf}
	m.model.configure(cfg)
	return m
}

func (m *machine) config(t *rapid.T) promptcache.Config {
	return exactly(func(cfg *promptcache.Config) {
		cfg.MaxSize = rapid.SampledFrom(modelSizes).Draw(t, "size")
		cfg.TTL = rapid.SampledFrom(modelTTLs).Draw(t, "ttl")
		cfg.MaxStale = rapid.SampledFrom(modelMaxStales).Draw(t, "maxStale")
		cfg.RefreshInterval = rapid.SampledFrom(modelIntervals).Draw(t, "interval")
		cfg.IdleAfter = 0
		backoff := rapid.SampledFrom(modelBackoffs).Draw(t, "backoff")
		cfg.BackoffMin, cfg.BackoffMax = backoff[0], backoff[1]
		cfg.DownAfter = rapid.SampledFrom(modelDowns).Draw(t, "downAfter")
		cfg.Domain = modelDomainOf
	})
}

// modelDomainOf puts a, b, c and d in one Domain, e and f in another.
func modelDomainOf(key string) string {
	if key < "e" {
		return "first"
	}
	return "second"
}

// fetch is the cache's.
func (m *machine) fetch(_ context.Context, key string) (*revised, error) {
	if kind := m.failing[modelDomainOf(key)]; kind != 0 {
		return nil, &promptcache.FetchError{Key: key, Kind: kind}
	}
	return m.make(key), nil
}

func (m *machine) make(key string) *revised {
	return &revised{Rev: fmt.Sprintf("%s@%d", key, m.versions[key])}
}

// fetched is the model's.
func (m *machine) fetched(key string) (*revised, promptcache.ErrorKind) {
	if kind := m.failing[modelDomainOf(key)]; kind != 0 {
		return nil, kind
	}
	return m.make(key), 0
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
				m.model.remembered(key)
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
				m.model.absences = nil
			}
		},
		"Configure": func(t *rapid.T) {
			cfg := m.config(t)
			require.NoError(t, m.cache.Configure(cfg))
			synctest.Wait()
			m.model.configure(cfg)
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
				m.model.stop()
			}
		},
		"Dump": func(t *rapid.T) {
			var file bytes.Buffer
			require.NoError(t, m.cache.Dump(&file))
			m.file, m.modelFile = file.Bytes(), m.model.dump()
		},
		"a peer's Dump": func(t *rapid.T) { m.receive(t, drawKeys(t)) },
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
		"outage":    m.outage,
		"recovery":  m.outage,
		"time":      m.pass,
		"more time": m.pass,
		"ResetMetrics": func(*rapid.T) {
			m.cache.ResetMetrics()
			m.model.metrics = promptcache.Metrics{}
		},
		"": m.check,
	}
}

// receive gets the snapshot of another cache, whose registry is well.
func (m *machine) receive(t *rapid.T, keys []string) {
	peer, err := promptcache.New(func(_ context.Context, key string) (*revised, error) { return m.make(key), nil },
		exactly(func(cfg *promptcache.Config) { cfg.Domain = modelDomainOf }))
	require.NoError(t, err)
	m.modelFile = nil
	for _, key := range keys {
		v, err := peer.GetOrFetch(context.Background(), key)
		require.NoError(t, err)
		m.modelFile = append(m.modelFile, modelEntry{key: key, value: v, at: m.model.now})
	}
	var file bytes.Buffer
	require.NoError(t, peer.Dump(&file))
	m.file = file.Bytes()
}

func (m *machine) outage(t *rapid.T) {
	m.failing[modelDomainOf(drawKey(t))] = rapid.SampledFrom(modelKinds).Draw(t, "kind")
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
	require.Equal(t, want.failure != nil, got.LastError != nil)
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
		if e.failure != nil {
			failing++
		}
	}
	status := m.cache.Status()
	require.Equal(t, failing, status.Failing)
	for _, d := range status.Domains {
		want := m.model.named(d.Domain)
		require.Equal(t, m.model.state(want).String(), d.State.String(), d.Domain)
		require.False(t, d.Probing)
		require.Equal(t, want.down, !d.NextAttempt.IsZero())
		if want.down {
			require.Equal(t, want.next-m.model.now, time.Until(d.NextAttempt), "the next probe")
		}
	}
}

func TestAgainstModel(t *testing.T) {
	for name, value := range map[string]string{"rapid.steps": "120", "rapid.checks": "300"} {
		f := flag.Lookup(name)
		if before := f.Value.String(); before == f.DefValue {
			require.NoError(t, f.Value.Set(value))
			t.Cleanup(func() { _ = f.Value.Set(before) })
		}
	}
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
