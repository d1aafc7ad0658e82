package langsmith

import (
	"cmp"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// DefaultEndpoint is LangSmith's own server in the United States. Accounts of
// other regions and self-hosted servers have another endpoint.
const DefaultEndpoint = "https://api.smith.langchain.com"

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

// withDefaults returns cfg with what the environment says filled in, and with
// the default endpoint.
func (cfg Config) withDefaults() Config {
	getenv := cfg.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	fromEnv := func(name string) string {
		return httpsource.FromEnv(getenv, "LANGSMITH_"+name, "LANGCHAIN_"+name)
	}
	cfg.APIKey = httpsource.Stripped(cfg.APIKey)
	cfg.BearerToken = httpsource.Stripped(cfg.BearerToken)
	if cfg.APIKey.IsZero() && cfg.BearerToken.IsZero() {
		cfg.APIKey = NewSecret(fromEnv("API_KEY"))
	}
	cfg.Endpoint = cmp.Or(httpsource.Strip(cfg.Endpoint), fromEnv("ENDPOINT"), DefaultEndpoint)
	cfg.WorkspaceID = cmp.Or(httpsource.Strip(cfg.WorkspaceID), fromEnv("WORKSPACE_ID"))
	return cfg
}

// problems returns what is wrong with what only a LangSmith source has of a cfg
// that has its defaults; nils are no problems. It never quotes a credential.
func (cfg Config) problems() []error {
	var both error
	if !cfg.APIKey.IsZero() && !cfg.BearerToken.IsZero() {
		both = errors.New("both APIKey and BearerToken are set; want one of them")
	}
	return []error{
		both,
		httpsource.Sendable("APIKey", httpsource.Reveal(cfg.APIKey), false),
		httpsource.Sendable("BearerToken", httpsource.Reveal(cfg.BearerToken), false),
		httpsource.Sendable("WorkspaceID", cfg.WorkspaceID, false),
	}
}

// client returns what asks the registry for s.
func (cfg Config) client(s *Source) (*httpsource.Client, error) {
	return httpsource.NewClient(httpsource.Config{
		Registry:       "langsmith",
		Endpoint:       cfg.Endpoint,
		APIPaths:       []string{"/api/v1", "/api"},
		AllowInsecure:  cfg.AllowInsecure,
		HTTPClient:     cfg.HTTPClient,
		UserAgent:      cfg.UserAgent,
		Retries:        cfg.Retries,
		AttemptTimeout: cfg.AttemptTimeout,
		BackoffMin:     cfg.BackoffMin,
		BackoffMax:     cfg.BackoffMax,
		MaxBodyBytes:   cfg.MaxBodyBytes,
		Authorize:      s.authorize,
		Secrets:        []Secret{cfg.BearerToken, cfg.APIKey},
		Judge:          s.judge,
	}, cfg.problems()...)
}
