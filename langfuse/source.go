package langfuse

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/promptcache/promptcache-go/internal/httpsource"
	"github.com/promptcache/promptcache-go/promptcache"
)

// promptsPath is where the API has prompts; a prompt's name goes below it.
const promptsPath = "/api/public/v2/prompts"

// Source fetches prompts from one Langfuse project, that of its keys. It holds
// no state of its own and starts nothing; it needs no closing. All methods are
// safe for concurrent use.
type Source struct {
	client      *httpsource.Client
	publicKey   string
	credentials Secret // zero if there are none
}

// New returns a Source for what cfg and the environment say. It asks the
// registry nothing. All problems of cfg come back in one error, which shows no
// credential.
func New(cfg Config) (*Source, error) {
	cfg = cfg.withDefaults()
	s := &Source{publicKey: cfg.PublicKey, credentials: cfg.credentials()}
	client, err := httpsource.NewClient(httpsource.Config{
		Registry:      "langfuse",
		Endpoint:      cfg.Endpoint,
		APIPaths:      []string{"/api/public/v2", "/api/public"},
		AllowInsecure: cfg.AllowInsecure,

		HTTPClient: cfg.HTTPClient, UserAgent: cfg.UserAgent, MaxBodyBytes: cfg.MaxBodyBytes,
		Retries: cfg.Retries, AttemptTimeout: cfg.AttemptTimeout,
		BackoffMin: cfg.BackoffMin, BackoffMax: cfg.BackoffMax,

		Authorize: s.authorize,
		Secrets:   []Secret{s.credentials, cfg.SecretKey},
		Judge:     s.judge,
	}, cfg.problems()...)
	if err != nil {
		return nil, err
	}
	s.client = client
	return s, nil
}

// Fetch gets the prompt that key names, as [ParseRef] reads it, with GET
// {endpoint}/api/public/v2/prompts/{name}, and ?version= or ?label=. It is a
// promptcache.FetchFunc.
//
// If ctx says that a cache has the prompt already, and it came with an ETag, the
// request is conditional; promptcache.ErrNotModified says that it is still
// current. What may pass is asked again, as Config.Retries says; the whole lasts
// no longer than ctx. Every failure is a *promptcache.FetchError; the package
// documentation says which kind when.
func (s *Source) Fetch(ctx context.Context, key string) (*Prompt, error) {
	return s.fetch(ctx, key, knownETag)
}

// fetch is Fetch, conditional on the ETag that known returns.
func (s *Source) fetch(ctx context.Context, key string, known func(context.Context, Ref) string) (*Prompt, error) {
	ref, err := admit(key)
	if err != nil {
		return nil, err
	}
	request := httpsource.Request{Key: key, URL: s.promptURL(ref), ETag: known(ctx, ref)}
	return httpsource.Get(ctx, s.client, request, func(a httpsource.Answer) (*Prompt, error) {
		return decodeAnswer(a, ref)
	})
}

// Check returns the error with which Fetch would refuse key before any request:
// that it cannot name a prompt. Use it on keys that come from elsewhere, such as
// a snapshot's.
func (s *Source) Check(key string) error {
	_, err := admit(key)
	return err
}

// Domain names the registry and the project that every key of this Source
// belongs to, for promptcache.Config.Domain. The project goes by its public
// key; the secret key is not part of it.
func (s *Source) Domain(string) string {
	domain := "langfuse:" + s.client.Endpoint().String()
	if s.publicKey != "" {
		domain += "#" + s.publicKey
	}
	return domain
}

// admit returns what key names, or why nothing may be asked about it.
func admit(key string) (Ref, error) {
	ref, err := ParseRef(key)
	if err != nil {
		return Ref{}, &promptcache.FetchError{Key: key, Kind: promptcache.KindInvalid, Err: err}
	}
	return ref, nil
}

// promptURL returns the address of the prompt that ref, which is normal and
// valid, names. The name is one segment of the path, with its slashes escaped.
func (s *Source) promptURL(ref Ref) *url.URL {
	u := s.client.Endpoint().URL(promptsPath, ref.Name)
	if ref.Version != 0 {
		u.RawQuery = "version=" + strconv.Itoa(ref.Version)
	} else {
		u.RawQuery = "label=" + url.QueryEscape(ref.Label)
	}
	return u
}

// knownETag returns the ETag of what the cache has under ref, or "". A value
// that was set by hand under another prompt's key says nothing about ref.
func knownETag(ctx context.Context, ref Ref) string {
	if p, ok := promptcache.Previous[*Prompt](ctx); ok && p != nil && p.ref == ref {
		return p.etag
	}
	return ""
}

// authorize adds the credentials to a request's header.
func (s *Source) authorize(h http.Header) {
	if !s.credentials.IsZero() {
		h.Set("Authorization", "Basic "+httpsource.Reveal(s.credentials))
	}
}
