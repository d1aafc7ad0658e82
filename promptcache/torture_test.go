package promptcache_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// tortureKeys are more than any of its caches holds, unless it is calm.
var tortureKeys = strings.Fields("a b c d e f g h i j k l")

// refreshersOwn marks the context of the refresher's fetches.
type refreshersOwn struct{}

// rack tortures a cache and keeps its own count of what it does.
type rack struct {
	t           *testing.T
	cache       *promptcache.PromptCache[*revised]
	concurrency int64
	calm        bool // nothing that detaches a fetch, and no Stop: then the limits are strict

	reads, fetches, serial atomic.Int64
	refreshing             atomic.Int64 // the refresher's fetches under way

	snapshot atomic.Pointer[[]byte] // one of some moment

	mu       sync.Mutex // guards inFlight
	inFlight map[string][]context.Context
}

func newRack(t *testing.T, calm bool) *rack {
	t.Helper()
	r := &rack{t: t, calm: calm, concurrency: 3, inFlight: make(map[string][]context.Context)}
	cfg := r.config(8)
	cfg.Snapshot = promptcache.SnapshotConfig{Path: filepath.Join(t.TempDir(), "prompts.json"), Every: 5 * time.Millisecond, OnShutdown: true}
	cfg.Codec = unfetched{}
	r.cache = newCache(t, r.fetch, cfg)
	return r
}

// unfetched is a codec that makes of every value one that was set, so that those
// who count fetches need not count loads.
type unfetched struct{}

func (unfetched) Format() string { return "unfetched" }

func (unfetched) Encode(key string, value any) (string, []byte, error) {
	data, err := json.Marshal(value)
	return key, data, err
}

func (unfetched) Decode(name string, data []byte) (string, any, error) {
	v := &revised{}
	err := json.Unmarshal(data, v)
	v.Rev = strings.TrimSuffix(v.Rev, "s") + "s"
	return name, v, err
}

func (r *rack) config(size int) promptcache.Config {
	return exactly(func(cfg *promptcache.Config) {
		cfg.MaxSize = size
		if r.calm {
			cfg.MaxSize = len(tortureKeys)
		}
		cfg.TTL = new(2 * time.Millisecond)
		cfg.RefreshInterval = 3 * time.Millisecond
		cfg.RefreshJitter = 0.5
		cfg.RefreshConcurrency = int(r.concurrency)
		cfg.FetchTimeout = time.Second
		cfg.NegativeTTL = time.Millisecond
		cfg.IdleAfter = 20 * time.Millisecond
		cfg.BackoffMin, cfg.BackoffMax = time.Millisecond, 4*time.Millisecond
	})
}

