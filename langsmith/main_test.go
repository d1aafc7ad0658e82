package langsmith_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testKey is the API key of every test; it must never show.
const testKey = sourcetest.Hidden

// fullHash is a whole SHA-256 commit hash.
const fullHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// answer is a good answer of the commits endpoint.
const answer = `{"commit_hash":"` + fullHash + `","manifest":{"lc":1,"n":9007199254740993},"examples":null,
	"description":null,"is_draft":false,"model_config":null,"model_provider":null}`

// newSource returns a Source with cfg, the test's API key and no environment.
func newSource(t *testing.T, cfg langsmith.Config) *langsmith.Source {
	t.Helper()
	if cfg.APIKey.IsZero() {
		cfg.APIKey = langsmith.NewSecret(testKey)
	}
	cfg.Getenv = sourcetest.NoEnv
	src, err := langsmith.New(cfg)
	require.NoError(t, err)
	return src
}

// fails fetches key, and requires an error of kind that shows no credential.
func fails(t *testing.T, src *langsmith.Source, key string, kind promptcache.ErrorKind) *promptcache.FetchError {
	t.Helper()
	commit, err := src.Fetch(t.Context(), key)
	require.Nil(t, commit)
	return sourcetest.FetchError(t, err, key, kind)
}
