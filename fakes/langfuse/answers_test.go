package fakelangfuse_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

func TestETag(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	push(t, fake, "p", "x", "production")
	first := c.Get(200, prompts+"/p")
	tag := first.Header.Get("ETag")
	require.Regexp(t, `^"[0-9a-z]+"$`, tag, "a strong one")
	require.Equal(t, tag, c.Get(200, prompts+"/p").Header.Get("ETag"))
	for _, condition := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		same := c.With("If-None-Match", condition).Get(304, prompts+"/p")
		require.Empty(t, same.Body)
		require.Equal(t, tag, same.Header.Get("ETag"))
	}
	require.Equal(t, first.Body, c.With("If-None-Match", `"other"`).Get(200, prompts+"/p").Body)
	require.Equal(t, first.Body, c.With("If-None-Match", tag, "Cache-Control", "no-cache").Get(200, prompts+"/p").Body)

	require.NoError(t, fake.SetTags("p", "a"))
	changed := c.With("If-None-Match", tag).Get(200, prompts+"/p")
	require.NotEqual(t, tag, changed.Header.Get("ETag"))
	require.NotEmpty(t, c.Get(200, prompts).Header.Get("ETag"))
	require.NotEmpty(t, c.Get(404, prompts+"/absent").Header.Get("ETag"), "errors have one, too")
}

func TestSelectionRefuses(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	push(t, fake, "p", "x", "production")
	require.Equal(t, map[string]any{"message": "Cannot specify both version and label", "error": "InvalidRequestError"},
		c.Get(400, prompts+"/p?version=1&label=production").Object(t))
	for query, message := range map[string]string{
		"version=one":        "Invalid input: expected number, received NaN",
		"version=1.5":        "Invalid input: expected int, received number",
		"label=a&label=b":    "Invalid input: expected string, received array",
		"version=1&version=": "Invalid input: expected string, received array",
	} {
		a := c.Get(400, prompts+"/p?"+query).Object(t)
		require.Equal(t, "Invalid request data", a["message"])
		issue := a["error"].([]any)[0].(map[string]any)
		require.Equal(t, message, issue["message"], query)
		name, _, _ := strings.Cut(query, "=")
		require.Equal(t, []any{name}, issue["path"])
	}
	require.Equal(t, map[string]any{"message": "Internal Server Error", "error": "An unknown error occurred"},
		c.Get(500, prompts+"/p?version=2147483648").Object(t), "the database cannot hold it")
}

func TestStatusFaults(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	push(t, fake, "p", "x", "production")
	for status, want := range map[int]map[string]any{
		400: {"message": "Bad Request", "error": "InvalidRequestError"},
		401: {"message": "Unauthorized", "error": "UnauthorizedError"},
		403: {"message": "Forbidden", "error": "ForbiddenError"},
		404: {"message": "Not Found", "error": "LangfuseNotFoundError"},
		409: {"message": "Conflict", "error": "LangfuseConflictError"},
		500: {"message": "Internal Server Error", "error": "An unknown error occurred"},
		502: {"message": "Bad Gateway", "error": "Bad Gateway"},
	} {
		inject(t, fake, fakelangfuse.Fault{Kind: fakelangfuse.Status, Status: status, Times: 1})
		require.Equal(t, want, c.Get(status, prompts+"/p").Object(t))
	}
	inject(t, fake, fakelangfuse.Fault{Kind: fakelangfuse.Status, Status: 429, RetryAfter: "7", Times: 1})
	a := c.Get(429, prompts+"/p")
	require.Equal(t, "7", a.Header.Get("Retry-After"))
	require.EqualValues(t, 7, a.Object(t)["details"].(map[string]any)["retryAfterSeconds"])
	inject(t, fake, fakelangfuse.Fault{Kind: fakelangfuse.Status, Status: 429, Times: 1})
	require.Equal(t, "1", c.Get(429, prompts+"/p").Header.Get("Retry-After"))
	const date = "Fri, 01 Jan 2100 00:00:00 GMT"
	inject(t, fake, fakelangfuse.Fault{Kind: fakelangfuse.Status, Status: 429, RetryAfter: date, Times: 1})
	require.Equal(t, date, c.Get(429, prompts+"/p").Header.Get("Retry-After"))

	inject(t, fake, fakelangfuse.Fault{Kind: fakelangfuse.Status, Status: 302, Header: map[string]string{"Location": "/x", "ETag": `"mine"`}, Body: "moved", ContentType: "text/plain", Times: 1})
	rec := httptest.NewRecorder()
	fake.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, prompts+"/p", nil))
	require.Equal(t, []string{"/x", `"mine"`, "text/plain", "moved"},
		[]string{rec.Header().Get("Location"), rec.Header().Get("ETag"), rec.Header().Get("Content-Type"), rec.Body.String()})
}

