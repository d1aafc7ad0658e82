package langsmith

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

// DefaultEndpoint is LangSmith's own server in the United States. Accounts of
// other regions and self-hosted servers have another endpoint.
const DefaultEndpoint = "https://api.smith.langchain.com"

// The defaults that Config names.
const (
	defaultRetries        = 2
	defaultAttemptTimeout = 5 * time.Second
	defaultBackoffMin     = 200 * time.Millisecond
	defaultBackoffMax     = 2 * time.Second
	defaultMaxBodyBytes   = 5 << 20
	defaultUserAgent      = "promptcache-go (langsmith)"
)

// mostRetries bounds Config.Retries: more than that is load, not resilience.
const mostRetries = 10

// Config is what can be set on a [Source]. The zero Config is usable where the
// environment has the credentials.
//
// Endpoint, APIKey and WorkspaceID that are empty are taken from the
// environment: LANGSMITH_ENDPOINT, LANGSMITH_API_KEY and LANGSMITH_WORKSPACE_ID,
// and where one of these is unset or blank, the same name with LANGCHAIN_ in
// front. Blanks and quotes around these values are removed, wherever they come
// from.
type Config struct {
	// Endpoint is where the registry is: https://HOST[:PORT][/PATH], with or
	// without /api or /api/v1 at the end, with or without a trailing slash.
	// Plain http is for loopback addresses only; see AllowInsecure. User
	// information, a query and a fragment are errors. Default [DefaultEndpoint].
	Endpoint string

	// APIKey is sent as x-api-key. Without one, and without a BearerToken,
	// requests carry no credentials: what a self-hosted server behind an
	// authenticating proxy wants, and any other answers with
	// promptcache.ErrUnauthorized.
	APIKey Secret

	// BearerToken is sent as Authorization: Bearer, in place of an API key: with
	// it the environment's API key is ignored, and setting both is an error.
	BearerToken Secret

	// WorkspaceID is sent as X-Tenant-Id. API keys that cover several
	// workspaces need it. Default none.
	WorkspaceID string

	// AllowPublic permits prompts of a named owner ("owner/name"), which others
	// publish. A manifest is executable configuration: it can name a model, a
	// base URL and headers. Allow it only for owners whom you trust, and
	// prefer full commit hashes. Without it such a key is refused, before any
	// request, with [ErrPublicPrompt].
	AllowPublic bool

	// AllowInsecure permits a plain http Endpoint that is not a loopback
	// address. Credentials and prompts then travel readable and changeable.
	AllowInsecure bool

	// HTTPClient makes the requests; use it for proxies, certificates,
	// connection limits or instrumentation. It is copied and never changed. Its
	// CheckRedirect is asked about redirects that the Source itself permits; see
	// the package documentation. nil is a client over http.DefaultTransport.
	HTTPClient *http.Client

	// UserAgent is sent as User-Agent. Default "promptcache-go (langsmith)".
	UserAgent string

	// Retries is how many times one fetch asks again after a failure that may
	// pass: a network error, 408, 425, 429 or 5xx. nil is 2; 0 is none; more
	// than 10 and negative are errors.
	Retries *int

	// AttemptTimeout ends one request, the reading of its answer included; the
	// fetch as a whole is bounded by its context. 0 is 5 seconds, half of the
	// cache's default FetchTimeout. Negative is an error.
	AttemptTimeout time.Duration

	// BackoffMin is the wait before the first retry; it doubles with each one
	// up to BackoffMax, and is shortened at random by up to half. A registry's
	// Retry-After is waited for if it is no longer than BackoffMax; a longer one
	// ends the fetch at once with an error that names it, for the cache to obey.
	// 0 is 200 milliseconds and 2 seconds (or the other one, if that is out of
	// order). Negative, and a BackoffMax below BackoffMin, are errors.
	BackoffMin, BackoffMax time.Duration

	// MaxBodyBytes is the size, decompressed, of the largest answer that is
	// accepted. 0 is 5 MiB. Negative is an error.
	MaxBodyBytes int64

	// Getenv reads the environment. nil is os.Getenv; a function that returns
	// "" ignores the environment.
	Getenv func(name string) string
}

