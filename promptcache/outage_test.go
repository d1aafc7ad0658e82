package promptcache_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// byPrefix puts keys "DOMAIN/NAME" in Domains.
func byPrefix(cfg *promptcache.Config) {
	cfg.Domain = func(key string) string {
		domain, _, _ := strings.Cut(key, "/")
		return domain
	}
}

// numbered returns n keys: p0, p1 and so on.
func numbered(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = "p" + strconv.Itoa(i)
	}
	return keys
}

// domainOf returns the status of one Domain, which must be known.
func domainOf[V any](t *testing.T, c *promptcache.PromptCache[V], name string) promptcache.DomainStatus {
	t.Helper()
	for _, d := range c.Status().Domains {
		if d.Domain == name {
			return d
		}
	}
	require.Fail(t, "no such Domain", name)
	return promptcache.DomainStatus{}
}

// takenDown fails fetches of missing keys until the only Domain is down.
func takenDown(t *testing.T, c *promptcache.PromptCache[*doc], src *source.Source[*doc]) {
	t.Helper()
	src.Always(broken[*doc](promptcache.KindUnavailable))
	for i := range 3 {
		_, err := c.GetOrFetch(t.Context(), fmt.Sprint("absent ", i))
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
	}
	require.Equal(t, promptcache.StateDown, domainOf(t, c, "").State)
}

// mostProbes is how many fetches an outage may cost a Domain: those that showed
// it, and one for each step of the backoff, which jitter shortens by half.
func mostProbes(cfg promptcache.Config, lasts time.Duration) int {
	n, wait := max(cfg.DownAfter, cfg.RefreshConcurrency), cfg.BackoffMin
	for at := time.Duration(0); at <= lasts; wait = min(2*wait, cfg.BackoffMax) {
		n++
		at += wait / 2
	}
	return n
}

