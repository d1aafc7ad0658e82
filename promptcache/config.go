package promptcache

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/benbjohnson/clock"
)

// Forever is the longest TTL: never stale by age, but missing prompts are
// fetched. (A nil TTL is offline mode: nothing is fetched at all.)
const Forever time.Duration = math.MaxInt64

// NotFoundPolicy says what becomes of a cached prompt when the registry itself
// answers that it does not exist ([ErrNotFound]).
type NotFoundPolicy uint8

const (
	// RemoveConfirmed removes the prompt when a second attempt, at least one
	// RefreshInterval after the first, gets the same answer. None is removed
	// while most prompts of its Domain are not found; docs/semantics.md has the
	// rule. The default.
	RemoveConfirmed NotFoundPolicy = iota
	// KeepServing never removes it: it is served, stale, like through an outage.
	KeepServing
	// RemoveAtOnce removes it at the first such answer, however many they are.
	RemoveAtOnce
)

// Config is everything that can be set on a cache. Start from
// [DefaultConfig]: a zero Config is an offline cache that stores nothing.
//
// It is taken and returned by value; TTL and its lists are copied, so changing
// what they point to changes nothing.
type Config struct {
	// MaxSize is the number of prompts held; beyond it the least recently used
	// one goes. 0 disables the cache: nothing is stored or counted, nothing
	// runs in the background, and read-throughs pass through, coalesced.
	// Negative is an error. Default 100.
	MaxSize int

	// TTL is the age up to which a prompt is fresh. nil is offline mode:
	// nothing is ever stale and nothing is ever fetched. [Forever] means never
	// stale, but fetch what is missing. Zero and negative are errors. Default
	// 5 minutes.
	TTL *time.Duration

	// RefreshInterval is how often the refresher looks for prompts that are
	// due. Zero and negative are errors unless offline. Default 1 minute.
	RefreshInterval time.Duration

	// RefreshJitter, between 0 and 1, spreads the refreshes of a fleet: a
	// prompt is due at a moment drawn from the last RefreshJitter of its TTL
	// (after a miss or a Set, once, from the second half), and the first scan
	// comes at a random moment of the first RefreshInterval. Waits between
	// failed attempts are shortened by up to half, too. 0 makes all of it
	// exact: due when stale, first scan one interval after Start. Negative,
	// NaN and more than 1 are errors. Default 0.1.
	RefreshJitter float64

	// RefreshConcurrency is how many fetches the refresher, and each call of
	// Prefetch, has under way at most. Fetches that readers wait for are not
	// limited by it. Zero and negative are errors unless offline. Default 8.
	RefreshConcurrency int

	// FetchTimeout ends a fetch's context, and the wait for it. Zero and
	// negative are errors unless offline. Default 10 seconds.
	FetchTimeout time.Duration

	// MaxStale is how long past its TTL a prompt is still served. 0 means
	// without limit. Negative is an error. Default 0.
	MaxStale time.Duration

	// NegativeTTL is how long an [ErrNotFound] is remembered and answered
	// without asking again. 0 remembers nothing. Negative is an error.
	// Default 30 seconds.
	NegativeTTL time.Duration

	// IdleAfter is how long a prompt may go unread before the refresher leaves
	// it alone, to within one RefreshInterval. It is served stale when it is
	// read again, and refetched then. 0 refreshes unread prompts for ever.
	// Negative is an error. Default 24 hours.
	IdleAfter time.Duration

	// BackoffMin is the wait after a key's first failed fetch; it doubles with
	// each further failure up to BackoffMax. 0 means no wait: every read of a
	// missing prompt asks again. Negative, and a BackoffMax below BackoffMin,
	// are errors. Defaults 1 second and 5 minutes.
	BackoffMin, BackoffMax time.Duration

	// DownAfter is how many fetches in a row must fail for a Domain to be down,
	// of at least two keys, or of the one key if no other prompt of the Domain
	// is cached. Only failures that say nothing about the key count: network
	// errors, timeouts, 5xx, 401, and 429 if it does not say when to ask again;
	// one that does shows that the Domain is up. While it is down one fetch at a time
	// probes it, BackoffMin to BackoffMax apart, and nothing else is asked of it
	// but by Refresh; a [Fallback] still brings what is missing from elsewhere.
	// 0 never takes a Domain down: each key backs off on its own. Negative is an
	// error. A change counts from the next failure on. Default 3.
	DownAfter int

	// MaxRetryAfter caps the wait that a registry may ask for (HTTP
	// Retry-After), which is made up to RefreshJitter of it longer. 0 ignores
	// what it asks for. Negative is an error. Default 10 minutes.
	MaxRetryAfter time.Duration

	// Required names the prompts without which [PromptCache.Ready] reports an
	// error. Fallbacks and what was loaded will do. The refresher fetches those
	// that are missing at once, and again after each backoff, and they are the
	// last to be evicted: one that is the least recently used counts as used
	// instead. More distinct ones than MaxSize are an error. Default none.
	Required []string

	// NotFound says what a registry's "not found" does to a cached prompt.
	NotFound NotFoundPolicy

	// The collaborators below are fixed when the cache is made; Configure
	// ignores them.

	// Clock is what the cache tells time by. nil is the real clock.
	Clock clock.Clock

	// Logger gets state changes: an outage's start and end, not every failure.
	// nil is slog.Default() at the time of New.
	Logger *slog.Logger

	// Canonical maps the spellings of a prompt's key to one. It runs on writes
	// and misses, not on hits. A key that it rejects is used as it is; the
	// fetch reports what is wrong with it. It must be idempotent and safe for
	// concurrent use. nil means that every key is its own.
	Canonical func(key string) (string, error)

	// Domain names the registry that a canonical key belongs to; failures are
	// judged and reported together by Domain. It must return few distinct values and be
	// safe for concurrent use. nil puts all keys in one Domain, "".
	Domain func(key string) string

	// OnFetch is called around every fetch, in this order, for metrics and traces
	// of them. None may be nil. It is copied. Default none.
	OnFetch []FetchHook

	// Codec writes the prompts to snapshots and reads them back. nil is the JSON
	// of V, which must then come back from it as it was.
	Codec Codec

	// Snapshot says which file the prompts are kept in, and how.
	Snapshot SnapshotConfig
}

