package httpsource_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/internal/httpsource"
	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answer is a good answer of the registry that the tests are about.
const answer = `{"value":"hello"}`

// source is the least source over a Client: it fetches values of JSON objects
// at {endpoint}/v1/{key}.
type source struct{ *httpsource.Client }

func (s source) Fetch(ctx context.Context, key string) (string, error) {
	return s.fetch(ctx, httpsource.Request{Key: key, URL: s.Endpoint().URL("/v1", key)})
}

func (s source) fetch(ctx context.Context, r httpsource.Request) (string, error) {
	return httpsource.Get(ctx, s.Client, r, func(a httpsource.Answer) (string, error) {
		var w struct{ Value string }
		err := httpsource.Unmarshal(a.Body, &w)
		return w.Value, err
	})
}

// judge takes every JSON object with a detail for the registry's own.
func judge(c httpsource.Complaint) httpsource.Verdict {
	var w struct{ Detail string }
	_ = json.Unmarshal(c.Body, &w) // anything else is not the registry's
	v := httpsource.Verdict{Said: w.Detail, Own: w.Detail != ""}
	if c.Status == http.StatusForbidden {
		v.Advice = "ask for more"
	}
	return v
}

// newSource returns a source with cfg, and credentials.
func newSource(t *testing.T, cfg httpsource.Config) source {
	t.Helper()
	cfg.Registry = "registry"
	if cfg.Endpoint == "" {
		cfg.Endpoint = "https://h.example.com/reg"
	}
	cfg.Authorize = func(h http.Header) { h.Set("X-Api-Key", sourcetest.Hidden) }
	cfg.Secrets = []httpsource.Secret{{}, httpsource.NewSecret(sourcetest.Hidden)}
	cfg.Judge = judge
	client, err := httpsource.NewClient(cfg)
	require.NoError(t, err)
	return source{client}
}

// fails fetches "al", and requires an error of kind that shows no credential.
func fails(t *testing.T, src source, kind promptcache.ErrorKind) *promptcache.FetchError {
	t.Helper()
	value, err := src.Fetch(t.Context(), "al")
	require.Empty(t, value)
	require.True(t, strings.HasPrefix(err.Error(), `promptcache: fetch "al": `), err)
	return sourcetest.FetchError(t, err, "al", kind)
}
