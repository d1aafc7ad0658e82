package langsmith_test

import (
	"context"
	"testing"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestHTTP(t *testing.T) {
	sourcetest.Run(t, sourcetest.Subject{
		Key: "al", Good: answer, Missing: `{"detail":"Repo not found"}`,
		New: func(s sourcetest.Settings) (promptcache.FetchFunc[any], error) {
			src, err := langsmith.New(langsmith.Config{
				APIKey: langsmith.NewSecret(testKey), Getenv: sourcetest.NoEnv,
				Endpoint: s.Endpoint, AllowInsecure: s.AllowInsecure, HTTPClient: s.HTTPClient, UserAgent: s.UserAgent, Retries: s.Retries,
				AttemptTimeout: s.AttemptTimeout, BackoffMin: s.BackoffMin, BackoffMax: s.BackoffMax, MaxBodyBytes: s.MaxBodyBytes,
			})
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context, key string) (any, error) { return src.Fetch(ctx, key) }, nil
		},
	})
}
