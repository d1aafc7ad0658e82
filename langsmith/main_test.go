package langsmith_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testKey is the API key of every test; it must never show.
const testKey = "lsv2_pt_0123456789abcdef_hidden"

// fullHash is a whole SHA-256 commit hash.
const fullHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// answer is a good answer of the commits endpoint.
const answer = `{"commit_hash":"` + fullHash + `","manifest":{"lc":1,"n":9007199254740993},"examples":null,
	"description":null,"is_draft":false,"model_config":null,"model_provider":null}`

func noEnv(string) string { return "" }

// newSource returns a Source with cfg, the test's API key and no environment.
func newSource(t *testing.T, cfg langsmith.Config) *langsmith.Source {
	t.Helper()
	if cfg.APIKey.IsZero() {
		cfg.APIKey = langsmith.NewSecret(testKey)
	}
	cfg.Getenv = noEnv
	src, err := langsmith.New(cfg)
	require.NoError(t, err)
	return src
}

// roundTripper is a network in a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// over returns a client over f.
func over(f roundTripper) *http.Client { return &http.Client{Transport: f} }

// inMemory returns a client whose requests h answers without a network, so that
// it works in a synctest bubble.
func inMemory(h http.HandlerFunc) *http.Client {
	return over(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h(w, r)
		resp := w.Result()
		resp.Request = r
		return resp, nil
	})
}

// serve starts a server that h answers for.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// reply answers with status, JSON and body.
func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// fails fetches key, and requires an error of kind that shows no credential.
func fails(t *testing.T, src *langsmith.Source, key string, kind promptcache.ErrorKind) *promptcache.FetchError {
	t.Helper()
	commit, err := src.Fetch(t.Context(), key)
	require.Nil(t, commit)
	return asFetchError(t, err, key, kind)
}

func asFetchError(t *testing.T, err error, key string, kind promptcache.ErrorKind) *promptcache.FetchError {
	t.Helper()
	var fe *promptcache.FetchError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, kind.String(), fe.Kind.String(), err)
	require.Equal(t, key, fe.Key)
	require.Error(t, fe.Err, "a failure has a cause")
	require.NotContains(t, err.Error(), testKey)
	require.Less(t, len(err.Error()), 1500)
	return fe
}
