package promptcache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// shortest is a Canonical that drops the label that is the default.
func shortest(key string) (string, error) {
	if strings.Contains(key, "!") {
		return "", errors.New("a name has no exclamation mark")
	}
	return strings.TrimSuffix(key, "@production"), nil
}

// ofWorkspace is the Domain of a registry's workspace.
func ofWorkspace(name string) func(string) string {
	return func(string) string { return "https://registry#" + name }
}

// versioned is a value that tells all that it may.
type versioned struct {
	Rev   string
	Fixed bool
}

func (v *versioned) Revision() string { return v.Rev }
func (v *versioned) Immutable() bool  { return v.Fixed }

// routed returns a Router over the sources by scheme; "fuse" has spellings.
func routed(t *testing.T, fallback string, sources map[string]*source.Source[*doc]) *promptcache.Router[*doc] {
	t.Helper()
	backends := make(map[string]promptcache.Backend[*doc], len(sources))
	for scheme, src := range sources {
		backends[scheme] = promptcache.Backend[*doc]{Fetch: src.Fetch, Domain: ofWorkspace(scheme)}
	}
	if fuse, ok := backends["fuse"]; ok {
		fuse.Canonical = shortest
		backends["fuse"] = fuse
	}
	router, err := promptcache.Route(promptcache.Routes[*doc]{Backends: backends, Default: fallback})
	require.NoError(t, err)
	return router
}

func TestRoute(t *testing.T) {
	fetch := docs("a").Fetch
	tests := []struct {
		name string
		in   promptcache.Routes[*doc]
		want []string
	}{
		{"nothing", promptcache.Routes[*doc]{}, []string{"there are no Backends; want one at least"}},
		{"all problems at once", promptcache.Routes[*doc]{
			Backends: map[string]promptcache.Backend[*doc]{"": {Fetch: fetch}, "Smith": {Fetch: fetch}, "a:b": {Fetch: fetch}, "1a": {Fetch: fetch}, "fuse": {}},
			Default:  "smith",
		}, []string{
			`"" is no scheme; want a letter a–z, and then letters a–z, digits, + - .`, `"Smith" is no scheme`, `"a:b" is no scheme`, `"1a" is no scheme`,
			`the Backend of "fuse" has no Fetch`, `the Default, "smith", is not one of the Backends`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			router, err := promptcache.Route(tt.in)
			require.Nil(t, router)
			for _, want := range tt.want {
				require.ErrorContains(t, err, "promptcache: routes: "+want)
			}
		})
	}
	t.Run("what schemes may be", func(t *testing.T) {
		_, err := promptcache.Route(promptcache.Routes[*doc]{Backends: map[string]promptcache.Backend[*doc]{"a": {Fetch: fetch}, "git+https-2.0": {Fetch: fetch}}})
		require.NoError(t, err)
	})
	t.Run("it keeps a copy", func(t *testing.T) {
		backends := map[string]promptcache.Backend[*doc]{"a": {Fetch: fetch}}
		router, err := promptcache.Route(promptcache.Routes[*doc]{Backends: backends})
		require.NoError(t, err)
		clear(backends)
		_, err = router.Fetch(t.Context(), "a:a")
		require.NoError(t, err)
	})
}

func TestRouterKeys(t *testing.T) {
	sources := map[string]*source.Source[*doc]{"smith": docs(), "fuse": docs()}
	for _, tt := range []struct{ fallback, key, canonical, domain, problem string }{
		{"", "smith:al", "smith:al", "smith=https://registry#smith", ""},
		{"", "smith:al:prod", "smith:al:prod", "smith=https://registry#smith", ""},
		{"", "fuse:mails/a@production", "fuse:mails/a", "fuse=https://registry#fuse", ""},
		{"", "fuse:smith:al", "fuse:smith:al", "fuse=https://registry#fuse", ""},
		{"", "al", "", "", `key "al" has no scheme; want one of fuse:, smith:`},
		{"", "", "", "", `key "" has no scheme`},
		{"", "Smith:al", "", "", `key "Smith:al" has the unknown scheme "Smith"; want one of fuse:, smith:`},
		{"", ":al", "", "", `unknown scheme ""`},
		{"", "smith:", "", "", `key "smith:" names no prompt; want smith:NAME`},
		{"", "fuse:a!", "", "fuse=https://registry#fuse", "key \"fuse:a!\": a name has no exclamation mark"},
		{"fuse", "al@production", "fuse:al", "fuse=https://registry#fuse", ""},
		{"fuse", "smith:al", "smith:al", "smith=https://registry#smith", ""},
		{"smith", "al:prod", "smith:al:prod", "smith=https://registry#smith", ""},
		{"smith", "fuse:prod", "fuse:prod", "fuse=https://registry#fuse", ""},
		{"smith", "", "", "", `key "" names no prompt; want smith:NAME`},
	} {
		t.Run(fmt.Sprintf("%q by default %q", tt.key, tt.fallback), func(t *testing.T) {
			router := routed(t, tt.fallback, sources)
			require.Equal(t, tt.domain, router.Domain(tt.key))
			canonical, err := router.Canonical(tt.key)
			require.Equal(t, tt.canonical, canonical)
			if tt.problem != "" {
				require.ErrorContains(t, err, tt.problem)
				require.ErrorIs(t, router.Check(tt.key), promptcache.ErrInvalid)
				return
			}
			require.NoError(t, err)
			require.NoError(t, router.Check(tt.key))
			again, err := router.Canonical(canonical)
			require.NoError(t, err)
			require.Equal(t, canonical, again, "idempotent")
			require.Equal(t, tt.domain, router.Domain(canonical))
		})
	}
}

