package promptcache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// signed is a value that says whose it is.
type signed struct {
	Key     string
	Version int64
}

// versions are those of one key. Who draws one for Set keeps the mutex until Set
// has returned, so that a fetch that draws meanwhile gets a later one: what is
// cached never steps back.
type versions struct {
	mu     sync.Mutex
	last   int64
	loaded bool         // snapshots have it: there is one version, for a load may bring an older one back
	seen   atomic.Int64 // the latest that was certainly cached
}

func (v *versions) note(version int64) {
	for {
		seen := v.seen.Load()
		if seen >= version || v.seen.CompareAndSwap(seen, version) {
			return
		}
	}
}

// stampede is readers that need no mutex against all that changes what they read.
type stampede struct {
	t      *testing.T
	cache  *promptcache.PromptCache[*signed]
	keys   []string // of which the last few are in snapshots, too
	of     map[string]*versions
	loads  [][]byte
	reads  atomic.Int64
	spoilt atomic.Bool
}

const (
	stampedeKeys   = 60
	stampedeLoaded = 8 // of them
)

func (s *stampede) config(size int, ttl time.Duration) promptcache.Config {
	return exactly(func(cfg *promptcache.Config) {
		cfg.MaxSize = size
		cfg.TTL = new(ttl)
		cfg.RefreshInterval = 2 * time.Millisecond
		cfg.RefreshJitter = 0.5
		cfg.BackoffMin, cfg.BackoffMax = time.Millisecond, 3*time.Millisecond
		cfg.NegativeTTL = 0
		cfg.Canonical = func(key string) (string, error) { return strings.ToLower(key), nil }
	})
}

func newStampede(t *testing.T) *stampede {
	t.Helper()
	s := &stampede{t: t, of: make(map[string]*versions)}
	for i := range stampedeKeys {
		key := fmt.Sprint("prompt-", i)
		s.keys = append(s.keys, key)
		s.of[key] = &versions{loaded: i >= stampedeKeys-stampedeLoaded}
	}
	for range 4 {
		peer := newCache(t, func(context.Context, string) (*signed, error) { return nil, promptcache.ErrNotFound }, s.config(100, time.Hour))
		for _, key := range s.keys[stampedeKeys-stampedeLoaded:] {
			peer.Set(key, &signed{Key: key})
		}
		var file bytes.Buffer
		require.NoError(t, peer.Dump(&file))
		s.loads = append(s.loads, file.Bytes())
	}
	s.cache = newCache(t, s.fetch, s.config(20, 3*time.Millisecond))
	return s
}

func (s *stampede) fetch(_ context.Context, key string) (*signed, error) {
	if rand.IntN(10) == 0 {
		return nil, &promptcache.FetchError{Key: key, Kind: promptcache.KindConflict, Err: errors.New("torture")}
	}
	v := s.of[key]
	v.mu.Lock()
	if !v.loaded {
		v.last++
	}
	out := &signed{key, v.last}
	v.mu.Unlock()
	if rand.IntN(4) == 0 {
		runtime.Gosched()
	}
	return out, nil
}

// read reads key and complains about what cannot be.
func (s *stampede) read(key, call string, f func() (*signed, bool)) {
	v := s.of[key]
	least := v.seen.Load()
	got, ok := f()
	s.reads.Add(1)
	switch {
	case !ok:
	case got.Key != key:
		s.spoilt.Store(true)
		s.t.Errorf("%s of %q returned the value of %q", call, key, got.Key)
	case got.Version < least:
		s.spoilt.Store(true)
		s.t.Errorf("%s of %q returned version %d after %d was there", call, key, got.Version, least)
	case call == "Get" || call == "Lookup": // the others may have waited for what was never cached
		v.note(got.Version)
	}
}

func (s *stampede) reader() {
	ctx := context.Background()
	for range 50 {
		key := s.keys[rand.IntN(len(s.keys))]
		spelled := key
		if rand.IntN(4) == 0 {
			n := 1 + rand.IntN(6)
			spelled = strings.ToUpper(key[:n]) + key[n:]
		}
		switch rand.IntN(12) {
		case 0:
			s.read(key, "Lookup", func() (*signed, bool) { e, ok := s.cache.Lookup(spelled); return e.Value, ok })
		case 1:
			s.read(key, "GetOrFetch", func() (*signed, bool) { v, err := s.cache.GetOrFetch(ctx, spelled); return v, err == nil })
		case 2:
			s.read(key, "GetFresh", func() (*signed, bool) { v, err := s.cache.GetFresh(ctx, spelled); return v, err == nil })
		case 3:
			s.read(key, "GetOr", func() (*signed, bool) { v := s.cache.GetOr(ctx, spelled, nil); return v, v != nil })
		default:
			s.read(key, "Get", func() (*signed, bool) { return s.cache.Get(spelled) })
		}
	}
}

func (s *stampede) writer() {
	key := s.keys[rand.IntN(stampedeKeys-stampedeLoaded)]
	switch rand.IntN(24) {
	case 0, 1:
		s.cache.Invalidate(key)
	case 2:
		s.cache.Clear()
	case 3:
		_ = s.cache.Configure(s.config(1+rand.IntN(40), time.Duration(1+rand.IntN(20))*time.Millisecond))
	case 4, 5:
		s.cache.MarkStale(func(k string) bool { return k < key })
	case 6:
		if _, err := s.cache.Load(bytes.NewReader(s.loads[rand.IntN(len(s.loads))])); err != nil {
			s.t.Error(err)
		}
	case 7:
		s.cache.Stop()
	case 8:
		_ = s.cache.Start(context.Background()) // it may be running
	case 9:
		s.cache.Keys()
		if m := s.cache.Metrics(); m.StaleHits > m.Hits {
			s.t.Errorf("%d of %d hits were stale", m.StaleHits, m.Hits)
		}
	default:
		v := s.of[key]
		v.mu.Lock()
		v.last++
		s.cache.Set(key, &signed{key, v.last})
		v.note(v.last)
		v.mu.Unlock()
	}
}

func TestTortureReaders(t *testing.T) {
	for name, factor := range map[string]int{"as many processors as there are": 1, "8 times as many": 8} {
		t.Run("torture: no reader gets another key's value, or an older one than before: "+name, func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(factor * runtime.NumCPU()))
			s := newStampede(t)
			require.NoError(t, s.cache.Start(context.Background()))
			end := time.Now().Add(tortureTime(t))
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					for time.Now().Before(end) && !s.spoilt.Load() {
						if i < 6 {
							s.reader()
						} else {
							s.writer()
						}
					}
				})
			}
			<-time.After(time.Until(end))
			returns(t, wg.Wait)
			returns(t, func() { require.NoError(t, s.cache.Shutdown(context.Background())) })
			m := s.cache.Metrics()
			require.EqualValues(t, s.reads.Load(), m.TotalRequests(), "each read was counted once")
			require.Positive(t, m.StaleHits)
			require.Positive(t, m.Evictions)
			require.Positive(t, m.SnapshotLoaded)
			t.Logf("%d reads, %d hits, %d stale, %d evictions, %d fetches", s.reads.Load(), m.Hits, m.StaleHits, m.Evictions, m.Fetches)
		})
	}
}
