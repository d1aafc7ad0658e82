package langfuse_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestStatuses(t *testing.T) {
	const page = "<html><body>404 page not found</body></html>"
	const foreign = "this 404 is not the registry's own"
	tests := []struct {
		name     string
		status   int
		body     string
		kind     promptcache.ErrorKind
		sentinel error
		want     string
	}{
		{"400", 400, `{"message":"both","error":"InvalidRequestError"}`, promptcache.KindInvalid, promptcache.ErrInvalid, `says "both"; it does not take this key`},
		{"400 with a list", 400, `{"message":"Invalid request data","error":[{"path": ["version"]}]}`, promptcache.KindInvalid, promptcache.ErrInvalid, `says "Invalid request data: [{\"path\":[\"version\"]}]"`},
		{"422", 422, `{}`, promptcache.KindInvalid, promptcache.ErrInvalid, "it does not take this key"},
		{"NB-25 401", 401, `{"message":"Invalid credentials","error":"UnauthorizedError"}`, promptcache.KindUnauthorized, promptcache.ErrUnauthorized, `says "Invalid credentials"; the keys were not accepted`},
		{"NB-25 401 of a proxy", 401, page, promptcache.KindUnauthorized, promptcache.ErrUnauthorized, "the keys were not accepted"},
		{"NB-25 403", 403, `{"message":"no","error":"ForbiddenError"}`, promptcache.KindForbidden, promptcache.ErrForbidden, "the keys may not read this"},
		{"403 of a gateway that speaks JSON", 403, `{"message":"no Route matched"}`, promptcache.KindForbidden, promptcache.ErrForbidden, `the answer is of type "application/json"; the keys may not read this`},
		{"404", 404, missing, promptcache.KindNotFound, promptcache.ErrNotFound, `says "Prompt not found: 'greeting' with label 'production'"; the project of these keys has no such prompt`},
		{"404 without a message", 404, `{"message":"","error":"LangfuseNotFoundError"}`, promptcache.KindNotFound, promptcache.ErrNotFound, "has no such prompt"},
		{"NB-25 a proxy's HTML 404", 404, page, promptcache.KindUnavailable, promptcache.ErrUnavailable, foreign},
		{"NB-25 an empty 404", 404, "", promptcache.KindUnavailable, promptcache.ErrUnavailable, foreign},
		{"NB-25 a 404 with other JSON", 404, `{"message":"no Route matched"}`, promptcache.KindUnavailable, promptcache.ErrUnavailable, foreign},
		{"NB-25 a 404 of another error", 404, `{"message":"Prompt not found","error":"Not Found"}`, promptcache.KindUnavailable, promptcache.ErrUnavailable, foreign},
		{"NB-25 a 404 with a list that has the name", 404, `{"message":"x","error":["LangfuseNotFoundError"]}`, promptcache.KindUnavailable, promptcache.ErrUnavailable, foreign},
		{"NB-25 a 404 with a JSON array", 404, `["LangfuseNotFoundError"]`, promptcache.KindUnavailable, promptcache.ErrUnavailable, foreign},
		{"NB-25 a 404 without end", 404, `{"error":"LangfuseNotFoundError","message":"` + strings.Repeat("x", 70_000) + `"}`, promptcache.KindUnavailable, promptcache.ErrUnavailable, foreign},
		{"409", 409, `{"message":"circular dependency","error":"LangfuseConflictError"}`, promptcache.KindConflict, promptcache.ErrConflict, `says "circular dependency"; the registry cannot put this prompt together`},
		{"429", 429, `{"message":"Rate limit exceeded","code":"rate_limited","details":{}}`, promptcache.KindRateLimited, promptcache.ErrRateLimited, `says "Rate limit exceeded"; too many requests`},
		{"500", 500, `{"message":"Internal Server Error","error":"oops"}`, promptcache.KindUnavailable, promptcache.ErrUnavailable, "the registry or a proxy failed"},
		{"304 that nobody asked for", 304, ``, promptcache.KindUnavailable, promptcache.ErrUnavailable, "no answer that a registry gives"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fe := fails(t, answering(t, tt.status, tt.body), "greeting#3", tt.kind)
			require.ErrorIs(t, fe, tt.sentinel)
			require.Equal(t, tt.status, fe.StatusCode)
			require.ErrorContains(t, fe, tt.want)
			require.ErrorContains(t, fe, "GET https://cloud.langfuse.com/api/public/v2/prompts/greeting?version=3: ")
			require.Zero(t, fe.RetryAfter)
		})
	}
}

func TestRetryAfter(t *testing.T) {
	limit := func(seconds string) string {
		return `{"message":"Rate limit exceeded","code":"rate_limited","details":{"retryAfterSeconds":` + seconds + `}}`
	}
	tests := []struct {
		name, header, body string
		want               time.Duration
	}{
		{"in the body", "", limit("3"), 3 * time.Second},
		{"in the header", "4", limit("null"), 4 * time.Second},
		{"in both, the longer", "2", limit("3.5"), 3500 * time.Millisecond},
		{"a date for something else", "", `{"message":"x","code":"rate_limited","details":null}`, 0},
		{"negative", "", limit("-1"), 0},
		{"no number", "", limit(`"3"`), 0},
		{"NB-23 an hour", "", limit("3600"), time.Hour},
		{"NB-23 years are capped", "", limit("1e300"), 24 * time.Hour},
		{"another error's details", "", `{"message":"x","error":"y","details":{"retryAfterSeconds":3}}`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := newSource(t, langfuse.Config{Retries: new(0), HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-RateLimit-Reset", "Fri, 01 Jan 2100 00:00:00 GMT")
				if tt.header != "" {
					w.Header().Set("Retry-After", tt.header)
				}
				sourcetest.Reply(w, http.StatusTooManyRequests, tt.body)
			})})
			require.Equal(t, tt.want, fails(t, src, "greeting", promptcache.KindRateLimited).RetryAfter)
		})
	}
}

func TestUnauthorizedWithoutKeys(t *testing.T) {
	src, err := langfuse.New(langfuse.Config{Getenv: sourcetest.NoEnv, HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) {
		sourcetest.Reply(w, http.StatusUnauthorized, `{"message":"x","error":"UnauthorizedError"}`)
	})})
	require.NoError(t, err)
	fe := fails(t, src, "greeting", promptcache.KindUnauthorized)
	require.ErrorContains(t, fe, "the request carried no credentials; set Config.PublicKey and Config.SecretKey, or LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY")
}

func TestServerTextShowsNoKey(t *testing.T) {
	src := newSource(t, langfuse.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
		_, secret, _ := r.BasicAuth()
		sourcetest.Reply(w, http.StatusForbidden, `{"message":"`+secret+" "+r.Header.Get("Authorization")+`","error":"x"}`)
	})})
	require.ErrorContains(t, fails(t, src, "greeting", promptcache.KindForbidden), `says "[redacted] Basic [redacted]"`)
}