func TestRouterWithoutMuch(t *testing.T) {
	router, err := promptcache.Route(promptcache.Routes[*doc]{Backends: map[string]promptcache.Backend[*doc]{
		"bare":    {Fetch: docs("a").Fetch},
		"echo":    {Fetch: docs("a").Fetch, Domain: func(key string) string { return key }},
		"unnamed": {Fetch: docs("a").Fetch, Domain: func(string) string { return "" }},
		"strict": {Fetch: docs("a").Fetch, Check: func(key string) error {
			return &promptcache.FetchError{Key: key, Kind: promptcache.KindForbidden}
		}},
	}})
	require.NoError(t, err)
	require.Equal(t, "bare", router.Domain("bare:a"))
	require.Equal(t, "unnamed", router.Domain("unnamed:a"))
	require.Equal(t, "echo=a", router.Domain("echo:a"), "the registry's own key")
	require.NoError(t, router.Check("bare:a!"))
	var fe *promptcache.FetchError
	require.ErrorAs(t, router.Check("strict:a"), &fe)
	require.Equal(t, promptcache.FetchError{Key: "strict:a", Kind: promptcache.KindForbidden}, *fe)
}

func TestRouterErrors(t *testing.T) {
	answers := map[string]error{
		"limited":  &promptcache.FetchError{Key: "limited", Kind: promptcache.KindRateLimited, StatusCode: 429, RetryAfter: time.Minute, Err: errors.New("slow down")},
		"wrapped":  fmt.Errorf("gave up: %w", &promptcache.FetchError{Key: "wrapped", Kind: promptcache.KindConflict}),
		"plain":    errors.New("plain"),
		"the same": promptcache.ErrNotModified,
	}
	router, err := promptcache.Route(promptcache.Routes[*doc]{Backends: map[string]promptcache.Backend[*doc]{
		"a": {Fetch: func(_ context.Context, key string) (*doc, error) { return nil, answers[key] }},
	}})
	require.NoError(t, err)
	fetch := func(key string) error {
		_, err := router.Fetch(t.Context(), key)
		return err
	}
	var fe *promptcache.FetchError
	require.ErrorAs(t, fetch("a:limited"), &fe)
	require.EqualError(t, fe, `promptcache: fetch "a:limited": rate limited (HTTP 429): slow down`)
	require.Equal(t, time.Minute, fe.RetryAfter)
	require.Equal(t, "limited", answers["limited"].(*promptcache.FetchError).Key, "the registry's own error is not changed")
	require.Equal(t, answers["wrapped"], fetch("a:wrapped"))
	require.Equal(t, answers["plain"], fetch("a:plain"))
	require.Equal(t, promptcache.ErrNotModified, fetch("a:the same"))
	require.ErrorAs(t, fetch("b:x"), &fe)
	require.Equal(t, promptcache.KindInvalid, fe.Kind)
	require.EqualError(t, fe, `promptcache: fetch "b:x": invalid: promptcache: key "b:x" has the unknown scheme "b"; want one of a:`)
}

