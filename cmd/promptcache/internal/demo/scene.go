package demo

import (
	"context"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/promptcache"
)

// stepTimeout bounds a step if Config does not, and whatever could hang in it.
const stepTimeout = 15 * time.Second

// scene is where the story takes place: a registry, a cache and a service.
type scene struct {
	prompt   string // canonical key of the prompt that it is all about
	second   string // the same of another one; of the same one, if there is only one
	registry *registry.Registry
	fake     fake   // nil if the registry is a real one
	variable string // of the fake's prompts, as a template has it
	wire     *wire
	codec    promptcache.Codec

	cache       *promptCache
	journal     *journal
	unsubscribe func()
	service     *service
	goroutines  int // of ours, before there was a cache
}

// newScene sets everything up. Close it.
func newScene(ctx context.Context, cfg Config, t *teller) (*scene, error) {
	s := &scene{goroutines: len(goroutinesOfOurs())}
	err := s.connect(cfg)
	if err == nil {
		err = s.startService(ctx, cfg, t)
	}
	if err != nil {
		s.close(ctx)
		return nil, err
	}
	return s, nil
}

// startService puts a cache over the source and a service over the cache.
func (s *scene) startService(ctx context.Context, cfg Config, t *teller) error {
	fetch := promptcache.FetchFunc[registry.Value](s.registry.Fetch)
	if s.fake != nil {
		fetch = promptcache.Validate(fetch, mustGreet)
	}
	if cfg.Wrap != nil {
		fetch = cfg.Wrap(fetch)
	}
	s.journal = &journal{tell: t.log}
	settings := promptcache.DefaultConfig()
	settings.FetchTimeout = 2 * stepTimeout
	settings.Canonical, settings.Domain = s.registry.Canonical, s.registry.Domain
	settings.Codec = s.codec
	settings.Logger = s.journal.logger()
	var err error
	if s.cache, err = promptcache.New(fetch, settings); err != nil {
		return err
	}
	s.unsubscribe = s.cache.Subscribe(s.journal.event)
	if err := s.cache.Start(ctx); err != nil {
		return err
	}
	s.service, err = startService(ctx, s.cache)
	return err
}

// revision returns the revision of what is cached under the prompt, "" for
// nothing.
func (s *scene) revision() string {
	v, ok := s.cache.Get(s.prompt)
	if !ok {
		return ""
	}
	return v.Revision()
}

// markStale has the prompt refetched now.
func (s *scene) markStale() {
	s.cache.MarkStale(func(key string) bool { return key == s.prompt })
}

// close ends all that there is, whatever state it is in, and though ctx may have
// ended.
func (s *scene) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if s.service != nil {
		_ = s.service.shutdown(ctx)
	}
	if s.cache != nil {
		s.unsubscribe()
		s.cache.Stop()
		_ = s.cache.Shutdown(ctx)
	}
	if s.wire != nil {
		s.wire.close()
	}
	if s.fake != nil {
		s.fake.Close()
	}
}