// DefaultConfig returns LangSmith's defaults (MaxSize 100, TTL 5 minutes,
// RefreshInterval 1 minute) and, for what LangSmith's cache does not have, the
// defaults named at each field.
func DefaultConfig() Config {
	return Config{
		MaxSize:            100,
		TTL:                new(5 * time.Minute),
		RefreshInterval:    time.Minute,
		RefreshJitter:      0.1,
		RefreshConcurrency: 8,
		FetchTimeout:       10 * time.Second,
		NegativeTTL:        30 * time.Second,
		IdleAfter:          24 * time.Hour,
		BackoffMin:         time.Second,
		BackoffMax:         5 * time.Minute,
		DownAfter:          3,
		MaxRetryAfter:      10 * time.Minute,
	}
}

// validate returns all that is wrong with cfg, joined.
func (cfg Config) validate() error {
	var errs []error
	problem := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("promptcache: config: "+format, args...))
	}
	if cfg.MaxSize < 0 {
		problem("MaxSize is %d; want 0 (disabled) or more", cfg.MaxSize)
	}
	if cfg.TTL != nil {
		cfg.validateOnline(problem)
	}
	if !(cfg.RefreshJitter >= 0 && cfg.RefreshJitter <= 1) { // NaN too
		problem("RefreshJitter is %v; want 0 to 1", cfg.RefreshJitter)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
		zero  string
	}{
		{"MaxStale", cfg.MaxStale, "unlimited"},
		{"NegativeTTL", cfg.NegativeTTL, "off"},
		{"IdleAfter", cfg.IdleAfter, "off"},
		{"BackoffMin", cfg.BackoffMin, "off"},
		{"MaxRetryAfter", cfg.MaxRetryAfter, "off"},
	} {
		if d.value < 0 {
			problem("%s is %v; want 0 (%s) or more", d.name, d.value, d.zero)
		}
	}
	if cfg.BackoffMax < cfg.BackoffMin {
		problem("BackoffMax is %v; want BackoffMin (%v) or more", cfg.BackoffMax, cfg.BackoffMin)
	}
	if cfg.DownAfter < 0 {
		problem("DownAfter is %d; want 0 (never) or more", cfg.DownAfter)
	}
	if cfg.NotFound > RemoveAtOnce {
		problem("NotFound is %d; want RemoveConfirmed, KeepServing or RemoveAtOnce", cfg.NotFound)
	}
	if slices.ContainsFunc(cfg.OnFetch, func(hook FetchHook) bool { return hook == nil }) {
		problem("OnFetch has a nil function")
	}
	cfg.Snapshot.validate(problem)
	return errors.Join(errs...)
}

// validateOnline checks what matters only with a TTL.
func (cfg Config) validateOnline(problem func(format string, args ...any)) {
	if *cfg.TTL <= 0 {
		problem("TTL is %v; want more than 0, or nil for offline mode", *cfg.TTL)
	}
	if cfg.RefreshInterval <= 0 {
		problem("RefreshInterval is %v; want more than 0", cfg.RefreshInterval)
	}
	if cfg.RefreshConcurrency <= 0 {
		problem("RefreshConcurrency is %d; want 1 or more", cfg.RefreshConcurrency)
	}
	if cfg.FetchTimeout <= 0 {
		problem("FetchTimeout is %v; want more than 0", cfg.FetchTimeout)
	}
}

// clone returns cfg with a TTL and lists of its own.
func (cfg Config) clone() Config {
	if cfg.TTL != nil {
		cfg.TTL = new(*cfg.TTL)
	}
	cfg.Required = slices.Clone(cfg.Required)
	cfg.OnFetch = slices.Clone(cfg.OnFetch)
	return cfg
}

// offline reports whether nothing may be fetched and nothing is ever stale.
func (cfg *Config) offline() bool { return cfg.TTL == nil }

// refreshes reports whether a refresher has anything to do.
func (cfg *Config) refreshes() bool { return cfg.TTL != nil && cfg.MaxSize > 0 }
