package watch

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/parallel"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/promptcache"
)

// MinInterval is the shortest Config.Interval.
const MinInterval = 100 * time.Millisecond

// concurrency is how many prompts are fetched at once.
const concurrency = 8

// Prompt is one that is followed.
type Prompt struct {
	Registry *registry.Registry
	Key      string // canonical, without a scheme
}

// FullKey is the key with its scheme.
func (p Prompt) FullKey() string { return p.Registry.Name() + ":" + p.Key }

// Config says what is followed, and how.
type Config struct {
	// Prompts are what is followed, one at least, each once.
	Prompts []Prompt
	// Interval is how often a prompt is fetched, or a little less often. After
	// failures it is longer, a minute at most. MinInterval is the least.
	Interval time.Duration
	// Tell is called with every event, one at a time. Its error ends the watch.
	Tell func(Event) error
}

// Run follows the prompts until ctx ends, which is no error. It returns a
// *PromptError if the registry says at the beginning that a prompt cannot be had,
// but not if it says nothing: then it goes on asking. Nothing is left running.
func Run(ctx context.Context, cfg Config) error {
	w := &watcher{Config: cfg, followed: make(map[string]*followed), unhealthy: make(map[string]bool)}
	for _, p := range cfg.Prompts {
		w.followed[p.FullKey()] = &followed{Prompt: p}
	}
	var err error
	if w.cache, err = w.newCache(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	events := make(chan promptcache.Event, len(cfg.Prompts))
	unsubscribe := w.cache.Subscribe(func(e promptcache.Event) {
		select {
		case events <- e:
		case <-ctx.Done():
		}
	})
	defer w.end(ctx, unsubscribe)
	defer cancel()
	if err := w.cache.Start(ctx); err != nil {
		return ended(ctx, err)
	}
	if err := w.begin(ctx); err != nil {
		return ended(ctx, err)
	}
	return ended(ctx, w.follow(ctx, events))
}

// ended returns err, unless that is because ctx has ended.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// watcher is a watch that is under way. One goroutine uses it.
type watcher struct {
	Config

	cache     *promptcache.PromptCache[registry.Value]
	followed  map[string]*followed // by full key
	unhealthy map[string]bool      // registries, by name
}

// followed is what was told of a prompt.
type followed struct {
	Prompt

	value registry.Value // nil if it is not cached
	err   error          // of the latest fetch, nil if that was well
	stale bool
}

// newCache returns a cache of all the registries, which fetches each prompt once
// in an interval.
func (w *watcher) newCache() (*promptcache.PromptCache[registry.Value], error) {
	backends := make(map[string]promptcache.Backend[registry.Value])
	for _, p := range w.Prompts {
		r := p.Registry
		backends[r.Name()] = promptcache.Backend[registry.Value]{
			Fetch: r.Fetch, Canonical: r.Canonical, Domain: r.Domain, Check: r.Check,
		}
	}
	router, err := promptcache.Route(promptcache.Routes[registry.Value]{Backends: backends})
	if err != nil {
		return nil, err
	}
	cfg := promptcache.DefaultConfig()
	cfg.MaxSize = len(w.Prompts)
	cfg.TTL, cfg.RefreshJitter = new(w.Interval/4*5), 0.2 // due from the first interval on
	cfg.RefreshInterval = w.Interval / 10
	cfg.BackoffMin, cfg.BackoffMax = w.Interval, max(w.Interval, time.Minute)
	cfg.NegativeTTL, cfg.IdleAfter = 0, 0
	cfg.Logger = slog.New(slog.DiscardHandler)
	return router.NewCache(cfg)
}

// end ends the cache, though ctx has ended.
func (w *watcher) end(ctx context.Context, unsubscribe func()) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	unsubscribe()
	w.cache.Stop()
	_ = w.cache.Shutdown(ctx) // a fetch that does not end is left behind
}

// begin fetches all prompts for the first time, and tells of them in their order.
func (w *watcher) begin(ctx context.Context) error {
	var problem error
	parallel.Each(concurrency, w.Prompts, func(p Prompt) error {
		_, err := w.cache.GetOrFetch(ctx, p.FullKey())
		return err
	}, func(p Prompt, err error) {
		switch {
		case problem != nil:
		case ctx.Err() != nil:
			problem = ctx.Err()
		case definite(err):
			problem = &PromptError{p.FullKey(), err}
		default:
			problem = w.look(p.FullKey(), err)
		}
	})
	if problem != nil {
		return problem
	}
	for _, p := range w.Prompts {
		if _, told := w.unhealthy[p.Registry.Name()]; !told {
			if err := w.tellState(p.Registry.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// definite reports whether an error says that a prompt cannot be had, and not only
// that it could not be had now.
func definite(err error) bool {
	for _, kind := range []error{
		promptcache.ErrNotFound, promptcache.ErrUnauthorized, promptcache.ErrForbidden, promptcache.ErrInvalid,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// attempt is what came of asking for a prompt that is not cached.
type attempt struct {
	key string
	err error
}

// follow tells of everything that happens, until ctx ends.
func (w *watcher) follow(ctx context.Context, events <-chan promptcache.Event) error {
	var asking sync.WaitGroup
	defer asking.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before that waits
	attempts := make(chan attempt)
	ticker := time.NewTicker(w.Interval)
	defer ticker.Stop()
	pending := 0 // attempts under way
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-events:
			err = w.look(e.Key, e.Err)
		case a := <-attempts:
			pending--
			err = w.look(a.key, a.err)
		case <-ticker.C:
			if pending > 0 {
				continue
			}
			for _, key := range w.missing() { // the refresher knows only what is cached
				pending++
				asking.Go(func() {
					_, err := w.cache.GetOrFetch(ctx, key)
					select {
					case attempts <- attempt{key, err}:
					case <-ctx.Done():
					}
				})
			}
		}
		if err != nil {
			return err
		}
	}
}

// missing returns the keys of what is not cached.
func (w *watcher) missing() []string {
	var keys []string
	for _, p := range w.Prompts {
		if w.followed[p.FullKey()].value == nil {
			keys = append(keys, p.FullKey())
		}
	}
	return keys
}
