package httpsource

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The defaults that the sources' Configs name.
const (
	defaultRetries        = 2
	defaultAttemptTimeout = 5 * time.Second
	defaultBackoffMin     = 200 * time.Millisecond
	defaultBackoffMax     = 2 * time.Second
	defaultMaxBodyBytes   = 5 << 20
)

// mostRetries bounds Config.Retries: more than that is load, not resilience.
const mostRetries = 10

// Config is what a [Client] is made of. The fields that a source's own Config
// has too are documented there; the zero values mean the same.
type Config struct {
	// Registry is the source's package, as its errors and its User-Agent name
	// it: "langsmith".
	Registry string

	// Endpoint is the address, stripped and with its default filled in;
	// APIPaths is what may be cut off its end.
	Endpoint      string
	APIPaths      []string
	AllowInsecure bool

	HTTPClient   *http.Client
	MaxBodyBytes int64
	UserAgent    string

	AttemptTimeout         time.Duration
	Retries                *int
	BackoffMin, BackoffMax time.Duration

	// Authorize adds the credentials, and whatever else the registry wants with
	// every request. It is called from several goroutines.
	Authorize func(http.Header)
	// Secrets are masked in whatever a server or a transport says.
	Secrets []Secret
	// Judge says what an answer with another status than 200 means for this
	// registry. It is called from several goroutines.
	Judge func(Complaint) Verdict
}

// withDefaults returns cfg with everything filled in that was left out.
func (cfg Config) withDefaults() Config {
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{}
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "promptcache-go (" + cfg.Registry + ")"
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

// validate returns all that is wrong with a cfg that has its defaults.
func (cfg Config) validate() []error {
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if err := Sendable("UserAgent", cfg.UserAgent, true); err != nil {
		errs = append(errs, err)
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
	return errs
}

// Problems joins what is wrong with the Config of a registry's package, nils
// left out. Without any it returns nil.
func Problems(registry string, errs ...error) error {
	var out []error
	for _, err := range errs {
		if err != nil {
			out = append(out, fmt.Errorf("%s: config: %w", registry, err))
		}
	}
	return errors.Join(out...)
}
