package suite

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/trace"
	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// trialTime bounds every wait of a trial.
const trialTime = 20 * time.Second

// aftermath is how long a trial goes on watching, for what a cache does late.
const aftermath = 100 * time.Millisecond

// trial is one cache, and the registry that it asks.
type trial struct {
	src   *source.Source[*peer.Prompt]
	cache peer.Refreshing
}

// trials are the columns of the table, each of which makes a cache of its own.
var trials = []struct {
	name string
	run  func(ctx context.Context, t trial) (string, error)
}{
	{"a Set during a refresh", setDuringRefresh},
	{"a Delete during a refresh", deleteDuringRefresh},
	{"goroutines for 10,000 stale reads", goroutinesForStale},
	{"fetches for 200 reads of 20 stale keys, registry down", fetchesWhileDown},
	{"fetches for 100 concurrent misses", fetchesForMisses},
}

// behaviour is what caches that refresh do when something else happens, found
// out by doing it.
func behaviour(ctx context.Context, s Settings) (Found, error) {
	refreshing := peers(func(p peer.Peer) bool { return p.Refreshes != nil })
	t := report.Table{
		Title:   "Behaviour",
		Intro:   "Of the caches that refresh, with their default concurrency. While the registry is down a key is read every millisecond; a cache that scans does one scan in that time.",
		Subject: "cache",
		Rows:    rows(refreshing),
	}
	for _, tr := range trials {
		s.say("behaviour: %s", tr.name)
		cells := make([]report.Cell, len(refreshing))
		for i, p := range refreshing {
			answer, err := attempt(ctx, p, tr.run)
			if err != nil {
				return Found{}, fmt.Errorf("suite: %s: %s: %w", p.Name, tr.name, err)
			}
			cells[i] = report.Text("%s", answer)
		}
		addColumn(&t, report.Column{Name: tr.name}, cells)
	}
	return Found{Tables: []report.Table{t}}, nil
}

func attempt(ctx context.Context, p peer.Peer, run func(context.Context, trial) (string, error)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	src := source.New[*peer.Prompt]()
	c := p.Refreshes(ctx, peer.Options{Capacity: 20_000, Fetch: src.Fetch, Controlled: true})
	defer c.Close()
	return run(ctx, trial{src, c})
}

// refreshing brings a key into the cache as "old", has the registry offer
// "refreshed", and returns when the refresh is on its way there. finish lets it
// arrive, and returns when the cache has done with it what it does.
func (t trial) refreshing(ctx context.Context, key string) (finish func() error, err error) {
	t.src.Put(key, &peer.Prompt{Commit: "old"})
	if _, err := t.cache.Load(ctx, key); err != nil {
		return nil, err
	}
	t.src.Put(key, &peer.Prompt{Commit: "refreshed"})
	release := t.src.Hold()
	t.cache.Age()
	if _, err := t.cache.Load(ctx, key); err != nil {
		release()
		return nil, err
	}
	if err := t.src.AwaitTotal(ctx, 2); err != nil {
		release()
		return nil, err
	}
	return func() error {
		release()
		if err := t.src.AwaitIdle(ctx); err != nil {
			return err
		}
		time.Sleep(aftermath)
		return nil
	}, nil
}

func setDuringRefresh(ctx context.Context, t trial) (string, error) {
	const key = "owner/prompt:latest"
	finish, err := t.refreshing(ctx, key)
	if err != nil {
		return "", err
	}
	t.cache.Set(key, &peer.Prompt{Commit: "set"})
	if err := finish(); err != nil {
		return "", err
	}
	switch p := t.cache.Get(key); {
	case p == nil:
		return "both are lost", nil
	case p.Commit == "set":
		return "wins", nil
	default:
		return "is lost", nil
	}
}

func deleteDuringRefresh(ctx context.Context, t trial) (string, error) {
	const key = "owner/prompt:latest"
	finish, err := t.refreshing(ctx, key)
	if err != nil {
		return "", err
	}
	t.cache.Delete(key)
	if err := finish(); err != nil {
		return "", err
	}
	if t.cache.Get(key) == nil {
		return "stays deleted", nil
	}
	return "comes back", nil
}

func goroutinesForStale(ctx context.Context, t trial) (string, error) {
	keys := trace.Keys(10_000)
	values := prompts(keys)
	for i, key := range keys {
		t.src.Put(key, values[i])
	}
	t.cache.Fill(keys, values)
	release := t.src.Hold()
	defer release()
	before := runtime.NumGoroutine()
	t.cache.Age()
	for _, key := range keys {
		if _, err := t.cache.Load(ctx, key); err != nil {
			return "", err
		}
	}
	time.Sleep(aftermath)
	more := runtime.NumGoroutine() - before
	release()
	return report.Number(float64(more)), t.src.AwaitIdle(ctx)
}

func fetchesWhileDown(ctx context.Context, t trial) (string, error) {
	keys := trace.Keys(20)
	t.cache.Fill(keys, prompts(keys))
	t.src.Always(source.Fail[*peer.Prompt](promptcache.ErrUnavailable))
	t.cache.Age()
	for range 10 {
		for _, key := range keys {
			if _, err := t.cache.Load(ctx, key); err != nil {
				return "", err
			}
			time.Sleep(time.Millisecond) // so that the last read's fetch is over
		}
	}
	if err := t.src.AwaitIdle(ctx); err != nil {
		return "", err
	}
	return report.Number(float64(t.src.Total())), nil
}

func fetchesForMisses(ctx context.Context, t trial) (string, error) {
	const callers = 100
	t.src.Always(func(context.Context, string) (*peer.Prompt, error) {
		time.Sleep(aftermath) // all callers are there before it answers
		return &peer.Prompt{}, nil
	})
	errs := make(chan error, callers)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			_, err := t.cache.Load(ctx, "owner/prompt:latest")
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return "", err
		}
	}
	return report.Number(float64(t.src.Total())), nil
}