func TestRoutedCache(t *testing.T) {
	proves(t, "NB-30 spellings of one prompt are one entry, by the rules of its registry", func(t *testing.T) {
		smith, fuse := docs("a@production"), docs("a")
		router := routed(t, "fuse", map[string]*source.Source[*doc]{"smith": smith, "fuse": fuse})
		c, err := router.NewCache(exactly())
		require.NoError(t, err)
		v := loadedWith(t, c, "a@production")
		for _, key := range []string{"a", "fuse:a", "fuse:a@production"} {
			got, ok := c.Get(key)
			require.True(t, ok, key)
			require.Same(t, v, got)
		}
		loadedWith(t, c, "smith:a@production")
		require.Equal(t, []string{"smith:a@production", "fuse:a"}, c.Keys())
		require.Equal(t, 1, c.Invalidate("fuse:a@production", "a", "fuse:a"))
		require.Equal(t, map[string]int{"a": 1}, fuse.AllCalls(), "the registry gets its own canonical key")
	})
	proves(t, "NB-32 registries never meet: entries, failures, what is missing", func(t *testing.T) {
		smith, fuse := source.New[*doc](), source.New[*doc]()
		smith.Put("a", &doc{"smith's"})
		fuse.Put("a", &doc{"fuse's"})
		router := routed(t, "", map[string]*source.Source[*doc]{"smith": smith, "fuse": fuse})
		lines := &logbook{}
		c, err := router.NewCache(exactly(func(cfg *promptcache.Config) { cfg.Logger = slog.New(lines) }))
		require.NoError(t, err)
		require.NoError(t, c.Start(t.Context()))
		defer c.Stop()
		require.Equal(t, "smith's", loadedWith(t, c, "smith:a").Text)
		require.Equal(t, "fuse's", loadedWith(t, c, "fuse:a").Text)
		require.Equal(t, 1, c.Invalidate("smith:a"))
		_, ok := c.Get("fuse:a")
		require.True(t, ok)

		_, err = c.GetOrFetch(t.Context(), "smith:only-here")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		fuse.Put("only-here", &doc{"here"})
		require.Equal(t, "here", loadedWith(t, c, "fuse:only-here").Text)

		loadedWith(t, c, "smith:a")
		fuse.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + 2*interval)
		require.Equal(t, "fuse=https://registry#fuse", lines.attrs(t, "serving stale prompt")["domain"])
		e, _ := c.Lookup("smith:a")
		require.NoError(t, e.LastError)
		smith.Always(broken[*doc](promptcache.KindUnavailable))
		pass(ttl + 2*interval)
		require.Len(t, lines.warnings(), 2, "an outage of its own for each registry")
	})
	proves(t, "NB-32 nor through a snapshot, of which only what the router knows is loaded", func(t *testing.T) {
		smith, fuse := docs("a"), docs("a")
		both := routed(t, "", map[string]*source.Source[*doc]{"smith": smith, "fuse": fuse})
		from, err := both.NewCache(exactly())
		require.NoError(t, err)
		require.NoError(t, from.Prefetch(t.Context(), "smith:a", "fuse:a"))
		snapshot := dumpOf(t, from)

		to, err := both.NewCache(exactly())
		require.NoError(t, err)
		require.Equal(t, 2, load(t, to, snapshot))
		require.ElementsMatch(t, []string{"smith:a", "fuse:a"}, to.Keys())

		one, err := routed(t, "", map[string]*source.Source[*doc]{"smith": smith}).NewCache(exactly())
		require.NoError(t, err)
		n, err := one.Load(bytes.NewReader(snapshot))
		require.Equal(t, 1, n)
		require.Equal(t, []string{"smith:a"}, one.Keys())
		require.ErrorContains(t, err, `unknown scheme "fuse"`)
	})
	proves(t, "NB-32 a key that leads nowhere is a miss that says why", func(t *testing.T) {
		router := routed(t, "", map[string]*source.Source[*doc]{"smith": docs("a")})
		c, err := router.NewCache(exactly())
		require.NoError(t, err)
		_, err = c.GetOrFetch(t.Context(), "a")
		require.ErrorIs(t, err, promptcache.ErrInvalid)
		require.ErrorContains(t, err, `promptcache: fetch "a": invalid: promptcache: key "a" has no scheme; want one of smith:`)
		require.Zero(t, c.Len())
	})
	proves(t, "NB-33 revisions, immutability and conditional requests come through", func(t *testing.T) {
		asked := 0
		router, err := promptcache.Route(promptcache.Routes[*versioned]{Backends: map[string]promptcache.Backend[*versioned]{
			"a": {Fetch: func(ctx context.Context, key string) (*versioned, error) {
				asked++
				if p, ok := promptcache.Previous[*versioned](ctx); ok && p.Rev == "r1" {
					return nil, promptcache.ErrNotModified
				}
				return &versioned{Rev: "r1", Fixed: key == "fixed"}, nil
			}},
		}})
		require.NoError(t, err)
		c, err := router.NewCache(exactly())
		require.NoError(t, err)
		require.NoError(t, c.Start(t.Context()))
		defer c.Stop()
		first := loadedWith(t, c, "a:moving")
		fixed := loadedWith(t, c, "a:fixed")
		pass(ttl + 2*interval)
		require.Equal(t, 3, asked, "what can never change is not asked for again")
		e, _ := c.Lookup("a:moving")
		require.Same(t, first, e.Value)
		require.Equal(t, "r1", e.Revision)
		require.False(t, e.Stale)
		require.EqualValues(t, 1, c.Metrics().Unchanged)
		got, _ := c.Get("a:fixed")
		require.Same(t, fixed, got)
	})
	t.Run("Config keeps what is set", func(t *testing.T) {
		router := routed(t, "", map[string]*source.Source[*doc]{"smith": docs()})
		cfg := router.Config(promptcache.Config{MaxSize: 3})
		require.Equal(t, 3, cfg.MaxSize)
		require.Equal(t, "smith=https://registry#smith", cfg.Domain("smith:a"))
		cfg = router.Config(promptcache.Config{
			Canonical: func(string) (string, error) { return "mine", nil },
			Domain:    func(string) string { return "mine" },
		})
		canonical, err := cfg.Canonical("smith:a")
		require.NoError(t, err)
		require.Equal(t, "mine", canonical)
		require.Equal(t, "mine", cfg.Domain("smith:a"))
	})
}
