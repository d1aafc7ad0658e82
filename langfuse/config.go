package langfuse

import (
	"cmp"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// DefaultEndpoint is Langfuse's own server in the European Union. Other regions
// and self-hosted servers have another endpoint.
const DefaultEndpoint = "https://cloud.langfuse.com"

// Config is what can be set on a [Source]. The zero Config is usable where the
// environment has the keys.
//
// What is empty of Endpoint, PublicKey and SecretKey is taken from the
// environment: LANGFUSE_BASE_URL (or, of older SDKs, LANGFUSE_HOST, then
// LANGFUSE_BASEURL), LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY. Blanks and
// quotes around these values are removed, wherever they come from.
type Config struct {
	// Endpoint is the registry's base URL: https://HOST[:PORT][/PATH], with or
	// without a trailing slash. A path /api/public or /api/public/v2 at its end
	// is ignored. Plain http is for loopback addresses only; see AllowInsecure.
	// User information, a query and a fragment are errors. Default
	// [DefaultEndpoint].
	Endpoint string

	// PublicKey and SecretKey (pk-lf-…, sk-lf-…) are the pair that Langfuse
	// gives out for a project, and sent with HTTP Basic authentication. One
	// without the other is an error. With neither, requests carry no
	// credentials: what a server behind an authenticating proxy wants, and any
	// other answers with promptcache.ErrUnauthorized.
	PublicKey string
	SecretKey Secret

	// Getenv replaces os.Getenv if it is not nil. One that returns "" ignores
	// the environment.
	Getenv func(name string) string

	// AllowInsecure permits a plain http Endpoint that is not a loopback
	// address. The keys and prompts then travel readable and changeable.
	AllowInsecure bool

	// HTTPClient makes the requests, for proxies, certificates, connection
	// limits or instrumentation. It is copied, not changed. Its CheckRedirect
	// is asked about the redirects that the Source itself permits. nil is a
	// client over http.DefaultTransport.
	HTTPClient *http.Client

	// UserAgent is the header of that name. Default "promptcache-go (langfuse)".
	UserAgent string

	// MaxBodyBytes is how large an answer may be, decompressed. 0 is 5 MiB.
	// Negative is an error.
	MaxBodyBytes int64

	// Retries is how many more times one fetch asks after a network error, 408,
	// 425, 429 or 5xx: 0 to 10. nil is 2.
	Retries *int

	// AttemptTimeout is the time for one request and its answer; the context
	// bounds the fetch as a whole. 0 is 5 seconds. Negative is an error.
	AttemptTimeout time.Duration

	// BackoffMin is the wait before the first retry. It doubles up to
	// BackoffMax, and is shortened at random by up to half. A Retry-After is
	// obeyed up to BackoffMax; a longer one ends the fetch with an error that
	// names it, for the cache to obey. 0 is 200 milliseconds and 2 seconds (or
	// the other one, if that is out of order). Negative, and a BackoffMax below
	// BackoffMin, are errors.
	BackoffMin, BackoffMax time.Duration
}

// withDefaults returns cfg with what the environment says filled in, and with
// the default endpoint.
func (cfg Config) withDefaults() Config {
	getenv := cfg.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	cfg.Endpoint = cmp.Or(
		httpsource.Strip(cfg.Endpoint),
		httpsource.FromEnv(getenv, "LANGFUSE_BASE_URL", "LANGFUSE_HOST", "LANGFUSE_BASEURL"),
		DefaultEndpoint,
	)
	cfg.PublicKey = cmp.Or(httpsource.Strip(cfg.PublicKey), httpsource.FromEnv(getenv, "LANGFUSE_PUBLIC_KEY"))
	if cfg.SecretKey = httpsource.Stripped(cfg.SecretKey); cfg.SecretKey.IsZero() {
		cfg.SecretKey = NewSecret(httpsource.FromEnv(getenv, "LANGFUSE_SECRET_KEY"))
	}
	return cfg
}

// problems returns what is wrong with the keys of a cfg that has its defaults;
// nils are no problems. It quotes neither: people mix them up.
func (cfg Config) problems() []error {
	var pair error
	secret := httpsource.Reveal(cfg.SecretKey)
	switch {
	case cfg.PublicKey == "" && secret != "":
		pair = errors.New("there is a SecretKey but no PublicKey (LANGFUSE_PUBLIC_KEY)")
	case cfg.PublicKey != "" && secret == "":
		pair = errors.New("there is a PublicKey but no SecretKey (LANGFUSE_SECRET_KEY)")
	case strings.HasPrefix(cfg.PublicKey, "sk-"):
		pair = errors.New("PublicKey begins with sk-, like a secret key")
	case strings.HasPrefix(secret, "pk-"):
		pair = errors.New("SecretKey begins with pk-, like a public key")
	case strings.Contains(cfg.PublicKey, ":"):
		pair = errors.New("PublicKey contains a colon, which HTTP Basic authentication cannot send")
	}
	return []error{
		pair,
		httpsource.Sendable("PublicKey", cfg.PublicKey, false),
		httpsource.Sendable("SecretKey", secret, false),
	}
}

// credentials returns what is sent as Authorization, or the zero Secret.
func (cfg Config) credentials() Secret {
	if cfg.SecretKey.IsZero() {
		return Secret{}
	}
	pair := cfg.PublicKey + ":" + httpsource.Reveal(cfg.SecretKey)
	return NewSecret(base64.StdEncoding.EncodeToString([]byte(pair)))
}
