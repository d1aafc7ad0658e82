package langsmith

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// Source fetches prompts from one LangSmith workspace. It holds no state of its
// own and starts nothing; it needs no closing. All methods are safe for
// concurrent use.
type Source struct {
	endpoint    endpoint
	client      *http.Client
	apiKey      Secret
	bearerToken Secret
	workspaceID string
	userAgent   string
	allowPublic bool

	retries                int
	attemptTimeout         time.Duration
	backoffMin, backoffMax time.Duration
	maxBodyBytes           int64
}

// New returns a Source for what cfg and the environment say. It asks the
// registry nothing. All problems of cfg come back in one error, which shows no
// credential.
func New(cfg Config) (*Source, error) {
	cfg = cfg.withDefaults()
	e, err := parseEndpoint(cfg.Endpoint, cfg.AllowInsecure)
	if err := errors.Join(err, cfg.validate()); err != nil {
		return nil, err
	}
	return &Source{
		endpoint:       e,
		client:         confined(cfg.HTTPClient, e),
		apiKey:         cfg.APIKey,
		bearerToken:    cfg.BearerToken,
		workspaceID:    cfg.WorkspaceID,
		userAgent:      cfg.UserAgent,
		allowPublic:    cfg.AllowPublic,
		retries:        *cfg.Retries,
		attemptTimeout: cfg.AttemptTimeout,
		backoffMin:     cfg.BackoffMin,
		backoffMax:     cfg.BackoffMax,
		maxBodyBytes:   cfg.MaxBodyBytes,
	}, nil
}

// Fetch gets the commit that key names, an identifier as [ParseRef] reads it,
// with GET {endpoint}/api/v1/commits/{owner}/{name}/{version}. It is a
// promptcache.FetchFunc.
//
// What may pass is asked again, as Config.Retries says; the whole lasts no
// longer than ctx. Every failure is a *promptcache.FetchError; the package
// documentation says which kind when.
func (s *Source) Fetch(ctx context.Context, key string) (*PromptCommit, error) {
	ref, err := s.admit(key)
	if err != nil {
		return nil, err
	}
	commit, fail := s.fetch(ctx, ref)
	if fail != nil {
		return nil, &promptcache.FetchError{
			Key:        key,
			Kind:       fail.kind,
			StatusCode: fail.status,
			RetryAfter: fail.retryAfter,
			Err:        fail.err,
		}
	}
	return commit, nil
}

// Check returns the error with which Fetch would refuse key before any request:
// an invalid identifier, or a public prompt that is not allowed. Use it on keys
// that come from elsewhere, such as a snapshot's.
func (s *Source) Check(key string) error {
	_, err := s.admit(key)
	return err
}

// Domain names the registry and the workspace that every key of this Source
// belongs to, for promptcache.Config.Domain. It contains no credential.
func (s *Source) Domain(string) string {
	domain := "langsmith:" + s.endpoint.String()
	if s.workspaceID != "" {
		domain += "#" + s.workspaceID
	}
	return domain
}

// admit returns what key names, or why nothing may be asked about it.
func (s *Source) admit(key string) (Ref, error) {
	ref, err := ParseRef(key)
	if err != nil {
		return Ref{}, &promptcache.FetchError{Key: key, Kind: promptcache.KindInvalid, Err: err}
	}
	if ref.Public() && !s.allowPublic {
		return Ref{}, &promptcache.FetchError{Key: key, Kind: promptcache.KindForbidden, Err: fmt.Errorf(
			"%w: a manifest is executable configuration; if you trust the owner %q, set Config.AllowPublic", ErrPublicPrompt, ref.Owner)}
	}
	return ref, nil
}
