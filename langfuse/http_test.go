package langfuse_test

import (
	"context"
	"testing"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestHTTP(t *testing.T) {
	sourcetest.Run(t, sourcetest.Subject{
		Key: "greeting", Good: text, Missing: missing,
		New: func(s sourcetest.Settings) (promptcache.FetchFunc[any], error) {
			src, err := langfuse.New(langfuse.Config{
				PublicKey: publicKey, SecretKey: langfuse.NewSecret(sourcetest.Hidden), Getenv: sourcetest.NoEnv,
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