func TestOutage(t *testing.T) {
	proves(t, "NB-20 an outage with 10,000 stale prompts and 200 readers makes a bounded number of requests", func(t *testing.T) {
		const n, readers = 10_000, 200
		keys := numbered(n)
		src := docs(keys...)
		cfg := exactly(func(cfg *promptcache.Config) {
			cfg.MaxSize, cfg.RefreshJitter, cfg.RefreshConcurrency = n+1, 0.1, 8
		})
		c := started(t, src.Fetch, cfg)
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		src.Always(broken[*doc](promptcache.KindUnavailable))
		before := src.Total()
		const lasts = time.Hour
		end := time.Now().Add(lasts)
		var wg sync.WaitGroup
		for r := range readers {
			wg.Go(func() {
				for i := r; time.Now().Before(end); i += 7 {
					began := time.Now()
					if _, err := c.GetOrFetch(context.Background(), keys[i%n]); err != nil {
						t.Error(err)
					}
					if _, err := c.GetOrFetch(context.Background(), fmt.Sprint("absent ", i)); err == nil {
						t.Error("who answered?")
					}
					if time.Since(began) != 0 {
						t.Error("a reader waited")
					}
					time.Sleep(5 * time.Second)
				}
			})
		}
		wg.Wait()
		requests := src.Total() - before
		require.LessOrEqual(t, requests, mostProbes(cfg, lasts))
		require.Greater(t, requests, 10, "it is asked whether it is back")
		s := c.Status()
		require.Equal(t, promptcache.StateDown, s.State)
		require.Equal(t, n, s.Stale)
		require.Equal(t, n, s.ServingStale)
		require.Less(t, s.Failing, 50)
		for _, key := range c.Keys()[n-100:] {
			e, _ := c.Lookup(key)
			require.NoError(t, e.LastError)
			require.True(t, c.Status().NextAttempt.Equal(e.NextAttempt))
		}
	})

	proves(t, "NB-20 200 reads of as many missing prompts, refresher or not", func(t *testing.T) {
		for _, running := range []bool{false, true} {
			src := docs()
			src.Always(broken[*doc](promptcache.KindUnavailable))
			c := newCache(t, src.Fetch, exactly())
			if running {
				require.NoError(t, c.Start(t.Context()))
			}
			for i := range 200 {
				_, err := c.GetOrFetch(t.Context(), strconv.Itoa(i))
				require.ErrorIs(t, err, promptcache.ErrUnavailable)
				require.Error(t, c.Prefetch(t.Context(), fmt.Sprint("p", i)))
			}
			require.Equal(t, 3, src.Total())
			pass(time.Second)
			for i := range 200 {
				_, _ = c.GetOrFetch(t.Context(), strconv.Itoa(i))
			}
			require.Equal(t, 4, src.Total(), "one of them is the probe")
		}
	})

	proves(t, "NB-20 without a refresher stale prompts obey the spacing of probes, too", func(t *testing.T) {
		keys := numbered(50)
		src := docs(keys...)
		c := newCache(t, src.Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		pass(ttl + 1)
		src.Always(broken[*doc](promptcache.KindUnavailable))
		before := src.Total()
		for range 31 { // probes at 1, 3, 7, 15 and 31 s, counted from the third failure
			for _, key := range keys {
				require.Equal(t, key+" v1", loadedWith(t, c, key).Text)
				_, err := c.GetFresh(t.Context(), key)
				require.ErrorIs(t, err, promptcache.ErrStale)
			}
			pass(time.Second)
		}
		require.Equal(t, 3+4, src.Total()-before)
		src.Always(nil)
		for _, key := range keys {
			_, err := c.GetFresh(t.Context(), key)
			require.NoError(t, err, "the first is the probe, and then it is up")
		}
	})

	proves(t, "an outage of one Domain is not another's", func(t *testing.T) {
		src := docs("eu/a", "eu/b", "us/a", "us/b")
		c := started(t, src.Fetch, exactly(byPrefix))
		require.NoError(t, c.Prefetch(t.Context(), "eu/a", "eu/b", "us/a", "us/b"))
		down := broken[*doc](promptcache.KindUnavailable)
		src.Always(func(ctx context.Context, key string) (*doc, error) {
			if strings.HasPrefix(key, "eu/") {
				return down(ctx, key)
			}
			return &doc{key + " v2"}, nil
		})
		pass(ttl + 10*interval)
		require.Equal(t, promptcache.StateDown, domainOf(t, c, "eu").State)
		require.Equal(t, promptcache.StateHealthy, domainOf(t, c, "us").State)
		require.Equal(t, promptcache.StateDown, c.Status().State)
		require.Equal(t, "us/b v2", loadedWith(t, c, "us/b").Text)
		require.Equal(t, "us/c v2", loadedWith(t, c, "us/c").Text)
		_, err := c.GetOrFetch(t.Context(), "eu/c")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.Zero(t, src.Calls("eu/c"))
	})

	for kind, falls := range map[promptcache.ErrorKind]bool{
		promptcache.KindUnknown: true, promptcache.KindUnavailable: true, promptcache.KindRateLimited: true, promptcache.KindUnauthorized: true,
		promptcache.KindNotFound: false, promptcache.KindForbidden: false, promptcache.KindConflict: false,
		promptcache.KindInvalid: false, promptcache.KindPanicked: false,
	} {
		proves(t, fmt.Sprintf("failures of kind %q take it down: %v", kind, falls), func(t *testing.T) {
			src := docs()
			src.Always(broken[*doc](kind))
			c := newCache(t, src.Fetch, exactly())
			for i := range 10 {
				_, err := c.GetOrFetch(t.Context(), strconv.Itoa(i))
				require.Error(t, err)
			}
			require.Equal(t, falls, domainOf(t, c, "").State == promptcache.StateDown)
			require.Equal(t, falls, src.Total() == 3)
		})
	}

	proves(t, "a single bad prompt never does, however often it fails", func(t *testing.T) {
		src := docs("good", "bad")
		c := started(t, src.Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context(), "good", "bad"))
		src.Always(func(ctx context.Context, key string) (*doc, error) {
			if key == "bad" {
				return broken[*doc](promptcache.KindUnavailable)(ctx, key)
			}
			return &doc{key}, nil
		})
		for range 50 {
			_, err := c.Refresh(t.Context(), "bad")
			require.Error(t, err)
			require.Equal(t, promptcache.StateDegraded, c.Status().State)
		}
		c.Invalidate("good")
		_, err := c.Refresh(t.Context(), "bad")
		require.Error(t, err)
		require.Equal(t, promptcache.StateDown, c.Status().State, "it is the only one in use now")
	})

	proves(t, "some bad prompts are told from a registry that is down by one that is not known to be bad", func(t *testing.T) {
		src := docs("good", "bad 1", "bad 2")
		c := started(t, src.Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context(), "bad 1", "bad 2"))
		pass(2 * interval)
		loadedWith(t, c, "good")
		src.Always(func(ctx context.Context, key string) (*doc, error) {
			if strings.HasPrefix(key, "bad") {
				return broken[*doc](promptcache.KindUnavailable)(ctx, key)
			}
			return &doc{key}, nil
		})
		pass(ttl - interval)
		require.Equal(t, map[string]int{"good": 1, "bad 1": 2, "bad 2": 2}, src.AllCalls())
		pass(interval)
		require.Equal(t, promptcache.StateDown, c.Status().State)
		pass(interval)
		require.Equal(t, 2, src.Calls("good"), "though it is fresh")
		require.Equal(t, promptcache.StateDegraded, c.Status().State)
	})

	proves(t, "NB-20 what waits for a slot when it goes down is not sent", func(t *testing.T) {
		keys := numbered(20)
		src := docs(keys...)
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshConcurrency = 1 }))
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + interval)
		require.Equal(t, 20+3, src.Total())
		require.Zero(t, c.Status().Queued)
		require.Equal(t, 20, c.Status().ServingStale)
	})

	proves(t, "the probe is the most recently used prompt that has not failed", func(t *testing.T) {
		keys := numbered(6)
		src := docs(keys...)
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.BackoffMin, cfg.BackoffMax = interval/2, interval/2 }))
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		src.Always(broken[*doc](promptcache.KindUnavailable))
		for _, key := range []string{"p0", "p1", "p2"} {
			_, err := c.Refresh(t.Context(), key)
			require.Error(t, err)
		}
		for _, key := range []string{"p5", "p3", "p4", "p0"} {
			c.Get(key)
		}
		probed := func() string {
			before := src.AllCalls()
			pass(interval)
			for key, n := range src.AllCalls() {
				if n > before[key] {
					return key
				}
			}
			return "none"
		}
		for _, want := range []string{"p4", "p3", "p5"} {
			require.Equal(t, want, probed(), "though all are fresh")
		}
		pass(ttl)
		c.Get("p1")
		pass(0)
		for range 3 {
			require.Equal(t, "p1", probed(), "when all have failed, the most recently used one")
		}
	})

	proves(t, "what waited when the refresher was stopped does not wait for ever", func(t *testing.T) {
		keys := numbered(10)
		src := docs(keys...)
		c := started(t, src.Fetch, exactly())
		require.NoError(t, c.Prefetch(t.Context(), keys...))
		src.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + 3*interval)
		require.Equal(t, promptcache.StateDown, c.Status().State)
		c.Stop()
		src.Always(nil)
		_, err := c.Refresh(t.Context(), "p0")
		require.NoError(t, err)
		require.NoError(t, c.Start(t.Context()))
		pass(interval)
		require.Zero(t, c.Status().Stale)
	})

	proves(t, "a success in between starts the count anew, and DownAfter says how many", func(t *testing.T) {
		for _, after := range []int{1, 2, 5} {
			src := docs("a")
			c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.DownAfter = after }))
			fail := func(key string) {
				src.Script(broken[*doc](promptcache.KindUnavailable))
				_, err := c.Refresh(t.Context(), key)
				require.Error(t, err)
			}
			for i := range after - 1 {
				fail(strconv.Itoa(i))
			}
			loadedWith(t, c, "a")
			for i := range after - 1 {
				fail(strconv.Itoa(i))
			}
			require.NotEqual(t, promptcache.StateDown, domainOf(t, c, "").State)
			fail("x")
			if after == 1 {
				require.NotEqual(t, promptcache.StateDown, domainOf(t, c, "").State, "one key, and another is cached")
				fail("y")
			}
			require.Equal(t, promptcache.StateDown, domainOf(t, c, "").State)
		}
	})

	proves(t, "with DownAfter 0 each key backs off on its own", func(t *testing.T) {
		src := docs()
		src.Always(broken[*doc](promptcache.KindUnavailable))
		c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.DownAfter = 0 }))
		for i := range 20 {
			_, err := c.GetOrFetch(t.Context(), strconv.Itoa(i))
			require.Error(t, err)
		}
		require.Equal(t, 20, src.Total())
		require.Equal(t, promptcache.StateDegraded, domainOf(t, c, "").State)
	})

	proves(t, "while it is down Refresh asks anyway, and moves no probe", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		takenDown(t, c, src)
		next := domainOf(t, c, "").NextAttempt
		require.Equal(t, time.Second, time.Until(next))
		for i := range 20 {
			_, err := c.Refresh(t.Context(), strconv.Itoa(i))
			require.ErrorIs(t, err, promptcache.ErrUnavailable)
		}
		require.Equal(t, 23, src.Total())
		require.True(t, next.Equal(domainOf(t, c, "").NextAttempt))
		src.Always(nil)
		_, err := c.Refresh(t.Context(), "a")
		require.NoError(t, err)
		require.NotEqual(t, promptcache.StateDown, domainOf(t, c, "").State)
	})

	for name, end := range map[string]struct {
		answer source.Step[*doc]
		up     bool
	}{
		"a prompt":                       {source.Value(&doc{}), true},
		"not found":                      {broken[*doc](promptcache.KindNotFound), true},
		"forbidden":                      {broken[*doc](promptcache.KindForbidden), true},
		"a conflict":                     {broken[*doc](promptcache.KindConflict), true},
		"a malformed answer":             {source.Fail[*doc](&promptcache.FetchError{Kind: promptcache.KindInvalid, StatusCode: 200}), true},
		"a key that cannot be asked for": {broken[*doc](promptcache.KindInvalid), false},
		"a panic":                        {source.Panic[*doc]("oh"), false},
		"unauthorized":                   {broken[*doc](promptcache.KindUnauthorized), false},
	} {
		proves(t, "what shows that it is back: "+name, func(t *testing.T) {
			src := docs()
			c := newCache(t, src.Fetch, exactly())
			takenDown(t, c, src)
			src.Always(end.answer)
			pass(time.Second)
			_, _ = c.GetOrFetch(t.Context(), "a")
			require.Equal(t, 4, src.Total())
			require.Equal(t, !end.up, domainOf(t, c, "").State == promptcache.StateDown)
			_, _ = c.GetOrFetch(t.Context(), "b")
			require.Equal(t, end.up, src.Total() == 5, "others are asked for only then")
		})
	}

	proves(t, "what Validate rejects shows that it is back", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, promptcache.Validate(src.Fetch, func(string, *doc) error { return context.Canceled }), exactly())
		takenDown(t, c, src)
		src.Always(nil)
		pass(time.Second)
		_, err := c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrInvalid)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, promptcache.StateDegraded, domainOf(t, c, "").State)
	})

	proves(t, "not modified shows that it is back", func(t *testing.T) {
		src := docs("a")
		c := newCache(t, src.Fetch, exactly())
		loadedWith(t, c, "a")
		takenDown(t, c, src)
		src.Always(source.Fail[*doc](promptcache.ErrNotModified))
		_, err := c.Refresh(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, promptcache.StateHealthy, domainOf(t, c, "").State)
	})

	proves(t, "what readers of missing prompts get meanwhile", func(t *testing.T) {
		src := docs("x/a")
		src.Always(source.Fail[*doc](&promptcache.FetchError{Kind: promptcache.KindUnavailable, StatusCode: 503, Err: context.DeadlineExceeded}))
		c := newCache(t, src.Fetch, exactly(byPrefix))
		for _, key := range []string{"x/1", "x/2", "x/3"} {
			_, err := c.GetOrFetch(t.Context(), key)
			require.Error(t, err)
		}
		_, err := c.GetOrFetch(t.Context(), "x/a")
		require.ErrorIs(t, err, promptcache.ErrUnavailable)
		require.ErrorIs(t, err, context.DeadlineExceeded, "the cause")
		var fe *promptcache.FetchError
		require.ErrorAs(t, err, &fe)
		require.Equal(t, "x/a", fe.Key)
		require.Equal(t, 503, fe.StatusCode)
		var held *promptcache.DownError
		require.ErrorAs(t, err, &held)
		require.Equal(t, "x", held.Domain)
		require.Equal(t, time.Second, time.Until(held.NextAttempt))
		require.Equal(t, "x/3", held.Err.Key)
		require.ErrorContains(t, err, `promptcache: fetch "x/a": unavailable (HTTP 503): not asked for in "x" until `)

		pass(time.Second)
		release := src.Hold()
		probe := async(func() (*doc, error) { return c.GetOrFetch(t.Context(), "x/a") })
		pass(0)
		require.True(t, domainOf(t, c, "x").Probing)
		require.True(t, c.Status().Probing)
		require.True(t, c.Status().NextAttempt.IsZero())
		_, err = c.GetOrFetch(t.Context(), "x/b")
		require.ErrorContains(t, err, "while it is seen whether the registry is back")
		require.ErrorAs(t, err, &held)
		require.True(t, held.NextAttempt.IsZero())
		release()
		require.Error(t, (<-probe).err)
		require.Equal(t, 2*time.Second, time.Until(c.Status().NextAttempt))
	})

	proves(t, "the probes' waits double up to BackoffMax, whoever asks", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.BackoffMax = 10 * time.Second }))
		takenDown(t, c, src)
		const s = time.Second
		for i, want := range []time.Duration{1 * s, 2 * s, 4 * s, 8 * s, 10 * s, 10 * s, 10 * s} {
			wait := time.Until(domainOf(t, c, "").NextAttempt)
			require.Equal(t, want, wait)
			pass(wait)
			_, err := c.GetOrFetch(t.Context(), fmt.Sprint("another ", i))
			require.Error(t, err)
		}
	})

	proves(t, "with jitter they are shortened by up to half", func(t *testing.T) {
		seen := make(map[time.Duration]bool)
		for range 30 {
			src := docs()
			c := newCache(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshJitter = 0.1 }))
			takenDown(t, c, src)
			wait := time.Until(domainOf(t, c, "").NextAttempt)
			require.GreaterOrEqual(t, wait, time.Second/2)
			require.LessOrEqual(t, wait, time.Second)
			seen[wait] = true
		}
		require.Greater(t, len(seen), 5)
	})

	proves(t, "readers that give up do not make more probes", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly())
		takenDown(t, c, src)
		pass(time.Second)
		defer src.Hold()()
		for range 50 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			_, err := c.GetOrFetch(ctx, "a")
			require.Error(t, err)
			cancel()
		}
		require.Equal(t, 4, src.Total())
		pass(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err := c.GetOrFetch(ctx, "a")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 5, src.Total())
	})

	proves(t, "a disabled cache holds nothing back", func(t *testing.T) {
		src := docs()
		c := newCache(t, src.Fetch, exactly())
		takenDown(t, c, src)
		require.NoError(t, c.Configure(exactly(disabled)))
		require.NotEqual(t, promptcache.StateDown, domainOf(t, c, "").State)
		for i := range 10 {
			_, err := c.GetOrFetch(t.Context(), strconv.Itoa(i))
			require.Error(t, err)
		}
		require.Equal(t, 13, src.Total())
	})

	proves(t, "a flood of Domains grows nothing", func(t *testing.T) {
		src := docs("cached/a")
		c := newCache(t, src.Fetch, exactly(byPrefix))
		loadedWith(t, c, "cached/a")
		src.Always(broken[*doc](promptcache.KindUnavailable))
		for i := range 5000 {
			for j := range 3 {
				_, _ = c.GetOrFetch(t.Context(), fmt.Sprintf("%d/%d", i, j))
			}
		}
		require.LessOrEqual(t, len(c.Status().Domains), 1024+1)
		require.Equal(t, 1, domainOf(t, c, "cached").Entries)
		require.Equal(t, promptcache.StateDown, domainOf(t, c, "4999").State)
		src.Always(nil)
		for i := range 1100 { // so those that were down are forgotten
			_, _ = c.GetOrFetch(t.Context(), fmt.Sprintf("up %d/a", i))
		}
		require.NoError(t, c.Start(t.Context()))
		require.Equal(t, promptcache.StateHealthy, c.Status().State)
	})
}

func TestOutageEvents(t *testing.T) {
	proves(t, "an outage is two events, with the failure that made it", func(t *testing.T) {
		require.Equal(t, "down", promptcache.EventDown.String())
		require.Equal(t, "up", promptcache.EventUp.String())
		src := docs("eu/a")
		src.Always(broken[*doc](promptcache.KindUnavailable))
		c := newCache(t, src.Fetch, exactly(byPrefix))
		events := follow(t, c)
		for i := range 10 {
			_, _ = c.GetOrFetch(t.Context(), fmt.Sprint("eu/", i))
		}
		src.Always(nil)
		pass(time.Second)
		loadedWith(t, c, "eu/a")
		pass(0)
		require.Equal(t, []promptcache.EventKind{promptcache.EventDown, promptcache.EventUp}, events.kinds(""))
		down, up := events.events[0], events.events[1]
		require.Equal(t, "eu", down.Domain)
		require.ErrorIs(t, down.Err, promptcache.ErrUnavailable)
		require.Equal(t, "eu", up.Domain)
		require.Equal(t, time.Second, up.At.Sub(down.At))
		require.NoError(t, up.Err)
	})
}