// withDefaults returns cfg with everything filled in that was left out.
func (cfg Config) withDefaults() Config {
	getenv := cfg.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	cfg.APIKey = NewSecret(strip(cfg.APIKey.reveal()))
	cfg.BearerToken = NewSecret(strip(cfg.BearerToken.reveal()))
	if cfg.APIKey.IsZero() && cfg.BearerToken.IsZero() {
		cfg.APIKey = NewSecret(fromEnv(getenv, "API_KEY"))
	}
	orEnv := func(value *string, name, fallback string) {
		if *value = strip(*value); *value == "" {
			*value = fromEnv(getenv, name)
		}
		if *value == "" {
			*value = fallback
		}
	}
	orEnv(&cfg.Endpoint, "ENDPOINT", DefaultEndpoint)
	orEnv(&cfg.WorkspaceID, "WORKSPACE_ID", "")
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{}
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = defaultUserAgent
	}
	if cfg.Retries == nil {
		cfg.Retries = new(defaultRetries)
	}
	if cfg.AttemptTimeout == 0 {
		cfg.AttemptTimeout = defaultAttemptTimeout
	}
	if cfg.BackoffMax == 0 {
		cfg.BackoffMax = max(defaultBackoffMax, cfg.BackoffMin)
	}
	if cfg.BackoffMin == 0 {
		cfg.BackoffMin = min(defaultBackoffMin, cfg.BackoffMax)
	}
	if cfg.MaxBodyBytes == 0 {
		cfg.MaxBodyBytes = defaultMaxBodyBytes
	}
	return cfg
}

// validate returns all that is wrong with a cfg that has its defaults, joined.
// It never quotes a credential.
func (cfg Config) validate() error {
	var errs []error
	problem := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("langsmith: config: "+format, args...))
	}
	if !cfg.APIKey.IsZero() && !cfg.BearerToken.IsZero() {
		problem("both APIKey and BearerToken are set; want one of them")
	}
	for _, h := range []struct{ name, value, allowed string }{
		{"APIKey", cfg.APIKey.reveal(), "printable ASCII without blanks"},
		{"BearerToken", cfg.BearerToken.reveal(), "printable ASCII without blanks"},
		{"WorkspaceID", cfg.WorkspaceID, "printable ASCII without blanks"},
		{"UserAgent", cfg.UserAgent, "printable ASCII"},
	} {
		if i := unsendable(h.value, h.name == "UserAgent"); i >= 0 {
			problem("%s has a character that cannot be sent in a header, at byte %d; want %s", h.name, i, h.allowed)
		}
	}
	if *cfg.Retries < 0 || *cfg.Retries > mostRetries {
		problem("Retries is %d; want 0 to %d, or nil for %d", *cfg.Retries, mostRetries, defaultRetries)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
		zero  time.Duration
	}{
		{"AttemptTimeout", cfg.AttemptTimeout, defaultAttemptTimeout},
		{"BackoffMin", cfg.BackoffMin, defaultBackoffMin},
		{"BackoffMax", cfg.BackoffMax, defaultBackoffMax},
	} {
		if d.value < 0 {
			problem("%s is %v; want more than 0, or 0 for %v", d.name, d.value, d.zero)
		}
	}
	if cfg.BackoffMax >= 0 && cfg.BackoffMax < cfg.BackoffMin {
		problem("BackoffMax is %v; want BackoffMin (%v) or more", cfg.BackoffMax, cfg.BackoffMin)
	}
	if cfg.MaxBodyBytes < 0 {
		problem("MaxBodyBytes is %d; want more than 0, or 0 for %d", cfg.MaxBodyBytes, defaultMaxBodyBytes)
	}
	return errors.Join(errs...)
}

// unsendable returns the index of the first byte of v that may not be in a
// header, or -1.
func unsendable(v string, blanks bool) int {
	for i := range len(v) {
		if c := v[i]; c < ' ' || c > '~' || c == ' ' && !blanks {
			return i
		}
	}
	return -1
}