func TestOtherFaults(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	push(t, fake, "folder/p", "x", "production")
	const path = prompts + "/folder%2Fp"
	truth := c.Get(200, path)
	once := func(fault fakelangfuse.Fault) answer {
		fault.Times, fault.Prompt = 1, "folder/p"
		inject(t, fake, fault)
		return c.Get(200, path)
	}
	half := once(fakelangfuse.Fault{Kind: fakelangfuse.Truncated})
	require.Equal(t, string(truth.Body[:len(truth.Body)/2]), string(half.Body))
	require.Equal(t, truth.Header.Get("ETag"), half.Header.Get("ETag"), "the rest of the answer stays")
	require.JSONEq(t, `{"prompt":""}`, string(once(fakelangfuse.Fault{Kind: fakelangfuse.Huge, Size: 1}).Body))
	require.Equal(t, "text/html; charset=utf-8", once(fakelangfuse.Fault{Kind: fakelangfuse.HTML}).Header.Get("Content-Type"))
	require.Equal(t, truth.Body, once(fakelangfuse.Fault{Kind: fakelangfuse.Drip, Interval: time.Microsecond}).Body)
	require.Equal(t, "text/plain; charset=utf-8", once(fakelangfuse.Fault{Kind: fakelangfuse.WrongType}).Header.Get("Content-Type"))
	c.With("If-None-Match", truth.Header.Get("ETag")).Get(304, path)
	for _, kind := range []fakelangfuse.Kind{fakelangfuse.Reset, fakelangfuse.Cut} {
		c.HTTP.CloseIdleConnections()
		remove := inject(t, fake, fakelangfuse.Fault{Kind: kind})
		_, err := c.Try(t.Context(), http.MethodGet, path, "")
		require.Error(t, err, kind)
		remove()
	}
	_, err := fake.Inject(fakelangfuse.Fault{Kind: fakelangfuse.Hang, Prompt: "/p"})
	require.ErrorContains(t, err, `fakelangfuse: prompt "/p": Name cannot start with a slash`)
	_, err = fake.Inject(fakelangfuse.Fault{Kind: "nap"})
	require.ErrorContains(t, err, `fakelangfuse: fault: kind "nap" is none of`)
	require.Zero(t, fake.CountFor("/p"))
}

func TestDownAndUp(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	push(t, fake, "p", "x", "production")
	c.Get(200, prompts+"/p")
	fake.Down()
	_, err := c.Try(t.Context(), http.MethodGet, prompts+"/p", "")
	require.Error(t, err)
	require.NoError(t, fake.Up())
	c.Get(200, prompts+"/p")
	require.Equal(t, 2, fake.Count())
	require.Equal(t, "***", fake.Requests()[0].Header.Get("Authorization"))
	fake.Close()
	fake.Close()
	require.ErrorContains(t, fake.Up(), "fakelangfuse: the server is closed")
}

// TestRateLimit measures on a fake clock: the handler is called directly.
func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, err := fakelangfuse.New(fakelangfuse.Config{RateLimit: fakelangfuse.RateLimit{Requests: 3, Window: 10 * time.Second}})
		require.NoError(t, err)
		defer fake.Close()
		push(t, fake, "p", "x", "production")
		ask := func(path string) *httptest.ResponseRecorder {
			rec := httptest.NewRecorder()
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			req.Header.Set("Authorization", basic(fakelangfuse.DefaultPublicKey, fakelangfuse.DefaultSecretKey))
			fake.ServeHTTP(rec, req)
			return rec
		}
		for _, path := range []string{prompts + "/p", prompts, prompts + "/absent"} {
			require.NotEqual(t, 429, ask(path).Code)
		}
		time.Sleep(6500 * time.Millisecond) // the bubble's
		refused := ask(prompts + "/p")
		require.Equal(t, 429, refused.Code)
		reset := time.Now().UTC().Add(3500 * time.Millisecond)
		require.JSONEq(t, `{"message":"Rate limit exceeded","code":"rate_limited","details":{"retryAfterSeconds":4,"limit":3,"remaining":0,"resetAt":"`+
			reset.Format("2006-01-02T15:04:05.000Z")+`"}}`, refused.Body.String())
		require.Equal(t, "4", refused.Header().Get("Retry-After"))
		require.Equal(t, "3", refused.Header().Get("X-RateLimit-Limit"))
		require.Equal(t, "0", refused.Header().Get("X-RateLimit-Remaining"))
		require.Equal(t, "Sat Jan 01 2000 00:00:10 GMT+0000 (Coordinated Universal Time)", refused.Header().Get("X-RateLimit-Reset"))
		require.Equal(t, 200, ask("/api/public/projects").Code, "not for prompts")
		time.Sleep(3500 * time.Millisecond) // the bubble's
		require.Equal(t, 200, ask(prompts+"/p").Code)

		require.NoError(t, fake.SetRateLimit(fakelangfuse.RateLimit{Requests: 1}))
		require.Equal(t, 200, ask(prompts+"/p").Code)
		require.Equal(t, "60", ask(prompts+"/p").Header().Get("Retry-After"), "a minute by default")
		require.NoError(t, fake.SetRateLimit(fakelangfuse.RateLimit{}))
		require.Equal(t, 200, ask(prompts+"/p").Code)
		require.Error(t, fake.SetRateLimit(fakelangfuse.RateLimit{Requests: -1}))
		require.Error(t, fake.SetRateLimit(fakelangfuse.RateLimit{Window: -1}))
		require.Equal(t, 200, ask(prompts+"/p").Code)
	})
}
