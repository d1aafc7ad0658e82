package promptcache

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Backend is one registry of several that a [Router] asks. The sources beside
// this package each have a method that returns theirs.
//
// Its functions get keys as the registry knows them, without a scheme, and must
// be safe for concurrent use.
type Backend[V any] struct {
	// Fetch gets a prompt. It is required.
	Fetch FetchFunc[V]
	// Canonical maps the spellings of a key to one, like Config.Canonical. nil
	// means that every key is its own.
	Canonical func(key string) (string, error)
	// Domain names what a key belongs to (a registry's address and its
	// workspace or project), like Config.Domain. nil means that there is
	// nothing to name but the scheme.
	Domain func(key string) string
	// Check returns what is wrong with a key that comes from elsewhere, such as
	// a snapshot's, or nil. nil means that what Canonical accepts may be used.
	Check func(key string) error
}

// Routes says which registry has which keys.
type Routes[V any] struct {
	// Backends are the registries by scheme: what stands before the first colon
	// of a key. A scheme begins with a letter a–z and has letters a–z, digits,
	// "+", "-" and "." after it. There must be one at least.
	Backends map[string]Backend[V]
	// Default is the scheme of keys that do not begin with one of Backends; a
	// colon in them is their own. "" means that such keys are errors.
	Default string
}

// Router sends each key SCHEME:REST to the registry of its scheme. Its methods
// are what a cache needs to hold the prompts of all of them, and never to mix
// them up. It cannot be changed, and is safe for concurrent use.
type Router[V any] struct {
	backends map[string]Backend[V]
	fallback string // the default scheme
	schemes  []string
}

// Route returns a Router for r:
//
//	router, err := promptcache.Route(promptcache.Routes[*prompt.Prompt]{
//		Backends: map[string]promptcache.Backend[*prompt.Prompt]{
//			"langsmith": smith.Backend(),
//			"langfuse":  fuse.Backend(),
//			"file":      files.Backend(),
//		},
//	})
//	...
//	cache, err := router.NewCache(promptcache.DefaultConfig())
//	...
//	greeting, err := cache.GetOrFetch(ctx, "langfuse:mails/greeting@staging")
//
// A key is cut at its first colon only, so that the rest may have more of them,
// as LangSmith's do. All problems of r come back in one error.
func Route[V any](r Routes[V]) (*Router[V], error) {
	router := &Router[V]{
		backends: maps.Clone(r.Backends),
		fallback: r.Default,
		schemes:  slices.Sorted(maps.Keys(r.Backends)),
	}
	var errs []error
	problem := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("promptcache: routes: "+format, args...))
	}
	if len(r.Backends) == 0 {
		problem("there are no Backends; want one at least")
	}
	for _, scheme := range router.schemes {
		if !isScheme(scheme) {
			problem("%.80q is no scheme; want a letter a–z, and then letters a–z, digits, + - .", scheme)
		}
		if r.Backends[scheme].Fetch == nil {
			problem("the Backend of %.80q has no Fetch", scheme)
		}
	}
	if _, ok := r.Backends[r.Default]; r.Default != "" && !ok {
		problem("the Default, %.80q, is not one of the Backends", r.Default)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return router, nil
}

// isScheme reports whether s may stand before a key's first colon.
func isScheme(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", r)) {
			return false
		}
	}
	return s != ""
}

// Fetch gets the prompt that key names from the registry of its scheme. It is a
// FetchFunc. A *FetchError that the registry's Fetch returns comes back with the
// key as it was given here; a key that leads nowhere is one of KindInvalid that
// names the schemes.
func (r *Router[V]) Fetch(ctx context.Context, key string) (V, error) {
	to, err := r.route(key)
	if err != nil {
		var zero V
		return zero, &FetchError{Key: key, Kind: KindInvalid, Err: err}
	}
	v, err := to.Fetch(ctx, to.rest)
	return v, to.under(key, err)
}

// Canonical maps the spellings of one prompt's key to one: the scheme, which a
// key of the Default may lack, a colon, and what the registry's Canonical makes
// of the rest. It is what Config.Canonical wants.
func (r *Router[V]) Canonical(key string) (string, error) {
	to, err := r.route(key)
	if err != nil {
		return "", err
	}
	rest := to.rest
	if to.Canonical != nil {
		if rest, err = to.Canonical(rest); err != nil {
			return "", fmt.Errorf("promptcache: key %.100q: %w", key, err)
		}
	}
	return to.scheme + ":" + rest, nil
}

