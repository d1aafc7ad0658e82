package langsmith

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/promptcache/promptcache-go/internal/httpsource"
	"github.com/promptcache/promptcache-go/promptcache"
)

// Source fetches prompts from one LangSmith workspace. It holds no state of its
// own and starts nothing; it needs no closing. All methods are safe for
// concurrent use.
type Source struct {
	client      *httpsource.Client
	apiKey      Secret
	bearerToken Secret
	workspaceID string
	allowPublic bool
}

// New returns a Source for what cfg and the environment say. It asks the
// registry nothing. All problems of cfg come back in one error, which shows no
// credential.
func New(cfg Config) (*Source, error) {
	cfg = cfg.withDefaults()
	s := &Source{
		apiKey:      cfg.APIKey,
		bearerToken: cfg.BearerToken,
		workspaceID: cfg.WorkspaceID,
		allowPublic: cfg.AllowPublic,
	}
	var err error
	if s.client, err = cfg.client(s); err != nil {
		return nil, err
	}
	return s, nil
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
	request := httpsource.Request{Key: key, URL: s.commitURL(ref)}
	return httpsource.Get(ctx, s.client, request, func(a httpsource.Answer) (*PromptCommit, error) {
		return decodeCommit(a.Body, ref)
	})
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
	domain := "langsmith:" + s.client.Endpoint().String()
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

// commitURL returns the address of the commit that ref, which is normal and
// valid, names. Every part of ref stays one segment of the path.
func (s *Source) commitURL(ref Ref) *url.URL {
	u := s.client.Endpoint().URL("/api/v1/commits", ref.Owner, ref.Name, ref.Version)
	if ref.Model {
		u.RawQuery = "include_model=true" // old self-hosted servers do not know include=model
	}
	return u
}

// authorize adds the credentials to a request's header.
func (s *Source) authorize(h http.Header) {
	if !s.apiKey.IsZero() {
		h.Set("X-Api-Key", httpsource.Reveal(s.apiKey))
	}
	if !s.bearerToken.IsZero() {
		h.Set("Authorization", "Bearer "+httpsource.Reveal(s.bearerToken))
	}
	if s.workspaceID != "" {
		h.Set("X-Tenant-Id", s.workspaceID)
	}
}