// enter notes that a fetch has begun and complains if it should not have.
func (r *rack) enter(ctx context.Context, key string) (leave func()) {
	r.fetches.Add(1)
	own := ctx.Value(refreshersOwn{}) != nil
	if own {
		if n := r.refreshing.Add(1); r.calm && n > r.concurrency {
			r.t.Errorf("the refresher has %d fetches under way", n)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calm && slices.ContainsFunc(r.inFlight[key], func(other context.Context) bool { return other.Err() == nil }) {
		r.t.Errorf("two fetches of %q are wanted at a time", key)
	}
	r.inFlight[key] = append(r.inFlight[key], ctx)
	return func() {
		if own {
			r.refreshing.Add(-1)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.inFlight[key] = slices.DeleteFunc(r.inFlight[key], func(other context.Context) bool { return other == ctx })
	}
}

// fetch does all that a fetch can do.
func (r *rack) fetch(ctx context.Context, key string) (*revised, error) {
	defer r.enter(ctx, key)()
	switch d := time.Duration(rand.IntN(2000)) * time.Microsecond; rand.IntN(4) {
	case 0:
		time.Sleep(d) // ignores its context
	case 1:
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	switch rand.IntN(12) {
	case 0:
		panic("torture")
	case 1:
		runtime.Goexit()
	case 2:
		return nil, errors.New("torture")
	case 3:
		return nil, promptcache.ErrNotFound
	case 4:
		return nil, nil // as a careless fetch does
	case 5:
		return nil, promptcache.ErrNotModified
	case 6:
		return &revised{key + "@same", "fetched"}, nil
	}
	return &revised{fmt.Sprint(key, "@", r.serial.Add(1)), "fetched"}, nil
}

// belongs complains if what was read under key is another key's.
func (r *rack) belongs(key string, v *revised) {
	if v == nil || !strings.HasPrefix(v.Rev, key+"@") {
		r.t.Errorf("%q is read as %v", key, v)
	}
}

// act does something.
func (r *rack) act() {
	c := r.cache
	key := tortureKeys[rand.IntN(len(tortureKeys))]
	ctx := context.Background()
	if rand.IntN(3) == 0 {
		limited, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(1500))*time.Microsecond)
		defer cancel()
		ctx = limited
	}
	switch n := rand.IntN(40); {
	case n < 12:
		r.reads.Add(1)
		if v, ok := c.Get(key); ok {
			r.belongs(key, v)
		}
	case n < 14:
		r.reads.Add(1)
		if e, ok := c.Lookup(key); ok {
			r.belongs(key, e.Value)
		}
	case n < 20:
		r.reads.Add(1)
		if v, err := c.GetOrFetch(ctx, key); err == nil {
			r.belongs(key, v)
		}
	case n < 22:
		r.reads.Add(1)
		if v, err := c.GetFresh(ctx, key); err == nil || errors.Is(err, promptcache.ErrStale) {
			r.belongs(key, v)
		}
	case n < 23:
		r.reads.Add(1)
		r.belongs(key, c.GetOr(ctx, key, &revised{key + "@fallback", ""}))
	case n < 25:
		if v, err := c.Refresh(ctx, key); err == nil || errors.Is(err, promptcache.ErrStale) {
			r.belongs(key, v)
		}
	case n < 26:
		_ = c.Prefetch(ctx, key, tortureKeys[rand.IntN(len(tortureKeys))])
	case n < 28:
		c.MarkStale(func(k string) bool { return k <= key })
	case n < 29:
		c.Keys()
		c.Status()
		c.Metrics()
	case n < 30:
		c.Subscribe(func(promptcache.Event) { c.Len() })()
	case n < 31:
		r.dumpOrLoad()
	case r.calm:
		_ = c.Configure(r.config(0))
	case n < 34:
		c.Set(key, &revised{fmt.Sprint(key, "@", r.serial.Add(1), "s"), "set"})
	case n < 36:
		c.Invalidate(key)
	case n < 37:
		_ = c.Configure(r.config(1 + rand.IntN(8)))
	case n < 38:
		c.Stop()
	case n < 39:
		_ = c.Start(context.WithValue(context.Background(), refreshersOwn{}, true))
	default:
		c.Clear()
	}
}

// dumpOrLoad dumps the cache, or loads what was dumped at another moment.
func (r *rack) dumpOrLoad() {
	if file := r.snapshot.Swap(nil); file != nil {
		if _, err := r.cache.Load(bytes.NewReader(*file)); err != nil {
			r.t.Error(err)
		}
		return
	}
	var b bytes.Buffer
	if err := r.cache.Dump(&b); err != nil {
		r.t.Error(err)
	}
	r.snapshot.Store(new(b.Bytes()))
}

// balance checks what must add up when nothing is under way.
func (r *rack) balance() {
	m, s := r.cache.Metrics(), r.cache.Status()
	require.Zero(r.t, s.InFlight)
	require.Zero(r.t, s.Abandoned)
	require.EqualValues(r.t, r.reads.Load(), m.TotalRequests())
	require.EqualValues(r.t, r.fetches.Load(), m.Fetches)
	require.GreaterOrEqual(r.t, m.Fetches, m.Refreshes+m.Dropped+m.FetchErrors+m.FetchesCanceled)
	require.GreaterOrEqual(r.t, m.FetchErrors, m.RefreshErrors)
	require.GreaterOrEqual(r.t, m.FetchErrors, m.NotFound+m.Rejected)
	require.GreaterOrEqual(r.t, m.Refreshes, m.Unchanged)
	require.GreaterOrEqual(r.t, m.Hits, m.StaleHits)
	require.Len(r.t, r.cache.Keys(), r.cache.Len())
	require.LessOrEqual(r.t, r.cache.Len(), r.cache.Config().MaxSize)
	require.Positive(r.t, m.SnapshotWrites)
	require.Positive(r.t, m.SnapshotLoaded)
	require.Zero(r.t, m.SnapshotErrors)
	require.NoError(r.t, s.Snapshot.SaveError)
	require.NoError(r.t, s.Snapshot.LoadError)
}

// tortureTime is how long it goes on: a second, or PROMPTCACHE_TORTURE.
func tortureTime(t *testing.T) time.Duration {
	t.Helper()
	s := os.Getenv("PROMPTCACHE_TORTURE")
	if s == "" {
		return time.Second
	}
	d, err := time.ParseDuration(s)
	require.NoError(t, err)
	return d
}

func TestTorture(t *testing.T) {
	for _, calm := range []bool{false, true} {
		name := map[bool]string{false: "everything at once", true: "without writes and stops the limits are strict"}[calm]
		t.Run("NB-09 NB-19 torture: "+name, func(t *testing.T) {
			r := newRack(t, calm)
			require.NoError(t, r.cache.Start(context.WithValue(context.Background(), refreshersOwn{}, true)))
			end := time.Now().Add(tortureTime(t))
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for time.Now().Before(end) {
						r.act()
					}
				})
			}
			<-time.After(time.Until(end))
			returns(t, wg.Wait)
			returns(t, func() { require.NoError(t, r.cache.Shutdown(context.Background())) })
			goesDownTo(t, 0)
			r.balance()
			require.Greater(t, r.fetches.Load(), int64(100))
		})
	}
}