// Domain names the registry that key belongs to: SCHEME=DOMAIN, with the Domain
// of the registry itself, or SCHEME alone. So two schemes never have one Domain,
// and neither have two workspaces that were known by one scheme at different
// times. It is "" for a key that leads nowhere. It is what Config.Domain wants.
func (r *Router[V]) Domain(key string) string {
	to, err := r.route(key)
	if err != nil {
		return ""
	}
	if to.Domain != nil {
		if domain := to.Domain(to.rest); domain != "" {
			return to.scheme + "=" + domain
		}
	}
	return to.scheme
}

// Check returns the error with which Fetch would refuse key before asking
// anyone, as far as the registry can tell, or nil. Use it on keys that come from
// elsewhere, such as a snapshot's.
func (r *Router[V]) Check(key string) error {
	to, err := r.route(key)
	switch {
	case err != nil:
		return &FetchError{Key: key, Kind: KindInvalid, Err: err}
	case to.Check != nil:
		return to.under(key, to.Check(to.rest))
	case to.Canonical != nil:
		if _, err := to.Canonical(to.rest); err != nil {
			return &FetchError{Key: key, Kind: KindInvalid, Err: err}
		}
	}
	return nil
}

// Config returns cfg with Canonical, Domain and Codec set to the Router's where
// they are nil, for a cache over its Fetch or over middleware on that:
//
//	promptcache.New(promptcache.Validate(router.Fetch, check), router.Config(cfg))
//
// The Codec is that of format "json": snapshots hold the JSON of V, which no
// registry's SDK loads. Of what it reads, only keys are taken that Check accepts.
func (r *Router[V]) Config(cfg Config) Config {
	if cfg.Canonical == nil {
		cfg.Canonical = r.Canonical
	}
	if cfg.Domain == nil {
		cfg.Domain = r.Domain
	}
	if cfg.Codec == nil {
		cfg.Codec = routedCodec[V]{check: r.Check}
	}
	return cfg
}

// routedCodec is the default one for keys that come from elsewhere.
type routedCodec[V any] struct {
	jsonCodec[V]
	check func(key string) error
}

func (c routedCodec[V]) Decode(name string, data []byte) (key string, value any, err error) {
	if err := c.check(name); err != nil {
		return "", nil, err
	}
	return c.jsonCodec.Decode(name, data)
}

// NewCache returns a cache over all the registries. It starts nothing; see [New]
// for the errors.
func (r *Router[V]) NewCache(cfg Config) (*PromptCache[V], error) {
	return New(r.Fetch, r.Config(cfg))
}

// routed is where a key leads.
type routed[V any] struct {
	Backend[V]
	scheme, rest string
}

// route takes key apart.
func (r *Router[V]) route(key string) (routed[V], error) {
	scheme, rest, found := strings.Cut(key, ":")
	backend, known := r.backends[scheme]
	if !found || !known {
		if r.fallback == "" {
			return routed[V]{}, r.lost(key, scheme, found)
		}
		scheme, rest, backend = r.fallback, key, r.backends[r.fallback]
	}
	if rest == "" {
		return routed[V]{}, fmt.Errorf("promptcache: key %.100q names no prompt; want %s:NAME", key, scheme)
	}
	return routed[V]{backend, scheme, rest}, nil
}

// lost says why key leads nowhere.
func (r *Router[V]) lost(key, scheme string, found bool) error {
	want := strings.Join(r.schemes, ":, ") + ":"
	if !found {
		return fmt.Errorf("promptcache: key %.100q has no scheme; want one of %s", key, want)
	}
	return fmt.Errorf("promptcache: key %.100q has the unknown scheme %.80q; want one of %s", key, scheme, want)
}

// under returns a registry's error with the key that the Router knows.
func (routed[V]) under(key string, err error) error {
	fe, ok := err.(*FetchError) //nolint:errorlint // one that is wrapped keeps its text; the cache adds the key
	if !ok || fe == nil {
		return err
	}
	relabeled := *fe
	relabeled.Key = key
	return &relabeled
}
