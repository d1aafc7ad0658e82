package langsmith

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/promptcache/promptcache-go/promptcache"
)

// attempt asks for ref once.
func (s *Source) attempt(ctx context.Context, ref Ref) (*PromptCommit, *failure) {
	target := s.endpoint.commitURL(ref)
	commit, fail := s.roundTrip(ctx, target, ref)
	if fail != nil {
		fail.err = fmt.Errorf("GET %s: %w", target, fail.err)
	}
	return commit, fail
}

func (s *Source) roundTrip(ctx context.Context, target *url.URL, ref Ref) (*PromptCommit, *failure) {
	if ctx.Err() != nil {
		return nil, s.transportFailure(ctx, ctx.Err())
	}
	attemptCtx, cancel := context.WithTimeout(ctx, s.attemptTimeout)
	defer cancel()
	resp, err := s.client.Do(s.request(attemptCtx, target))
	if err != nil {
		return nil, s.transportFailure(ctx, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	if resp.StatusCode != http.StatusOK {
		return nil, s.statusFailure(resp)
	}
	declared, possible := isJSON(resp.Header)
	if !possible {
		return nil, notTheRegistry(resp)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, resp.Body, s.maxBodyBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &failure{kind: promptcache.KindInvalid, status: resp.StatusCode, err: fmt.Errorf(
			"the answer is larger than %d bytes; Config.MaxBodyBytes sets the limit", s.maxBodyBytes)}
	}
	if err != nil {
		fail := s.transportFailure(ctx, fmt.Errorf("the answer broke off: %w", err))
		fail.status = resp.StatusCode
		return nil, fail
	}
	if !declared && !json.Valid(body) {
		return nil, notTheRegistry(resp)
	}
	commit, err := decodeCommit(body, ref)
	if err != nil {
		return nil, &failure{kind: promptcache.KindInvalid, status: resp.StatusCode, err: &quotedError{s.quotable(err.Error()), err}}
	}
	return commit, nil
}

// notTheRegistry is the failure of an answer that claims success and is no JSON.
func notTheRegistry(resp *http.Response) *failure {
	return &failure{kind: promptcache.KindUnavailable, status: resp.StatusCode, err: fmt.Errorf(
		"the answer is %s, not JSON: it looks like a proxy's or a login page; check the endpoint", mediaType(resp.Header))}
}

// isJSON reports whether an answer says that it is JSON, and whether it may be:
// no type and text/plain are what servers send that were not told the type.
func isJSON(h http.Header) (declared, possible bool) {
	value := h.Get("Content-Type")
	t, _, _ := mime.ParseMediaType(value) // what cannot be parsed is not JSON
	declared = t == "application/json" || strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json")
	return declared, declared || t == "text/plain" || value == ""
}

// request returns the request for target.
func (s *Source) request(ctx context.Context, target *url.URL) *http.Request {
	h := make(http.Header)
	h.Set("Accept", "application/json")
	h.Set("User-Agent", s.userAgent)
	if !s.apiKey.IsZero() {
		h.Set("X-Api-Key", s.apiKey.reveal())
	}
	if !s.bearerToken.IsZero() {
		h.Set("Authorization", "Bearer "+s.bearerToken.reveal())
	}
	if s.workspaceID != "" {
		h.Set("X-Tenant-Id", s.workspaceID)
	}
	return (&http.Request{Method: http.MethodGet, URL: target, Host: target.Host, Header: h}).WithContext(ctx)
}

// transportFailure says what an error of the HTTP client means, where ctx is
// the fetch's own. That ctx was canceled says nothing about the registry.
func (s *Source) transportFailure(ctx context.Context, err error) *failure {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // its text repeats the address
	}
	f := &failure{kind: promptcache.KindUnavailable}
	_, redirected := errors.AsType[*redirectError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	advice := ""
	switch {
	case ctx.Err() != nil:
		if errors.Is(ctx.Err(), context.Canceled) {
			f.kind = promptcache.KindUnknown
		}
		if !errors.Is(err, ctx.Err()) {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	case redirected:
	case untrusted:
		advice = "; check the endpoint, or the certificates that Config.HTTPClient trusts"
	case errors.Is(err, context.DeadlineExceeded):
		f.passing = true
		advice = fmt.Sprintf("; no answer in the time for one attempt (Config.AttemptTimeout is %v)", s.attemptTimeout)
	default:
		f.passing = true
		advice = "; check the network and the endpoint"
	}
	f.err = &quotedError{s.quotable(err.Error()) + advice, err}
	return f
}
